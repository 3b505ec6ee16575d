"""The places where triggers fire, in order. In a flood, places are searched for on demand instead of stored."""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_right
from functools import cached_property
from heapq import heapify, heappop, heapreplace
from itertools import compress
from typing import TYPE_CHECKING

from akpatrol.scan.work import FIRED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.scan.work import Work

_LONGEST = 64  # bytes that one match may have
_PART = 512


class TriggerEnds:
    """The ends of a trigger's matches in ``data``: the ``exact`` ones, and any within each ``dense`` range."""

    def __init__(self, data: bytes, pattern: bytes, exact: array[int] | None = None) -> None:
        self.exact = array("Q") if exact is None else exact
        self.dense: list[tuple[int, int]] = []
        self._data = data
        self._source = pattern
        # The next matches in a dense range up to ``_to``: none ends between ``_from`` and ``_end``.
        self._near: Iterator[re.Match[bytes]] = iter(())
        self._from = self._end = 0
        self._to = -1

    def after(self, place: int) -> int:
        """Return the first end after ``place``, -1 without one."""
        index = bisect_right(self.exact, place)
        nearest = self.exact[index] if index < len(self.exact) else -1
        for number in range(bisect_right(self.dense, place, key=_stop), len(self.dense)):
            start, stop = self.dense[number]
            if 0 <= nearest <= start:
                break
            if (end := self._within(max(place, start), stop)) >= 0:
                return min(end, nearest) if nearest >= 0 else end
        return nearest

    def _within(self, place: int, stop: int) -> int:
        if not (self._from <= place < self._end + _PART and stop == self._to):
            first, last = max(0, place - _LONGEST), min(len(self._data), stop + _LONGEST)
            self._near = self._pattern.finditer(self._data, first, last)
            self._from = self._end = place
            self._to = stop
        while self._end <= place:
            match = next(self._near, None)
            self._end = match.end() if match else sys.maxsize
        return self._end if self._end <= stop else -1

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(self._source)


def exact(ends: TriggerEnds | Sequence[int]) -> Sequence[int]:
    """Return the stored ends, which are all of them except in a flood."""
    return ends.exact if isinstance(ends, TriggerEnds) else ends


def _stop(dense: tuple[int, int]) -> int:
    return dense[1]


class FiredTriggers:
    """The ends of several triggers' matches, merged; a flood is skipped over, not visited one by one.

    They end when no ``work`` is left.
    """

    def __init__(self, ends: Sequence[TriggerEnds | Sequence[int]], work: Work | None = None) -> None:
        self._ends = ends
        self._work = work
        # The next match of each trigger that fires: its place, and the trigger.
        self._next = [
            (place, trigger)
            for trigger in compress(range(len(ends)), ends)
            if (place := _after(ends[trigger], -1)) >= 0
        ]
        heapify(self._next)

    def __bool__(self) -> bool:
        return bool(self._next) and not (self._work and self._work.is_done())

    @property
    def first(self) -> tuple[int, int]:
        """The first place left, and the trigger that fired there."""
        return self._next[0]

    def advance(self, place: int) -> None:
        """Continue after the first place; for its trigger also after ``place``."""
        first, trigger = self._next[0]
        if self._work:
            self._work.left -= FIRED
        following = _after(self._ends[trigger], max(first, place))
        if following >= 0:
            heapreplace(self._next, (following, trigger))
        else:
            heappop(self._next)


def _after(ends: TriggerEnds | Sequence[int], place: int) -> int:
    if isinstance(ends, TriggerEnds):
        return ends.after(place)
    index = bisect_right(ends, place)
    return ends[index] if index < len(ends) else -1
