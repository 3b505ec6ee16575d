"""Standard input, as a stream of any length."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from akpatrol.model import Counted, Origin, Skipped, State, Target
from akpatrol.sources.base import OneTarget, read_blocks
from akpatrol.sources.placing import occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.findings import Hit
    from akpatrol.model import Secret
    from akpatrol.sources.base import Item, Placed

_NAME = b"<stdin>"


class StreamUnit(NamedTuple):
    """The process's own standard input, which only that process can read, or what was typed at a prompt."""

    target: str
    typed: Secret | None = None
    title: str = _NAME.decode()

    def read(self) -> Iterator[Item]:
        """Yield the stream in blocks."""
        size = counted = 0
        stream = self._stream()

        def read(number: int) -> bytes:
            nonlocal size
            data = stream.read(number) if stream else b""
            size += len(data)
            return data

        if not stream:
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

    def _stream(self) -> BinaryIO | None:
        if self.typed:
            return BytesIO(self.typed.reveal())
        # None when it was closed before the start.
        return sys.stdin.buffer if sys.stdin else None


class StreamSource(OneTarget):
    """``akpatrol scan -``, or what was typed at a prompt."""

    def __init__(self, target: Target, typed: Secret | None = None) -> None:
        super().__init__(target)
        self._typed = typed

    def plan(self) -> Iterator[StreamUnit]:
        """Yield the one unit."""
        yield StreamUnit(self._target.id, self._typed)

    def place(self, hits: Sequence[Hit]) -> Iterator[Placed]:
        """Yield each hit where it stands in the stream."""
        for hit in hits:
            yield hit.match, occurrence(hit, State.WORKTREE)
