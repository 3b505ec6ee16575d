"""Search for the matches of users' rules only where one of them ends, or has a keyword: the rest of a text has none.

A match is at most as long as its bounded parts and the line of its one part without a bound. A pattern with more such
parts, or with one that may have line breaks, is not served. What was found around some ends is found again in the same
text, of which a history has many versions: positions are remembered, never text.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from hashlib import blake2b
from typing import TYPE_CHECKING

from akpatrol.rules.regex_items import UnknownSyntaxError, extent, least, parse
from akpatrol.rules.wide_patterns import is_wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.detect.match import Matcher, MatchSpan
    from akpatrol.model.scan import Match
    from akpatrol.rules.regex_items import Extent
    from akpatrol.rules.rule import Rule

LEAST_BYTES = 512
"""Less is searched at once."""

_CHARACTER_BYTES = 4  # at most, in UTF-8
_REMEMBERED, _LARGEST_BYTES = 20_000, 16 << 10
_KEY_BYTES = 16


class KnownWindow:
    """The matches in a window, as offsets from its start, and how they were ``judged`` in a file with this ``path``."""

    __slots__ = ("judged", "path", "spans")

    def __init__(self, spans: tuple[MatchSpan, ...]) -> None:
        self.spans = spans
        self.path: bytes | None = None
        self.judged: tuple[Match, ...] | None = None


class MatchWindows:
    """The windows around the ends of one rule's matches: no match reaches out of one, nor with ``lines`` its lines."""

    def __init__(self, matcher: Matcher, extent: Extent, character_bytes: int, *, lines: bool) -> None:
        self._matcher = matcher
        self._bytes = extent.bytes * character_bytes
        self._is_open = bool(extent.open_runs)
        self._lines = lines
        self._secret = os.urandom(_KEY_BYTES)
        self._known: dict[bytes, KnownWindow] = {}

    def at_ends(self, data: bytes, ends: Iterable[int]) -> Iterator[tuple[int, KnownWindow]]:
        """Yield windows with all matches in the data, each with its start; ``ends`` has where matches end, in order.

        There may be more ends, of matches that overlap those that are found.
        """
        for start, stop, inside in self._windows(data, ends, beyond=0):
            yield start, self._remembered(data, start, stop, partial(self._matches, data, start, stop, inside))

    def around(self, data: bytes, places: Iterable[int]) -> Iterator[tuple[int, KnownWindow]]:
        """Yield the same, given places in order that have one in each match."""
        for start, stop, _ in self._windows(data, places, beyond=self._bytes):
            yield start, self._remembered(data, start, stop, partial(self._within, data, start, stop))

    def _remembered(self, data: bytes, start: int, stop: int, search: Callable[[], Iterator[MatchSpan]]) -> KnownWindow:
        if stop - start > _LARGEST_BYTES:
            return KnownWindow(tuple(span.moved(-start) for span in search()))
        # A pattern may ask for the byte before and after it, and for the beginning or the end of the data.
        place = bytes((not start, stop >= len(data)))
        text = data[max(0, start - 1) : stop + 1]
        key = blake2b(place + text, digest_size=_KEY_BYTES, key=self._secret).digest()
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = KnownWindow(tuple(span.moved(-start) for span in search()))
        return known

    def _windows(self, data: bytes, ends: Iterable[int], beyond: int) -> Iterator[tuple[int, int, list[int]]]:
        """Yield the windows, each with the ends in it: those that touch are one.

        What has an end there may end so many bytes ``beyond``, or beyond its line.
        """
        start, stop, line_end, inside = 0, 0, -1, list[int]()
        is_plain = not (self._is_open or self._lines)
        for end in ends:
            if end <= line_end:  # more ends of a line move nothing
                inside.append(end)
                continue
            begin = end - self._bytes if is_plain and end > self._bytes else self._start(data, stop, end)
            if inside and begin > stop:
                yield start, stop, inside
                inside = []
            if not inside:
                start = begin
            if self._is_open and beyond:
                line_end = data.find(b"\n", end)
                line_end = len(data) if line_end < 0 else line_end
            stop = max(stop, self._stop(data, max(end, line_end) + beyond))
            inside.append(end)
        if inside:
            yield start, stop, inside

    def _matches(self, data: bytes, position: int, stop: int, ends: Iterable[int]) -> Iterator[MatchSpan]:
        for end in ends:
            # What ends before was found, or overlaps what was found.
            if end <= position and position:
                continue
            match = self._matcher.search(data, position, len(data))
            if not match or match.end() > stop:
                return
            span = self._matcher.span(match)
            if span.secret_start < span.secret_end:
                yield span
            position = max(match.end(), match.start() + 1)

    def _within(self, data: bytes, position: int, stop: int) -> Iterator[MatchSpan]:
        # A match may ask for the next byte. One that ends there is only the beginning of what the pattern asks for.
        limit = min(len(data), stop + 1)
        while (match := self._matcher.search(data, position, limit)) and match.end() <= stop:
            span = self._matcher.span(match)
            if span.secret_start < span.secret_end:
                yield span
            position = max(match.end(), match.start() + 1)

    def _start(self, data: bytes, least: int, end: int) -> int:
        start = max(0, end - self._bytes)
        if self._is_open and start > least:
            start = max(0, data.rfind(b"\n", least, start) + 1 - self._bytes)
        return data.rfind(b"\n", 0, start) + 1 if self._lines else start

    def _stop(self, data: bytes, end: int) -> int:
        stop = min(len(data), end)
        line_end = data.find(b"\n", stop) if self._lines else stop
        return len(data) if line_end < 0 else line_end


def match_windows(rule: Rule, matcher: Matcher) -> MatchWindows | None:
    """Return the windows of a rule's matches, or of their lines where its filters ask for these.

    None if nothing bounds its matches.
    """
    longest = extent_of(rule)
    lines = any(allowlist.target == "line" for allowlist in rule.allowlists)
    return longest and MatchWindows(matcher, longest, _CHARACTER_BYTES if is_wide(rule.regex) else 1, lines=lines)


def extent_of(rule: Rule) -> Extent | None:
    """Return how far a match of a user's rule may extend; None where nothing bounds it, or it may be empty."""
    return None if rule.shipped or not rule.regex else _extent(rule.regex)


@lru_cache(4096)
def _extent(regex: str) -> Extent | None:
    try:
        items = parse(regex.encode()).items
    except (UnknownSyntaxError, RecursionError, ValueError):
        return None
    longest = extent(items)
    return longest if longest and longest.open_runs <= 1 and least(items) else None
