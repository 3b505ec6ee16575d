"""The targets that wait to be read: the largest first, so that it does not delay the end, and small ones in batches."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.scan import Target
    from akpatrol.sweep.signature import TargetSignature

# A task costs the parent as much as a thousandth of a second, so small targets share one.
_BATCH_BYTES, _BATCH = 4 << 20, 32
_BATCHES_A_WORKER = 4


class WaitingTarget(NamedTuple):
    """A target that waits, in the order in which targets are read; ``is_revealing`` says that its name is a secret."""

    order: tuple[int, int]
    target: Target
    seen: TargetSignature
    is_revealing: bool = False


class TargetParts(NamedTuple):
    """A target that ``worker`` has divided into a ``number`` of parts, and the results of those that were read."""

    waiting: WaitingTarget
    worker: str
    results: list[bytes]
    number: int


class WaitingPart(NamedTuple):
    """A part that waits to be read."""

    of: TargetParts
    units: bytes


class TargetQueue:
    """Knows how many targets wait (its length), and how many ``bytes`` they have as stored."""

    def __init__(self) -> None:
        self.bytes = 0
        self._heap: list[WaitingTarget] = []
        self._alone: deque[WaitingTarget] = deque()
        self._number = 0

    def __len__(self) -> int:
        return len(self._heap) + len(self._alone)

    def add(self, target: Target, seen: TargetSignature, *, is_revealing: bool) -> None:
        """Add a target."""
        self._number += 1
        self.bytes += seen.size
        heappush(self._heap, WaitingTarget((-seen.size, self._number), target, seen, is_revealing))

    def again(self, targets: Sequence[WaitingTarget]) -> None:
        """Add targets that are to be read one by one, because one of them ended its worker."""
        self._alone.extend(targets)
        self.bytes += sum(waiting.seen.size for waiting in targets)

    def take(self, workers: int) -> list[WaitingTarget]:
        """Take what one task reads: a target, or several small ones as long as all workers have enough to do."""
        if self._alone:
            taken = [self._alone.popleft()]
        else:
            taken = [heappop(self._heap)]
            size, most = taken[0].seen.size, self._most(workers)
            while self._heap and len(taken) < most and not (taken[0].is_revealing or self._heap[0].is_revealing):
                size += self._heap[0].seen.size
                if size > _BATCH_BYTES:
                    break
                taken.append(heappop(self._heap))
        self.bytes -= sum(waiting.seen.size for waiting in taken)
        return taken

    def _most(self, workers: int) -> int:
        return min(_BATCH, 1 + len(self._heap) // (workers * _BATCHES_A_WORKER)) if workers > 1 else 1
