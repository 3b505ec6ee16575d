"""The second stage: match and judge at the places that the prefilter found. Most runs have none.

The same bytes around a place give the same match, wherever a block begins.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.judge import POSSIBLE
from akpatrol.detect.judged_match import judged_match
from akpatrol.detect.likelihood import LONGEST, score
from akpatrol.detect.nearby_clues import Nearby
from akpatrol.detect.prefilter_result import PrefilterResult, has_anchor
from akpatrol.detect.sieve import RejectionBudget, Sieve
from akpatrol.detect.text_sieve import TextSieve, serves
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE
from akpatrol.scan.work import REFUSED, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.keywords import Keywords
    from akpatrol.detect.match import Matcher, MatchSpan
    from akpatrol.detect.medium import Medium
    from akpatrol.detect.whole_search import WholeSearch
    from akpatrol.model.scan import Match
    from akpatrol.rules.rule import Rule

_LEAST_RUN = 16
_LONG_RUN = re.compile(rb"[0-9A-Za-z_-]{%d,}" % _LEAST_RUN)
_LITTLE = 1024  # bytes
_REMEMBERED, _LONGEST_BYTES = 20_000, 32 << 10
_KEY_BYTES = 16
# So much is scanned at once, up to the end of a word.
_TOGETHER_BYTES = 64 << 10
_BETWEEN_WORDS = re.compile(rb"[^0-9A-Za-z_.-]")


class Confirmation:
    """The matchers and sieves of a rule set, indexed by the number of the rule in it, and the search in whole data."""

    def __init__(
        self, rules: Sequence[Rule], matchers: Sequence[Matcher], keywords: Keywords, in_whole: WholeSearch
    ) -> None:
        self._rules = rules
        self._matchers = matchers
        self._keywords = keywords
        windowed = [index for index, rule in enumerate(rules) if has_anchor(rule)]
        self._sieves = {index: Sieve(rules[index], matchers[index]) for index in windowed}
        self._searched = b"", PrefilterResult(set())
        self._last_data: bytes | None = None
        self._last_rules: tuple[int, ...] = ()
        self._in_whole = in_whole
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
        self._searched = data, result
        self._last_data = None
        self._in_whole.begin(data, result)
        found: list[Match] = []
        for start, limit in _windows(result.ends, len(data)):
            found += self._in_window(medium, start, limit, outer)
        for index in sorted(result.rules):
            found += self._in_whole.matches(medium, index, path, outer)
        # Windows overlap, and a match in two of them is the same.
        distinct = {(m.start, m.end, m.rule_id): m for m in found if begin <= m.start < stop}
        return [distinct[key] for key in sorted(distinct)]

    def candidates(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans in ``data[start:end]`` to mask: text with a credential's shape, and all long random text.

        A secret may be there in halves or in another spelling, or be another vendor's.
        """
        rules = self._applicable(data)
        return self._in_whole.secrets(data).within(start, end) + self._shapes_in_part(data, start, end, rules)

    def _shapes_in_part(self, data: bytes, start: int, end: int, rules: tuple[int, ...]) -> list[tuple[int, int]]:
        if end - start > _LONGEST_BYTES:
            return list(self._shapes(data, start, end, rules))
        from hashlib import blake2b  # noqa: PLC0415 - most runs have no match, and OpenSSL costs milliseconds

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

    def _applicable(self, data: bytes) -> tuple[int, ...]:
        """Return the rules that may match in ``data`` beside those whose matches are known.

        The prefilter tells, or keywords in data that it did not see.
        """
        if data is not self._last_data:
            searched, result = self._searched
            named = result.rules if data is searched else self._named(data)
            self._last_data = data
            done = self._in_whole.searched_in(data)
            self._last_rules = tuple(
                n for n, rule in enumerate(self._rules) if (rule.shipped or n in named) and n not in done
            )
        return self._last_rules

    def _named(self, data: bytes) -> set[int]:
        found = {index for _, indexes in self._keywords.find(data) for index in indexes}
        return found | {index for index, rule in enumerate(self._rules) if not rule.keywords}

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
                    if match := judged_match(self._rules[index], medium, span, near, outer):
                        yield match


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


def _is_random(run: bytes) -> bool:
    """Return whether a run may hide a secret; the text around one in a long run must not outweigh it."""
    return any(
        score(run[place : place + LONGEST]) >= POSSIBLE for place in range(0, len(run) - _LEAST_RUN + 1, LONGEST)
    )


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
