"""Both ends of a credential in binary data, where the bytes after it may look like more of it.

The constants of a program are known (``programs``). Elsewhere the bytes before a string may give its length
(``framings``, ``offsets``, ``sqlite_record``). Otherwise the text around it may end it: quotes, the end of a line, C's
zeros. Where neither does, the end is a guess: the longest reading, uncertain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect import framings, offsets, printed_lengths, sqlite_record
from akpatrol.detect.belief import DOUBT, NO, SURE, TEXT_BYTES, Claimed, is_telling
from akpatrol.detect.medium import Nature
from akpatrol.detect.program_names import FOREIGN_WORDS, constants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.detect.framings import Claim
    from akpatrol.detect.medium import Medium
    from akpatrol.model.scan import Constant

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_TEXT = frozenset(TEXT_BYTES)
_NAME = re.compile(rb"[A-Za-z_]{3,}[^A-Za-z_]{0,2}\Z")  # in few bytes, of which a number is not made
_SEPARATORS = frozenset(b"\x00\x1c\x1d\x1e\x1f")  # C's end of a string; ECMA-48 8.3.57 and others
_REACH = 256  # bytes back, to where a string begins that ends with the credential
_QUOTED = 64  # bytes back, to an opening quote
_NO_NUMBER, _STRING = 8, 2  # bytes: a text so long is no number, before zeros and between them
_TOLD_WIDTH = 4  # bytes of a number that chance does not write
_LITTLE_OVER = 4  # bytes behind the length that is read: the more there are, the likelier is chance

_OF_BYTES = (b"\x81", b"\x82")  # ASN.1 counts no characters
_LINE_ENDS = frozenset(b"\r\n")
_LINE_END = re.compile(rb"\r?\n(?![^\0-\x08\x0b\x0c\x0e-\x1f\x7f]{0,3}[\0-\x08\x0b\x0c\x0e-\x1f\x7f])")  # no number
_CONTROLS = frozenset(b"\t\r\n")
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")  # none of a terminal's
_QUOTES = frozenset(b"\"'`")
_SAME = frozenset(b"\"'`,|;\t")
_BRACKETS = frozenset(zip(b"([{<>", b")]}><", strict=True))
_ASSIGNED, _NEXT = frozenset(b"=:"), frozenset(b"&;,")
_FOREIGN_BYTES = 8  # of the longest of these words
# Pickle's protocol 0 is text: V, the string, the end of the line, and where it is remembered.
_REMEMBERED = re.compile(rb"\np[0-9]+\n")


class CredentialEnds(NamedTuple):
    """The end of a credential, and whether it is certain; ``is_framed`` says that its string also begins with it."""

    end: int
    is_certain: bool
    is_framed: bool = False


class _Weighed(NamedTuple):
    """A place where a string may end, how far that is to be believed, and whether the string begins at the match.

    ``is_told`` says that a number of four bytes or more, after a format's marker, is its length.
    """

    end: int
    belief: int
    framed: bool
    is_told: bool = False


def find(
    medium: Medium, start: int, end: int, fits: Callable[[int], bool], *, stands_free: bool
) -> CredentialEnds | None:
    """Return the ends of the match at ``[start, end)``, None when it is in text.

    ``fits(end)`` says whether the match up to ``end`` has the shape of a credential; ``stands_free`` that it is not
    part of a longer word, as far as the text shows.
    """
    if medium.constants and (ends := _in_constant(medium, constants(medium, start), (start, end), fits)):
        return ends
    nature = medium.nature(start, end)
    if nature is Nature.TEXT:
        is_framed = _is_pickled_text(medium.data, start, end) or _is_alone(medium, start, end)
        return (
            CredentialEnds(end, is_certain=True, is_framed=True) if is_framed else _amid_text(medium, start, end, fits)
        )
    column = _in_column(medium, start, end, fits) if nature is Nature.BINARY else None
    found = [
        weighed for weighed in _claimed(medium, (start, end), fits, nature) if weighed.end == end or fits(weighed.end)
    ]
    claimed = _best(found)
    # A length of four bytes after a format's marker is more than a column that chance finds around it.
    is_told = claimed and claimed.is_told and claimed.framed and claimed.belief == SURE
    best = column if column and not is_told else claimed
    found = [] if column and best is column else found
    is_closed = stands_free and _is_closed(medium, start, end)
    is_in_text = medium.unit(start - 1) in _TEXT and medium.unit(end) in _TEXT
    if best and (best.belief == SURE or not (is_closed and is_in_text)):
        if not best.framed and printed_lengths.may_end_earlier(medium, start, end, fits, is_text=False):
            return CredentialEnds(end, is_certain=False)
        is_foreign = medium.data.endswith(FOREIGN_WORDS, max(0, start - _FOREIGN_BYTES), start)
        return CredentialEnds(best.end, is_certain=True, is_framed=best.framed and not is_foreign)
    if nature is Nature.UNDECODABLE and not found:
        return _amid_text(medium, start, end, fits)
    # A number that ends in zeros may as well be the end of another text.
    is_doubted = bool(found) and medium.unit(end) not in _TEXT - _LINE_ENDS
    is_certain = is_closed and not is_doubted
    if is_certain:
        is_certain = not printed_lengths.may_end_earlier(medium, start, end, fits, is_text=False)
    return CredentialEnds(end, is_certain)


def _in_constant(
    medium: Medium, known: Sequence[Constant], match: tuple[int, int], fits: Callable[[int], bool]
) -> CredentialEnds | None:
    """Return the ends of a match in a program's constants, None where they say nothing."""
    start, end = match
    sure: list[tuple[bool, int]] = []
    is_doubted = False
    for first, last, is_proven, is_guess in known:
        if (last < end and not fits(last)) or medium.data.find(0, first, last) >= 0:
            continue
        if is_guess and (last > end or (last < end and not is_proven)):
            continue
        if not is_proven and _CONTROL.search(medium.data, first, last):
            continue
        # In C's pools a zero precedes each string, and a number behind a pointer to it says nothing.
        if is_proven or last >= end or medium.unit(first - 1) in _TEXT:
            sure.append((first == start, min(last, end)))
        else:
            is_doubted = True
    if sure:
        is_framed, last = max(sure)  # longer ones, too, hold what begins here, and tables put strings into others
        is_foreign = medium.data.endswith(FOREIGN_WORDS, max(0, start - _FOREIGN_BYTES), start)
        return CredentialEnds(last, is_certain=True, is_framed=is_framed and not is_foreign)
    return CredentialEnds(end, is_certain=False) if is_doubted else None


