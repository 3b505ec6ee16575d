"""How far to believe that a number before a string is its length.

In other data the same bytes are there by chance: one byte of a certain value once in 256 times, a letter in text four
times as often, and small numbers after zeros more often still. So a number that says less than all of what looks like
a credential must be confirmed by what follows the end that it gives.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect import printed_lengths, serialized_items
from akpatrol.detect.corroboration import is_continued, is_corroborated, is_counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.detect.framings import Claim
    from akpatrol.detect.medium import Medium

NO, DOUBT, PERHAPS, LIKELY, SURE = range(5)
TEXT_BYTES = bytes((9, 10, 13, *range(0x20, 0x7F)))

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_PRINTED_BYTES = bytes(range(0x20, 0x7F))
_PRINTED = frozenset(_PRINTED_BYTES)
_TEXT = frozenset(TEXT_BYTES)
_NO_TEXT_IN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SMALL = 8  # bytes behind the length that is read: the more there are, the likelier is chance
_STRONG_WIDTH = 4  # bytes of a number that are zero but for one, by chance hardly ever
_LISTED = {b"x": "CBOR", b"z": "marshal", b"Z": "marshal"}
_FOLLOWED = {
    b"\x8c": "pickle",
    b"\xfa": "marshal",
    b"\xda": "marshal",
}
_REMEMBERED = re.compile(rb"q[\0-\x1f\x7f-\x9f]|r..\0\0|\x94", re.DOTALL)  # pickle: where the string is kept
# What follows a string: in MessagePack a letter is a number, of which few follow one another.
_AFTER = {
    b"U": _REMEMBERED,
    b"C": _REMEMBERED,
    b"\xd9": re.compile(rb"[\x20-\x7e]{0,2}(?:\Z|[^\x20-\x7e])"),
    b"\xc4": re.compile(rb"[\x20-\x7e]{0,2}(?:\Z|[^\x20-\x7e])"),
    b"\x01": re.compile(rb"\Z|[\0\x01\x03-\x14]"),  # JVM specification 4.4: the tag of a constant
    b"t": re.compile(rb"[pxz]{0,4}(?:\Z|[^\x20-\x7e]|t\0|q\0~|[su]r|[su]q\0|w[^\x20-\x7e])"),
}
_PICKLED = (b"U", b"C")
_AFTER_ANY = re.compile(rb"\Z|[^\x20-\x7e]")
_TELLING_RUN = 3  # bytes
_HEADER = 40  # bytes before a string in which a row may keep the lengths of its columns
_WORDS = re.compile(rb"[\x20-\x7e]{4,}")


class Claimed(NamedTuple):
    """A claim that a string is ``string``, where ``match`` was found; ``before`` are the bytes before it.

    ``fits(end)`` says whether the match up to ``end`` has the shape of a credential.
    """

    medium: Medium
    string: tuple[int, int]
    match: tuple[int, int]
    before: bytes
    claim: Claim
    fits: Callable[[int], bool]

    def belief_amid_text(self) -> int:
        """Return the credibility when an invalid UTF-8 byte is the only sign that this is not text."""
        marker = self.claim.marker
        if not marker or self._tail < 0:
            return NO
        if not self._tail:
            return SURE
        if marker[-1] not in _PRINTED:  # a letter of an older encoding, when a delimiter follows
            return DOUBT if self.before[-1] in _PRINTED - _WORD and self.claim.width == 1 else SURE
        return SURE if self._is_listed() or not self._glued(self._head) else NO

    def belief(self) -> int:
        """Return how far to believe it in binary data."""
        claim = self.claim
        if claim.final and self.medium.unit(self.string[1]) != claim.final[0]:
            return NO
        if self._tail < 0:
            return self._longer()
        if claim.marker:
            return self._marked()
        return self._shorter() if self._tail else self._exact()

    @property
    def _tail(self) -> int:
        """The number of bytes between the claimed end and the match's end."""
        return self.match[1] - self.string[1]

    @property
    def _after(self) -> int | None:
        return self.medium.unit(self.match[1])

    @property
    def _is_begun(self) -> bool:
        """Whether the string begins before the match: then there are more places and numbers to try."""
        return self.string[0] < self.match[0]

    @property
    def _is_letter(self) -> bool:
        return self.before[-1] in _PRINTED

    def _glued(self, width: int) -> bool:
        """Return whether there is text before the last ``width`` bytes."""
        return len(self.before) > width and self.before[-width - 1] in _PRINTED

    @property
    def _head(self) -> int:
        """The number of bytes of the marker and the number."""
        return self.claim.width + len(self.claim.marker)

    def _longer(self) -> int:
        """Judge a string that continues after the match: all of it must be text, and it must end there."""
        data, end, last = self.medium.data, self.match[1], self.string[1]
        if not is_telling(self.claim) or self._after not in _TEXT:
            return NO
        is_text = last <= len(data) and not _NO_TEXT_IN.search(data, end, last)
        if self.medium.width == 1 and not (is_text and self._is_followed(data, last)):
            return NO
        return PERHAPS if self._is_begun else LIKELY

    def _is_followed(self, data: bytes, last: int) -> bool:
        """Return whether what follows a string fits its format."""
        pattern = _AFTER.get(self.claim.marker, _AFTER_ANY)
        name = _FOLLOWED.get(self.claim.marker)
        return serialized_items.follow(name, data, last) if name else bool(pattern.match(data, last))

    def _marked(self) -> int:
        """Judge a number after a format's marker."""
        claim = self.claim
        if claim.width >= _STRONG_WIDTH or len(claim.marker) > 1 or self.medium.width > 1:
            return SURE
        if claim.marker[-1] in _PRINTED:
            return self._lettered()
        if not self._tail and self._is_begun:
            return DOUBT if self._after in _TEXT else SURE
        if self._tail or claim.marker in _AFTER:
            return SURE if self._is_followed(self.medium.data, self.string[1]) else DOUBT
        return SURE

    def _lettered(self) -> int:
        """Judge a number of one or two bytes after a letter, which in text says nothing."""
        claim, data = self.claim, self.medium.data
        if self._is_listed() or (claim.marker in _PICKLED and self._is_followed(data, self.string[1])):
            return SURE
        is_open = not self._is_begun and (claim.width > 1 or not self._glued(self._head))
        if self._tail:
            is_open = is_open and claim.marker in _AFTER and self._is_followed(data, self.string[1])
        return SURE if is_open else self._doubt()

    def _doubt(self) -> int:
        """Doubt the end where the claim is more than letters, and more than a string of C's before the match."""
        first = self.before[-self._head]
        is_ended = self._after == 0 and self.claim.little and first in _PRINTED and self._glued(self._head)
        return NO if is_ended or not self.before[-self._head :].translate(None, _PRINTED_BYTES) else DOUBT

    def _is_listed(self) -> bool:
        """Return whether items lead from a list to the string, and on from it."""
        name = _LISTED.get(self.claim.marker)
        if not name or self.medium.width > 1:
            return False
        start, end = self.string
        return serialized_items.holds(name, self.medium.data, start - self._head, end)

    def _exact(self) -> int:
        """Judge a string that ends with the match."""
        claim = self.claim
        if claim.width >= _STRONG_WIDTH:
            return SURE
        if claim.width > 1 and not claim.fixed:
            return DOUBT if self.medium.width == 1 and self._is_contradicted() else SURE
        if self._is_begun and (self._is_letter or not claim.plain):
            return NO
        if is_corroborated(self.medium, claim, self.string, self._tail):
            return SURE if claim.plain else LIKELY
        # One byte means something else in every format: in text it is a letter.
        if not claim.plain or (self._is_letter and self._glued(claim.width)):
            return self._doubt()
        return SURE if self._is_only() else DOUBT

    def _is_only(self) -> bool:
        """Return whether no byte shortly before says that the string ends earlier, as in a row's header it would."""
        return self._after not in _TEXT and not self._is_contradicted(by_tag=True)

    def _is_contradicted(self, *, by_tag: bool = False) -> bool:
        """Return whether a byte shortly before says that the string ends elsewhere, in front of the claimed end.

        The last one may be a tag, which counts where asked.
        """
        head = _WORDS.sub(b"", self.before[-_HEADER - self.claim.width : -self.claim.width])
        ends = {self.string[0] + byte for byte in (head if by_tag else head[:-1]) if byte < self.claim.length}
        return any(map(self.fits, ends))

    def _shorter(self) -> int:
        """Judge a number without a marker which says that the string ends earlier than the match."""
        claim, head = self.claim, self.before[: -self.claim.width]
        if claim.little and claim.width >= _STRONG_WIDTH and self.medium.width == 1:
            following = self.medium.data[self.string[1] + 1 : self.string[1] + claim.width]
            if len(following) == claim.width - 1 and not any(following):
                return SURE  # the next string's length
        if claim.fixed and claim.width > 1 and self._tail <= _SMALL and is_counted(head, claim):
            return LIKELY
        if self._is_part_of_list(head):
            return LIKELY
        if not is_continued(self.medium, claim, self.string, self._tail):
            return self._doubt()
        is_letter = self._is_letter and self._glued(1)
        if claim.width == 1 and not is_counted(head, claim) and (is_letter or self._is_contradicted()):
            return DOUBT
        return LIKELY if claim.plain else PERHAPS

    def _is_part_of_list(self, head: bytes) -> bool:
        """Return whether a letter is the length, because before it there is a string with its length before it.

        Behind text it is no byte of a number, and few bytes of text say little.
        """
        run = len(head) - len(head.rstrip(_PRINTED_BYTES))
        is_text = self.claim.plain and self.claim.width == 1 and run >= _TELLING_RUN
        is_listed = is_text and self._is_letter and is_counted(head) and head[-min(run + 2, len(head))] in _PRINTED
        # MessagePack's length before the other string is no evidence for another format's, unless more strings follow.
        return is_listed and (head[-run - 1] == run or printed_lengths.leads_on(self.medium.data, self.string[1]))


def is_telling(claim: Claim) -> bool:
    """Return whether the bytes of a claim do not occur in text."""
    return claim.width >= _STRONG_WIDTH or bool(claim.marker and claim.marker[-1] not in _PRINTED)
