"""Estimate how long the rest of a plan takes, by looking ahead in it: planning takes a tenth of the time of reading."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.model.scan import Counted, Excluded, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.base import Planned

# Units to look further ahead with each one that is read: a plan may wait for a network.
_FURTHER = 16
_MOST_AHEAD = 256


class PlanAhead:
    """A plan, with the units ahead that are known."""

    def __init__(self, plan: Iterator[Planned], little: float) -> None:
        """Look at a plan; what takes ``little`` seconds is not long."""
        self._plan = plan
        self._little = little
        self._ahead: deque[Planned] = deque()
        self._units = self._read = 0
        self._begun = self._first = monotonic()

    def __iter__(self) -> Iterator[Planned]:
        """Yield the plan."""
        while self._ahead or self._look(1):
            planned = self._ahead.popleft()
            self._units -= _is_unit(planned)
            yield planned

    def is_long(self) -> bool:
        """Return whether the rest takes long, as far as one can see; call it after each unit that is read."""
        self._read += 1
        if self._units < _MOST_AHEAD:
            self._look(_FURTHER)
        now = monotonic()
        if self._read == 1:  # it takes longer than others, for it is the first
            self._first = now
            return not self._little and self._units > 0
        ahead = self._units * (now - self._first) / (self._read - 1)
        # Units to come may take longer than those that were read.
        return self._units > 0 and (ahead > self._little or now - self._begun > 2 * self._little)

    def _look(self, units: int) -> bool:
        """Look so many units further ahead, and return whether there was anything."""
        before = len(self._ahead)
        for planned in self._plan:
            self._ahead.append(planned)
            units -= _is_unit(planned)
            self._units += _is_unit(planned)
            if not units:
                break
        return len(self._ahead) > before


def _is_unit(planned: Planned) -> bool:
    return not isinstance(planned, Skipped | Counted | Excluded)
