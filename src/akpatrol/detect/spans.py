"""Spans of data that can be queried for overlap with a range."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Spans:
    """Spans that can be queried for overlap with a range."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(set(spans))
        self._starts = [start for start, _ in self._spans]
        self._tops = list(accumulate((end for _, end in self._spans), max))  # of all up to here, for the search

    def within(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return those that overlap ``[start, stop)``."""
        return self._spans[bisect_right(self._tops, start) : bisect_left(self._starts, stop)]