def _amid_text(medium: Medium, start: int, end: int, fits: Callable[[int], bool]) -> CredentialEnds | None:
    """Return the ends in what looks like text and may be a serialization of it, None where it is text."""
    last = printed_lengths.end_in_list(medium.data, start, end, fits)
    if last is not None:
        return CredentialEnds(last, is_certain=True, is_framed=True)
    if not printed_lengths.may_end_earlier(medium, start, end, fits, is_text=True):
        return None
    # The end of a line may be a number, unless it is the last; what ends with the data is parted from nothing.
    is_last = medium.data[end : end + 3] in (b"\n", b"\r\n")
    is_closed = is_last or (medium.unit(end) not in {None, *_LINE_ENDS} and _is_closed(medium, start, end))
    return None if is_closed else CredentialEnds(end, is_certain=False)


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
    most = max(((weighed.belief, weighed.framed) for weighed in found), default=(NO, False))
    best = [weighed for weighed in found if (weighed.belief, weighed.framed) == most]
    best.sort(key=lambda weighed: not weighed.is_told)
    return best[0] if most[0] > DOUBT and len({weighed.end for weighed in best}) == 1 else None


def _claimed(medium: Medium, match: tuple[int, int], fits: Callable[[int], bool], nature: Nature) -> Iterator[_Weighed]:
    start, end = match
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
                claimed = Claimed(medium, (first, last), match, before, claim, fits)
                belief = claimed.belief() if nature is Nature.BINARY else claimed.belief_amid_text()
                if first < start:  # less is to be believed: there are more places and lengths to try
                    belief = belief - 1 if last >= end or (belief == SURE and is_telling(claim)) else NO
                if belief > NO:
                    is_told = bool(claim.marker) and claim.width >= _TOLD_WIDTH
                    yield _Weighed(min(last, end), belief, first == start, is_told)


