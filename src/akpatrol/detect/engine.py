"""Compose prefilter, keywords, match and judge: bytes in, matches out. Pure, so that it can run anywhere.

A match at an offset depends only on the bytes from REACH_BEFORE before it to REACH_AFTER after it, so that a file read
in blocks of any size gives the same matches as the whole; ``medium`` looks further away for whether a long line is
text. Users' rules see one block at a time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate, chain
from operator import itemgetter
from typing import TYPE_CHECKING

from akpatrol.detect.enclosing_text import EnclosingText
from akpatrol.detect.filters import Filters
from akpatrol.detect.keywords import Keywords
from akpatrol.detect.match import Matcher
from akpatrol.detect.medium import Medium
from akpatrol.detect.nearby_clues import CLUE_BYTES
from akpatrol.detect.prefilter import Prefilter, PrefilterChoice
from akpatrol.detect.prefilter_result import counts_characters, has_anchor
from akpatrol.model.fired_triggers import exact
from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from akpatrol.detect.confirm import Confirmation
    from akpatrol.detect.enclosing_text import Outer
    from akpatrol.detect.generic_matches import GenericRules
    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.place_conditions import PlaceConditions
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.scan import Chunk, Match
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.precedence import Precedence
    from akpatrol.rules.rule import Rule, RuleSet


_number = itemgetter(0)


def _with_keywords(rules: Sequence[Rule]) -> Sequence[Rule]:
    """Return the rules, those of users with keywords wherever their pattern gives some."""
    if all(rule.shipped or rule.keywords for rule in rules):
        return rules
    from akpatrol.rules.literals import with_keywords  # noqa: PLC0415 - the shipped rules do without

    return [with_keywords(rule) for rule in rules]


_FILES = frozenset({Place.CONTENT, Place.PATH})
# Between texts that users' rules search together: their patterns may ask for the beginning or the end of a line.
_LINE_BREAKS = b"\n\0\n"
# Where a line break may not stand for the beginning or the end of a text: quoted text, and a flag that is taken back.
_EDGE = re.compile(r"\\Q|\(\?[a-zA-Z]*-[a-zA-Z]*m")


class Engine:
    """Finds credentials by the given rules. Raises RuleError when a pattern does not compile."""

    def __init__(self, rules: RuleSet, prefilter: PrefilterChoice = "auto", triggers: Sequence[Trigger] = ()) -> None:
        self.rules = rules
        self._listed = _with_keywords(rules.rules)
        self._keywords = Keywords(self._listed)
        self.prefilter = Prefilter(self._listed, self._keywords, prefilter, triggers)
        self.prefiltered = self.prefilter.search
        self._triggers = triggers
        self._opening_patterns = [trigger.pattern for trigger in triggers if trigger.pattern.startswith(b"^")]
        self._matchers = [Matcher(rule) for rule in rules.rules]
        self._filters = [None if rule.shipped else Filters(rule) for rule in rules.rules]
        self._by_id = {rule.id: filters for rule, filters in zip(rules.rules, self._filters, strict=True)}
        self._path_filters = {rule.id: Filters(rule) for rule in rules.path_rules}
        self._by_id |= self._path_filters
        self.path_rules = [(rule, self._path_filters[rule.id]) for rule in rules.path_rules if not rule.skip_report]
        self._only_in_files = {n for n, rule in enumerate(rules.rules) if rule.is_foreign and not rules.everywhere}
        self._windowed = {index for index, rule in enumerate(rules.rules) if has_anchor(rule)}
        self._separator = b"\0" if all(rule.shipped for rule in rules.rules) else _LINE_BREAKS
        self._needs_edges = any(not rule.shipped and _EDGE.search(rule.regex) for rule in rules.rules)

    def scan(self, data: bytes, begin: int = 0, end: int | None = None, path: bytes | None = None) -> list[Match]:
        """Return the matches that start in ``data[begin:end]``, in order; ``path`` serves rules that ask for one."""
        result = self.prefiltered(data)
        bounds = begin, len(data) if end is None else end
        return self.confirm(Medium(data), result, bounds, path) if result else []

    def confirm(
        self,
        medium: Medium,
        result: PrefilterResult,
        bounds: tuple[int, int],
        path: bytes | None = None,
        outer: Outer | None = None,
    ) -> list[Match]:
        """Return what ``scan`` does, given the prefilter's result; ``outer`` is outside the data's encoded form."""
        return self._confirmation.matches(medium, result, bounds, path, outer)

    @cached_property
    def _confirmation(self) -> Confirmation:
        from akpatrol.detect.confirm import Confirmation  # noqa: PLC0415 - most hooks have no match
        from akpatrol.detect.whole_search import WholeSearch  # noqa: PLC0415

        in_whole = WholeSearch(self._listed, self._matchers, self._filters, self._keywords, self._path_filters)
        return Confirmation(self._listed, self._matchers, self._keywords, in_whole)

    def prefiltered_at(self, place: Place, data: bytes, known: PrefilterResult | None = None) -> PrefilterResult:
        """Return the prefilter's result, or a ``known`` one, without the rules that do not apply in such a place."""
        result = known or self.prefiltered(data)
        if self._only_in_files and place not in _FILES:
            result.rules -= self._only_in_files
        return result

    def around(self, data: bytes, result: PrefilterResult, outer: EnclosingText | None = None) -> EnclosingText:
        """Return the text around encoded runs in it, given its prefilter result."""
        return EnclosingText(data, frozenset(result.rules - self._windowed), outer)

    def prefiltered_in_encoded(self, place: Place, data: bytes, around: EnclosingText) -> PrefilterResult:
        """Return the prefilter's result for decoded text, whose rules may have their keywords around it."""
        result = self.prefiltered_at(place, data)
        result.rules |= around.rules
        if self._counting and not data.isascii():
            result.rules |= self._counting
        return result

    @cached_property
    def _counting(self) -> set[int]:
        """The rules that may match beyond ASCII where their patterns do not match the bytes."""
        return {index for index, rule in enumerate(self.rules.rules) if counts_characters(rule)}

    def prefiltered_parts(self, parts: Sequence[bytes], *, encoded: bool = False) -> Sequence[int]:
        """Return the numbers of the parts that may have a prefilter result, by one search in many small parts.

        Anchors and triggers that reach across the separator between parts only cost a second search. ``encoded`` parts
        may have keywords around them.
        """
        if self._needs_edges:
            return range(len(parts))
        return self._touched_parts(parts, self.prefiltered(self._separator.join(parts)), encoded=encoded)

    def _touched_parts(
        self, parts: Sequence[bytes], result: PrefilterResult, *, encoded: bool = False
    ) -> Sequence[int]:
        """Return the numbers of the parts that the result of a search in all of them touches."""
        if result.flooded or any(not self._triggers[index].each for index in result.fired):
            return range(len(parts))
        touched = [result.rule_ends.get(number) or result.touched.get(number) for number in result.rules]
        if None in touched:
            return range(len(parts))
        found = {number for number, part in enumerate(parts) if begins(part)} if (begins := self._opening) else set()
        if encoded and self._counting:
            found.update(number for number, part in enumerate(parts) if not part.isascii())
        if result:
            stops = list(accumulate(len(part) + len(self._separator) for part in parts))
            places = chain(result.ends, *map(exact, result.fired.values()), *filter(None, touched))
            found.update(bisect_left(stops, end) for end in places)
        return sorted(found)

    def prefiltered_each(self, parts: Sequence[bytes]) -> Iterable[tuple[int, PrefilterResult | None]]:
        """Return the number of each part that may have a prefilter result, and that result where it is known.

        A rule in it may have no match in the part. Where it is not known, the part must be searched alone.
        """
        if self._needs_edges:
            return [(number, None) for number in range(len(parts))]
        if not self._counting:
            return self._prefiltered_together(parts)
        # Beyond ASCII more is searched for.
        by_form = ([n for n, part in enumerate(parts) if part.isascii() == is_ascii] for is_ascii in (True, False))
        each = [
            (numbers[number], result)
            for numbers in by_form
            if numbers
            for number, result in self._prefiltered_together([parts[number] for number in numbers])
        ]
        return sorted(each, key=_number)

    def _prefiltered_together(self, parts: Sequence[bytes]) -> Iterable[tuple[int, PrefilterResult | None]]:
        result = self.prefiltered(self._separator.join(parts))
        if result.flooded or result.fired or self._opening:
            return [(number, None) for number in self._touched_parts(parts, result)]
        if not result:
            return ()
        from akpatrol.detect.parted_result import parted  # noqa: PLC0415 - a hook does without

        each = parted(result, parts, len(self._separator), self._listed)
        return [(number, None) for number in range(len(parts))] if each is None else sorted(each.items(), key=_number)

    @cached_property
    def _opening(self) -> Callable[[bytes], object] | None:
        """Return a function that says whether a trigger fires at the beginning of a part; None if none can."""
        patterns = b"|".join(b"(?:%b)" % pattern for pattern in self._opening_patterns)
        return re.compile(patterns).match if patterns else None

    def admits(self, rule_id: str, paths: Sequence[bytes], commit: str = "", waiting: Collection[int] = ()) -> bool:
        """Return whether a rule may match on these paths, which are known only once a match is placed.

        ``commit`` brought the match there; ``waiting`` are the rule's allowlists that cover its text.
        """
        filters = self._by_id[rule_id]
        if filters is None:
            return True
        required = (self._by_id[name] for name in filters.required)
        return filters.admits(paths, commit, waiting) and all(
            other is None or other.admits(paths, commit) for other in required
        )

    def admitted(self, match: Match, paths: Sequence[bytes], commit: str = "") -> Match | None:
        """Return a placed match with those of its rules that may match there; None where none may."""
        if not (match.others or match.waiting or match.superseded) and self.admits(match.rule_id, paths, commit):
            return match
        over = dict(match.superseded)

        def counts(name: str) -> bool:
            waiting = [number for rule_id, number in match.waiting if rule_id == name]
            return self.admits(name, paths, commit, waiting) and not any(
                self.admits(other, paths, commit) for other in over.get(name, ())
            )

        others = tuple(other for other in match.others if counts(other.rule_id))
        if counts(match.rule_id):
            return match._replace(others=others)
        if same := [other for other in others if other.same]:
            first, *rest = same
            return match._replace(rule_id=first.rule_id, lines_before=first.lines_before, others=tuple(rest))
        return None

    def joined(self, chunk: Chunk, matches: list[Match]) -> list[Match]:
        """Return a chunk's matches in order, one for each place, named by the most specific of the rules there."""
        if len(matches) < 2 or not any(match.kind.is_custom for match in matches):  # noqa: PLR2004
            return matches
        from akpatrol.detect.overlap import joined  # noqa: PLC0415 - the shipped rules do without

        matches = self._generic_rules.without(chunk, matches)
        is_placed = chunk.origin.path is not None
        return joined(chunk.data, matches, self._precedence, None if is_placed else self._conditions.are_more)

    @cached_property
    def _generic_rules(self) -> GenericRules:
        from akpatrol.detect.generic_matches import GenericRules  # noqa: PLC0415 - the shipped rules do without

        return GenericRules(self.rules.rules, self._conditions)

    @cached_property
    def _conditions(self) -> PlaceConditions:
        from akpatrol.detect.place_conditions import PlaceConditions  # noqa: PLC0415 - the shipped rules do without

        return PlaceConditions(self.rules.rules)

    @cached_property
    def _precedence(self) -> Callable[[str], Precedence]:
        from akpatrol.rules.precedence import precedence  # noqa: PLC0415 - the shipped rules do without

        return precedence(self.rules.rules)

    def candidates(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans in ``data[start:end]`` to mask, as ``Confirmation.candidates`` does."""
        return self._confirmation.candidates(data, start, end)

    def clues(self, data: bytes, start: int, end: int) -> frozenset[Clue]:
        """Return the evidence around ``data[start:end]`` that bears on it, without the words in it."""
        from akpatrol.detect.evidence import bearing  # noqa: PLC0415 - most scans decode nothing

        sides = ((max(0, start - CLUE_BYTES), start), (end, min(len(data), end + CLUE_BYTES)))
        near = frozenset(clue for side in sides for _, _, clue in self._keywords.clues(data, *side))
        return bearing(data, start, end, near)
