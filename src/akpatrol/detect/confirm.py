"""The second stage: match and judge at the places that the prefilter found. Most runs have none.

The same bytes around a place give the same match, wherever a block begins.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_left, bisect_right
from hashlib import blake2b
from typing import TYPE_CHECKING

from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.judge import NAMES_FOR_ALL, POSSIBLE, judge
from akpatrol.detect.likelihood import LONGEST, score
from akpatrol.detect.match_windows import LEAST_BYTES, match_windows
from akpatrol.detect.nearby_clues import Nearby
from akpatrol.detect.prefilter_result import PrefilterResult, has_anchor
from akpatrol.detect.sieve import RejectionBudget, Sieve
from akpatrol.detect.text_sieve import TextSieve, serves
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE, End, Match, Secret
from akpatrol.rules.visible_prefix import visible_prefix
from akpatrol.scan.work import REFUSED, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.filters import Filters
    from akpatrol.detect.keywords import Keywords
    from akpatrol.detect.match import Matcher, MatchSpan
    from akpatrol.detect.match_windows import MatchWindows
    from akpatrol.detect.medium import Medium
    from akpatrol.rules.rule import Rule

_LEAST_RUN = 16
_LONG_RUN = re.compile(rb"[0-9A-Za-z_-]{%d,}" % _LEAST_RUN)
_LITTLE = 1024  # bytes
_REMEMBERED, _LONGEST_BYTES = 20_000, 32 << 10
_KEY_BYTES = 16
# So much is scanned at once, up to the end of a word.
_TOGETHER_BYTES = 64 << 10
_CASES_OF_ASCII = "\u017f".encode(), "\u212a".encode()
_BETWEEN_WORDS = re.compile(rb"[^0-9A-Za-z_.-]")


class Confirmation:
    """The matchers, sieves and filters of a rule set, indexed by the number of the rule in it."""

    def __init__(
        self, rules: Sequence[Rule], matchers: Sequence[Matcher], filters: Sequence[Filters | None], keywords: Keywords
    ) -> None:
        self._rules = rules
        self._matchers = matchers
        self._filters = filters
        self._keywords = keywords
        self._match_windows: dict[int, MatchWindows | None] = {}
        self._with_keyword: dict[int, bool] = {}
        self._words = [[word.encode() for word in rule.keywords] for rule in rules]
        self._numbers = {rule.id: number for number, rule in enumerate(rules)}
        windowed = [index for index, rule in enumerate(rules) if has_anchor(rule)]
        self._sieves = {index: Sieve(rules[index], matchers[index]) for index in windowed}
        self._searched = b"", PrefilterResult(set())
        # Where the secrets of each rule are in these data.
        self._found_in_all: dict[int, _SecretSpans] = {}
        self._last_data: bytes | None = None
        self._last_rules: Sequence[int] = ()
        self._lowered = b"", b""
        self._names = b"", False
        # What is masked around a finding, which many versions of a file repeat.
        self._candidates: dict[tuple[tuple[int, ...], bytes], list[tuple[int, int]]] = {}
        self._secret = os.urandom(_KEY_BYTES)
        self._plain = {index: TextSieve(rules[index]) for index in windowed if serves(rules[index])}

    def matches(
        self,
        medium: Medium,
        result: PrefilterResult,
        bounds: tuple[int, int],
        path: bytes | None = None,
        outer: Outer | None = None,
    ) -> list[Match]:
        """Return the matches that start in the bounds, in order; ``outer`` is outside of the data's encoded form."""
        data, (begin, stop) = medium.data, bounds
        outer = outer or Outer(Work())
        self._searched, self._found_in_all = (data, result), {}
        found: list[Match] = []
        for start, limit in _windows(result.ends, len(data)):
            found += self._in_window(medium, start, limit, outer)
        for index in sorted(result.rules):
            found += self._in_whole(medium, index, path, outer)
        # Windows overlap, and a match in two of them is the same.
        distinct = {(m.start, m.end, m.rule_id): m for m in found if begin <= m.start < stop}
        return [distinct[key] for key in sorted(distinct)]

    def candidates(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans in ``data[start:end]`` to mask: text with a credential's shape, and all long random text.

        A secret may be there in halves or in another spelling, or be another vendor's.
        """
        applicable = self._applicable(data)
        known = self._found_in_all if data is self._searched[0] else {}
        found = [span for index in applicable if index in known for span in known[index].within(start, end)]
        return found + self._shapes_in_part(data, start, end, tuple(n for n in applicable if n not in known))

    def _shapes_in_part(self, data: bytes, start: int, end: int, rules: tuple[int, ...]) -> list[tuple[int, int]]:
        if end - start > _LONGEST_BYTES:
            return list(self._shapes(data, start, end, rules))
        before = max(0, start - 1)
        place = b"%d %d " % (not start, end == len(data))
        hashed = blake2b(place, digest_size=_KEY_BYTES, key=self._secret)
        hashed.update(memoryview(data)[before:end])
        key = rules, hashed.digest()
        spans = self._candidates.get(key)
        if spans is None:
            spans = [(first - before, last - before) for first, last in self._shapes(data, start, end, rules)]
            if len(self._candidates) >= _REMEMBERED:
                self._candidates.clear()
            self._candidates[key] = spans
        return [(before + first, before + last) for first, last in spans]

    def _shapes(self, data: bytes, start: int, end: int, rules: Sequence[int]) -> Iterator[tuple[int, int]]:
        yield from (run.span() for run in _LONG_RUN.finditer(data, start, end) if _is_random(run[0]))
        for index in rules:
            shapes = self._sieves[index].shapes if index in self._sieves else self._matchers[index].find
            yield from ((span.secret_start, span.secret_end) for span in shapes(data, start, end))

    def _applicable(self, data: bytes) -> Sequence[int]:
        """Return the rules that may match in ``data``: by the prefilter, or by keywords in data that it did not see."""
        if data is not self._last_data:
            searched, result = self._searched
            named = result.rules if data is searched else self._named(data)
            self._last_data = data
            self._last_rules = [n for n, rule in enumerate(self._rules) if rule.shipped or n in named]
        return self._last_rules

    def _named(self, data: bytes) -> set[int]:
        found = {index for _, indexes in self._keywords.find(data) for index in indexes}
        return found | {index for index, rule in enumerate(self._rules) if not rule.keywords}

    def _found(self, index: int, data: bytes) -> Iterator[MatchSpan]:
        """Yield a rule's matches, and keep where their secrets are."""
        found = _SecretSpans()
        for span in self._search(index, data):
            found.add(span)
            yield span
        if data is self._searched[0]:
            self._found_in_all[index] = found

    def _search(self, index: int, data: bytes) -> Iterator[MatchSpan]:
        matcher = self._matchers[index]
        searched, result = self._searched
        if data is searched and len(data) >= LEAST_BYTES and (windows := self._windows(index, matcher)):
            if ends := result.rule_ends.get(index):
                return windows.find(data, ends)
            if (places := result.touched.get(index)) and self._has_keywords(index) and not _folds_to_ascii(data):
                return windows.around(data, sorted(places))
        return matcher.find(data, 0, len(data))

    def _is_found_with_keyword(self, index: int, data: bytes) -> bool:
        """Return whether a rule's keyword is certainly in the data: where the prefilter found its matches."""
        searched, result = self._searched
        return data is searched and bool(result.rule_ends.get(index)) and self._has_keywords(index)

    def _has_keywords(self, index: int) -> bool:
        """Return whether each match of a rule holds one of its keywords."""
        if index not in self._with_keyword:
            from akpatrol.rules.literals import holds_keyword  # noqa: PLC0415 - the shipped rules do without

            self._with_keyword[index] = holds_keyword(self._rules[index])
        return self._with_keyword[index]

    def _windows(self, index: int, matcher: Matcher) -> MatchWindows | None:
        if index not in self._match_windows:
            self._match_windows[index] = match_windows(self._rules[index], matcher)
        return self._match_windows[index]

    def _in_lower_case(self, data: bytes) -> bytes:
        """Return the data in lower case; many rules ask for that of the same data."""
        if data is not self._lowered[0]:
            self._lowered = data, data.lower()
        return self._lowered[1]

    def _may_be_named(self, data: bytes) -> bool:
        """Return whether the data hold a name that bears on others' credentials, as few words do."""
        if data is not self._names[0]:
            self._names = data, any(word in data for word in NAMES_FOR_ALL)
        return self._names[1]

    def _in_window(self, medium: Medium, start: int, end: int, outer: Outer) -> Iterator[Match]:
        near = Nearby(self._keywords, medium.data, start, end)
        for first, last in _cut(medium.data, start, end):
            # Most windows hold nothing of a credential's shape.
            shaped = [index for index in self._sieves if self._matchers[index].search(medium.data, first, last)]
            if not shaped:
                continue
            # In little data, a length byte may look like text.
            is_text = len(medium.data) > _LITTLE and medium.is_text(first, last)
            for index in shaped:
                if is_text and index in self._plain:
                    spans = self._plain[index].find(medium, first, last, outer.work)
                else:
                    spans = _sifted(self._sieves[index], medium, (first, last), outer.work)
                for span in spans:
                    if match := _judged(self._rules[index], medium, span, near, outer):
                        yield match

    def _in_whole(self, medium: Medium, index: int, path: bytes | None, outer: Outer) -> Iterator[Match]:
        data = medium.data
        rule = self._rules[index]
        if rule.skip_report:
            return
        if rule.keywords and not self._is_found_with_keyword(index, data):
            lowered = self._in_lower_case(data)
            has_keyword = any(word in lowered for word in self._words[index])
            if not has_keyword and not (outer.around and outer.around.holds(index, rule.keywords)):
                return
        near: Nearby | None = Nearby(self._keywords, data, 0, len(data))
        accepted = self._accepted(index, data, path)
        if rule.required:
            from akpatrol.detect.composite import complete  # noqa: PLC0415 - few rules are composite

            accepted = complete(
                data, accepted, rule.required, lambda name: self._accepted(self._numbers[name], data, path)
            )
        for span, waiting in accepted:
            if near and rule.kind.is_custom and not self._may_be_named(data):
                near = None
            if match := _judged(rule, medium, span, near, outer):
                yield match._replace(waiting=tuple((rule.id, number) for number in waiting)) if waiting else match

    def _accepted(self, index: int, data: bytes, path: bytes | None) -> Iterator[tuple[MatchSpan, tuple[int, ...]]]:
        """Yield a rule's matches that its filters accept, each with the allowlists that its place may complete."""
        filters = self._filters[index]
        if filters and path is not None and not filters.may_match_in(path):
            return
        for span in self._found(index, data):
            waiting = filters.accept(data, span, path) if filters else ()
            if waiting is not None:
                yield span, waiting


class _SecretSpans:
    """The spans of the secrets of one rule's matches, which are in order and do not overlap."""

    def __init__(self) -> None:
        self._starts, self._ends = array("Q"), array("Q")

    def add(self, span: MatchSpan) -> None:
        """Add the next one."""
        self._starts.append(span.secret_start)
        self._ends.append(span.secret_end)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield those that overlap ``[start, end)``."""
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        return zip(self._starts[first:last], self._ends[first:last], strict=True)


def _sifted(sieve: Sieve, medium: Medium, bounds: tuple[int, int], work: Work) -> Iterator[MatchSpan]:
    """Yield the matches that the sieve finds, while there is work left."""
    if work.is_done():
        return
    budget = RejectionBudget()
    most = budget.left = min(budget.left, work.left // REFUSED)
    yield from sieve.find(medium, *bounds, budget)
    work.spend((most - budget.left) * REFUSED)
    work.over |= budget.over


def _cut(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut ``[start, end)`` between words, so that no match is in two parts."""
    while start < end:
        stop = min(end, start + _TOGETHER_BYTES)
        found = _BETWEEN_WORDS.search(data, stop, end) if stop < end else None
        stop = found.end() if found else end
        yield start, stop
        start = stop


def _folds_to_ascii(data: bytes) -> bool:
    """Return whether there is a character beyond ASCII that is another case of an ASCII letter: of s, and of k."""
    return not data.isascii() and any(character in data for character in _CASES_OF_ASCII)


def _is_random(run: bytes) -> bool:
    """Return whether a run may hide a secret; the text around one in a long run must not outweigh it."""
    return any(
        score(run[place : place + LONGEST]) >= POSSIBLE for place in range(0, len(run) - _LEAST_RUN + 1, LONGEST)
    )


def _judged(rule: Rule, medium: Medium, span: MatchSpan, near: Nearby | None, outer: Outer) -> Match | None:
    clues = near.clues(span.start, span.end) | outer.clues() if near else outer.clues()
    verdict = judge(rule, medium, span.secret_start, span.secret_end, clues)
    if verdict is None:
        return None
    secret = medium.data[verdict.start : verdict.end]
    return Match(
        rule_id=rule.id,
        kind=rule.kind,
        secret=Secret(secret, visible_prefix(rule, secret) if rule.is_foreign else None),
        start=verdict.start,
        end=verdict.end,
        confidence=min(verdict.confidence, rule.confidence),
        attribution=verdict.attribution,
        exposure=verdict.exposure,
        ending=End.CERTAIN if verdict.end_is_certain else End.UNCERTAIN,
        lines_before=_lines_before(medium.data, span),
    )


def _lines_before(data: bytes, span: MatchSpan) -> int:
    """Count the lines from a match's start to its secret; a line break that it begins with is not one (gitleaks)."""
    start = span.start + data.startswith(b"\n", span.start)
    return data.count(b"\n", start, span.secret_start) if start < span.secret_start else 0


def _windows(ends: list[int], size: int) -> Iterator[tuple[int, int]]:
    """Merge the surroundings of all anchors into ranges that do not overlap."""
    start = stop = 0
    for end in sorted(ends):
        if end - REACH_BEFORE > stop:
            if stop:
                yield start, stop
            start = end - REACH_BEFORE
        stop = min(size, end + REACH_AFTER)
    if stop:
        yield start, stop
