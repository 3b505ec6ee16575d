"""Columns of adjacent strings, with an array of their start offsets before them.

Arrow Columnar Format, "Variable-size Binary Layout": offsets of 4 or 8 little-endian bytes, one more than there are
strings, the first of them zero, and padding with zeros up to a multiple of 64.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.detect.medium import Medium

_REACH = 1008  # bytes back
_PADDING = 64  # bytes
_REMEMBERED = 1 << 12
_LONGEST = 4096  # bytes of a string
_CONTROL = re.compile(rb"[\x01-\x06\x10-\x1a\x1c-\x1f\x7f]")  # not 0, which wide text has


class Columns:
    """The columns in some data, whose offsets are read once for all their strings."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._read: dict[int, list[list[int]]] = {}

    def ends(self, first: int) -> list[list[int]]:
        """Return the ends of the strings in a column that begins at ``first``, in order, for each width of offsets."""
        if first not in self._read:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            before = self._data[max(0, first - _REACH) : first]
            self._read[first] = [ends[::-1] for width in (4, 8) if (ends := _ends(before, width))]
        return self._read[first]

    def are_text(self, start: int, size: int) -> bool:
        """Return whether a string of that size is there, without control codes but a terminal's."""
        text = self._data[start : start + size] if size <= _LONGEST else b""
        return len(text) == size and not _CONTROL.search(text)


def column(medium: Medium, start: int) -> tuple[int, int] | None:
    """Return the start and size of the string that begins at ``start``, None when no offsets describe it."""
    before = medium.before(start, _REACH)
    first = before.rfind(0) + 1
    if not first:
        return None
    begin = len(before) - first  # of this string in the column
    for ends in medium.kept(Columns).ends(medium.place(start) - begin):
        index = bisect_right(ends, begin)
        if index < len(ends) and (not begin or ends[bisect_left(ends, begin)] == begin):
            size = ends[index] - begin
            if medium.kept(Columns).are_text(medium.place(start), size):
                return start, size
    return None


def _ends(before: bytes, width: int) -> list[int]:
    """Return the ends of the strings that begin after ``before``, the last first; nothing without offsets."""
    place = len(before)
    while place >= width and not any(before[place - width : place]) and len(before) - place < _PADDING:
        place -= width
    ends: list[int] = []
    while place >= width:
        value = int.from_bytes(before[place - width : place], "little")
        if not value:
            # One offset alone may be any number: then it is read as a length, with the same result.
            return ends if len(ends) > 1 else []
        if ends and value > ends[-1]:
            return []
        ends.append(value)
        place -= width
    return []
