"""Read a serializer's items one after another, to see whether a string is one of them.

In some formats a letter says that a string follows, which in text says nothing. But a list before it leads to it from
item to item, and further items follow it, which chance hardly ever writes. Sources: RFC 8949 section 3, and CPython's
Python/marshal.c and Lib/pickletools.py.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_REACH = 512  # bytes back, to where a list begins
_MOST_LISTS, _MOST_ITEMS = 16, 256
_FOLLOWING = 6  # items: so many in a row are no chance
AHEAD = 1024  # bytes that are looked at behind a string
_LISTED = 16  # items of a list: of CBOR's, most letters of a text begin one
_REST = 1 << 30
_LONGEST = 1 << 16  # bytes of an item
_NO_TEXT = bytes((*range(9), 11, 12, *range(14, 32), 127))
_PUNCTUATION = frozenset(b"\t\n\r !\"#$%&'()*+,-./")
_BYTES = range(256)


class _Code(NamedTuple):
    """The bytes after the first one of an item: a ``number`` or one of ``width`` bytes, then ``more`` bytes.

    For each of the number, ``each`` more bytes of the item follow, of text where ``is_text``, and it opens ``items``.
    """

    width: int = 0
    order: Literal["little", "big"] = "big"
    more: int = 0
    each: int = 0
    items: int = 0
    is_text: bool = False
    number: int = 0


_Codes = dict[int, _Code]


def holds(format_name: str, data: bytes, start: int, end: int) -> bool:
    """Return whether a list before ``start`` leads to the item ``[start, end)``, and on from it."""
    codes, low = _codes()[format_name], max(0, start - _REACH)
    heads = [match.start() for match in _heads()[format_name].finditer(data, low, start)]
    return any(_leads(codes, data, (head, start, end)) for head in heads[: -_MOST_LISTS - 1 : -1])


def follow(format_name: str, data: bytes, place: int) -> bool:
    """Return whether items of a format begin at ``place``."""
    return _are_items(_codes()[format_name], data, place, _FOLLOWING)


def leads(format_name: str, data: bytes, head: int, item: tuple[int, int]) -> bool:
    """Return whether the list at ``head`` leads to the item ``[start, end)``, and on from it."""
    return _leads(_codes()[format_name], data, (head, *item))


def count(format_name: str, data: bytes, places: tuple[int, int], most: int) -> int:
    """Return how many items lead from a place past a second one to the end of the data, ``most`` where there are more.

    Those before the second place are not counted, nor are those far behind it. -1 where something else is, as is a byte
    of text that is no letter.
    """
    codes, (place, past) = _codes()[format_name], places
    number, stop = 0, min(len(data), past + AHEAD)
    while place < stop and number < most:
        if data[place] in _PUNCTUATION:
            return -1
        place, _ = _read(codes, data, place)
        if place < 0:
            return -1
        number += place > past
    return most if stop < min(place, len(data)) else number if place <= len(data) else -1


def _leads(codes: _Codes, data: bytes, places: tuple[int, int, int]) -> bool:
    place, start, end = places
    left = 1
    for _ in range(_MOST_ITEMS):
        place, opened = _read(codes, data, place)
        left += opened - 1
        if place < 0 or not left:
            return False
        if place >= start:
            break
    return place == start and _are_items(codes, data, end, min(left - 1, _LISTED))


def _are_items(codes: _Codes, data: bytes, place: int, number: int) -> bool:
    while number > 0 and place < len(data):
        place, _ = _read(codes, data, place)
        if place < 0:
            return False
        number -= 1
    return True


def _read(codes: _Codes, data: bytes, place: int) -> tuple[int, int]:
    """Return the end of the item at a place, -1 where none begins, and how many items it opens."""
    code = codes.get(data[place])
    if code is None:
        return -1, 0
    first = place + 1 + code.width
    number = int.from_bytes(data[place + 1 : first], code.order) if code.width else code.number
    if number > _LONGEST:
        return -1, 0
    end = first + code.more + number * code.each
    if code.is_text and (text := data[first:end]) and len(text.translate(None, _NO_TEXT)) < len(text):
        return -1, 0
    return end, number * code.items


@cache
def _heads() -> Mapping[str, re.Pattern[bytes]]:
    """Return what lists begin with; marshal's, where they are longer than 255, hold more than is looked at."""
    return {
        "CBOR": re.compile(rb"[\x80-\xbf]"),
        "marshal": re.compile(rb"[\[(<>\xdb\xa8\xbc\xbe].\0\0\0|[){\xa9\xfb]", re.DOTALL),
    }


@cache
def _codes() -> Mapping[str, _Codes]:
    return {
        "CBOR": dict(_cbor()),
        "marshal": {code | mark: item for code, item in _marshal() for mark in (0, 0x80)},
        "pickle": dict(_pickle()),
    }


def _cbor() -> Iterator[tuple[int, _Code]]:
    of_kind = (
        *(_Code(), _Code(), _Code(each=1), _Code(each=1, is_text=True)),
        *(_Code(items=1), _Code(items=2), _Code(), _Code()),
    )
    widths = {24: 1, 25: 2, 26: 4, 27: 8}
    for byte in _BYTES:
        code, number = of_kind[byte >> 5], byte & 31
        if number in widths:
            # What is itself a number, or tags an item, has no bytes or items by it.
            is_counted = bool(code.each or code.items)
            yield byte, code._replace(width=widths[number]) if is_counted else _Code(more=widths[number])
        elif number < min(widths):
            yield byte, code._replace(number=number)
        elif byte in (0x9F, 0xBF, 0xFF):  # a list without a number, and its end
            yield byte, _Code(items=1, number=_MOST_ITEMS if byte < _BYTES[-1] else 0)


def _marshal() -> Iterator[tuple[int, _Code]]:
    yield from _each(b"NTFS.0", _Code())
    yield from _each(b"ir", _Code(more=4))
    yield from _each(b"Ig", _Code(more=8))
    yield from _each(b"y", _Code(more=16))
    yield from _each(b"f", _Code(1, each=1))
    yield from _each(b"zZ", _Code(1, each=1, is_text=True))
    yield from _each(b"aAut", _Code(4, "little", each=1, is_text=True))
    yield from _each(b"s", _Code(4, "little", each=1))
    yield from _each(b"l", _Code(4, "little", each=2))
    yield from _each(b"[(<>", _Code(4, "little", items=1))
    yield from _each(b")", _Code(1, items=1))
    yield from _each(b"{", _Code(items=1, number=_MOST_ITEMS))
    yield from _each(b"c", _Code(4, "little", more=_REST))  # numbers follow, as many as the version has


def _pickle() -> Iterator[tuple[int, _Code]]:
    yield from _each(b"().012NQR]}abdelostu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98", _Code())
    for bytes_, more in ((b"Khq\x80\x82", 1), (b"M\x83", 2), (b"J\x84", 4), (b"G\x95", 8)):
        yield from _each(bytes_, _Code(more=more))
    yield from _each(b"jr", _Code(4, "little"))
    yield from _each(b"CU\x8a", _Code(1, each=1))
    yield from _each(b"\x8c", _Code(1, each=1, is_text=True))
    yield from _each(b"BT\x8b", _Code(4, "little", each=1))
    yield from _each(b"X", _Code(4, "little", each=1, is_text=True))
    yield from _each(b"\x8d\x8e\x96", _Code(8, "little", each=1))


def _each(bytes_: Iterable[int], code: _Code) -> Iterator[tuple[int, _Code]]:
    return ((byte, code) for byte in bytes_)