def _in_column(medium: Medium, start: int, end: int, fits: Callable[[int], bool]) -> _Weighed | None:
    """Return the end of the column that the match begins, ends or continues."""
    column = offsets.column(medium, start) or sqlite_record.column(medium, start)
    if not column:
        return None
    first, size = column
    last = first + size // medium.width
    if last == end or (last < end and first == start and fits(last)):
        return _Weighed(last, SURE, first == start)
    return _Weighed(end, SURE, first == start) if last > end and medium.unit(end) in _TEXT else None


def _lasts(claim: Claim, first: int, width: int) -> Iterator[int]:
    """Yield where a string ends: of wide ones the number may be of bytes or of characters."""
    if width == 1 or not claim.length % width:
        yield first + claim.length // width
    if width > 1 and claim.plain and claim.marker not in _OF_BYTES:
        yield first + claim.length


def _may_tell(claim: Claim, tail: int, *, is_begun: bool) -> bool:
    """Return whether a claim could be believed that leaves ``tail`` bytes of the match: most that a letter makes not.

    ``is_begun`` says that its string begins before the match.
    """
    if not tail or is_telling(claim):
        return True
    if is_begun or tail < 0:
        return False
    return claim.width > 1 or bool(claim.marker) or claim.plain or tail <= _LITTLE_OVER


def _run_start(data: bytes, start: int) -> int:
    """Return where the text before ``start`` begins, -1 where that is too far away."""
    low = max(0, start - _REACH)
    run = low + len(data[low:start].rstrip(TEXT_BYTES))
    return -1 if run == low > 0 else run


def _is_closed(medium: Medium, start: int, end: int) -> bool:
    """Return whether the text around a match shows that it ends there."""
    before, after = medium.unit(start - 1), medium.unit(end)
    run = _run_start(medium.data, start)
    if after is None or after in _SEPARATORS:
        return run >= 0 and _is_parted(medium, (run, start), after)
    is_line = bool(_LINE_END.match(medium.data, end))
    if before is None or before not in _TEXT:
        return is_line and not before
    if is_line or (before, after) in _BRACKETS:
        return True
    if before == after and after in _SAME:  # alone it may be a length
        return start - run > 1 or before in _QUOTES
    return (before in _ASSIGNED and after in _NEXT) or _is_quoted(medium.data, start, end, run)


def _is_parted(medium: Medium, text: tuple[int, int], after: int | None) -> bool:
    """Return whether the text before a match is set apart in the same way as the match is from what follows it.

    The zero before it may as well be a byte of a number, and the first bytes of the text, too.
    """
    run, start = text
    before, beyond = medium.unit(run - 1), medium.unit(run - 2)
    is_short = 0 < start - run < _NO_NUMBER and not _NAME.match(medium.data[run:start])
    if before is None:
        return not is_short
    if before != after and (after is not None or before not in _SEPARATORS):
        return False
    if start > run and medium.unit(run) in _CONTROLS:
        return False
    if beyond in _TEXT or is_short:  # there must be a string before, too
        return run > _STRING and not medium.data[run - 1 - _STRING : run - 1].translate(None, TEXT_BYTES)
    return not beyond or (start == run and beyond < framings.LEAST)


def _is_quoted(data: bytes, start: int, end: int, run: int) -> bool:
    """Return whether a quote that was opened before a match closes after it, in quoted text or not."""
    if data[end : end + 1] == b"\\":
        return data[start - 2 : start] == data[end : end + 2]
    quote = data[end : end + 1]
    return bool(quote) and quote[0] in _QUOTES and data.rfind(quote, max(run, start - _QUOTED, 0), start) >= 0
