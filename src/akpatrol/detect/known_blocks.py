"""Remember where users' patterns match in blocks of text: a history has most blocks in many versions.

Positions are remembered, never text. Which matches begin in a block depends on the byte before it, on the block
and on as many bytes after it as the longest match has. A pattern with more than one part without a bound, or with one
that may have line breaks, is not served.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.match import MatchSpan
from akpatrol.rules.regex_items import UnknownSyntaxError, extent, parse
from akpatrol.rules.wide_patterns import is_wide

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from akpatrol.detect.match import Matcher
    from akpatrol.rules.rule import Rule

LEAST_BYTES = 1024
"""Less is searched at once."""

_REACH_BYTES = 1024
# About one line in a hundred begins a block, whatever is before it.
_BOUNDARY = re.compile(rb"\n(?=[^\n]{5}[wkW])")
_LARGEST_BYTES = 16 << 10
_LONGEST_LINE_BYTES = 4096
_REMEMBERED = 100_000
_MOST_MATCHES = 16  # of a rule in a block; a flood is searched each time
_KEY_BYTES = 16
_CHARACTER_BYTES = 4  # at most, in UTF-8
_CONTINUES = 0x80  # RFC 3629: 10xxxxxx


class _Block(NamedTuple):
    """``data[start:stop]``, and where the matches that begin in it end at the latest.

    The key identifies all bytes that these may depend on; it is None where that is too much.
    """

    start: int
    stop: int
    end: int
    key: bytes | None


class _BlockMatch(NamedTuple):
    """A match: its span, or None without a secret, and where it ends, line breaks around it included."""

    span: MatchSpan | None
    end: int

    def moved(self, by: int) -> _BlockMatch:
        """Return it with other offsets."""
        return _BlockMatch(self.span and MatchSpan(*(offset + by for offset in self.span)), self.end + by)


class KnownBlocks:
    """Where the rules of a rule set, given by their numbers, match in blocks that were searched before."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._served = frozenset(number for number, rule in enumerate(rules) if _is_bounded(rule))
        self._secret = os.urandom(_KEY_BYTES)
        # A bit for each rule without a match there; the matches of the others, relative to the block.
        self._silent: dict[bytes, int] = {}
        self._matched: dict[tuple[bytes, int], list[_BlockMatch]] = {}
        self._last: tuple[bytes, list[_Block]] = b"", []

    def serves(self, number: int) -> bool:
        """Return whether the length of the rule's matches is bounded."""
        return number in self._served

    def find(self, number: int, matcher: Matcher, data: bytes) -> Iterator[MatchSpan]:
        """Yield what ``matcher.find`` does in all of the data, without a search where that is known."""
        return (found.span for found in self._found(number, matcher, data) if found.span)

    def _found(self, number: int, matcher: Matcher, data: bytes) -> Iterator[_BlockMatch]:
        position, run = 0, list[_Block]()
        for block in self._blocks(data):
            known = self._matches(block, number)
            # Where a match reaches into a block, others may begin in it than in the same block elsewhere.
            if known is None or (known and (run or position > block.start)):
                run.append(block)
                continue
            if run:
                position = yield from self._searched(number, matcher, data, run, position)
                run = []
            for found in known:
                yield found.moved(block.start)
                position = max(position, block.start + found.end)
        if run:
            yield from self._searched(number, matcher, data, run, position)

    def _matches(self, block: _Block, number: int) -> Sequence[_BlockMatch] | None:
        """Return the matches of a rule in a block, relative to it; None where they are not known."""
        if not block.key:
            return None
        return () if self._silent.get(block.key, 0) >> number & 1 else self._matched.get((block.key, number))

    def _searched(
        self, number: int, matcher: Matcher, data: bytes, run: Sequence[_Block], position: int
    ) -> Generator[_BlockMatch, None, int]:
        """Yield the matches that begin in blocks, one after the other, and return where the last one ends."""
        limit, blocks = run[-1].end, iter(run)
        block, inside = next(blocks), list[_BlockMatch]()
        entered = position = max(position, block.start)
        while True:
            match = matcher.search(data, position, limit)
            while not match or match.start() >= block.stop:
                if entered <= block.start:
                    self._remember(block, number, inside)
                following = next(blocks, None)
                if not following:
                    return position
                block, inside, entered = following, [], position
            span = matcher.span(match)
            has_secret = span.secret_start < span.secret_end
            position = max(match.end(), match.start() + 1)
            inside.append(_BlockMatch(span if has_secret else None, position))
            yield inside[-1]

    def _remember(self, block: _Block, number: int, matches: Sequence[_BlockMatch]) -> None:
        if not block.key or len(matches) > _MOST_MATCHES:
            return
        if len(self._silent) + len(self._matched) > _REMEMBERED:
            self._silent.clear()
            self._matched.clear()
        if matches:
            self._matched[block.key, number] = [found.moved(-block.start) for found in matches]
        else:
            self._silent[block.key] = self._silent.get(block.key, 0) | 1 << number

    def _blocks(self, data: bytes) -> list[_Block]:
        if data is not self._last[0]:
            starts = list(_starts(data))
            self._last = data, [self._block(data, *place) for place in pairwise((*starts, len(data)))]
        return self._last[1]

    def _block(self, data: bytes, start: int, stop: int) -> _Block:
        # After the bounded parts of a match, its open run ends with the line, and bounded parts may follow.
        reach = stop + _REACH_BYTES
        line_end = data.find(b"\n", reach, reach + _LONGEST_LINE_BYTES)
        if line_end < 0 and reach + _LONGEST_LINE_BYTES < len(data):
            return _Block(start, stop, len(data), None)
        end = min(len(data), line_end + _REACH_BYTES) if line_end >= 0 else len(data)
        # A pattern may ask for the beginning or the end of the data.
        place = bytes((not start, end == len(data)))
        text = data[max(0, start - 1) : end]
        return _Block(start, stop, end, blake2b(place + text, digest_size=_KEY_BYTES, key=self._secret).digest())


def _starts(data: bytes) -> Iterator[int]:
    """Yield where blocks begin: at lines chosen by their text alone, and in longer parts at any character."""
    last = 0
    yield last
    for found in chain(_BOUNDARY.finditer(data), (None,)):
        start = found.start() if found else len(data)
        while start - last > _LARGEST_BYTES:
            last = _character(data, last + _LARGEST_BYTES)
            yield last
        if found and start > last:
            yield start
            last = start


def _character(data: bytes, place: int) -> int:
    """Return where the character at a place begins; bytes that are no UTF-8 are characters of their own."""
    for start in range(place, place - _CHARACTER_BYTES, -1):
        if data[start] & 0xC0 != _CONTINUES:
            return start
    return place


def _is_bounded(rule: Rule) -> bool:
    if rule.shipped or not rule.regex:
        return False
    try:
        longest = extent(parse(rule.regex.encode()).items)
    except UnknownSyntaxError:
        return False
    if longest is None or longest.open_runs > 1:
        return False
    return longest.bytes * (_CHARACTER_BYTES if is_wide(rule.regex) else 1) < _REACH_BYTES
