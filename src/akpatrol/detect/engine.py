"""Gate, keywords, match and judge, composed: bytes in, matches out. Pure, so that it can run anywhere.

What is found at an offset depends only on the bytes from REACH_BEFORE before it to REACH_AFTER behind it, so that a
file read in blocks of any size gives what the whole gives; whether a long line is of text, ``medium`` looks up further
away. Users' rules see one block at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate, chain
from operator import attrgetter
from typing import TYPE_CHECKING

from akpatrol.detect.filters import Filters
from akpatrol.detect.gate import Gate, GateChoice, has_anchor
from akpatrol.detect.judge import POSSIBLE, judge
from akpatrol.detect.keywords import Keywords, Word
from akpatrol.detect.likelihood import score
from akpatrol.detect.match import Matcher, Span
from akpatrol.detect.medium import Medium
from akpatrol.model import REACH_AFTER, REACH_BEFORE, End, Match, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.gate import Suspicion
    from akpatrol.detect.keywords import Clue
    from akpatrol.model import Alarm
    from akpatrol.rules import Rule, RuleSet

_CLUE_BYTES = 512
_LONG_RUN = re.compile(rb"[0-9A-Za-z_-]{16,}")
_end = attrgetter("end")


class Engine:
    """Finds credentials by the given rules. Raises RuleError when a pattern does not compile."""

    def __init__(self, rules: RuleSet, gate: GateChoice = "auto", alarms: Sequence[Alarm] = ()) -> None:
        self.rules = rules
        self._keywords = Keywords(rules.rules)
        self.gate = Gate(rules.rules, self._keywords, gate, alarms)
        self.suspect = self.gate.suspect
        self._alarms = alarms
        self._opening_patterns = [one.pattern for one in alarms if one.pattern.startswith(b"^")]
        self._matchers = [Matcher(rule) for rule in rules.rules]
        self._filters = [None if rule.shipped else Filters(rule) for rule in rules.rules]
        self._by_id = {rule.id: own for rule, own in zip(rules.rules, self._filters, strict=True)}
        self._windowed = {index for index, rule in enumerate(rules.rules) if has_anchor(rule)}

    def scan(self, data: bytes, begin: int = 0, end: int | None = None, path: bytes | None = None) -> list[Match]:
        """Return the matches that start in ``data[begin:end]``, in order; ``path`` serves rules that ask for one."""
        suspicion = self.suspect(data)
        bounds = begin, len(data) if end is None else end
        return self.confirm(Medium(data), suspicion, bounds, path) if suspicion else []

    def confirm(
        self,
        medium: Medium,
        suspicion: Suspicion,
        bounds: tuple[int, int],
        path: bytes | None = None,
        outer: frozenset[Clue] = frozenset(),
    ) -> list[Match]:
        """Return what ``scan`` does, given what the gate said; ``outer`` stands round the encoded form of the data."""
        data, (begin, stop) = medium.data, bounds
        found: list[Match] = []
        for start, limit in _windows(suspicion.ends, len(data)):
            found += self._in_window(medium, (start, limit), self._windowed, outer)
        for index in suspicion.rules:
            if suspicion.flooded and index in self._windowed:
                found += self._in_window(medium, (0, len(data)), {index}, outer)
            else:
                found += self._in_whole(medium, index, path, outer)
        return sorted({m for m in found if begin <= m.start < stop}, key=lambda m: (m.start, m.end, m.rule_id))

    def suspects(self, parts: Sequence[bytes]) -> Sequence[int]:
        """Return the numbers of those parts of which ``suspect`` could say something; one look at many small ones.

        Anchors and alarms that reach across the NUL between parts only cost a second look. A user's rule could need
        the start or the end of its part, as some alarms do.
        """
        if len(self._windowed) < len(self._matchers):
            return range(len(parts))
        suspicion = self.suspect(b"\0".join(parts))
        if suspicion.rules or any(not self._alarms[index].each for index in suspicion.alarms):
            return range(len(parts))
        found = {number for number, part in enumerate(parts) if any(begins.match(part) for begins in self._openings)}
        if suspicion:
            stops = list(accumulate(len(part) + 1 for part in parts))
            found.update(bisect_left(stops, end) for end in chain(suspicion.ends, *suspicion.alarms.values()))
        return sorted(found)

    @cached_property
    def _openings(self) -> list[re.Pattern[bytes]]:
        return [re.compile(pattern) for pattern in self._opening_patterns]

    def admits(self, rule_id: str, paths: Sequence[bytes]) -> bool:
        """Return whether a rule's match may stand on these paths, which are known only once a match is placed."""
        own = self._by_id[rule_id]
        return own is None or own.admits(paths)

    def candidates(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans in ``data[start:end]`` to mask: what has a credential's shape, and all long random text.

        A secret may stand there in halves, in another spelling, or be another vendor's.
        """
        spans = [found.span() for found in _LONG_RUN.finditer(data, start, end) if score(found[0]) >= POSSIBLE]
        for matcher in self._matchers:
            spans += [(span.secret_start, span.secret_end) for span in matcher.find(data, start, end)]
        return spans

    def clues(self, data: bytes, start: int, end: int) -> frozenset[Clue]:
        """Return the evidence round ``data[start:end]`` that bears on it, without what stands in it."""
        from akpatrol.detect.evidence import bearing  # noqa: PLC0415 - most scans decode nothing

        sides = ((max(0, start - _CLUE_BYTES), start), (end, min(len(data), end + _CLUE_BYTES)))
        near = frozenset(word.clue for side in sides for word in self._keywords.find(data, *side) if word.clue)
        return bearing(data, start, end, near)

    def _in_window(
        self, medium: Medium, bounds: tuple[int, int], eligible: set[int], outer: frozenset[Clue]
    ) -> Iterator[Match]:
        data, (start, end) = medium.data, bounds
        clues: list[Word] = []
        named: set[int] = set()
        for word in self._keywords.find(data, start, end):  # never held: there may be millions
            named.update(word.rules)
            if word.clue:
                clues.append(word)
        for index in eligible & named:
            rule = self.rules.rules[index]
            for span in self._matchers[index].find(data, start, end):
                if match := _judged(rule, medium, span, clues, outer):
                    yield match

    def _in_whole(self, medium: Medium, index: int, path: bytes | None, outer: frozenset[Clue]) -> Iterator[Match]:
        data = medium.data
        rule, filters = self.rules.rules[index], self._filters[index]
        if rule.keywords:
            lowered = data.lower()
            if not any(word.encode() in lowered for word in rule.keywords):
                return
        for span in self._matchers[index].find(data, 0, len(data)):
            if filters is None or filters.accept(data, span, path):
                before, after = max(0, span.start - _CLUE_BYTES), min(len(data), span.end + _CLUE_BYTES)
                if match := _judged(rule, medium, span, list(self._keywords.find(data, before, after)), outer):
                    yield match


def _judged(rule: Rule, medium: Medium, span: Span, words: list[Word], outer: frozenset[Clue]) -> Match | None:
    first = bisect_left(words, span.start - _CLUE_BYTES, key=_end)
    last = bisect_right(words, span.end + _CLUE_BYTES, key=_end)
    near = frozenset(w.clue for w in words[first:last] if w.clue and w.start >= span.start - _CLUE_BYTES)
    verdict = judge(rule, medium, span.secret_start, span.secret_end, near | outer)
    if verdict is None:
        return None
    return Match(
        rule_id=rule.id,
        kind=rule.kind,
        secret=Secret(medium.data[verdict.start : verdict.end]),
        start=verdict.start,
        end=verdict.end,
        confidence=verdict.confidence,
        attribution=verdict.attribution,
        exposure=verdict.exposure,
        ending=End.CERTAIN if verdict.end_is_certain else End.UNCERTAIN,
    )


def _windows(ends: list[int], size: int) -> Iterator[tuple[int, int]]:
    """Coalesce the surroundings of all hits into ranges that do not overlap."""
    start = stop = 0
    for end in sorted(ends):
        if end - REACH_BEFORE > stop:
            if stop:
                yield start, stop
            start = end - REACH_BEFORE
        stop = min(size, end + REACH_AFTER)
    if stop:
        yield start, stop
