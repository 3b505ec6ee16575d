"""Columns of strings that stand next to one another, with the offsets at which they begin before them all.

Arrow Columnar Format, "Variable-size Binary Layout": offsets of 4 or 8 little-endian bytes, one more than there are
strings, the first of them zero, and padding with zeros up to a multiple of 64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.detect.medium import Medium

_REACH = 1008  # bytes back
_PADDING = 64  # bytes


def column(medium: Medium, start: int) -> tuple[int, int] | None:
    """Return where the string begins and how many bytes it has that begins at ``start``, None where no offsets tell."""
    before = medium.before(start, _REACH)
    first = before.rfind(0) + 1
    if not first:
        return None
    begin = len(before) - first  # of this string in the column
    for width in (4, 8):
        ends = _ends(before[:first], width)
        if ends and (begin in ends or not begin):
            later = [end for end in ends if end > begin]
            if later:
                return start, min(later) - begin
    return None


def _ends(before: bytes, width: int) -> list[int]:
    """Return where the strings end that begin behind ``before``, the last first; nothing where no offsets stand."""
    place = len(before)
    while place >= width and not any(before[place - width : place]) and len(before) - place < _PADDING:
        place -= width
    ends: list[int] = []
    while place >= width:
        value = int.from_bytes(before[place - width : place], "little")
        if not value:
            # One offset alone may be any number: then a length is read, which comes to the same.
            return ends if len(ends) > 1 else []
        if ends and value > ends[-1]:
            return []
        ends.append(value)
        place -= width
    return []
