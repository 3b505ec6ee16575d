"""Search for triggers that fire only within long runs of some characters, such as doubly encoded text."""

from __future__ import annotations

import re
from array import array
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.trigger import CharacterRun, Trigger

    # Returns where between two offsets the first match ends; a negative number for nothing.
    Search = Callable[[bytes, int, int], int]

_LARGE_BYTES = 1 << 20
_HEAD_BYTES = 8192
# This many runs this close together are lines of a long text: searching for triggers is then faster than searching
# each run.
_MANY, _NEAR_BYTES = 64, 4096
# Of so many runs of at most so many bytes it is remembered what fires in them: histories repeat lines of long texts.
_MOST_KNOWN, _LONGEST_KNOWN = 1 << 15, 128


class Searches(NamedTuple):
    """Functions that find the next run, the next match of any trigger, and the next match of each trigger."""

    run: Search
    any: Search
    each: Sequence[Search]


class CharacterRuns:
    """The triggers of one kind of run: each fires at the end of the runs that hold its pattern."""

    def __init__(self, run: CharacterRun, triggers: Sequence[tuple[int, bytes]]) -> None:
        self._run = run
        self.indexes = [index for index, _ in triggers]
        self.patterns = [pattern for _, pattern in triggers]
        self.pattern = b"[%b]{%d}" % (re.escape(run.characters), run.length)
        self._known: dict[bytes, Sequence[int]] = {}

    def fired(self, data: bytes, searches: Searches | None = None) -> dict[int, array[int]]:
        """Return, for each trigger that fires, the ends of the runs in which it does.

        Not in large binaries, which hold little text.
        """
        fired: dict[int, array[int]] = {}
        if len(data) > _LARGE_BYTES and b"\0" in data[:_HEAD_BYTES]:
            return fired
        run, any_, each = searches or Searches(self._folded(data), self._any, self._each)
        search = run
        length, rest = self._run.length, self._rest.match
        position = number = since = 0
        while (place := search(data, position, len(data))) >= 0:
            # The first match in a run is as short as possible, so it shows where the run begins; a trigger does not.
            position, before = (found.end() if (found := rest(data, place)) else place), place - length
            start = before if search is run else self._run.start(data, position)
            number += 1
            if position - start >= length:
                for index in self._firing(data, start, position, any_, each):
                    fired.setdefault(index, array("Q")).append(position)
            if number % _MANY == 0:
                if position - since < _MANY * _NEAR_BYTES:
                    if search is any_:
                        position = self._fired_near(data, position, fired)
                    elif searches:
                        search = any_
                since = position
        return fired

    def _fired_near(self, data: bytes, position: int, fired: dict[int, array[int]]) -> int:
        """Search the runs after one, as long as they are close together; return where the last ends."""
        length, many = self._run.length, _MANY
        while many >= _MANY:
            folded, first, many = data[position : position + _MANY * _NEAR_BYTES].translate(self._table), position, 0
            start = folded.find(b"\1" * length)
            while start >= 0:
                stop = folded.find(b"\0", start + length)
                if stop < 0 and first + len(folded) < len(data):
                    break  # it may continue
                stop = stop if stop >= 0 else len(folded)
                many, position = many + 1, first + stop
                for index in self._firing(data, first + start, position, None, self._each):
                    fired.setdefault(index, array("Q")).append(position)
                start = folded.find(b"\1" * length, stop)
        return position

    def _firing(self, data: bytes, start: int, stop: int, any_: Search | None, each: Sequence[Search]) -> Sequence[int]:
        """Return the triggers that fire in the run ``data[start:stop]``; ``any_`` says quickly that none does."""
        run = data[start:stop] if stop - start <= _LONGEST_KNOWN else None
        firing = self._known.get(run) if run else None
        if firing is None:
            firing = ()
            if not any_ or any_(data, start, stop) >= 0:
                shown = zip(self.indexes, each, strict=True)
                firing = [index for index, shows in shown if shows(data, start, stop) >= 0]
            if run:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[run] = firing
        return firing

    def _folded(self, data: bytes) -> Search:
        """Return a search for runs. Two searches that skip are much faster than a pattern that reads every byte."""
        folded, run = data.translate(self._table), b"\1" * self._run.length

        def search(_: bytes, position: int, end: int) -> int:
            found = folded.find(run, position, end)
            return found if found < 0 else found + len(run)

        return search

    @cached_property
    def _rest(self) -> re.Pattern[bytes]:
        return re.compile(b"[%b]*+" % re.escape(self._run.characters))

    @cached_property
    def _any(self) -> Search:
        return _search(b"|".join(self.patterns))

    @cached_property
    def _each(self) -> list[Search]:
        return [_search(pattern) for pattern in self.patterns]

    @cached_property
    def _table(self) -> bytes:
        return bytes(1 if byte in self._run.characters else 0 for byte in range(256))


def _search(pattern: bytes) -> Search:
    compiled = re.compile(pattern)

    def search(data: bytes, position: int, end: int) -> int:
        found = compiled.search(data, position, end)
        return found.end() if found else -1

    return search


def grouped(triggers: Sequence[Trigger]) -> list[CharacterRuns]:
    """Return the triggers that fire within runs, with their indexes, by kind of run."""
    kinds = dict.fromkeys(trigger.run for trigger in triggers if trigger.run)
    return [
        CharacterRuns(kind, [(i, trigger.pattern) for i, trigger in enumerate(triggers) if trigger.run == kind])
        for kind in kinds
    ]
