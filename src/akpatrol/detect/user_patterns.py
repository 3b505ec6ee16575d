"""What hyperscan searches for on behalf of users' rules, and what the places say that it reports.

It reports each end of a pattern's matches. For a pattern that is slow to find it searches for the rule's keywords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.hyperscan_database import ONCE, compiles, of_keywords, of_user
from akpatrol.detect.prefilter_result import counts_characters, has_anchor
from akpatrol.rules.literals import is_searched_by_keywords

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence

    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.rules.regex_items import Extent
    from akpatrol.rules.rule import Rule

    Pattern = tuple[int, bytes, int]


# Beyond so many, plus one in so many bytes, the ends of one pattern are not worth a search at each.
_MOST, _MOST_IN_BYTES = 1024, 64


class UserPatterns:
    """The patterns of the rules without an anchor; ``numbers`` has these rules."""

    def __init__(self, rules: Sequence[Rule], by_keywords: Iterable[int] | None = None) -> None:
        """``by_keywords`` has the rules that are searched for by their keywords, where another process found out."""
        self._rules = rules
        self.numbers = frozenset(number for number, rule in enumerate(rules) if not has_anchor(rule))
        # Patterns are searched for in bytes: of those that count characters, beyond ASCII only the keywords are.
        self._counted = {number for number in self.numbers if counts_characters(rules[number])}
        if by_keywords is None:
            by_keywords = (number for number in self.numbers if is_searched_by_keywords(rules[number]))
        self.by_keywords = set(by_keywords)
        self.worded = [number for number in sorted(self._counted - self.by_keywords) if rules[number].keywords]
        """The rules whose keywords are searched for beside their patterns."""
        self.refused: set[int] = set()
        """The rules whose patterns hyperscan does not compile."""

    def listed(self, *, once: bool) -> list[Pattern]:
        """Return a pattern for each of the rules that has one, reported ``once`` or at each end that is of use."""
        flags = ONCE if once else 0
        return [
            of_keywords(number, self._rules[number], flags)
            if number in self.by_keywords
            else of_user(number, self._rules[number], flags if _extent_of(self._rules[number]) else ONCE)
            for number in sorted(self.numbers - self.always)
        ]

    def keywords(self, first: int, *, once: bool) -> list[Pattern]:
        """Return a pattern of keywords for each of the ``worded`` rules, numbered from ``first`` on."""
        flags = ONCE if once else 0
        return [of_keywords(first + place, self._rules[number], flags) for place, number in enumerate(self.worded)]

    def refuse(self) -> None:
        """Search for the keywords of each rule whose pattern does not compile."""
        self.refused = {pattern[0] for pattern in self.listed(once=True) if not compiles(pattern)}
        self.by_keywords |= {number for number in self.refused if self._rules[number].keywords}

    @property
    def always(self) -> set[int]:
        """The rules that may match anywhere: neither their pattern nor keywords can be searched for."""
        return self.refused - self.by_keywords

    def anywhere(self, data: bytes) -> set[int]:
        """Return the rules that may match anywhere in the data."""
        if not self._counted or data.isascii():
            return self.always
        return self.always | {number for number in self._counted if not self._rules[number].keywords}

    def report(self, number: int, ends: array[int], data: bytes, result: PrefilterResult) -> None:
        """Add what was found of a rule's pattern: where its matches end, or else places that a match touches.

        Too many are of no use, nor are those of a pattern whose matches nothing bounds.
        """
        result.rules.add(number)
        if len(ends) > most_ends(data):
            return
        counts = number in self._counted and not data.isascii()
        if counts and not self._rules[number].keywords:
            return  # beyond ASCII its pattern finds only some of its matches
        if counts or number in self.by_keywords:
            result.touched.setdefault(number, []).extend(ends)
        elif _extent_of(self._rules[number]):
            result.rule_ends[number] = ends.tolist()

    def forget_ends(self, number: int, result: PrefilterResult) -> None:
        """Take back where a rule's matches end: these are not all of them."""
        result.rule_ends.pop(number, None)
        result.touched.pop(number, None)

    def report_keywords(self, place: int, ends: Iterable[int], data: bytes, result: PrefilterResult) -> None:
        """Add what was found of a ``worded`` rule's keywords."""
        if not data.isascii():
            result.rules.add(self.worded[place])
            result.touched.setdefault(self.worded[place], []).extend(ends)


def _extent_of(rule: Rule) -> Extent | None:
    from akpatrol.detect.match_windows import extent_of  # noqa: PLC0415 - the shipped rules do without

    return extent_of(rule)


def most_ends(data: bytes) -> int:
    """Return how many ends of one pattern are of use."""
    return _MOST + len(data) // _MOST_IN_BYTES
