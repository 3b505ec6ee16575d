"""Where alarms ring, in order. What rings in nearly every place is not written down but looked for when asked for."""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_right
from functools import cached_property
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING

from akpatrol.scan.work import RUNG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.scan.work import Work

_LONGEST = 64  # bytes that one match may have
_PART = 512


class TriggerEnds:
    """Where an alarm's matches in ``data`` end: ``exact``, and any there may be within each ``dense`` range."""

    def __init__(self, data: bytes, pattern: bytes, exact: array[int] | None = None) -> None:
        self.exact = array("Q") if exact is None else exact
        self.dense: list[tuple[int, int]] = []
        self._data = data
        self._source = pattern
        # Those that come next in a dense range up to ``_to``: none ends between ``_from`` and ``_end``.
        self._near: Iterator[re.Match[bytes]] = iter(())
        self._from = self._end = 0
        self._to = -1

    def after(self, place: int) -> int:
        """Return the first end behind ``place``, -1 without one."""
        index = bisect_right(self.exact, place)
        nearest = self.exact[index] if index < len(self.exact) else -1
        for number in range(bisect_right(self.dense, place, key=_stop), len(self.dense)):
            start, stop = self.dense[number]
            if 0 <= nearest <= start:
                break
            if (found := self._within(max(place, start), stop)) >= 0:
                return min(found, nearest) if nearest >= 0 else found
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
    """Return those ends that are written down, which are all but for a flood."""
    return ends.exact if isinstance(ends, TriggerEnds) else ends


def _stop(dense: tuple[int, int]) -> int:
    return dense[1]


class FiredTriggers:
    """The ends of several alarms' matches, merged; a flood of them is passed over, not looked at one by one.

    They end where no ``work`` is left.
    """

    def __init__(self, ends: Sequence[TriggerEnds | Sequence[int]], work: Work | None = None) -> None:
        self._ends = ends
        self._work = work
        # The next of each alarm that rings: its place, and the alarm.
        self._next = [(place, alarm) for alarm, some in enumerate(ends) if some and (place := _after(some, -1)) >= 0]
        heapify(self._next)

    def __bool__(self) -> bool:
        return bool(self._next) and not (self._work and self._work.is_done())

    @property
    def first(self) -> tuple[int, int]:
        """The first place that is left, and the alarm that rang there."""
        return self._next[0]

    def leave(self, place: int) -> None:
        """Go on behind the first, with its alarm also behind ``place``."""
        here, alarm = self._next[0]
        if self._work:
            self._work.left -= RUNG
        following = _after(self._ends[alarm], max(here, place))
        if following >= 0:
            heapreplace(self._next, (following, alarm))
        else:
            heappop(self._next)


def _after(ends: TriggerEnds | Sequence[int], place: int) -> int:
    if isinstance(ends, TriggerEnds):
        return ends.after(place)
    index = bisect_right(ends, place)
    return ends[index] if index < len(ends) else -1
