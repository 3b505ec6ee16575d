"""All anchors and alarms at once, by hyperscan.

Limits and traps: https://intel.github.io/hyperscan/dev-reference/runtime.html
"""

from __future__ import annotations

from array import array
from threading import Lock
from typing import TYPE_CHECKING, Any

import hyperscan

from akpatrol.detect.gate import Suspicion, bears_slow_alarms, has_anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model import Alarm
    from akpatrol.rules import Rule

_CALL_BYTES = 64 << 20
_CALL_OVERLAP = 4096
_HITS_CAP = 100_000
_BACK = 1024  # bytes; what a slow alarm comes after is no longer
_ONCE = hyperscan.HS_FLAG_SINGLEMATCH


class Patterns:
    """Anchors report each end, patterns without an anchor report once, alarms as they ask."""

    def __init__(self, rules: Sequence[Rule], alarms: Sequence[Alarm], compiled: bytes | None = None) -> None:
        self._anchored = {index for index, rule in enumerate(rules) if has_anchor(rule)}
        self._always: set[int] = set()
        self._number = len(rules)
        listed = [(self._number + index, alarm) for index, alarm in enumerate(alarms)]
        self._last = self._number + len(alarms)
        later = list(dict.fromkeys(alarm.after for alarm in alarms if alarm.after))
        self._alarms = [(index, one.pattern, 0 if one.each else _ONCE) for index, one in listed if not one.after]
        self._alarms += [(self._last + index, pattern, _ONCE) for index, pattern in enumerate(later)]
        self._first = _loaded(compiled) if compiled else self._compile(rules)
        self._after = [
            [(index, one.pattern, 0 if one.each else _ONCE) for index, one in listed if one.after == pattern]
            for pattern in later
        ]
        self._later: dict[int, Any] = {}
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
        """Return the database, for who makes the same patterns in another process; None if it is not worth it."""
        return hyperscan.dumpb(self._first) if self._first and not self._always else None

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
        anchored, number, whole = self._anchored, self._number, found.rules
        ends: list[int] = []
        alarms: dict[int, array[int]] = {}
        cap = _HITS_CAP

        def record(index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            if index in anchored:
                ends.append(base + end)
            elif index < number:
                whole.add(index)
            elif index in alarms:
                alarms[index].append(base + end)
            else:
                alarms[index] = array("Q", (base + end,))
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
            for index in range(len(self._after)):
                if (rung := alarms.pop(self._last + index, None)) and bears_slow_alarms(part):
                    self._slow(index).scan(part[max(0, rung[0] - base - _BACK) :], match_event_handler=record)
        found.ends += ends
        for index, rung in alarms.items():
            found.alarms.setdefault(index - self._number, array("Q")).extend(rung)

    def _slow(self, index: int) -> Any:
        if index not in self._later:
            self._later[index] = _database(self._after[index])
        return self._later[index]


def _loaded(compiled: bytes) -> Any:
    database = hyperscan.loadb(compiled, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


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
