"""Where a shipped rule's pattern matches and the judge does not refuse, each place judged once.

A match of a shipped pattern lies in one word, and the judge looks at what stands next to it. So words that were met
before cost a look-up, and a word of any length costs what is judged in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.detect.judge import judge
from akpatrol.detect.match import MatchSpan
from akpatrol.detect.medium import Nature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.match import Matcher
    from akpatrol.detect.medium import Medium
    from akpatrol.rules.rule_file import Rule

# In one content's part: how many places are judged that begin within a word, behind another of the same rule, and were
# not met before. Code and data have a few.
MOST_CROWDED = 250_000

_LEFT_BYTES, _RIGHT_BYTES = 128, 16  # beside a match in text, more than the judge looks at
_BINARY_LEFT_BYTES, _BINARY_RIGHT_BYTES = 1024, 512  # in binary data, where lengths stand before strings
_LONG_WORD = 1024  # bytes; of a longer one each place is remembered, not the whole
_REMEMBERED = 1 << 14
_FEW, _MOST_SHAPES = 8, 16  # in one word
_LONGEST_BODY = len("pat_") + 256
_NO_CLUES: frozenset[Clue] = frozenset()

_WORD = re.compile(rb"[0-9A-Za-z_.-]*+")
_BODY = re.compile(rb"[0-9A-Za-z_-]*+")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\xff]")


_Key = tuple[int, int, bytes]


class Crowd:
    """How many places within words may still be judged; ``over`` once there were more."""

    __slots__ = ("left", "over")

    def __init__(self) -> None:
        self.left = MOST_CROWDED
        self.over = False


class Sieve:
    """The places of one shipped rule."""

    def __init__(self, rule: Rule, matcher: Matcher) -> None:
        self._rule = rule
        self._search = matcher.search
        self._span = matcher.span
        # By what stands there: the spans in a word, from its first place on, and whether a place may be one.
        self._words: dict[_Key, Sequence[MatchSpan]] = {}
        self._places: dict[_Key, bool] = {}

    def find(self, medium: Medium, start: int, end: int, crowd: Crowd) -> Iterator[MatchSpan]:
        """Yield the matches in ``[start, end)`` that may be credentials, whatever clues stand near."""
        data, words, position = medium.data, self._words, start
        while found := self._search(data, position, end):
            first = found.start()
            word = _WORD.match(data, first, end)
            position = max(found.end(), word.end() if word else 0)
            if position == end or position - first > _LONG_WORD or not (key := _key(medium, first, position)):
                yield from self._judged(medium, first, position, crowd)
                continue
            spans = words.get(key)
            if spans is None:
                spans = [_moved(span, -first) for span in self._judged(medium, first, position, crowd)]
                if len(words) >= _REMEMBERED:
                    words.clear()
                words[key] = spans
            for span in spans:
                yield _moved(span, first)

    def shapes(self, data: bytes, start: int, end: int) -> Iterator[MatchSpan]:
        """Yield all matches, likely or not; where many begin in one word, the rest of that word as one."""
        position, number, stop = start, 0, 0
        while found := self._search(data, position, end):
            span = self._span(found)
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

    def _judged(self, medium: Medium, first: int, stop: int, crowd: Crowd) -> Iterator[MatchSpan]:
        """Yield those matches in a word that may be credentials; its first begins at ``first``."""
        data, position, number = medium.data, first, 0
        is_text = False
        while found := self._search(data, position, stop):
            span = self._span(found)
            number += 1
            if number == 1:
                accepted = self._is_possible(medium, span)
            elif (known := self._known(medium, span, crowd)) is None:
                return
            else:
                accepted = known
            if accepted and span.secret_start < span.secret_end:
                yield span
            position = span.start + 1
            if number == _FEW + 1:  # few words have so many
                is_text = _is_text(data, first, stop)
            if is_text and (end := _body_end(data, span, stop)) > span.end:
                # What is longer than a body can be begins with none.
                position = max(position, end - _LONGEST_BODY)

    def _known(self, medium: Medium, span: MatchSpan, crowd: Crowd) -> bool | None:
        """Return whether a further place in a word may be a credential; None where no more are judged."""
        key = _key(medium, span.start, span.end)
        known = self._places.get(key) if key else None
        if known is None:
            if crowd.left <= 0:
                crowd.over = True
                return None
            crowd.left -= 1
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            known = self._is_possible(medium, span)
            if key:
                self._places[key] = known
        return known

    def _is_possible(self, medium: Medium, span: MatchSpan) -> bool:
        return judge(self._rule, medium, span.secret_start, span.secret_end, _NO_CLUES) is not None


def _key(medium: Medium, start: int, end: int) -> _Key | None:
    """Return what decides whether ``[start, end)`` may be a credential; None for wide text amid other data."""
    if medium.width > 1:
        return None
    nature = medium.nature(start, end)
    left, right = (_LEFT_BYTES, _RIGHT_BYTES) if nature is Nature.TEXT else (_BINARY_LEFT_BYTES, _BINARY_RIGHT_BYTES)
    before = min(start, left)
    return nature, before, medium.data[start - before : end + right]


def _body_end(data: bytes, span: MatchSpan, stop: int) -> int:
    found = _BODY.match(data, span.start, stop)
    return found.end() if found else span.start


def _is_text(data: bytes, first: int, stop: int) -> bool:
    """Tell whether text stands round a word: in binary data a length may stand in the middle of one."""
    near = ((max(0, first - _LEFT_BYTES), first), (stop, stop + _LEFT_BYTES))
    return not any(_BINARY.search(data, *side) for side in near)


def _moved(span: MatchSpan, by: int) -> MatchSpan:
    return MatchSpan(span.start + by, span.end + by, span.secret_start + by, span.secret_end + by)
