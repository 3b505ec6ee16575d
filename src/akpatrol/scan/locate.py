"""Turn matches in a chunk into raw findings: offset, line, column, and the line around it with its secrets wrapped."""

from __future__ import annotations

import re
from bisect import bisect_left
from codecs import BOM_UTF8
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING
from zlib import crc32

from akpatrol.detect.spans import Spans
from akpatrol.model.chunks import advance
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.model.scan import Chunk, Match, Origin

    Candidates = Callable[[bytes, int, int], Sequence[tuple[int, int]]]

_CONTEXT_BYTES = 200
_NEIGHBOUR_BYTES = 512
_PART_BYTES = 16 << 10  # at most so many bytes are searched at once for spans to mask
_CUT = 3  # such a part ends at one match in four, which its line decides: versions of a file are cut alike
_ALLOW = b"akpatrol:allow"
_FOREIGN_ALLOW = b"leaks:allow"
_INLINE_BYTES = 4096  # more than it may be away
_APART = 2 * (_CONTEXT_BYTES + _NEIGHBOUR_BYTES)  # matches so far apart are not masked together
_MARK = "\ufeff"
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_start = attrgetter("start")
_TOKEN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~+/=%")


def locate(chunk: Chunk, matches: Sequence[Match], candidates: Candidates) -> Iterator[RawFinding]:
    """Yield each of the chunk's matches, given in order, as a raw finding.

    ``candidates(data, start, end)`` returns spans that have a credential's shape, to be masked in the context.
    """
    data, line, column = chunk.data, chunk.line, chunk.column
    # The marks of UTF-16 and UTF-32 are not marks before bytes that are characters.
    mark = passed = 0 if chunk.offset or chunk.names or not data.startswith(BOM_UTF8) else len(BOM_UTF8)
    wide: dict[tuple[str, int], _WidePosition] = {}
    masks = _Masks(data, matches, candidates)
    may_allow = not chunk.names and _ALLOW in data
    may_allow_foreign = not chunk.names and _FOREIGN_ALLOW in data and any(match.kind.is_custom for match in matches)
    for index, match in enumerate(matches):
        line, column = advance(line, column, data[passed : match.start])
        passed = max(passed, match.start)
        if codec := _codec(match):
            width = _width(codec)
            read = wide.setdefault((codec, match.start % width), _WidePosition(chunk, codec, match.start % width))
            begin = read.advance_to(match.start)
            end = read.end_of(match)
        else:
            begin, end = (line, column), advance(line, column, data[match.start : match.end])
        first, last = (mark, len(data)) if not chunk.names else _entry(data, match)
        origin, offset = _with_encodings(chunk.origin, match), chunk.offset + match.start
        if chunk.names:
            origin, offset = _in_name(origin, data[first:last]), match.start - first
        inline = _inline(data, match) if may_allow else None
        foreign = _foreign_inline(data, match) if may_allow_foreign else None
        if codec:
            context = _wide_context(data, match, codec, _nearby(matches, index), candidates)
            yield RawFinding(origin, match, offset, *begin, *end, context, inline, foreign_inline=foreign)
            continue
        start, stop = _line_bounds(data, match, first, last)
        # Where another span overlaps it, the match stays whole.
        others = tuple(_outside(match, masks.spans(start, stop, (first, last))))
        context = _wrap(data, start, stop, [(match.start, match.end), *others])
        yield RawFinding(origin, match, offset, *begin, *end, context, inline, others, foreign)


def located_again(
    origin: Origin, data: bytes, match: Match, position: tuple[int, int, int, int], masks: tuple[tuple[int, int], ...]
) -> RawFinding:
    """Return the raw finding that ``locate`` gave for a match in a whole content, from what is known of it."""
    mark = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
    context = _wrap(data, *_line_bounds(data, match, mark, len(data)), [(match.start, match.end), *masks])
    comments = _inline(data, match), masks, _foreign_inline(data, match)
    return RawFinding(origin, match, match.start, *position, context, *comments)


