"""Find where the first match of a few patterns ends, with a hyperscan database for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.detect.character_runs import Searches
from akpatrol.detect.hyperscan_database import Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_MATCH = 64
"""Bytes; no match of a trigger is longer."""
_LARGEST_BYTES = 64 << 20
# Each pattern is searched for up to the match of the one before, in windows that grow: the last may match first.
_WINDOW_BYTES = 4096


class FirstMatch:
    """Finds where the first match in any of the databases ends."""

    def __init__(self, databases: Sequence[Any]) -> None:
        self._databases = databases
        self._first = 0
        # One pattern is reported as soon as it matches.
        self._window = _LARGEST_BYTES if len(databases) == 1 else _WINDOW_BYTES

    def __call__(self, data: bytes, position: int, stop_at: int) -> int:
        """Return where in ``data[position:stop_at]`` the first match ends, as an offset in data; -1 for none."""
        view, size = memoryview(data), self._window
        if len(self._databases) == 1 and stop_at - position <= size:
            return self._at_once(view[position:stop_at], position)
        while position < stop_at:
            end = min(stop_at, position + size)
            self._first = 0
            for each in self._databases:
                try:
                    each.scan(view[position:end], match_event_handler=self._stop)
                except Stopped:
                    end = position + self._first
            if self._first:
                return end
            position, size = end if end == stop_at else end - LONGEST_MATCH, 4 * size
        return -1

    def _at_once(self, part: memoryview, position: int) -> int:
        try:
            self._databases[0].scan(part, match_event_handler=self._stop)
        except Stopped:
            return position + self._first
        return -1

    def _stop(self, _index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        self._first = end
        return True


def searches(run: Any, triggers: Sequence[Any]) -> Searches:
    """Return the searches of a kind of run, given the databases of the run and of the triggers in it."""
    return Searches(FirstMatch([run]), FirstMatch(triggers), [FirstMatch([trigger]) for trigger in triggers])
