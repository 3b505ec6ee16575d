"""The clues near a position in data, searched for on demand, and once in each block."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.detect.keywords import Clue, Keywords

CLUE_BYTES = 512  # on either side
_BLOCK = 4096
_KEPT = 64


class Nearby:
    """Finds the clues in ``data[start:end]``; a word that extends beyond it does not count."""

    def __init__(self, keywords: Keywords, data: bytes, start: int, end: int) -> None:
        self._keywords = keywords
        self._data = data
        self._start = start
        self._end = end
        # For each block and clue, where its words start and end, those that end in the block.
        self._blocks: dict[int, dict[Clue, tuple[list[int], list[int]]]] = {}

    def clues(self, first: int, last: int) -> frozenset[Clue]:
        """Return the clues with a word within 512 bytes of ``data[first:last]``."""
        low, high = max(self._start, first - CLUE_BYTES), min(self._end, last + CLUE_BYTES)
        near: set[Clue] = set()
        for number in range((low - self._start) // _BLOCK, (high - self._start - 1) // _BLOCK + 1):
            for clue, (starts, ends) in self._block(number).items():
                if clue not in near and _any_within(starts, ends, low, high):
                    near.add(clue)
        return frozenset(near)

    def _block(self, number: int) -> dict[Clue, tuple[list[int], list[int]]]:
        if number not in self._blocks:
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[number] = self._words(self._start + number * _BLOCK)
        return self._blocks[number]

    def _words(self, begin: int) -> dict[Clue, tuple[list[int], list[int]]]:
        words: dict[Clue, tuple[list[int], list[int]]] = {}
        before = max(self._start, begin - self._keywords.longest)
        for start, end, clue in self._keywords.clues(self._data, before, min(self._end, begin + _BLOCK)):
            if end > begin:
                starts, ends = words.setdefault(clue, ([], []))
                starts.append(start)
                ends.append(end)
        return words


def _any_within(starts: list[int], ends: list[int], low: int, high: int) -> bool:
    """Return whether a word is in ``[low, high]``; words are in the order of their ends."""
    first, last = bisect_right(ends, low), bisect_right(ends, high)
    # Only the first few words that end in the range may begin before it.
    return any(starts[index] >= low for index in range(first, last))