class _Masks:
    """The spans to mask in the contexts of a chunk's matches, searched for once in each part of the data."""

    def __init__(self, data: bytes, matches: Sequence[Match], candidates: Candidates) -> None:
        self._data = data
        self._matches = matches
        self._candidates = candidates
        self._start = self._end = 0
        self._shapes = Spans(())

    @cached_property
    def _matched(self) -> set[tuple[int, int]]:
        return {(match.start, match.end) for match in self._matches}

    @cached_property
    def _found(self) -> Spans:
        return Spans(self._matched)

    def spans(self, start: int, stop: int, bounds: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the spans in ``[start, stop)`` of one name, or of all of the data, which has these ``bounds``."""
        first, last = bounds
        # A neighbour that the limit cuts must be found whole, or its half would not be masked.
        low, high = max(first, start - _NEIGHBOUR_BYTES), min(last, stop + _NEIGHBOUR_BYTES)
        if low < self._start or high > self._end:
            self._start, self._end = low, min(last, max(high, self._reach(low, start)))
            # Most of them are the matches themselves.
            shapes = set(self._candidates(self._data, self._start, self._end)) - self._matched
            self._shapes = Spans(shape for shape in shapes if not self._is_masked(*shape))
        return self._found.within(start, stop) + self._shapes.within(start, stop)

    def _is_masked(self, start: int, end: int) -> bool:
        """Return whether a match that begins before a span contains it, so that no context needs the span.

        Two matches with the same beginning do not count: the shorter is shown beside the rest of the longer.
        """
        overlapping = self._found.within(start, end)
        starts = [low for low, _ in overlapping]
        return any(low < start and end <= high and starts.count(low) == 1 for low, high in overlapping)

    def _reach(self, low: int, start: int) -> int:
        """Return where the context ends for the matches in the part that starts at ``low``, one from ``start`` on."""
        number = bisect_left(self._matches, start, key=_start)
        reach, beyond = 0, low
        while number < len(self._matches) and self._matches[number].start < min(low + _PART_BYTES, beyond + _APART):
            match, number = self._matches[number], number + 1
            reach, beyond = match.end + _CONTEXT_BYTES + _NEIGHBOUR_BYTES, match.end
            begin = max(0, match.start - _NEIGHBOUR_BYTES)
            line = self._data[max(begin, self._data.rfind(b"\n", begin, match.start) + 1) : match.start]
            if not crc32(line) & _CUT:
                break
        return reach


def _inline(data: bytes, match: Match) -> str | None:
    if data.find(_ALLOW, max(0, match.start - _INLINE_BYTES), match.end + _INLINE_BYTES) < 0:
        return None
    from akpatrol.policy import inline  # noqa: PLC0415 - only where somebody wrote one

    return inline.find(data, match.start, match.end)


def _foreign_inline(data: bytes, match: Match) -> str | None:
    low, high = max(0, match.start - _INLINE_BYTES), match.end + _INLINE_BYTES
    if not match.kind.is_custom or data.find(_FOREIGN_ALLOW, low, high) < 0:
        return None
    from akpatrol.policy import inline  # noqa: PLC0415 - only where somebody wrote one

    return inline.foreign(data, match.start, match.end, match.lines_before)


def _with_encodings(origin: Origin, match: Match) -> Origin:
    return origin._replace(encodings=origin.encodings + match.encodings) if match.encodings else origin


def _in_name(origin: Origin, name: bytes) -> Origin:
    """Return the origin of a finding in the name of a file, or of a member, which is not a path of the target."""
    if not origin.containers:
        return origin._replace(path=name)
    return origin._replace(containers=(*origin.containers[:-1], f"{origin.containers[-1]}:{_text(name)}"))


def _codec(match: Match) -> str:
    """Return the UTF-16 or UTF-32 codec of the match's text, or nothing."""
    return match.encodings[0] if match.encodings and match.encodings[0].startswith("utf-") else ""


def _width(codec: str) -> int:
    """Return how many bytes an ASCII character has."""
    return int(codec[4:6]) // 8


class _WidePosition:
    """Line and column in text with multi-byte characters, read from the first whole character of the chunk.

    The chunk's start is known only in bytes: before later chunks, each byte 0x0A counts as the end of a line.
    """

    def __init__(self, chunk: Chunk, codec: str, passed: int) -> None:
        self._data = chunk.data
        self._codec = codec
        self._passed = passed
        self._is_first = not chunk.offset
        self._line = chunk.line
        self._column = (chunk.column - 1) // _width(codec) + 1

    def advance_to(self, place: int) -> tuple[int, int]:
        """Advance to an offset and return its line and column."""
        self._line, self._column = self._advance(self._passed, place)
        self._passed = max(self._passed, place)
        return self._line, self._column

    def end_of(self, match: Match) -> tuple[int, int]:
        """Return the line and column of a match's end, after ``at`` its start."""
        return self._advance(match.start, match.end)

    def _advance(self, start: int, end: int) -> tuple[int, int]:
        text = self._data[start:end].decode(self._codec, "replace")
        if not start and self._is_first:
            text = text.removeprefix(_MARK)
        newlines = text.count("\n")
        column = len(text) - text.rfind("\n") if newlines else self._column + len(text)
        return self._line + newlines, column


def _nearby(matches: Sequence[Match], index: int) -> Sequence[Match]:
    """Return the matches that may be in the context of the one at ``index``; all are in order."""
    reach = _CONTEXT_BYTES + _NEIGHBOUR_BYTES
    first = last = index
    while first > 0 and matches[first - 1].end > matches[index].start - reach:
        first -= 1
    while last + 1 < len(matches) and matches[last + 1].start < matches[index].end + reach:
        last += 1
    return matches[first : last + 1]


def _wide_context(
    data: bytes,
    match: Match,
    codec: str,
    near: Sequence[Match],
    candidates: Candidates,
) -> tuple[str | Secret, ...]:
    """Return the context in UTF-8, as far as it is text; only the secret where nearby matches are read otherwise."""
    width = _width(codec)
    if any(_codec(other) != codec or (other.start - match.start) % width for other in near):
        return (match.secret,)
    reach = width * (_CONTEXT_BYTES + _NEIGHBOUR_BYTES)
    first = max(match.start % width, match.start - reach)
    before = _NO_TEXT.split(data[first : match.start].decode(codec, "replace"))[-1].removeprefix(_MARK)
    inside = data[match.start : match.end].decode(codec, "replace")
    after = _NO_TEXT.split(data[match.end : match.end + reach].decode(codec, "replace"))[0]
    text = before + inside + after

    def offset(place: int) -> int:
        units = (place - match.start) // width
        wide = before.encode(codec) if units < 0 else (inside + after).encode(codec)
        if units < 0:
            return len(wide[: max(0, len(wide) + units * width)].decode(codec, "replace").encode())
        return len(before.encode()) + len(wide[: units * width].decode(codec, "replace").encode())

    spans = [(offset(other.start), offset(other.end)) for other in near]
    moved = match._replace(start=offset(match.start), end=offset(match.end))
    encoded = text.encode()
    shapes = candidates(encoded, 0, len(encoded))
    start, stop = _line_bounds(encoded, moved, 0, len(encoded))
    return _wrap(encoded, start, stop, [(moved.start, moved.end), *_outside(moved, [*spans, *shapes])])


def _outside(match: Match, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts of the spans before or after the match; its own pattern may extend beyond it."""
    for low, high in spans:
        if low < match.start:
            yield low, min(high, match.start)
        if low != match.start and high > match.end:
            yield max(low, match.end), high


def _entry(data: bytes, match: Match) -> tuple[int, int]:
    """Return where the name that holds the match starts and ends."""
    last = data.find(b"\0", match.end)
    return data.rfind(b"\0", 0, match.start) + 1, last if last >= 0 else len(data)


def _line_bounds(data: bytes, match: Match, first: int, last: int) -> tuple[int, int]:
    """Return the part of the line around the match; a word cut by the limit may be half a secret and is left out."""
    low, high = max(first, match.start - _CONTEXT_BYTES), min(last, match.end + _CONTEXT_BYTES)
    newline = data.rfind(b"\n", low, match.start)
    start = newline + 1 if newline >= 0 else low
    newline = data.find(b"\n", match.end, high)
    stop = newline if newline >= 0 else high
    if newline < 0 and stop < last:
        while stop > match.end and _continues(data[stop]):
            stop -= 1
        while stop > match.end and data[stop - 1] in _TOKEN:
            stop -= 1
    if start == low > first:
        while start < match.start and (data[start] in _TOKEN or _continues(data[start])):
            start += 1
    return start, stop


def _continues(byte: int) -> bool:
    """Return whether a byte continues a UTF-8 sequence (RFC 3629: 10xxxxxx), which a cut must not split."""
    return byte & 0xC0 == 0x80  # noqa: PLR2004


def _wrap(data: bytes, start: int, stop: int, spans: Sequence[tuple[int, int]]) -> tuple[str | Secret, ...]:
    parts: list[str | Secret] = []
    position = start
    for low, high in sorted(set(spans)):
        if high <= position or low >= stop:
            continue
        begin = max(low, position)
        if begin > position:
            parts.append(_text(data[position:begin]))
        parts.append(Secret(data[low if position == start else begin : high]))
        position = high
    if position < stop:
        parts.append(_text(data[position:stop]))
    return tuple(parts)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def not_in_members(outside: Iterable[RawFinding], inside: Iterable[Secret]) -> Iterator[RawFinding]:
    """Yield the raw findings in a container's own bytes whose secrets are not also in its members, ``inside``.

    In pages and runs a secret may be cut, or run into the next value: one that differs only in its end is a duplicate.
    """
    members = sorted({secret.reveal() for secret in inside})
    known, lengths = set(members), {len(member) for member in members}
    for finding in outside:
        secret = finding.match.secret.reveal()
        following = bisect_left(members, secret)
        cut = following < len(members) and members[following].startswith(secret)
        if not cut and not any(secret[:length] in known for length in lengths):
            yield finding
