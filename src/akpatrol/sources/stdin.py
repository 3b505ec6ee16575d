"""Standard input, as a stream of any length."""

from __future__ import annotations

import os
import select
import sys
from io import BytesIO
from stat import S_ISREG
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from akpatrol.model.chunks import content_of
from akpatrol.model.scan import Origin, Skipped, State, Target
from akpatrol.sources.base import OneTarget
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Secret
    from akpatrol.sources.base import Item, Placed

_NAME = b"<stdin>"
_GLANCE_MILLISECONDS = 500


class StreamUnit(NamedTuple):
    """The process's own standard input, which only that process can read, or what was typed at a prompt."""

    target: str
    typed: Secret | None = None
    title: str = _NAME.decode()

    def read(self) -> Iterator[Item]:
        """Yield the stream."""
        stream = self._stream()
        if not stream:
            yield Skipped(_NAME.decode(), "standard input is closed")
            return
        try:
            content = content_of(_reader(stream), Origin(self.target, path=_NAME), named=True)
        except OSError as error:
            yield Skipped(_NAME.decode(), error.strerror or "cannot be read")
            return
        yield content._replace(counter="streams", at=_at(stream))

    def _stream(self) -> BinaryIO | None:
        if self.typed:
            return BytesIO(self.typed.reveal())
        # None when it was closed before the start.
        return sys.stdin.buffer if sys.stdin else None


def _reader(stream: BinaryIO) -> Callable[[int], bytes]:
    """Return what reads so many bytes of a stream, fewer at its end."""
    try:
        handle = stream.fileno()
    except (OSError, ValueError):
        return stream.read
    if S_ISREG(os.fstat(handle).st_mode):
        return stream.read
    return _WaitingReader(handle).read


class _WaitingReader:
    """Reads a pipe or terminal, and wakes up now and then: a signal just before it waits would else not be noticed."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._poll = select.poll()
        self._poll.register(handle, select.POLLIN)
        self._is_at_end = False

    def read(self, number: int) -> bytes:
        parts = []
        while number and not self._is_at_end:
            while not self._poll.poll(_GLANCE_MILLISECONDS):
                pass
            data = os.read(self._handle, number)
            self._is_at_end = not data
            parts.append(data)
            number -= len(data)
        return b"".join(parts)


def _at(stream: BinaryIO) -> Callable[[int, int], bytes] | None:
    """Return a reader of any part where standard input is a file, so that a zip is read by its directory."""
    try:
        handle, start = stream.fileno(), stream.seek(0, os.SEEK_CUR)
    except (OSError, ValueError):  # a pipe, a terminal, or no descriptor
        return None
    return None if start < 0 else lambda offset, number: os.pread(handle, number, offset)


class StreamSource(OneTarget):
    """``akpatrol scan -``, or what was typed at a prompt."""

    def __init__(self, target: Target, typed: Secret | None = None) -> None:
        super().__init__(target)
        self._typed = typed

    def plan(self) -> Iterator[StreamUnit]:
        """Yield the one unit."""
        yield StreamUnit(self._target.id, self._typed)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with its place in the stream."""
        for finding in findings:
            yield finding.match, occurrence(finding, State.WORKTREE)
