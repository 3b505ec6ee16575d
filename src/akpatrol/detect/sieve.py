"""Find the matches of a shipped rule that the judge does not reject on their text alone, each judged once.

In a flood most places are rejected by their own text. The judge also considers the text next to a match, so a place
that was judged before, with the same neighbours, costs only a look-up.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from akpatrol.detect.judge import judge, may_be_random
from akpatrol.detect.match import MatchSpan, compile_shipped
from akpatrol.detect.medium import Nature
from akpatrol.detect.program_names import FOREIGN_WORDS, constants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.match import Matcher
    from akpatrol.detect.medium import Medium
    from akpatrol.rules.rule import Rule

# How many rejections a window may take. A place is one, and more where the judge rejects it or it follows another in
# the same word. Separate words are too long for so many in 4 MiB, and matches that are found cost nothing.
MOST_REJECTED = 250_000
_JUDGED, _REPEATED = 10, 5  # the cost in places of the judge, and of a place after another in the same word

_LEFT_BYTES, _RIGHT_BYTES = 128, 16  # bytes beside a match in text, more than the judge reads
_BINARY_LEFT_BYTES, _BINARY_RIGHT_BYTES = 1024, 512  # in binary data, where lengths precede strings
_REMEMBERED = 1 << 14
_FEW, _MOST_SHAPES = 8, 16  # in one word
_NO_CLUES: frozenset[Clue] = frozenset()

_WORD = re.compile(rb"[0-9A-Za-z_.-]*+")
_BODY = re.compile(rb"[0-9A-Za-z_-]*+")


_Key = tuple[int, int, bytes]


class RejectionBudget:
    """The number of places that may still be rejected; ``over`` once there were more.

    Then only the first place in each word is judged, and after as many again, none.
    """

    __slots__ = ("left", "over")

    def __init__(self) -> None:
        self.left = MOST_REJECTED
        self.over = False


class Sieve:
    """Finds the matches of one shipped rule that may be credentials."""

    def __init__(self, rule: Rule, matcher: Matcher) -> None:
        self._rule = rule
        self._longest_word = len(rule.kind.prefix) + rule.kind.bounds.longest_word
        self._search = matcher.search
        self._span = matcher.span
        self._places: dict[_Key, bool] = {}  # by the text there: whether it may be one

    def find(self, medium: Medium, start: int, end: int, budget: RejectionBudget) -> Iterator[MatchSpan]:
        """Yield the matches in ``[start, end)`` that may be credentials, regardless of nearby clues."""
        data, kind, position = medium.data, self._rule.kind, start
        search = self._likely
        number, near, words = 0, -1, _Words(medium, end, self._longest_word)
        while match := search(data, position, end):
            if budget.left <= -MOST_REJECTED:
                return
            span = self._span(match)
            position = span.start + 1
            number = number + 1 if span.start <= near else 0
            near = span.end
            if not kind.is_custom and not may_be_random(kind, match[0]):
                budget.left -= 1
            elif not self._is_possible(medium, span, budget):
                budget.left -= _REPEATED if number else 1
            elif span.secret_start < span.secret_end:
                yield span
            if budget.left <= 0:
                budget.over = True
                position = words.stop(span)
            elif number > _FEW and words.are_text(span):  # few words have this many
                position = max(position, words.last_body(span))

    @cached_property
    def _likely(self) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
        """The search for matches, without most that are too short or another vendor's."""
        rule, kind = self._rule, self._rule.kind
        if not kind.bounds.body or not rule.regex.startswith(kind.prefix):
            return self._search
        size = len(kind.prefix)
        regex = kind.prefix + _not_behind(kind.prefix) + kind.bounds.least + rule.regex[size:]
        return compile_shipped(rule._replace(regex=regex)).search

    def shapes(self, data: bytes, start: int, end: int) -> Iterator[MatchSpan]:
        """Yield all matches, likely or not; where many begin in one word, the rest of that word as one."""
        position, number, stop = start, 0, 0
        while match := self._search(data, position, end):
            span = self._span(match)
            if span.start >= stop:
                word = _WORD.match(data, span.start, end)
                stop, number = max(span.end, word.end() if word else 0), 0
            number += 1
            if number <= _MOST_SHAPES:
                yield span
                position = span.start + 1
            else:
                yield MatchSpan(span.start, stop, span.start, stop)
                position = stop

    def _is_possible(self, medium: Medium, span: MatchSpan, budget: RejectionBudget) -> bool:
        key = _key(medium, span.start, span.end)
        if key is None:
            return self._is_accepted(medium, span, budget)
        known = self._places.get(key)
        if known is None:
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            known = self._places[key] = self._is_accepted(medium, span, budget)
        return known

    def _is_accepted(self, medium: Medium, span: MatchSpan, budget: RejectionBudget) -> bool:
        accepted = judge(self._rule, medium, span.secret_start, span.secret_end, _NO_CLUES) is not None
        if not accepted:
            budget.left -= _JUDGED
        return accepted


class _Words:
    """The long words in which many places begin."""

    def __init__(self, medium: Medium, end: int, longest: int) -> None:
        self._medium = medium
        self._end = end
        self._longest = longest
        self._stop = 0
        self._is_text = False

    def are_text(self, span: MatchSpan) -> bool:
        """Return whether text surrounds the word around a span; otherwise a length may be inside the word."""
        if span.start >= self._stop:
            self._stop = self.stop(span)
            self._is_text = self._medium.nature(span.start, self._stop) is Nature.TEXT
        return self._is_text

    def stop(self, span: MatchSpan) -> int:
        """Return where the word ends."""
        word = _WORD.match(self._medium.data, span.start, self._end)
        return max(span.end, word.end() if word else 0)

    def last_body(self, span: MatchSpan) -> int:
        """Return the first offset where a body may begin: a text longer than any body begins with none."""
        body = _BODY.match(self._medium.data, span.start, self._stop)
        return body.end() - self._longest if body and body.end() > span.end else 0


def _not_behind(prefix: str) -> str:
    """Return a pattern that refuses the prefixes of other vendors' tokens which end with this one."""
    return "".join(f"(?<!{word.decode()}{prefix})" for word in FOREIGN_WORDS)


def _key(medium: Medium, start: int, end: int) -> _Key | None:
    """Return what decides whether ``[start, end)`` may be a credential; None where more than the text around decides.

    That is so of wide text within other data, and of constants.
    """
    if medium.width > 1 or constants(medium, start):
        return None
    nature = medium.nature(start, end)
    left, right = (_LEFT_BYTES, _RIGHT_BYTES) if nature is Nature.TEXT else (_BINARY_LEFT_BYTES, _BINARY_RIGHT_BYTES)
    before = min(start, left)
    return nature, before, medium.data[start - before : end + right]
