"""The first stage: could anything be here? hyperscan where it is installed, the keyword automaton where it is not.

A gate never decides. It returns where a rule's ``anchor``, a short necessary part of its pattern, ends, and which of
the encodings' alarms ring; everything later looks only round these places.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Literal, Protocol

from akpatrol.detect.match import compile_any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from akpatrol.detect.keywords import Keywords
    from akpatrol.detect.patterns import Patterns
    from akpatrol.detect.runs import Runs
    from akpatrol.model import Alarm
    from akpatrol.rules import Rule

GateChoice = Literal["auto", "hyperscan", "automaton"]

# Below this the time to import hyperscan and compile is longer than the automaton needs to read everything.
_WARM_UP_BYTES = 1 << 20
# Above this the automaton takes longer than it takes to compile.
_PATIENT_BYTES = 1 << 20
# More parts of an alarm than this are looked for together.
_FEW_PARTS = 32


class Shelf(Protocol):
    """Where what takes a while to compile is kept from run to run, by a text that says what it is."""

    def recall(self, key: str) -> bytes | None:
        """Return what was kept, None without it."""

    def remember(self, key: str, value: bytes) -> None:
        """Keep it, if that is possible."""


class Suspicion:
    """Where to look: ``ends`` of anchors (byte offsets), ``rules`` to run over everything, ``flooded`` past the cap.

    ``alarms`` has, for each alarm that rings, where its matches end.
    """

    __slots__ = ("alarms", "ends", "flooded", "rules")

    def __init__(self, rules: set[int]) -> None:
        self.ends: list[int] = []
        self.rules = rules
        self.alarms: dict[int, array[int]] = {}
        self.flooded = False

    def __bool__(self) -> bool:
        return bool(self.ends or self.rules or self.alarms)


def has_anchor(rule: Rule) -> bool:
    """Tell whether only the surroundings of a rule's anchors are looked at; a user's could hide what they miss."""
    return bool(rule.anchor) and rule.shipped


class Gate:
    """Answers with the automaton until ``_WARM_UP_BYTES`` were read, then with hyperscan if it can be imported."""

    def __init__(
        self, rules: Sequence[Rule], keywords: Keywords, choice: GateChoice = "auto", alarms: Sequence[Alarm] = ()
    ) -> None:
        self._rules = rules
        self._alarms = alarms
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}
        self._runs: Sequence[Runs] | None = None
        self._keywords = keywords
        # Of many parts the automaton's way is so slow that it is better to wait.
        self._crowded = any(len(alarm.parts) > _FEW_PARTS for alarm in alarms)
        self._read = _WARM_UP_BYTES if choice == "hyperscan" else 0
        self._may_switch = choice != "automaton"
        self._required = choice == "hyperscan"
        self._hyperscan: Patterns | None = None
        self._compiling: Future[Patterns | None] | None = None
        self._compiled_elsewhere: bytes | None = None
        self._shelf: Shelf | None = None

    def suspect(self, data: bytes) -> Suspicion:
        """Return where in ``data`` a credential could stand."""
        if self._may_switch:
            self._read += len(data)
            if self._read >= _WARM_UP_BYTES:
                self._switch(patient=len(data) > _PATIENT_BYTES or self._crowded)
        if self._hyperscan:
            return self._hyperscan.suspect(data)
        found = _by_keywords(self._rules, self._keywords, data)
        for index, alarm in enumerate(self._alarms):
            if alarm.needs in data and not alarm.run and (ends := self._ring(alarm, data)):
                found.alarms[index] = ends
        if any(alarm.run for alarm in self._alarms):
            found.alarms |= self._ring_in_runs(data)
        return found

    def prepare(self) -> None:
        """Begin to compile, for who knows that there is much to read; until it is done the automaton answers."""
        if self._may_switch and not self._compiling:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - little input does without

            # Compiling leaves Python to others.
            self._compiling = ThreadPoolExecutor(1).submit(self._patterns_of_hyperscan)

    def is_settled(self) -> bool:
        """Return whether asking for what is compiled would not have to wait."""
        return not self._compiling or self._compiling.done()

    def compiled(self) -> bytes | None:
        """Return hyperscan's database for a gate of the same rules and alarms in another process, None without one."""
        if self._compiling:
            self._take(self._compiling)
        return self._hyperscan.compiled() if self._hyperscan else None

    def use(self, compiled: bytes | None) -> None:
        """Take the database that another process compiled, which takes a tenth of a second; before anything is read."""
        self._compiled_elsewhere = compiled
        self._read = _WARM_UP_BYTES if compiled else self._read

    def keep_on(self, shelf: Shelf) -> None:
        """Take what is compiled from there, or put it there for the next run; before anything is read."""
        self._shelf = shelf

    def _ring_in_runs(self, data: bytes) -> dict[int, array[int]]:
        if self._runs is None:
            from akpatrol.detect.runs import grouped  # noqa: PLC0415 - who decodes nothing does without

            self._runs = grouped(self._alarms)
        return {index: ends for runs in self._runs for index, ends in runs.rung(data).items()}

    def _ring(self, alarm: Alarm, data: bytes) -> array[int]:
        if not alarm.each:
            first = self._pattern(alarm.pattern).search(data)
            return array("Q", (first.end(),) if first else ())
        if len(alarm.parts) > _FEW_PARTS:
            return array("Q", sorted(self._ends_of_any(alarm, data)))
        parts = alarm.parts or ((alarm.pattern, alarm.needs),)
        patterns = [self._pattern(pattern) for pattern, needs in parts if needs in data]
        ends = [found.end() for pattern in patterns for found in pattern.finditer(data)]
        return array("Q", sorted(set(ends)) if len(patterns) > 1 else ends)

    def _ends_of_any(self, alarm: Alarm, data: bytes) -> set[int]:
        """Return where any of many parts ends, also of those that overlap."""
        pattern, ends, position = self._pattern(alarm.pattern, many=alarm.parts), set[int](), 0
        while found := pattern.search(data, position):
            ends.add(found.end())
            position = found.start() + 1
        return ends

    def _pattern(self, pattern: bytes, many: Sequence[tuple[bytes, bytes]] = ()) -> re.Pattern[bytes]:
        if pattern not in self._patterns:  # most little input needs few of them
            together = compile_any(part for part, _ in many) if many else None
            self._patterns[pattern] = together or re.compile(pattern)
        return self._patterns[pattern]

    def _switch(self, *, patient: bool) -> None:
        if self._required or self._compiled_elsewhere:
            self._may_switch = False
            self._hyperscan = self._patterns_of_hyperscan()
            return
        self.prepare()
        if self._compiling and (patient or self._compiling.done()):
            self._take(self._compiling)

    def _take(self, compiling: Future[Patterns | None]) -> None:
        self._may_switch, self._compiling = False, None
        self._hyperscan = compiling.result()

    def _patterns_of_hyperscan(self) -> Patterns | None:
        try:
            from akpatrol.detect.patterns import Patterns, shelved  # noqa: PLC0415 - little input does without

            if self._shelf is not None and not self._compiled_elsewhere:
                return shelved(self._rules, self._alarms, self._shelf)
            return Patterns(self._rules, self._alarms, self._compiled_elsewhere)
        except ImportError:
            if self._required:
                raise
            return None


def _by_keywords(rules: Sequence[Rule], keywords: Keywords, data: bytes) -> Suspicion:
    found = Suspicion({index for index, rule in enumerate(rules) if not rule.keywords})
    for word in keywords.find(data, 0, len(data)):
        for index in word.rules:
            if has_anchor(rules[index]):
                found.ends.append(word.end)
            else:
                found.rules.add(index)
    return found
