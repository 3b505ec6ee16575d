"""Java's class files: the Java Virtual Machine Specification, 4.1 and 4.4 (the constant pool)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import ProgramBytes

MAGIC = b"\xca\xfe\xba\xbe"  # that of Mach-O's fat files, too, whose number of images is less than a version
_OLDEST = 45
_COUNT_AT, _POOL_AT = 8, 10
_TEXT, _TWO_NUMBERS = 1, (5, 6)
# Bytes after the tag of a constant.
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_PIECE = 1 << 20
_HEADER = 3  # bytes before a text


def strings(data: ProgramBytes) -> Iterator[tuple[int, int]]:
    """Yield the offset and size of each text in the constant pool."""
    if data.number(6, 2, "big") < _OLDEST:
        return
    place, left = _POOL_AT, data.number(_COUNT_AT, 2, "big") - 1
    piece, first = b"", 0
    while left > 0:
        if place + _HEADER > first + len(piece):
            piece, first = data.at(place, _PIECE), place
        head = piece[place - first : place - first + _HEADER]
        if len(head) < _HEADER:
            return
        if head[0] == _TEXT:
            size = int.from_bytes(head[1:], "big")
            yield place + _HEADER, size
            place += _HEADER + size
        elif head[0] in _SIZES:
            place += 1 + _SIZES[head[0]]
        else:
            return
        left -= 2 if head[0] in _TWO_NUMBERS else 1
