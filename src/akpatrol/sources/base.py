"""What every source is: a planner of work units, and the one who knows where its hits belong."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Protocol

from akpatrol.model import REACH_AFTER, REACH_BEFORE, Chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.findings import Hit, Occurrence
    from akpatrol.model import Counted, Excluded, Match, Origin, Skipped, Target

    Item = Chunk | Skipped | Counted | Excluded
    Placed = tuple[Match, Occurrence]

BLOCK_BYTES = 4 << 20


class Unit(Protocol):
    """A picklable piece of work that any process can read."""

    @property
    def title(self) -> str:
        """What a person would call it, should it be lost."""

    def read(self) -> Iterator[Item]:
        """Yield what the unit holds."""


class Source(Protocol):
    """Where bytes come from."""

    @property
    def parallel(self) -> bool:
        """Whether units may be read by other processes."""

    def targets(self) -> tuple[Target, ...]:
        """Return what is looked at."""

    def size_hint(self) -> tuple[int, str] | None:
        """Return how many things of which ``coverage.counts`` names are ahead; None while that is not known."""

    def plan(self) -> Iterator[Unit | Skipped | Excluded]:
        """Yield the units to read."""

    def place(self, hits: Sequence[Hit]) -> Iterator[Placed]:
        """Yield every hit as the occurrence it is; the only stage that computes provenance."""

    def check(self) -> Iterator[Skipped]:
        """Yield what is missing from the target itself; called after all units were read."""

    def unread_histories(self) -> tuple[str, ...]:
        """Return repositories that were met and whose history this source does not read."""


class OneTarget:
    """What the sources of one target share: nothing is missing from it, and it holds no further repositories."""

    parallel = False

    def __init__(self, target: Target) -> None:
        self._target = target

    def targets(self) -> tuple[Target, ...]:
        """Return the one target."""
        return (self._target,)

    def size_hint(self) -> tuple[int, str] | None:
        """Return nothing: it is not known, or there is little."""
        return None

    def check(self) -> Iterator[Skipped]:
        """Yield nothing: what could not be read was said while reading."""
        return iter(())

    def unread_histories(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()


def read_blocks(read: Callable[[int], bytes], origin: Origin, block: int = BLOCK_BYTES) -> Iterator[Chunk]:
    """Yield a stream as chunks that overlap by the engine's reach, in memory that does not grow with it.

    ``read(n)`` returns fewer than ``n`` bytes only at the end. Every offset belongs to exactly one chunk.
    """
    data = read(block)
    if len(data) < block:
        if data:
            yield Chunk(origin, data)
        return
    offset, line, column, begin, last = 0, 1, 1, 0, False
    while True:
        end = len(data) if last else max(begin, len(data) - REACH_AFTER)
        if end > begin:
            yield Chunk(origin, data, offset, line, column, begin, end)
        if last:
            return
        keep = _character_start(data, max(0, end - REACH_BEFORE))
        line, column = advance(line, column, data[:keep])
        offset, begin = offset + keep, end - keep
        more = read(block)
        last = len(more) < block
        data = data[keep:] + more


def _character_start(data: bytes, position: int) -> int:
    """Return the nearest position at or before that does not cut a UTF-8 sequence (RFC 3629: at most 4 bytes)."""
    for back in range(min(4, position + 1)):
        if position - back == len(data) or data[position - back] & 0xC0 != 0x80:  # noqa: PLR2004 - 10xxxxxx
            return position - back
    return position


def advance(line: int, column: int, passed: bytes) -> tuple[int, int]:
    """Return the position behind ``passed``; columns count characters, an undecodable byte is one."""
    newlines = passed.count(b"\n")
    if newlines:
        line, column = line + newlines, 1
        passed = passed[passed.rfind(b"\n") + 1 :]
    return line, column + len(codecs.decode(passed, "utf-8", "surrogateescape"))
