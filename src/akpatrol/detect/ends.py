"""Both ends of a credential in binary data, where the bytes behind it may look like more of it.

The bytes before a string may give its length (``framings``, ``offsets``, ``sqlite_record``). Otherwise the text around
it may end it: quotes, the end of a line, C's zeros. Where neither does, the end is a guess: the longest reading,
uncertain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect import framings, offsets, sqlite_record
from akpatrol.detect.corroboration import is_corroborated, is_counted
from akpatrol.detect.medium import Nature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.detect.framings import Claim
    from akpatrol.detect.medium import Medium

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_PRINTED = frozenset(range(0x20, 0x7F))
_TEXT_BYTES = bytes((9, 10, 13, *range(0x20, 0x7F)))
_TEXT = frozenset(_TEXT_BYTES)
_ENDS = _TEXT | {0, None}
_SEPARATORS = frozenset(b"\x00\x1c\x1d\x1e\x1f")  # C's end of a string; ECMA-48 8.3.57 and others
_REACH = 256  # bytes back, to where a string begins that ends with the credential
_QUOTED = 64  # bytes back, to an opening quote
_SMALL, _LITTLE_OVER = 8, 4  # bytes behind the length that is read: the more there are, the likelier is chance
_PLAIN_WIDTH = 4  # bytes of a number that are zero but for one, by chance hardly ever

_ITEM, _SHORT_ITEM = 0x60, 23  # CBOR: a text of up to 23 bytes, its length in the same byte
_HIGH, _CONTINUING = 0x80, bytes(range(0x80, 0xC0))

_LINE_ENDS = frozenset(b"\r\n")
_QUOTES = frozenset((b'"', b"'", b"`"))
_SAME = frozenset(b"\"'`,|;\t")
_BRACKETS = frozenset(zip(b"([{<>", b")]}><", strict=True))
_ASSIGNED, _NEXT = frozenset(b"=:"), frozenset(b"&;,")
# Words that continue another vendor's token so that it looks like one of ours.
FOREIGN_WORDS, _FOREIGN_BYTES = (b"github_", b"dckr_"), 8
# Pickle's protocol 0 is text: V, the string, the end of the line, and where it is remembered.
_REMEMBERED = re.compile(rb"\np[0-9]+\n")


class CredentialEnds(NamedTuple):
    """The end of a credential, and whether it is certain; ``is_framed`` says that its string also begins with it."""

    end: int
    is_certain: bool
    is_framed: bool = False


class _Weighed(NamedTuple):
    """A place where a string may end, how far that is to be believed, and whether the string begins at the match."""

    end: int
    belief: int
    framed: bool


_NO, _DOUBT, _PERHAPS, _LIKELY, _SURE = range(5)


def find(
    medium: Medium, start: int, end: int, fits: Callable[[int], bool], *, stands_free: bool
) -> CredentialEnds | None:
    """Return the ends of the match at ``[start, end)``, None when it is in text.

    ``fits(end)`` says whether the match up to ``end`` has the shape of a credential; ``stands_free`` that it is not
    part of a longer word, as far as the text shows.
    """
    nature = medium.nature(start, end)
    if nature is Nature.TEXT:
        is_framed = _is_pickled_text(medium.data, start, end) or _is_alone(medium, start, end)
        return CredentialEnds(end, is_certain=True, is_framed=True) if is_framed else None
    found: list[_Weighed] = []
    best = _in_column(medium, start, end, fits) if nature is Nature.BINARY else None
    if not best:
        found = [one for one in _claimed(medium, start, end, nature) if one.end == end or fits(one.end)]
        best = _best(found)
    is_closed = stands_free and _is_closed(medium, start, end)
    is_in_text = medium.unit(start - 1) in _TEXT and medium.unit(end) in _TEXT
    if best and (best.belief == _SURE or not (is_closed and is_in_text)):
        is_foreign = medium.data.endswith(FOREIGN_WORDS, max(0, start - _FOREIGN_BYTES), start)
        return CredentialEnds(best.end, is_certain=True, is_framed=best.framed and not is_foreign)
    if nature is Nature.UNDECODABLE and not found:
        return None
    # A number that ends in zeros may as well be the end of another text.
    is_doubted = bool(found) and medium.unit(end) not in _TEXT
    return CredentialEnds(end, is_certain=is_closed and not is_doubted)


def _is_pickled_text(data: bytes, start: int, end: int) -> bool:
    return data[start - 1 : start] == b"V" and bool(_REMEMBERED.match(data, end))


def _is_alone(medium: Medium, start: int, end: int) -> bool:
    """Return whether all data is one string after its length, which may look like text."""
    if end < len(medium.data) or not 0 < start < framings.REACH:
        return False
    claims = framings.read(medium.before(start, framings.REACH))
    sizes = {len(claim.marker) + claim.width for claim in claims if claim.marker and start + claim.length == end}
    return start in sizes


def _best(found: list[_Weighed]) -> _Weighed | None:
    """Return the most credible claim, preferably one that begins with the match; None when the best disagree."""
    most = max(((one.belief, one.framed) for one in found), default=(_NO, False))
    best = [one for one in found if (one.belief, one.framed) == most]
    return best[0] if most[0] > _DOUBT and len({one.end for one in best}) == 1 else None


def _claimed(medium: Medium, start: int, end: int, nature: Nature) -> Iterator[_Weighed]:
    run = _run_start(medium.data, start)
    # A length that looks like text is at the apparent beginning of a run of text.
    for first in (*(range(run, min(run + 3, start)) if run >= 0 else ()), start):
        if medium.width > 1 and medium.unit(first - 1) in _TEXT:
            continue  # a character, which reads as a number
        before = medium.before(first, framings.REACH)
        for claim in framings.read(before, is_wide=medium.width > 1):
            for last in _lasts(claim, first, medium.width):
                if last < start + framings.LEAST or not _may_tell(claim, end - last, is_begun=first < start):
                    continue
                claimed = _Claimed(medium, (first, last), (start, end), before, claim)
                belief = claimed.belief() if nature is Nature.BINARY else claimed.belief_amid_text()
                if first < start:  # less is to be believed: there are more places and lengths to try
                    belief = belief - 1 if last >= end or (belief == _SURE and _is_telling(claim)) else _NO
                if belief > _NO:
                    yield _Weighed(min(last, end), belief, first == start)


def _in_column(medium: Medium, start: int, end: int, fits: Callable[[int], bool]) -> _Weighed | None:
    """Return the end of the column that the match begins, ends or continues."""
    column = offsets.column(medium, start) or sqlite_record.column(medium, start)
    if not column:
        return None
    first, size = column
    last = first + size // medium.width
    if last == end or (last < end and first == start and fits(last)):
        return _Weighed(last, _SURE, first == start)
    return _Weighed(end, _SURE, first == start) if last > end and medium.unit(end) in _TEXT else None


def _lasts(claim: Claim, first: int, width: int) -> Iterator[int]:
    """Yield where a string ends: of wide ones the number may be of bytes or of characters."""
    if width == 1 or not claim.length % width:
        yield first + claim.length // width
    if width > 1 and claim.plain:
        yield first + claim.length


def _may_tell(claim: Claim, tail: int, *, is_begun: bool) -> bool:
    """Return whether a claim could be believed that leaves ``tail`` bytes of the match: most that a letter makes not.

    ``is_begun`` says that its string begins before the match.
    """
    if not tail or _is_telling(claim):
        return True
    if is_begun or tail < 0:
        return False
    return claim.width > 1 or bool(claim.marker) or claim.plain or tail <= _LITTLE_OVER


def _is_telling(claim: Claim) -> bool:
    """Return whether the bytes of a claim do not occur in text."""
    return claim.width >= _PLAIN_WIDTH or bool(claim.marker and claim.marker[-1] not in _PRINTED)


class _Claimed(NamedTuple):
    """A claim that a string is ``string``, where ``match`` was found; ``before`` are the bytes before it."""

    medium: Medium
    string: tuple[int, int]
    match: tuple[int, int]
    before: bytes
    claim: Claim

    def belief_amid_text(self) -> int:
        """Return the credibility when an invalid UTF-8 byte is the only sign that this is not text."""
        marker = self.claim.marker
        if not marker or self._tail < 0:
            return _NO
        if not self._tail:
            return _SURE
        if marker[-1] not in _PRINTED:  # a letter of an older encoding, when a delimiter follows
            return _DOUBT if self.before[-1] in _PRINTED - _WORD and self.claim.width == 1 else _SURE
        return _SURE if _is_parted(self.before[: -self.claim.width - len(marker)], 1) else _NO

    def belief(self) -> int:
        """Return how far to believe it in binary data."""
        claim = self.claim
        if claim.final and self.medium.unit(self.string[1]) != claim.final[0]:
            return _NO
        if self._tail <= 0:
            return self._whole()
        if claim.marker:
            return self._behind_marker()
        if claim.width == 1:
            return self._byte() if claim.plain or self._tail <= _LITTLE_OVER else _NO
        if not claim.plain and claim.width < _PLAIN_WIDTH:  # varints of two bytes
            return _LIKELY if self._tail <= _SMALL else _NO
        return self._little() if claim.little else self._big()

    @property
    def _tail(self) -> int:
        """The number of bytes between the claimed end and the match's end."""
        return self.match[1] - self.string[1]

    @property
    def _after(self) -> int | None:
        return self.medium.unit(self.match[1])

    @property
    def _glued_before(self) -> bool:
        """Whether there is text before the number."""
        where = -self.claim.width - 1
        return len(self.before) >= -where and self.before[where] in _PRINTED

    def _behind_marker(self) -> int:
        marker = self.claim.marker
        # A letter says as much only where there is no text before it.
        if marker[-1] in _PRINTED and self.claim.width == 1:
            return _SURE if _is_parted(self.before[: -len(marker) - 1], _SMALL) else _NO
        return _SURE

    def _whole(self) -> int:
        """Judge a string that ends with the match, or continues after it."""
        claim = self.claim
        if not self._tail:
            # One byte means something else in every format: in text it is a letter.
            is_letter = self._glued_before and self.before[-1] in _PRINTED
            if claim.width > 1 or claim.marker or (claim.plain and not is_letter):
                return _SURE
            return (_SURE if claim.plain else _LIKELY) if self._is_corroborated() else _DOUBT
        if not _is_telling(self.claim) or self._after not in _TEXT:
            return _NO
        return _LIKELY if self.string[0] == self.match[0] else _PERHAPS

    def _byte(self) -> int:
        """Judge one byte: in text it is a letter, and between text and text a delimiter."""
        byte, plain = self.before[-1], self.claim.plain
        is_little = self._tail <= _LITTLE_OVER
        if byte >= _HIGH and _ends_character(self.before):
            return _NO
        if byte not in _PRINTED:
            if not is_little or (not plain and byte >= _HIGH):
                return _NO
            return (_LIKELY if plain else _PERHAPS) if self._is_corroborated() else _DOUBT
        if self._glued_before:
            is_counted_before = is_counted(self.before[:-1], self.claim.scale, self.claim.more)
            return _LIKELY if is_counted_before else _DOUBT if is_little else _NO
        if byte in _WORD:
            return (_LIKELY if plain else _PERHAPS) if self._is_corroborated() else _DOUBT
        # A delimiter after other text may also be the end of that text.
        alone = len(self.before) > 1 and self.before[-2] != 0
        is_number = plain and alone and is_little and self._after not in _ENDS
        return _LIKELY if is_number and self._is_corroborated() else _DOUBT

    def _is_corroborated(self) -> bool:
        return is_corroborated(self.medium, self.claim, self.string, self._tail)

    def _little(self) -> int:
        """Judge a number with zeros right before the string, which may also end and pad another string."""
        width, last = self.claim.width, self.string[1]
        wide_enough = width >= _PLAIN_WIDTH
        following = self.medium.data[last + 1 : last + width]
        if wide_enough and self.medium.width == 1 and len(following) == width - 1 and not any(following):
            return _SURE  # the next string's length
        ended = self._after == 0
        if wide_enough:
            return _DOUBT if self._glued_before and ended else _LIKELY
        return _DOUBT if self._glued_before or ended else _LIKELY

    def _big(self) -> int:
        """Judge a number with its last byte right before the string, where a delimiter could be."""
        byte = self.before[-1]
        if byte in _WORD:
            return _LIKELY
        if byte in _PRINTED and self._after in _ENDS:
            return _DOUBT
        return _LIKELY if self.claim.width >= _PLAIN_WIDTH or self._tail <= _SMALL else _NO


