"""All anchors and alarms at once, by hyperscan.

Limits and traps: https://intel.github.io/hyperscan/dev-reference/runtime.html
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import hyperscan

from akpatrol.detect.gate import Suspicion, has_anchor
from akpatrol.detect.runs import Searches, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.detect.gate import Shelf
    from akpatrol.model import Alarm
    from akpatrol.rules import Rule

_CALL_BYTES = 64 << 20
_CALL_OVERLAP = 4096
_HITS_CAP = 100_000
# The next pattern is looked for in what the one before has left; windows that grow, for the first to match may be the
# last.
_WINDOW_BYTES = 4096
_LONGEST_MATCH = 64
_ONCE = hyperscan.HS_FLAG_SINGLEMATCH
_SIZE_BYTES = 8


class Patterns:
    """Anchors report each end, patterns without an anchor report once, alarms as they ask."""

    def __init__(self, rules: Sequence[Rule], alarms: Sequence[Alarm], compiled: bytes | None = None) -> None:
        self._anchored = {index for index, rule in enumerate(rules) if has_anchor(rule)}
        self._always: set[int] = set()
        self._number = len(rules)
        listed = [(self._number + index, alarm) for index, alarm in enumerate(alarms) if not alarm.run]
        # Each part has a number of its own: with equal ones a thousand take minutes to compile.
        parts = [
            (index, pattern, 0 if alarm.each else _ONCE)
            for index, alarm in listed
            for pattern, _ in alarm.parts or ((alarm.pattern, alarm.needs),)
        ]
        self._owners = [*range(self._number), *(index for index, _, _ in parts)]
        self._alarms = [(self._number + place, *part[1:]) for place, part in enumerate(parts)]
        self._parted = {index for index, alarm in listed if alarm.parts}
        kinds = grouped(alarms)
        if compiled:
            self._first, *within = _loaded(compiled)
        else:
            self._first = self._compile(rules)
            # Together those within runs take longer to compile and no less to look for.
            single = [pattern for runs in kinds for pattern in (runs.pattern, *runs.patterns)]
            within = [_database(_once(pattern)) for pattern in single]
        self._within = within
        left = iter(within)
        self._runs = [(runs, _searches(next(left), [next(left) for _ in runs.patterns])) for runs in kinds]
        # A database brings one scratch, and a scratch serves one call at a time.
        self._lock = Lock()

    def _compile(self, rules: Sequence[Rule]) -> Any:
        once = _ONCE | hyperscan.HS_FLAG_ALLOWEMPTY
        wanted = [
            (index, rule.anchor.encode(), 0) if has_anchor(rule) else (index, rule.regex.encode(), once)
            for index, rule in enumerate(rules)
        ]
        try:
            return _database([*wanted, *self._alarms])
        except hyperscan.HyperscanError:
            usable = [pattern for pattern in wanted if _compiles(pattern)]
        self._always = {index for index, _, _ in wanted} - {index for index, _, _ in usable}
        return _database([*usable, *self._alarms])

    def compiled(self) -> bytes | None:
        """Return the databases, for who makes the same patterns in another process; None if it is not worth it."""
        if not self._first or self._always:
            return None
        dumped = (hyperscan.dumpb(database) for database in (self._first, *self._within))
        return b"".join(len(one).to_bytes(_SIZE_BYTES) + one for one in dumped)

    def suspect(self, data: bytes) -> Suspicion:
        """Return where in ``data`` a credential could stand."""
        found = Suspicion(set(self._always))
        if not self._first:
            return found
        if len(data) <= _CALL_BYTES:
            self._scan(data, 0, found)
        else:
            for base in range(0, len(data), _CALL_BYTES - _CALL_OVERLAP):
                self._scan(data[base : base + _CALL_BYTES], base, found)
        return found

    def _scan(self, part: bytes, base: int, found: Suspicion) -> None:
        anchored, number, whole, owners = self._anchored, self._number, found.rules, self._owners
        ends: list[int] = []
        alarms: dict[int, array[int]] = {}
        cap = _HITS_CAP

        def record(index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            if index in anchored:
                ends.append(base + end)
            elif index < number:
                whole.add(index)
            elif (owner := owners[index]) in alarms:
                alarms[owner].append(base + end)
            else:
                alarms[owner] = array("Q", (base + end,))
            return len(ends) > cap

        with self._lock:
            try:
                self._first.scan(part, match_event_handler=record)
            except hyperscan.ScanTerminated:
                found.flooded = True
                # The rest of the part was not looked at, for no rule.
                whole.update(range(self._number))
                cap = len(part)
                alarms.clear()
                if self._alarms:
                    self._first.scan(part, match_event_handler=record)
                ends.clear()
            in_runs = [runs.rung(part, searches) for runs, searches in self._runs]
        found.ends += ends
        for index, rung in alarms.items():
            # Parts may end at one place, and are told of as they come.
            told = sorted(set(rung)) if index in self._parted else rung
            found.alarms.setdefault(index - self._number, array("Q")).extend(told)
        for rung_here in in_runs:
            for index, rung in rung_here.items():
                found.alarms.setdefault(index, array("Q")).extend(base + end for end in rung)


class _Next:
    """Finds where the first match in any of the databases ends."""

    def __init__(self, databases: Sequence[Any]) -> None:
        self._databases = databases
        self._first = 0
        # One pattern is told as soon as it matches.
        self._window = _CALL_BYTES if len(databases) == 1 else _WINDOW_BYTES

    def __call__(self, data: bytes, position: int, stop_at: int) -> int:
        """Return where in ``data[position:stop_at]`` the first match ends, as an offset in data; -1 for none."""
        view, size = memoryview(data), self._window
        while position < stop_at:
            end = min(stop_at, position + size)
            self._first = 0
            for database in self._databases:
                try:
                    database.scan(view[position:end], match_event_handler=self._stop)
                except hyperscan.ScanTerminated:
                    end = position + self._first
            if self._first:
                return end
            position, size = end if end == stop_at else end - _LONGEST_MATCH, 4 * size
        return -1

    def _stop(self, _index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        self._first = end
        return True


def _searches(run: Any, alarms: Sequence[Any]) -> Searches:
    return Searches(_Next([run]), _Next(alarms), [_Next([alarm]) for alarm in alarms])


def shelved(rules: Sequence[Rule], alarms: Sequence[Alarm], shelf: Shelf) -> Patterns:
    """Return the patterns that were compiled before, else compile them and put them there."""
    key = repr(([(rule.anchor, rule.regex, has_anchor(rule)) for rule in rules], alarms))
    if compiled := shelf.recall(key):
        # Of another processor or version of hyperscan, it says so.
        with suppress(hyperscan.HyperscanError):
            return Patterns(rules, alarms, compiled)
    made = Patterns(rules, alarms)
    if compiled := made.compiled():
        shelf.remember(key, compiled)
    return made


def _loaded(compiled: bytes) -> list[Any]:
    """Return the databases. Raises hyperscan's error where they are of another processor or version."""
    databases, position = [], 0
    while position < len(compiled):
        start = position + _SIZE_BYTES
        position = start + int.from_bytes(compiled[position:start])
        database = hyperscan.loadb(compiled[start:position], hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        databases.append(database)
    return databases


def _once(pattern: bytes) -> list[tuple[int, bytes, int]]:
    return [(0, pattern, _ONCE)]


def _compiles(pattern: tuple[int, bytes, int]) -> bool:
    try:
        _database([pattern])
    except hyperscan.HyperscanError:
        return False
    return True


def _database(patterns: list[tuple[int, bytes, int]]) -> Any:
    """Return a compiled database, None for no patterns. Raises HyperscanError."""
    if not patterns:
        return None
    if len(patterns) > 1:
        # With one pattern that reports its start hyperscan leaves out an engine of its own for short data, which takes
        # most of the time to compile: 100 patterns 100 ms, 30 with it. This one stands nowhere.
        never = max(index for index, _, _ in patterns) + 1
        patterns = [*patterns, (never, rb"\xff\x00\xfe[0-9]\xfd\x00\xfe", hyperscan.HS_FLAG_SOM_LEFTMOST)]
    ids, expressions, flags = zip(*patterns, strict=True)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=list(expressions), ids=list(ids), elements=len(ids), flags=list(flags))
    return database
