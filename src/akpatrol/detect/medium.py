"""Classify the bytes around a match: text, or binary data, in which strings may touch without a separator.

The surrounding part of the file decides, not the file: a program holds pages of text, and a log may hold a stray NUL.
Terminals' and printers' own control codes (bell, backspace, tabs, line ends, shifts, escape) count as text.
"""

from __future__ import annotations

import codecs
import re
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.scan import FindConstants

_Judged = TypeVar("_Judged")
_Kept = TypeVar("_Kept")

_CONTROL = re.compile(rb"[\x00-\x06\x10-\x1a\x1c-\x1f\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_NEAR = 512  # bytes on either side
_CHARACTERS = 64  # bytes on either side that have to be UTF-8
_LONG_LINE = 1024  # bytes; compilers put literals next to one another, thousands of them in a line
_BLOCK, _BLOCKS = 64 << 10, 4  # how far a long line may be from what shows that it is no text
_CUT = re.compile(rb"[\x80-\xbf]{0,3}")  # the rest of a character, RFC 3629


class Nature(IntEnum):
    """The nature of surroundings: text, text in an unknown encoding, or binary data."""

    TEXT = 0
    UNDECODABLE = 1
    BINARY = 2


class Stored(NamedTuple):
    """The bytes from which wide text was decoded: ``at`` maps its offsets to theirs, ``width`` bytes a character."""

    data: bytes
    at: Callable[[int], int]
    width: int


class Medium:
    """The bytes that hold matches; for text decoded from other data, also the ``stored`` bytes.

    ``names`` says that they are names separated by NUL, which does not make them binary data. Of a program,
    ``constants`` returns those that hold the byte at an offset.
    """

    def __init__(
        self, data: bytes, stored: Stored | None = None, *, names: bool = False, constants: FindConstants | None = None
    ) -> None:
        self.data = data
        self.constants = constants
        self._stored = stored
        self._names = names
        self._controls: dict[int, bool] = {}
        self._amid: dict[int, bool] = {}
        self._surrounded: tuple[tuple[int, int], Nature] = ((-1, -1), Nature.TEXT)
        self._judged: tuple[object, object] = (None, None)
        self._kept: dict[object, object] = {}

    @property
    def width(self) -> int:
        """Bytes that an ASCII character takes where it is stored."""
        return self._stored.width if self._stored else 1

    def nature(self, start: int, end: int) -> Nature:
        """Return the nature of the surroundings of ``[start, end)``."""
        if self._stored:
            return Nature.BINARY
        if self._surrounded[0] != (start, end):
            self._surrounded = (start, end), self._nature(start, end)
        return self._surrounded[1]

    def _nature(self, start: int, end: int) -> Nature:
        if (
            not self._names
            and self._amid_controls(start)
            and (self._beside_controls(start, end) or self._in_long_line(start, end))
        ):
            return Nature.BINARY
        return Nature.TEXT if self._is_decodable(start, end) else Nature.UNDECODABLE

    def judged(self, place: object, judge: Callable[[], _Judged]) -> _Judged:
        """Return ``judge``'s result for a place, cached because a possible credential is judged twice in a row."""
        if self._judged[0] != place:
            self._judged = place, judge()
        return cast("_Judged", self._judged[1])

    def is_text(self, start: int, end: int) -> bool:
        """Return whether text surrounds every place in ``[start, end)``; false when that would need a search."""
        if self._stored or self.constants or not self._is_decodable_whole(start, end):
            return False
        return self._names or not any(map(self._amid_controls, (*range(start, end, _BLOCK), max(start, end - 1))))

    def before(self, start: int, number: int) -> bytes:
        """Return the last bytes before ``start`` as they are stored."""
        place, data = (self._stored.at(start), self._stored.data) if self._stored else (start, self.data)
        return data[max(0, place - number) : place]

    def place(self, start: int) -> int:
        """Return where ``start`` is in the bytes that are stored."""
        return self._stored.at(start) if self._stored else start

    def kept(self, reader: Callable[[bytes], _Kept]) -> _Kept:
        """Return a reader's result for all stored bytes, computed once."""
        if reader not in self._kept:
            self._kept[reader] = reader(self._stored.data if self._stored else self.data)
        return cast("_Kept", self._kept[reader])

    def unit(self, offset: int) -> int | None:
        """Return the byte at an offset, or the character in wide text; None outside the data.

        Anything there that is neither text nor zero is 0x80, which no text contains alone.
        """
        if 0 <= offset < len(self.data):
            return self.data[offset]
        if not self._stored:
            return None
        place = self._stored.at(max(0, min(offset, len(self.data)))) - (self.width if offset < 0 else 0)
        stored = self._stored.data[max(0, place) : place + self.width]
        if len(stored) < self.width or place < 0:
            return None
        return 0x80 if any(stored) else 0

    def _in_long_line(self, start: int, end: int) -> bool:
        first = self.data.rfind(b"\n", max(0, start - _LONG_LINE), start)
        last = self.data.find(b"\n", end, end + _LONG_LINE)
        low = max(0, start - _LONG_LINE) if first < 0 else first
        high = min(len(self.data), end + _LONG_LINE) if last < 0 else last
        return high - low > _LONG_LINE

    def _beside_controls(self, start: int, end: int) -> bool:
        low, high = max(0, start - _NEAR), end + _NEAR
        return bool(_CONTROL.search(self.data, low, start) or _CONTROL.search(self.data, end, high))

    def _amid_controls(self, start: int) -> bool:
        """Return whether there are control codes in the blocks around ``start``; cheap where there are none."""
        block = start // _BLOCK
        if block not in self._amid:
            self._amid[block] = any(map(self._holds_controls, range(max(0, block - _BLOCKS), block + _BLOCKS + 1)))
        return self._amid[block]

    def _holds_controls(self, block: int) -> bool:
        if block not in self._controls:
            first = block * _BLOCK
            self._controls[block] = bool(_CONTROL.search(self.data, first, first + _BLOCK))
        return self._controls[block]

    def _is_decodable(self, start: int, end: int) -> bool:
        low, high = max(0, start - _CHARACTERS), end + _CHARACTERS
        if not (_HIGH.search(self.data, low, start) or _HIGH.search(self.data, end, high)):
            return True
        return self._is_utf8(low, high)

    def _is_decodable_whole(self, start: int, end: int) -> bool:
        low, high = max(0, start - _CHARACTERS), end + _CHARACTERS
        return not _HIGH.search(self.data, low, high) or self._is_utf8(low, high)

    def _is_utf8(self, low: int, high: int) -> bool:
        # The first character may be cut, and the last.
        part = self.data[low:high]
        part = part[_CUT.match(part).end() :] if low else part  # type: ignore[union-attr]
        try:
            codecs.getincrementaldecoder("utf-8")().decode(part)
        except UnicodeDecodeError:
            return False
        return True
