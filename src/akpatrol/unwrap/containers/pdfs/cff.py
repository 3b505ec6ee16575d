"""Read the encoding that a compact font (CFF) has of its own: the name of the glyph of each code.

Adobe Technical Note 5176, "The Compact Font Format Specification": sections 5 to 9, 12 and 13, and appendix A. The
names of the standard strings are needed for ASCII alone: they come first, in its order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_STANDARD_STRINGS = 391
_ASCII_STRINGS = 95  # the first is the blank
_CHARSET, _ENCODING, _CHAR_STRINGS = 15, 16, 17  # operators of a Top DICT
_PREDEFINED = 2  # encodings and charsets below it have no table; charset 0 is that of the standard strings
_SUPPLEMENT = 0x80


class CompactEncoding(NamedTuple):
    """The glyphs' names by their codes; ``is_standard`` says that it is the standard encoding, without a table."""

    names: dict[int, str]
    is_standard: bool = False


def encoding_of(font: bytes) -> CompactEncoding:
    """Return the encoding of the first font in CFF. Raises IndexError and ValueError for damage."""
    _, place = _index(font, font[2])
    top, place = _index(font, place)
    strings, _ = _index(font, place)
    offsets = _top(top[0])
    encoding = offsets.get(_ENCODING, 0)
    if encoding < _PREDEFINED:
        return CompactEncoding({}, is_standard=encoding == 0)
    glyphs, _ = _index(font, offsets[_CHAR_STRINGS])
    ids = _string_ids(font, offsets.get(_CHARSET, 0), len(glyphs))
    codes = dict(zip(_codes(font, encoding), ids[1:], strict=False)) | dict(_supplement(font, encoding))
    return CompactEncoding({code: _name(number, strings) for code, number in codes.items()})


def _name(number: int, strings: list[bytes]) -> str:
    if number >= _STANDARD_STRINGS:
        return strings[number - _STANDARD_STRINGS].decode("latin-1")
    # Appendix A: 1 is "space", 95 "asciitilde"; what follows is not ASCII.
    return f"uni{number + 31:04X}" if 1 <= number <= _ASCII_STRINGS else "bullet"


def _index(font: bytes, place: int) -> tuple[list[bytes], int]:
    """Return the items of an INDEX and its end (section 5)."""
    count = _number(font, place, 2)
    if not count:
        return [], place + 2
    width = font[place + 2]
    first = place + 3
    offsets = [_number(font, first + width * number, width) for number in range(count + 1)]
    data = first + width * (count + 1) - 1
    if not 1 <= width <= 4 or offsets != sorted(offsets) or data + offsets[-1] > len(font):  # noqa: PLR2004 - bytes
        raise ValueError("an index beyond its font")
    return [font[data + start : data + end] for start, end in pairwise(offsets)], data + offsets[-1]


def _number(font: bytes, place: int, width: int) -> int:
    if place + width > len(font) or place < 0:
        raise IndexError
    return int.from_bytes(font[place : place + width])


def _top(data: bytes) -> dict[int, int]:
    """Return the last operand of each operator of one byte in a Top DICT, where it is a whole number (section 4)."""
    found: dict[int, int] = {}
    operand, place = 0, 0
    while place < len(data):
        byte = data[place]
        place += 1
        if byte == 12:  # noqa: PLR2004 - an operator of two bytes
            place += 1
        elif byte <= 21:  # noqa: PLR2004 - the last operator
            found[byte] = operand
        elif byte in (28, 29):
            width = 2 if byte == 28 else 4  # noqa: PLR2004
            operand = _number(data, place, width)
            place += width
        elif byte == 30:  # noqa: PLR2004 - a real number: half bytes up to 15
            while data[place] & 15 != 15 and data[place] >> 4 != 15:  # noqa: PLR2004
                place += 1
            place += 1
        elif byte <= 246:  # noqa: PLR2004
            operand = byte - 139
        else:
            high = byte - 247 if byte <= 250 else 251 - byte  # noqa: PLR2004
            operand = high * 256 + (data[place] + 108 if byte <= 250 else -data[place] - 108)  # noqa: PLR2004
            place += 1
    return found


def _string_ids(font: bytes, place: int, glyphs: int) -> list[int]:
    """Return the number of each glyph's name, in the order of glyphs (section 13)."""
    if place <= _PREDEFINED:
        return list(range(glyphs)) if place == 0 else [0] * glyphs
    form, place = font[place], place + 1
    ids = [0]
    if form == 0:
        return ids + [_number(font, place + 2 * number, 2) for number in range(glyphs - 1)]
    width = 1 if form == 1 else 2
    while len(ids) < glyphs:
        first, left = _number(font, place, 2), _number(font, place + 2, width)
        ids.extend(range(first, first + left + 1))
        place += 2 + width
    return ids[:glyphs]


def _codes(font: bytes, place: int) -> Iterator[int]:
    """Yield the code of each glyph but the first (section 12)."""
    form, count = font[place] & ~_SUPPLEMENT, font[place + 1]
    for number in range(count):
        if form == 0:
            yield font[place + 2 + number]
        else:
            first, left = font[place + 2 + 2 * number], font[place + 3 + 2 * number]
            yield from range(first, first + left + 1)


def _supplement(font: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Yield further codes of glyphs, and the numbers of their names, behind a table that says so."""
    if not font[place] & _SUPPLEMENT:
        return
    place += 2 + font[place + 1] * (1 if font[place] == _SUPPLEMENT else 2)
    for number in range(font[place]):
        yield font[place + 1 + 3 * number], _number(font, place + 2 + 3 * number, 2)
