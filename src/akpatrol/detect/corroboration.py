"""Confirm that a byte before a string is its length: one byte alone is right by chance once in 256 times.

Formats that write lengths of one byte without a marker write many: so the string before or after this one, another
credential nearby, or the field's tag is written in the same way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.kinds import PREFIXES

if TYPE_CHECKING:
    from akpatrol.detect.framings import Claim
    from akpatrol.detect.medium import Medium

_PRINTED_BYTES = bytes(range(0x20, 0x7F))
_PRINTED = re.compile(rb"[\x20-\x7e]*+")
_FIXSTR = 0xA0  # MessagePack: a text of up to 31 bytes, its length in the same byte
_FIRST_PRINTED = 0x20
_LONGEST = 256  # bytes of the string before
_NEAR = 512  # bytes to another credential
_CREDENTIAL = b"(?:%b)[0-9A-Za-z_.-]{20,600}+" % PREFIXES.encode()
# Protocol Buffers, "Message Structure": the tags of fields up to 15, of length-delimited ones and of any.
_TEXT_TAGS = frozenset(range(0x0A, 0x80, 8))
_TAGS = frozenset(field << 3 | kind for field in range(1, 16) for kind in (0, 1, 2, 5))
# Thrift, "Compact protocol": the header of a field of bytes, and of a field of any type, up to 15 fields further.
_TEXT_HEADERS = frozenset(range(0x18, 0x100, 0x10))
_HEADERS = frozenset(delta << 4 | kind for delta in range(1, 16) for kind in range(1, 13))


def is_corroborated(medium: Medium, claim: Claim, string: tuple[int, int], tail: int) -> bool:
    """Return whether more than one byte confirms the length of the string at ``[start, end)``.

    Behind its end ``tail`` bytes look like more of it. Wide text has a zero in each character, which says enough.
    """
    start, end = string
    head = medium.data[max(0, start - 1 - _LONGEST) : start - 1]
    return (
        medium.width > 1
        or is_counted(head, claim.scale, claim.more)
        or _counts(medium.data, end, claim)
        or (claim.plain and _is_field(head[-2:], medium.data[end : end + 1]))
        or _has_sibling(medium.data, claim, string, tail)
    )


def is_counted(head: bytes, scale: int = 1, more: int = 0) -> bool:
    """Return whether the text at the end of ``head`` is a string with its length before it in the same form."""
    run = len(head) - len(head.rstrip(_PRINTED_BYTES))
    if not 0 < run < len(head):
        return False
    return head[-run - 1] == run * scale + more or (scale == 1 and not more and head[-run - 1] == run | _FIXSTR)


def _counts(data: bytes, place: int, claim: Claim) -> bool:
    """Return whether another string begins at ``place`` with its length written in the same way.

    Where a letter says that, the text must end with that string.
    """
    length, rest = divmod(data[place] - claim.more, claim.scale) if place < len(data) else (0, 0)
    if rest or length <= 0:
        return False
    text = _PRINTED.match(data, place + 1)
    run = len(text[0]) if text else 0
    return run == length or (run > length and data[place] < _FIRST_PRINTED)


def _is_field(head: bytes, following: bytes) -> bool:
    """Return whether a field's tag precedes the length, and another tag or nothing follows the string."""
    if not head or not head.translate(None, _PRINTED_BYTES):
        return False  # in text a tag is a letter
    tag = head[-1]
    if tag in _TEXT_TAGS:
        return not following or following[0] in _TAGS
    return tag in _TEXT_HEADERS and bool(following) and (not following[0] or following[0] in _HEADERS)


def _has_sibling(data: bytes, claim: Claim, string: tuple[int, int], tail: int) -> bool:
    """Return whether a nearby credential has its length in the same form, and as much after its end."""
    start, end = string
    for low, high in ((max(0, start - _NEAR), start - 1), (end + 1, min(len(data), end + _NEAR))):
        for found in re.compile(_CREDENTIAL).finditer(data, low, high):
            first, last = found.span()
            # A string that the bounds cut has another end.
            if (
                first
                and low < first
                and last < high
                and data[first - 1] == (last - first - tail) * claim.scale + claim.more
            ):
                return True
    return False
