"""Android's Dalvik executables: string_ids and string_data in "Dalvik Executable format" (Android Open Source Project).

A string is its number of UTF-16 units in LEB128, the text, and a zero.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from akpatrol.programs.wasm import unsigned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import ProgramBytes

MAGIC = b"dex\n0"
_NUMBER_AT, _TABLE_AT = 0x38, 0x3C
_MOST = 1 << 20
_LEAST, _LONGEST = 16, 1 << 12  # bytes of a string
_PIECE = 1 << 20


def strings(data: ProgramBytes) -> Iterator[tuple[int, int]]:
    """Yield the offset and size of each string of ASCII that may hold a credential."""
    number = min(data.number(_NUMBER_AT, 4), _MOST)
    offsets = array("I")
    offsets.frombytes((found := data.at(data.number(_TABLE_AT, 4), 4 * number))[: len(found) // 4 * 4])
    piece, first = b"", 0
    for offset in sorted(set(offsets)):
        if offset + _LONGEST + 8 > first + len(piece) and first + len(piece) < data.size:
            piece, first = data.at(offset, _PIECE), offset
        length, place = unsigned(piece[offset - first : offset - first + 5], offset - first)
        if _LEAST <= length <= _LONGEST and piece[place + length : place + length + 1] == b"\0":
            yield first + place, length
