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
_PRINTED = re.compile(rb"[\x20-\x7e]{0,512}+")  # bounded, so that a long text is not read again for each place
_FIXSTR = 0xA0  # MessagePack: a text of up to 31 bytes, its length in the same byte
_FIRST_PRINTED = 0x20
_LONGEST = 256  # bytes of the string before
_NEAR = 512  # bytes to another credential
_MOST_MORE = 8  # bytes that look like more of a string, after each of several
_TAG = 2  # bytes: a tag, and what precedes it
_CREDENTIAL = b"(?:%b)[0-9A-Za-z_.-]{20,600}+" % PREFIXES.encode()
# Protocol Buffers, "Message Structure": the tags of fields up to 15, of length-delimited ones and of any.
_TEXT_TAGS = frozenset(range(0x0A, 0x80, 8))
_TAGS = frozenset(field << 3 | kind for field in range(1, 16) for kind in (0, 1, 2, 5))
# Thrift, "Compact protocol": the header of a field of bytes, and of a field of any type, up to 15 fields further.
_TEXT_HEADERS = frozenset(range(0x18, 0x100, 0x10))
_HEADERS = frozenset(delta << 4 | kind for delta in range(1, 16) for kind in range(1, 13))


def is_corroborated(medium: Medium, claim: Claim, string: tuple[int, int], tail: int) -> bool:
    """Return whether something else confirms the length of the string at ``[start, end)``.

    Behind its end ``tail`` bytes look like more of it. Wide text has a zero in each character, which says enough.
    """
    start, _ = string
    head = medium.data[max(0, start - claim.width - _LONGEST) : start - claim.width]
    return medium.width > 1 or is_counted(head, claim) or is_continued(medium, claim, string, tail)


def is_continued(medium: Medium, claim: Claim, string: tuple[int, int], tail: int) -> bool:
    """Return whether what follows the string confirms its end, or another credential that has as much behind it."""
    start, end = string
    head = medium.data[max(0, start - claim.width - _TAG) : start - claim.width]
    is_field_next = not tail or _counts(medium.data, end + 1, claim)  # a letter may be any tag
    return (
        medium.width > 1
        or _counts(medium.data, end, claim)
        or (claim.plain and not claim.fixed and _is_field(head, medium.data[end : end + 1]) and is_field_next)
        or (claim.width == 1 and tail <= _MOST_MORE and _has_sibling(medium.data, claim, string, tail))
    )


def is_counted(head: bytes, claim: Claim | None = None) -> bool:
    """Return whether the text at the end of ``head`` is a string with its length before it in the same form.

    Without a claim, the length is one byte.
    """
    run = len(head) - len(head.rstrip(_PRINTED_BYTES))
    if not 0 < run < len(head):
        return False
    if (not claim or (claim.plain and claim.width == 1)) and head[-run - 1] in _counts_of(run):
        return True
    return bool(claim and head.endswith(claim.written(run), 0, len(head) - run))


def _counts_of(run: int) -> tuple[int, ...]:
    return (run, run | _FIXSTR) if run < _FIRST_PRINTED else (run,)


def _counts(data: bytes, place: int, claim: Claim) -> bool:
    """Return whether another string begins at ``place`` with its length written in the same way.

    Where a letter says that, the text must end with that string.
    """
    for width in (claim.width,) if claim.fixed else (1, 2):
        text = _PRINTED.match(data, place + width)
        run, number = len(text[0]) if text else 0, data[place : place + width]
        if run and number in claim.written(run):
            return True
        length = claim.read(number) if number and number[0] < _FIRST_PRINTED and (claim.fixed or width == 1) else 0
        if 0 < length < run:
            return True
    return False


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
        for match in re.compile(_CREDENTIAL).finditer(data, low, high):
            first, last = match.span()
            # A string that the bounds cut has another end.
            if (
                first
                and low < first
                and last < high
                and data[first - 1] == (last - first - tail) * claim.scale + claim.more
            ):
                return True
    return False
