"""The columns of SQLite's records, which follow a header without separators: Database File Format 1.6 and 2.1.

A record is a header (its size and the serial type of each column, all varints) and the columns' values. Before it a
cell gives its size, and in a table the row's number. Both must agree, which does not happen by chance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.detect.medium import Medium

_REACH = 768  # bytes back: the part of a record before a column
_BLOCK = 256  # bytes in which records are looked for at once
_REMEMBERED = 1 << 14  # blocks
# A header's size: of up to thirty columns or so, and no letter, for which all text would have to be tried.
_HEADER = re.compile(rb"[\x02-\x1f]")
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of the serial types below 10
_FIRST_TEXT = 12
_MOST_VARINT = 9  # bytes
_CONTINUED = 0x80
_LEAST = 24  # bytes; the shortest credential
_SHORT_TYPES = bytes(range(_FIRST_TEXT + 2 * _LEAST))  # serial types of what is shorter


class _Record(NamedTuple):
    """A record whose columns, of ``sizes`` bytes, fill ``[begin, end)``; sizes of text and bytes are negative."""

    begin: int
    end: int
    sizes: tuple[int, ...]


class Records:
    """The records in some data; each byte is examined once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._blocks: dict[int, list[_Record]] = {}

    def before(self, place: int) -> Iterator[_Record]:
        """Yield those whose columns hold a place, the one with the last header first."""
        for number in range(place // _BLOCK, max(0, place - _REACH) // _BLOCK - 1, -1):
            if number not in self._blocks:
                if len(self._blocks) >= _REMEMBERED:
                    self._blocks.clear()
                self._blocks[number] = list(self._found(number * _BLOCK))
            for record in self._blocks[number]:
                if record.begin <= place < record.end:
                    yield record

    def _found(self, first: int) -> Iterator[_Record]:
        """Yield the records whose headers begin in a block, from the last on."""
        data = self._data
        for match in reversed(list(_HEADER.finditer(data, first, first + _BLOCK))):
            header, size = match.start(), data[match.start()]
            types = data[header + 1 : header + size]
            if not types.translate(None, _SHORT_TYPES) or types[-1] >= _CONTINUED or not header:
                continue
            if data[header - 1] >= _CONTINUED or (sizes := _columns(types)) is None:
                continue
            payload = size + sum(map(abs, sizes))
            if _is_cell(data, header, payload):
                yield _Record(header + size, header + payload, tuple(sizes))


def column(medium: Medium, start: int) -> tuple[int, int] | None:
    """Return the offset and size, in bytes, of the column of text or bytes that contains ``start``.

    None when no record is found. In wide text a column that begins before ``start`` is not returned.
    """
    here = medium.place(start)
    for record in medium.kept(Records).before(here):
        place = record.begin
        for size in record.sizes:
            if size <= -_LEAST and place <= here < place - size:
                within = here - place
                return (start - within, -size) if not within or medium.width == 1 else None
            place += abs(size)
    return None


def _columns(types: bytes) -> list[int] | None:
    """Return the columns' sizes in bytes, those of text and of bytes negative; None if it is not a list of types."""
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


def _is_cell(data: bytes, header: int, payload: int) -> bool:
    """Return whether a cell of that payload begins before a record's header, with or without a row's number."""
    varint = _varint(payload)
    return any(data.endswith(varint, 0, end) for end in (header, *_before_varint(data, header)))


def _before_varint(data: bytes, end: int) -> Iterator[int]:
    """Yield where a varint may begin that ends at ``end``."""
    if end and data[end - 1] < _CONTINUED:
        place = end - 1
        yield place
        while place and end - place < _MOST_VARINT and data[place - 1] >= _CONTINUED:
            place -= 1
            yield place


def _varint(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | _CONTINUED)
    return bytes(reversed(groups))
