"""Read a container's own bytes: from front to back, and at any offset where its content allows that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from akpatrol.unwrap.containers.member import PIECE_BYTES, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.scan import Content
    from akpatrol.unwrap.budget import Level

_BUFFER = 256 << 10
_ZEROS = bytes(64 << 10)
# The most that is read of a stream into memory, where a form is read in another order than its own.
STREAM_BYTES = 64 << 20


class ContainerBytes:
    """Reads ``content`` through one buffer and counts the bytes at ``level``. Reading raises OSError.

    ``size`` is that of all of the content in bytes, where it is known; ``at`` returns any part of it, where that is
    possible and the size is known. ``kind`` is the form of the container.
    """

    def __init__(self, content: Content, level: Level, kind: str = "") -> None:
        self.kind = kind
        self._content = content
        self._level = level
        self.size = len(content.data) if content.read is None else content.size
        self.at = slices(content.data) if content.read is None else content.at if content.size is not None else None
        self._buffer = content.data
        self._start = 0
        self._position = 0
        self._read = content.read or (lambda _number: b"")
        level.count_stored(len(content.data))

    @property
    def offset(self) -> int:
        """The offset of the next byte from the first."""
        return self._start + self._position

    def another(self) -> Self:
        """Return another reader of the same content. Only where there is ``at``."""
        return type(self)(self._content, self._level, self.kind)

    def read(self, number: int) -> bytes:
        """Return the next ``number`` bytes, fewer only at the end."""
        stop = self._position + number
        if stop > len(self._buffer):
            self._fill(number)
            stop = self._position + number
        data = self._buffer[self._position : stop]
        self._position += len(data)
        return data

    def unread(self, number: int) -> None:
        """Go back by ``number`` bytes, at most as many as the last ``read`` returned."""
        self._position -= number

    def peek(self, number: int) -> bytes:
        """Return the next ``number`` bytes without consuming them."""
        data = self.read(number)
        self.unread(len(data))
        return data

    def skip(self, number: int) -> None:
        """Skip ``number`` bytes, to the end at most. Raises OverLimit when that takes too long."""
        if self._position + number <= len(self._buffer):
            self._position += number
        elif self.at:
            self.seek(self.offset + number)
        else:
            while number > 0 and (data := self.read(min(number, PIECE_BYTES))):
                number -= len(data)
                self._level.check()

    def seek(self, offset: int) -> None:
        """Go to ``offset``, to the end at most. Only where there is ``at``."""
        offset = min(offset, self.size or 0)
        if self._start <= offset <= self._start + len(self._buffer):
            self._position = offset - self._start
        else:
            self._buffer, self._start, self._position = b"", offset, 0

    def skip_zeros(self) -> bool:
        """Skip zeros; return whether the end follows. Raises OverLimit when that takes too long."""
        while data := self.read(len(_ZEROS)):
            if data != _ZEROS[: len(data)]:
                self.unread(len(data.lstrip(b"\0")))
                return False
            self._level.check()
        return True

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes, as they are stored. Raises Unreadable where fewer are left, and OverLimit."""
        while size > 0:
            self._level.check()
            piece = self.read(min(size, PIECE_BYTES))
            if not piece:
                raise Unreadable(f"truncated at byte {self.offset}")
            size -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """Yield all bytes that are left, as they are stored. Raises OverLimit."""
        while piece := self.read(PIECE_BYTES):
            yield piece
            self._level.check()

    def part(self, start: int, size: int) -> Callable[[int, int], bytes] | None:
        """Return a function that returns any part of these ``size`` bytes, where that is possible."""
        at = self.at
        return at and (lambda offset, number: at(start + offset, max(0, min(number, size - offset))))

    def anywhere(self) -> tuple[Callable[[int, int], bytes] | None, int]:
        """Return a function that returns any part, and the size; None for a stream of more than ``STREAM_BYTES``."""
        if self.at is not None and self.size is not None:
            return self.at, self.size
        data = self.read(STREAM_BYTES)
        if self.peek(1):
            return None, 0
        return slices(data), len(data)

    def find(self, *magics: bytes) -> bool:
        """Go to the nearest of ``magics``, all of one length, or the end. Raises OverLimit when it takes too long."""
        overlap = len(magics[0]) - 1
        while data := self.read(_BUFFER):
            offsets = [offset for magic in magics if (offset := data.find(magic)) >= 0]
            if offsets:
                self.unread(len(data) - min(offsets))
                return True
            if len(data) < _BUFFER:
                return False
            self.unread(overlap)
            self._level.check()
        return False

    def _fill(self, number: int) -> None:
        rest = self._buffer[self._position :]
        wanted = max(number - len(rest), _BUFFER)
        beyond = self._start + len(self._buffer)
        more = self.at(beyond, wanted) if self.at else self._read(wanted)
        self._level.count_stored(len(more))
        self._start += self._position
        self._buffer, self._position = rest + more, 0


def slices(data: bytes) -> Callable[[int, int], bytes]:
    """Return a function that returns any part of ``data``."""
    return lambda offset, number: data[offset : offset + number]
