"""The columns of SQLite's records, which stand next to one another behind a header: Database File Format 1.6 and 2.1.

A record is a header (its size and the serial type of each column, all varints) and the columns' values. Before it a
cell says how many bytes it has, and in a table the row's number. Both have to agree: that is no chance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.detect.medium import Medium

_REACH = 768  # bytes back: what stands before a column of its record
# A header's size: of up to thirty columns or so, and no letter, for which all text would have to be tried.
_HEADER = re.compile(rb"[\x02-\x1f]")
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of the serial types below 10
_FIRST_TEXT = 12
_MOST_VARINT = 9  # bytes
_CONTINUED = 0x80


def column(medium: Medium, start: int) -> tuple[int, int] | None:
    """Return where the column of text or of bytes begins in which ``start`` lies, as an offset, and its size in bytes.

    None where no record is found. In wide text a column that begins before ``start`` is not told.
    """
    before = medium.before(start, _REACH)
    here = len(before)
    for found in reversed(list(_HEADER.finditer(before))):
        header, size = found.start(), found[0][0]
        if header + size > here:
            continue
        sizes = _columns(before[header + 1 : header + size])
        if sizes is None or not _is_cell(before, header, size + sum(abs(one) for one in sizes)):
            continue
        place = header + size
        for one in sizes:
            if place <= here < place - min(one, 0):
                within = here - place
                return (start - within, -one) if not within or medium.width == 1 else None
            place += abs(one)
    return None


def _columns(types: bytes) -> list[int] | None:
    """Return the columns' sizes in bytes, those of text and of bytes negative; None for what is no list of types."""
    sizes: list[int] = []
    position = 0
    while position < len(types):
        value = 0
        for count in range(1, _MOST_VARINT):
            byte = types[position]
            position += 1
            value = value << 7 | byte & 0x7F
            if byte < _CONTINUED:
                break
            if position == len(types) or count == _MOST_VARINT - 1:
                return None
        if value in (10, 11):
            return None
        sizes.append(_SIZES[value] if value < _FIRST_TEXT else -((value - _FIRST_TEXT) // 2))
    return sizes


def _is_cell(before: bytes, header: int, payload: int) -> bool:
    """Tell whether a cell of that payload begins before a record's header, with or without a row's number."""
    return any(_ends_with(before, end, payload) for end in (header, *_before_varint(before, header)))


def _before_varint(before: bytes, end: int) -> Iterator[int]:
    """Yield where a varint may begin that ends at ``end``."""
    if end and before[end - 1] < _CONTINUED:
        place = end - 1
        yield place
        while place and end - place < _MOST_VARINT and before[place - 1] >= _CONTINUED:
            place -= 1
            yield place


def _ends_with(before: bytes, end: int, value: int) -> bool:
    """Tell whether the varint of ``value`` ends at ``end``."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | _CONTINUED)
    return before[max(0, end - len(groups)) : end] == bytes(reversed(groups))
