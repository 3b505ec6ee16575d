"""Standard input, as a stream of any length."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model import Counted, Origin, Skipped, State, Target
from akpatrol.sources.base import read_blocks
from akpatrol.sources.placing import occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.findings import Hit
    from akpatrol.sources.base import Item, Placed

_NAME = b"<stdin>"


class StreamUnit(NamedTuple):
    """The process's own standard input: only the process that has it can read it."""

    target: str
    title: str = _NAME.decode()

    def read(self) -> Iterator[Item]:
        """Yield the stream in blocks."""
        size = counted = 0

        def read(number: int) -> bytes:
            nonlocal size
            data = sys.stdin.buffer.read(number)
            size += len(data)
            return data

        if not sys.stdin:
            yield Skipped(_NAME.decode(), "standard input is closed")
            return
        try:
            for chunk in read_blocks(read, Origin(self.target, path=_NAME)):
                yield chunk
                yield Counted("streams", 0, size - counted)
                counted = size
        except OSError as error:
            yield Skipped(_NAME.decode(), error.strerror or "cannot be read")
        yield Counted("streams", 1, size - counted)


class StreamSource(NamedTuple):
    """``akpatrol scan -``."""

    target: Target
    parallel: bool = False

    def targets(self) -> tuple[Target, ...]:
        """Return the stream."""
        return (self.target,)

    def size_hint(self) -> None:
        """Return nothing: a stream has no known length."""

    def plan(self) -> Iterator[StreamUnit]:
        """Yield the one unit."""
        yield StreamUnit(self.target.id)

    def place(self, hits: Sequence[Hit]) -> Iterator[Placed]:
        """Yield each hit where it stands in the stream."""
        for hit in hits:
            yield hit.match, occurrence(hit, State.WORKTREE)

    def check(self) -> Iterator[Skipped]:
        """Yield nothing: a stream that ended was read."""
        return iter(())

    def unread_histories(self) -> tuple[str, ...]:
        """Return nothing: a stream holds no repository."""
        return ()