def _ends_character(before: bytes) -> bool:
    """Return whether the last bytes are a character of text in UTF-8 (RFC 3629)."""
    first = len(before.rstrip(_CONTINUING)) - 1
    return first >= 0 and len(before[first:].decode("utf-8", "ignore")) == 1 and before[first] >= _HIGH


def _is_parted(head: bytes, near: int) -> bool:
    """Return whether the last bytes of ``head`` hold non-text, or short texts lead up to its end."""
    return bool(head[-near:].translate(None, _TEXT_BYTES)) or is_counted(head) or _behind_items(head)


def _behind_items(head: bytes) -> bool:
    """Return whether short CBOR texts lead from a byte that is no text up to the end of ``head`` (RFC 8949, 3.1)."""
    seen: set[int] = set()
    open_ = [len(head)]
    while open_:
        end = open_.pop()
        if not end or head[end - 1] not in _TEXT:
            return bool(seen)
        for length in range(1, min(_SHORT_ITEM, end - 1) + 1):
            place = end - length - 1
            if head[place] == _ITEM + length and place not in seen:
                seen.add(place)
                open_.append(place)
    return False


def _run_start(data: bytes, start: int) -> int:
    """Return where the text before ``start`` begins, -1 where that is too far away."""
    low = max(0, start - _REACH)
    run = low + len(data[low:start].rstrip(_TEXT_BYTES))
    return -1 if run == low > 0 else run


def _is_closed(medium: Medium, start: int, end: int) -> bool:
    """Return whether the text around a match shows that it ends there."""
    before, after = medium.unit(start - 1), medium.unit(end)
    run = _run_start(medium.data, start)
    if after is None or after in _SEPARATORS:
        return after is None or (run >= 0 and medium.unit(run - 1) in (None, after))
    if before is None or before not in _TEXT:
        return after in _LINE_ENDS and not before
    if after in _LINE_ENDS or (before == after and after in _SAME) or (before, after) in _BRACKETS:
        return True
    return (before in _ASSIGNED and after in _NEXT) or _is_quoted(medium.data, start, end, run)


def _is_quoted(data: bytes, start: int, end: int, run: int) -> bool:
    """Return whether a quote that was opened before a match closes after it, in quoted text or not."""
    if data[end : end + 1] == b"\\":
        return data[start - 2 : start] == data[end : end + 2]
    quote = data[end : end + 1]
    return quote in _QUOTES and data.rfind(quote, max(run, start - _QUOTED, 0), start) >= 0
