"""Read the packed values of Redis: LZF (liblzf's lzf_d.c), listpacks (src/listpack.c) and ziplists (src/ziplist.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_LITERALS, _LONG = 32, 7
_END = 0xFF
_LISTPACK_HEADER, _ZIPLIST_HEADER = 6, 10
_LISTPACK_NUMBERS = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}
_ZIPLIST_NUMBERS = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}
_LONG_BEFORE = 254


def lzf(data: bytes, size: int) -> bytes:
    """Return the expansion of a value, ``size`` bytes. Raises Unreadable."""
    out = bytearray()
    at, end = 0, len(data)
    try:
        while at < end:
            control = data[at]
            at += 1
            if control < _LITERALS:
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == _LONG:
                length += data[at]
                at += 1
            start = len(out) - ((control & 0x1F) << 8 | data[at]) - 1
            at += 1
            length += 2
            if start < 0 or len(out) + length > size:
                raise Unreadable("damaged")
            part = bytes(out[start : start + length])
            out += part if len(part) == length else (part * (length // len(part) + 1))[:length]
    except IndexError:
        raise Unreadable("damaged") from None
    if len(out) != size:
        raise Unreadable("damaged")
    return bytes(out)


def listpack(data: bytes) -> Iterator[bytes]:
    """Yield the strings of a listpack. Raises Unreadable where it is damaged."""
    at = _LISTPACK_HEADER
    try:
        while (head := data[at]) != _END:
            start = at
            size, at, is_text = _listpack_entry(data, at, head)
            if at + size >= len(data):
                raise Unreadable("damaged")
            if is_text and size:
                yield data[at : at + size]
            at += size
            at += _length_of_length(at - start)
    except IndexError:
        raise Unreadable("damaged") from None


def _listpack_entry(data: bytes, at: int, head: int) -> tuple[int, int, bool]:
    """Return the size of an entry's value, where it begins, and whether it is a string."""
    if head < 0x80:  # noqa: PLR2004 - 0xxxxxxx is a number in itself
        return 0, at + 1, False
    if head < 0xC0:  # noqa: PLR2004 - 10xxxxxx is a string of so many bytes
        return head & 0x3F, at + 1, True
    if head < 0xE0:  # noqa: PLR2004 - 110xxxxx is a number that the next byte continues
        return 1, at + 1, False
    if head < 0xF0:  # noqa: PLR2004 - 1110xxxx is a string whose length the next byte continues
        return (head & 0xF) << 8 | data[at + 1], at + 2, True
    if head == 0xF0:  # noqa: PLR2004 - a string with four bytes of length
        return int.from_bytes(data[at + 1 : at + 5], "little"), at + 5, True
    if head not in _LISTPACK_NUMBERS:
        raise Unreadable("damaged")
    return _LISTPACK_NUMBERS[head], at + 1, False


def _length_of_length(size: int) -> int:
    """Return how many bytes say how long an entry is, after it: seven bits in each."""
    return 1 + sum(size > limit for limit in (127, 16383, 2097151, 268435455))


def ziplist(data: bytes) -> Iterator[bytes]:
    """Yield the strings of a ziplist. Raises Unreadable where it is damaged."""
    at = _ZIPLIST_HEADER
    try:
        while (before := data[at]) != _END:
            at += 5 if before == _LONG_BEFORE else 1
            size, at, is_text = _ziplist_entry(data, at)
            if at + size >= len(data):
                raise Unreadable("damaged")
            if is_text and size:
                yield data[at : at + size]
            at += size
    except IndexError:
        raise Unreadable("damaged") from None


def _ziplist_entry(data: bytes, at: int) -> tuple[int, int, bool]:
    head = data[at]
    match head >> 6:
        case 0:
            return head, at + 1, True
        case 1:
            return (head & 0x3F) << 8 | data[at + 1], at + 2, True
        case 2:
            return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5, True
    if head in _ZIPLIST_NUMBERS:
        return _ZIPLIST_NUMBERS[head], at + 1, False
    if 0xF1 <= head <= 0xFD:  # noqa: PLR2004 - a number in itself
        return 0, at + 1, False
    raise Unreadable("damaged")
