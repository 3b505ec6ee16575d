"""A sweep in events: tasks that workers take from the parent's queue, as ``akpatrol.sweep.run`` hands them out."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# As in akpatrol.sweep: so large are parts, and so many small targets share a task.
_PART_BYTES = 32 << 20
_BATCH, _BATCH_BYTES, _BATCHES_A_WORKER = 32, 4 << 20, 4


class Costs(NamedTuple):
    """Seconds of a processor, for a byte as packed, a target or a task; ``storage`` is its bytes a second, for all."""

    read_byte: float
    divide_byte: float
    unite_byte: float
    target: float
    parent_target: float
    parent_task: float
    storage: float


class Outcome(NamedTuple):
    """How long a sweep takes; ``ideal`` is the largest repository alone, or all evenly spread, if that is longer."""

    seconds: float
    ideal: float
    parent: float
    divided: int
    parts: int


class _Work(NamedTuple):
    """What one task does: its seconds, and the target that is divided by it or that it is a part of."""

    seconds: float
    targets: int
    divides: int = -1
    part_of: int = -1


class _Queue:
    """Tasks that wait: parts first, then the largest targets, small ones together."""

    def __init__(self, sizes: Sequence[float], workers: int, costs: Costs) -> None:
        self._sizes = sorted(sizes)
        self._workers = workers
        self._costs = costs
        # All workers read from one storage.
        self._read = max(costs.read_byte, workers / costs.storage)
        self._urgent: list[_Work] = []
        self._left: dict[int, int] = {}
        self._whole: dict[int, float] = {}
        self.divided = self.parts = 0

    def take(self) -> _Work | None:
        if self._urgent:
            return self._urgent.pop()
        if not self._sizes:
            return None
        size = self._sizes.pop()
        if size > 2 * _PART_BYTES and self._workers > 1:
            self.divided += 1
            self._whole[self.divided] = size
            return _Work(self._costs.target + size * self._costs.divide_byte, 1, divides=self.divided)
        taken, number = size, 1
        most = min(_BATCH, 1 + len(self._sizes) // (self._workers * _BATCHES_A_WORKER))
        while self._sizes and number < most and taken + self._sizes[-1] <= _BATCH_BYTES:
            taken, number = taken + self._sizes.pop(), number + 1
        return _Work(number * self._costs.target + taken * self._read, number)

    def done(self, work: _Work) -> None:
        if work.divides >= 0:
            size = self._whole[work.divides]
            number = self._left[work.divides] = -int(-size // _PART_BYTES)
            self.parts += number
            self._urgent += [_Work(size / number * self._read, 0, part_of=work.divides)] * number
        elif work.part_of >= 0:
            self._left[work.part_of] -= 1
            if not self._left[work.part_of]:
                self._urgent.append(_Work(self._whole[work.part_of] * self._costs.unite_byte, 0))


def simulated(sizes: Sequence[float], workers: int, costs: Costs) -> Outcome:
    """Sweep repositories of these sizes with so many workers."""
    queue, tie = _Queue(sizes, workers, costs), count()
    running: list[tuple[float, int, _Work]] = []
    parent = now = busy = 0.0
    free = workers
    while True:
        while free and (work := queue.take()):
            spent = costs.parent_task + work.targets * costs.parent_target
            parent, busy = max(parent, now) + spent, busy + spent
            heappush(running, (parent + work.seconds, next(tie), work))
            free -= 1
        if not running:
            break
        now, _, work = heappop(running)
        free += 1
        queue.done(work)
    alone = max(sizes) * costs.read_byte
    spread = (sum(sizes) * costs.read_byte + len(sizes) * costs.target) / workers
    return Outcome(now, max(alone, spread), busy, queue.divided, queue.parts)
