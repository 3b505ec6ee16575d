"""Find lengths that look like text: where all bytes happen to be printable, binary data cannot be told from text.

A character before a credential may be the length of a shorter one: ``$`` is 36, a comma 44. So it is in text, too;
only when further strings lead on from that shorter end, past the apparent one, is the end a guess. How many are asked
for, and whether others have to lead to the credential, depends on how often text has the same by chance. Sources:
Protocol Buffers, "Message Structure", and RFC 8949 section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect import serialized_items
from akpatrol.detect.framings import LEAST
from akpatrol.detect.serialized_items import AHEAD
from akpatrol.model.scan import REACH_BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.detect.medium import Medium

_CBOR_STRINGS = b"xX"  # of text and of bytes, their length in the next byte
_HEAD = 2  # bytes of a tag or marker, and of a length
_LISTS = range(0x80, 0xC0)  # CBOR's, none of which begins a text
_CHAIN = 16  # items: so many in a row are no chance, even in text, of which most letters begin one
_REACH = REACH_BEFORE  # bytes from the beginning of the data, from where strings may lead to a credential
_SEARCHED = 256  # bytes, of which few strings are longer, so that an item begins in them
_BEFORE = 128  # bytes of the string before
_FIELDS = 3  # protocol buffers: so many in order, in binary data
_MANY_FIELDS = 8
_MOST_FIELD = 64  # the highest number that is expected of a field
_STRING, _OTHERS = 2, {1: 8, 5: 4}  # wire types, and the bytes of those that have a fixed number
_SEVEN_BITS, _CONTINUED = 0x7F, 0x80
_PRINTED = range(0x20, 0x7F)
_CONTROLS = bytes((*range(32), 127))


def end_in_list(data: bytes, start: int, end: int, fits: Callable[[int], bool]) -> int | None:
    """Return where a string of a CBOR list ends that begins with the data; None when it is none."""
    if not _HEAD < start < _REACH or data[0] not in _LISTS or data[start - _HEAD] not in _CBOR_STRINGS:
        return None
    last = _shorter(data, start, end, fits, or_end=True)
    return last if last is not None and serialized_items.leads("CBOR", data, 0, (start - _HEAD, last)) else None


def may_end_earlier(medium: Medium, start: int, end: int, fits: Callable[[int], bool], *, is_text: bool) -> bool:
    """Return whether a character before the match may be a shorter length; ``is_text`` asks for more evidence."""
    if medium.width > 1:
        return False
    data = medium.data
    last = _shorter(data, start, end, fits)
    if last is None:
        return False
    return (
        _is_cbor(data, start, (last, end), is_text=is_text)
        or _is_message(data, start, (last, end), is_text=is_text)
        or _is_counted(data, start, last)
    )


def _shorter(data: bytes, start: int, end: int, fits: Callable[[int], bool], *, or_end: bool = False) -> int | None:
    """Return the end that the character before a match gives when it is a length, None when it gives none within."""
    if not start or (data[start - 1] < LEAST):
        return None
    last = start + data[start - 1]
    return last if (last < end and fits(last)) or (or_end and last == end) else None


def _is_cbor(data: bytes, start: int, ends: tuple[int, int], *, is_text: bool) -> bool:
    if start < _HEAD or data[start - _HEAD] not in _CBOR_STRINGS:
        return False
    last, end = ends
    number = serialized_items.count("CBOR", data, (last, end), _CHAIN if is_text else _FIELDS)
    if number < 0 or not is_text or number >= _CHAIN:
        return number >= 0
    head = start - _HEAD
    return _follows_items(data, start) or serialized_items.holds("CBOR", data, head, last)


def _follows_items(data: bytes, start: int) -> bool:
    """Return whether CBOR's items lead to a string, from the beginning of the data or from far before it."""
    before = data[max(0, start - _REACH) : start - _HEAD]
    firsts = range(1 if start < _REACH else _SEARCHED)
    return any(serialized_items.count("CBOR", before, (first, len(before)), 1) >= 0 for first in firsts)


def _is_message(data: bytes, start: int, ends: tuple[int, int], *, is_text: bool) -> bool:
    """Return whether a field's tag precedes the length, and further fields follow the string."""
    head = start - _HEAD
    if head < 0 or data[head] & 7 != _STRING or not data[head] >> 3:
        return False
    if is_text and head and not _follows_field(data, head):
        return False
    return _are_fields(data, data[head] >> 3, ends, _MANY_FIELDS if is_text else _FIELDS)


def _follows_field(data: bytes, head: int) -> bool:
    """Return whether a field of text ends where a tag is, one with a number that is not higher."""
    for place in range(head - 1, max(0, head - _BEFORE), -1):
        if data[place] == head - place - 1 and data[place - 1] & 7 == _STRING and data[place - 1] <= data[head]:
            text = data[place + 1 : head]
            if len(text.translate(None, _CONTROLS)) == len(text):
                return True
    return False


def _are_fields(data: bytes, lowest: int, ends: tuple[int, int], number: int) -> bool:
    """Return whether fields, with numbers that do not fall, lead past the end of the match or of the data.

    They may fall once, where an inner message ends.
    """
    place, end = ends
    count, inner = 0, True
    stop = min(len(data), end + AHEAD)
    while place < stop and (count < number or place <= end):
        tag, place = _varint(data, place)
        field, kind = tag >> 3, tag & 7
        if field < lowest and count and inner:
            inner = False
        elif field < lowest:
            return False
        size = _OTHERS.get(kind, 0)
        if kind in (0, _STRING):
            value, place = _varint(data, place)
            size = value if kind else 0
        elif not size:
            return False
        place += size
        if not 0 < field <= _MOST_FIELD or size < 0:
            return False
        lowest, count = field, count + 1
    return place <= len(data) or stop < len(data)


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return the number at a place and its end; a negative one where the data ends before."""
    value = shift = 0
    for byte in data[place : place + 10]:
        value |= (byte & _SEVEN_BITS) << shift
        shift, place = shift + 7, place + 1
        if byte < _CONTINUED:
            return value, place
    return -1, place


def _is_counted(data: bytes, start: int, last: int) -> bool:
    """Return whether all data are texts after lengths of one byte, of which this is one."""
    return start < _REACH and _are_counted(data, 0, start - 1) and _are_counted(data, last, len(data))


def _are_counted(data: bytes, place: int, end: int) -> bool:
    """Return whether texts after their lengths fill ``[place, end)``, or begin it and are too many to be chance."""
    stop = min(end, place + AHEAD)
    while place < stop:
        place = _after(data, place)
    return place == end or (stop < end and place <= len(data))


def _after(data: bytes, place: int) -> int:
    """Return the end of the text whose length is at a place, one beyond the data where there is no such text."""
    last = place + 1 + data[place]
    text = data[place + 1 : last]
    return last if text and len(text.translate(None, _CONTROLS)) == len(text) else len(data) + 1


def leads_on(data: bytes, place: int) -> bool:
    """Return whether texts after lengths, which look like text, lead to where a number does not or to the end."""
    stop = min(len(data), place + AHEAD)
    while place < stop and data[place] in _PRINTED:
        place = _after(data, place)
    return place <= len(data)
