"""Gate, keywords, match and judge, composed: bytes in, matches out. Pure, so that it can run anywhere.

What is found at an offset depends only on the bytes from REACH_BEFORE before it to REACH_AFTER behind it, so that a
file read in blocks of any size gives what the whole gives; whether a long line is of text, ``medium`` looks up further
away. Users' rules see one block at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.filters import Filters
from akpatrol.detect.judge import POSSIBLE, judge
from akpatrol.detect.keywords import Keywords
from akpatrol.detect.likelihood import LONGEST, score
from akpatrol.detect.match import Matcher
from akpatrol.detect.medium import Medium
from akpatrol.detect.nearby import CLUE_BYTES, Nearby
from akpatrol.detect.plain import Plain, serves
from akpatrol.detect.prefilter import GateChoice, Prefilter
from akpatrol.detect.prefilter_result import has_anchor
from akpatrol.detect.sieve import Crowd, Sieve
from akpatrol.model.fired_triggers import exact
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE, End, Match, Secret
from akpatrol.scan.work import REFUSED, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.match import MatchSpan
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.precedence import Precedence
    from akpatrol.rules.rule_file import Rule, RuleSet

_LEAST_RUN = 16
_LONG_RUN = re.compile(rb"[0-9A-Za-z_-]{%d,}" % _LEAST_RUN)
_LITTLE = 1024  # bytes
# So much is looked at together, up to the end of a word.
_TOGETHER_BYTES = 64 << 10
_BETWEEN_WORDS = re.compile(rb"[^0-9A-Za-z_.-]")


class Around:
    """The text round an encoded one, and what that stands in: a rule's keyword may be there.

    ``rules`` are the numbers of those of which the gate said that they are to be run over it.
    """

    def __init__(self, data: bytes, rules: frozenset[int], outer: Around | None = None) -> None:
        self.rules: frozenset[int] = rules | outer.rules if outer else rules
        self._data = data
        self._outer = outer
        self._known: dict[int, bool] = {}

    def holds(self, index: int, keywords: Sequence[str]) -> bool:
        """Return whether any of the keywords of the rule of that number stands there."""
        if index not in self._known:
            here = any(word.encode() in self._lowered for word in keywords)
            self._known[index] = here or bool(self._outer and self._outer.holds(index, keywords))
        return self._known[index]

    @cached_property
    def _lowered(self) -> bytes:
        return self._data.lower()


class Outer(NamedTuple):
    """What stands outside of an encoded text: clues near it, and the text round it.

    ``work`` is what may still be done.
    """

    work: Work
    clues: Callable[[], frozenset[Clue]] = frozenset
    around: Around | None = None


class Engine:
    """Finds credentials by the given rules. Raises RuleError when a pattern does not compile."""

    def __init__(self, rules: RuleSet, gate: GateChoice = "auto", alarms: Sequence[Trigger] = ()) -> None:
        self.rules = rules
        self._keywords = Keywords(rules.rules)
        self.gate = Prefilter(rules.rules, self._keywords, gate, alarms)
        self.suspect = self.gate.suspect
        self._alarms = alarms
        self._opening_patterns = [one.pattern for one in alarms if one.pattern.startswith(b"^")]
        self._matchers = [Matcher(rule) for rule in rules.rules]
        self._filters = [None if rule.shipped else Filters(rule) for rule in rules.rules]
        self._by_id = {rule.id: own for rule, own in zip(rules.rules, self._filters, strict=True)}
        self._windowed = {index for index, rule in enumerate(rules.rules) if has_anchor(rule)}
        self._sieves = {index: Sieve(rules.rules[index], self._matchers[index]) for index in sorted(self._windowed)}
        self._plain = {index: Plain(rules.rules[index]) for index in self._sieves if serves(rules.rules[index])}

    def scan(self, data: bytes, begin: int = 0, end: int | None = None, path: bytes | None = None) -> list[Match]:
        """Return the matches that start in ``data[begin:end]``, in order; ``path`` serves rules that ask for one."""
        suspicion = self.suspect(data)
        bounds = begin, len(data) if end is None else end
        return self.confirm(Medium(data), suspicion, bounds, path) if suspicion else []

    def confirm(
        self,
        medium: Medium,
        suspicion: PrefilterResult,
        bounds: tuple[int, int],
        path: bytes | None = None,
        outer: Outer | None = None,
    ) -> list[Match]:
        """Return what ``scan`` does, given what the gate said; ``outer`` is outside of the encoded form of the data."""
        data, (begin, stop) = medium.data, bounds
        outer = outer or Outer(Work())
        found: list[Match] = []
        for start, limit in _windows(suspicion.ends, len(data)):
            found += self._in_window(medium, start, limit, outer)
        for index in sorted(suspicion.rules):
            found += self._in_whole(medium, index, path, outer)
        return sorted({m for m in found if begin <= m.start < stop}, key=lambda m: (m.start, m.end, m.rule_id))

    def around(self, data: bytes, suspicion: PrefilterResult, outer: Around | None = None) -> Around:
        """Return the text in which others stand encoded, given what the gate said of it."""
        return Around(data, frozenset(suspicion.rules - self._windowed), outer)

    def suspects(self, parts: Sequence[bytes]) -> Sequence[int]:
        """Return the numbers of those parts of which ``suspect`` could say something; one look at many small ones.

        Anchors and alarms that reach across the NUL between parts only cost a second look. A user's rule could need
        the start or the end of its part, as some alarms do.
        """
        if len(self._windowed) < len(self._matchers):
            return range(len(parts))
        suspicion = self.suspect(b"\0".join(parts))
        if suspicion.rules or suspicion.flooded or any(not self._alarms[index].each for index in suspicion.alarms):
            return range(len(parts))
        found = {number for number, part in enumerate(parts) if any(begins.match(part) for begins in self._openings)}
        if suspicion:
            stops = list(accumulate(len(part) + 1 for part in parts))
            found.update(
                bisect_left(stops, end) for end in chain(suspicion.ends, *map(exact, suspicion.alarms.values()))
            )
        return sorted(found)

    @cached_property
    def _openings(self) -> list[re.Pattern[bytes]]:
        return [re.compile(pattern) for pattern in self._opening_patterns]

    def admits(self, rule_id: str, paths: Sequence[bytes]) -> bool:
        """Return whether a rule's match may stand on these paths, which are known only once a match is placed."""
        own = self._by_id[rule_id]
        return own is None or own.admits(paths)

    def admitted(self, match: Match, paths: Sequence[bytes]) -> Match | None:
        """Return a placed match as it is by those of its rules that may match there; None where none may."""
        if not match.others and self.admits(match.rule_id, paths):
            return match
        names = [name for name in (match.rule_id, *match.others) if self.admits(name, paths)]
        return match._replace(rule_id=names[0], others=tuple(names[1:])) if names else None

    def joined(self, data: bytes, matches: list[Match]) -> list[Match]:
        """Return the matches in order, one a place: of several rules there the most specific names it."""
        if len(matches) < 2 or not any(match.kind.is_custom for match in matches):  # noqa: PLR2004
            return matches
        from akpatrol.detect.overlap import joined  # noqa: PLC0415 - the shipped rules do without

        return joined(data, matches, self._precedence)

    @cached_property
    def _precedence(self) -> Callable[[str], Precedence]:
        from akpatrol.rules.precedence import precedence  # noqa: PLC0415 - the shipped rules do without

        return precedence(self.rules.rules)

    def candidates(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans in ``data[start:end]`` to mask: what has a credential's shape, and all long random text.

        A secret may stand there in halves, in another spelling, or be another vendor's.
        """
        spans = [found.span() for found in _LONG_RUN.finditer(data, start, end) if _is_random(found[0])]
        for index, matcher in enumerate(self._matchers):
            shapes = self._sieves[index].shapes if index in self._sieves else matcher.find
            spans += [(span.secret_start, span.secret_end) for span in shapes(data, start, end)]
        return spans

    def clues(self, data: bytes, start: int, end: int) -> frozenset[Clue]:
        """Return the evidence round ``data[start:end]`` that bears on it, without what stands in it."""
        from akpatrol.detect.evidence import bearing  # noqa: PLC0415 - most scans decode nothing

        sides = ((max(0, start - CLUE_BYTES), start), (end, min(len(data), end + CLUE_BYTES)))
        near = frozenset(clue for side in sides for _, _, clue in self._keywords.clues(data, *side))
        return bearing(data, start, end, near)

    def _in_window(self, medium: Medium, start: int, end: int, outer: Outer) -> Iterator[Match]:
        near = Nearby(self._keywords, medium.data, start, end)
        for first, last in _cut(medium.data, start, end):
            # In little data a length may stand that looks like text.
            is_text = len(medium.data) > _LITTLE and medium.is_text(first, last)
            for index, sieve in self._sieves.items():
                if is_text and index in self._plain:
                    spans = self._plain[index].find(medium, first, last, outer.work)
                else:
                    spans = self._sifted(index, sieve, medium, (first, last), outer.work)
                for span in spans:
                    if match := _judged(self.rules.rules[index], medium, span, near, outer):
                        yield match

    def _sifted(
        self, index: int, sieve: Sieve, medium: Medium, bounds: tuple[int, int], work: Work
    ) -> Iterator[MatchSpan]:
        """Yield what the sieve leaves, as far as there is work left."""
        if not self._matchers[index].search(medium.data, *bounds) or work.is_done():
            return
        crowd = Crowd()
        most = crowd.left = min(crowd.left, work.left // REFUSED)
        yield from sieve.find(medium, *bounds, crowd)
        work.spend((most - crowd.left) * REFUSED)
        work.over |= crowd.over

    def _in_whole(self, medium: Medium, index: int, path: bytes | None, outer: Outer) -> Iterator[Match]:
        data = medium.data
        rule, filters = self.rules.rules[index], self._filters[index]
        if rule.keywords:
            lowered = data.lower()
            here = any(word.encode() in lowered for word in rule.keywords)
            if not here and not (outer.around and outer.around.holds(index, rule.keywords)):
                return
        near = Nearby(self._keywords, data, 0, len(data))
        for span in self._matchers[index].find(data, 0, len(data)):
            if (filters is None or filters.accept(data, span, path)) and (
                match := _judged(rule, medium, span, near, outer)
            ):
                yield match


def _cut(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut ``[start, end)`` between words, in none of which more than one part could see a match."""
    while start < end:
        stop = min(end, start + _TOGETHER_BYTES)
        found = _BETWEEN_WORDS.search(data, stop, end) if stop < end else None
        stop = found.end() if found else end
        yield start, stop
        start = stop


def _is_random(run: bytes) -> bool:
    """Tell whether a run may hide a secret; what stands round one, in a long run, must not vouch for it."""
    return any(
        score(run[place : place + LONGEST]) >= POSSIBLE for place in range(0, len(run) - _LEAST_RUN + 1, LONGEST)
    )


def _judged(rule: Rule, medium: Medium, span: MatchSpan, near: Nearby, outer: Outer) -> Match | None:
    clues = near.clues(span.start, span.end) | outer.clues()
    verdict = judge(rule, medium, span.secret_start, span.secret_end, clues)
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
