"""The first stage: could anything be here? hyperscan where it is installed, the keyword automaton where it is not.

A gate never decides. It returns where a rule's ``anchor``, a short necessary part of its pattern, ends, and which of
the encodings' alarms ring; everything later looks only round these places.
"""

from __future__ import annotations

import re
from array import array
from itertools import islice
from typing import TYPE_CHECKING, Literal

from akpatrol.detect.match import compile_any
from akpatrol.detect.prefilter_result import GAP_BYTES, PatternStore, PrefilterResult, has_anchor, most_of, pattern_key
from akpatrol.model.fired_triggers import TriggerEnds
from akpatrol.model.trigger import HeldBytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from akpatrol.detect.character_runs import CharacterRuns
    from akpatrol.detect.hyperscan_patterns import HyperscanPatterns
    from akpatrol.detect.keywords import Keywords
    from akpatrol.model.trigger import Needs, Trigger
    from akpatrol.rules.rule_file import Rule

GateChoice = Literal["auto", "hyperscan", "automaton"]

# Below this the time to import hyperscan and compile is longer than the automaton needs to read everything.
_WARM_UP_BYTES = 1 << 20
# The same where the compiled patterns are kept from an earlier run.
_KEPT_WARM_UP_BYTES = 128 << 10
# More parts of an alarm than this are looked for together.
_FEW_PARTS = 32
_LONGEST_PART = 64  # bytes; parts that begin before the last may end behind it


class Prefilter:
    """Answers with the automaton until enough was read, then with hyperscan if it can be imported."""

    def __init__(
        self, rules: Sequence[Rule], keywords: Keywords, choice: GateChoice = "auto", alarms: Sequence[Trigger] = ()
    ) -> None:
        self._rules = rules
        self._alarms = alarms
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}
        self._runs: Sequence[CharacterRuns] | None = None
        self._keywords = keywords
        self._anchored = sum(map(has_anchor, rules))
        self._read = _WARM_UP_BYTES if choice == "hyperscan" else 0
        self._warm_up = _WARM_UP_BYTES
        self._may_switch = choice != "automaton"
        self._required = choice == "hyperscan"
        self._hyperscan: HyperscanPatterns | None = None
        self._compiling: Future[HyperscanPatterns | None] | None = None
        self._compiled_elsewhere: bytes | None = None
        self._shelf: PatternStore | None = None

    def suspect(self, data: bytes) -> PrefilterResult:
        """Return where in ``data`` a credential could stand."""
        if self._may_switch:
            self._read += len(data)
            if self._read >= self._warm_up or (self._compiling and self._compiling.done()):
                self._switch()
        if self._hyperscan:
            return self._hyperscan.suspect(data)
        found = self._by_words(data)
        held = HeldBytes(data)
        for index, alarm in enumerate(self._alarms):
            if held(alarm.needs) and not alarm.run and (ends := self._ring(alarm, data, found, held)):
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

    def keep_on(self, shelf: PatternStore) -> None:
        """Take what is compiled from there, or put it there for the next run; before anything is read."""
        self._shelf = shelf
        self._warm_up = _KEPT_WARM_UP_BYTES

    def _ring_in_runs(self, data: bytes) -> dict[int, array[int]]:
        if self._runs is None:
            from akpatrol.detect.character_runs import grouped  # noqa: PLC0415 - who decodes nothing does without

            self._runs = grouped(self._alarms)
        return {index: ends for runs in self._runs for index, ends in runs.rung(data).items()}

    def _by_words(self, data: bytes) -> PrefilterResult:
        found = PrefilterResult({index for index, rule in enumerate(self._rules) if not rule.keywords})
        most = most_of(data)
        for rule in self._rules:
            if has_anchor(rule):
                search, place = self._pattern(rule.anchor.encode()).search, 0
                while anchor := search(data, place):
                    place = anchor.end()
                    found.ends.append(place)
                    if len(found.ends) > most:
                        found.flooded = True
                        place += GAP_BYTES
        if len(found.rules) + self._anchored < len(self._rules):
            for _, rules in self._keywords.find(data):
                found.rules.update(index for index in rules if not has_anchor(self._rules[index]))
        return found

    def _ring(self, alarm: Trigger, data: bytes, found: PrefilterResult, held: HeldBytes) -> TriggerEnds | array[int]:
        if not alarm.each:
            first = self._pattern(alarm.pattern).search(data)
            return array("Q", (first.end(),) if first else ())
        most = most_of(data)
        if len(alarm.parts) > _FEW_PARTS:
            ends = array("Q", sorted(set(islice(self._ends_of_any(alarm, data), most))))
        else:
            parts = alarm.parts or ((alarm.pattern, alarm.needs),)
            patterns = [self._pattern(pattern) for pattern, needs in parts if held(needs)]
            every = [sorted(islice((one.end() for one in each.finditer(data)), most)) for each in patterns]
            # Where one of them flooded, what is behind its last is looked for by all.
            last = min((one[-1] for one in every if one and len(one) == most), default=len(data))
            ends = array("Q", sorted({end for one in every for end in one if end <= last}))
        if len(ends) < most or not ends:
            return ends
        found.flooded = True
        many = TriggerEnds(data, alarm.pattern, ends)
        many.dense.append((max(0, ends[-1] - _LONGEST_PART), len(data)))
        return many

    def _ends_of_any(self, alarm: Trigger, data: bytes) -> Iterator[int]:
        """Yield where any of many parts ends, also of those that overlap."""
        pattern, position = self._pattern(alarm.pattern, many=alarm.parts), 0
        while found := pattern.search(data, position):
            yield found.end()
            position = found.start() + 1

    def _pattern(self, pattern: bytes, many: Sequence[tuple[bytes, Needs]] = ()) -> re.Pattern[bytes]:
        if pattern not in self._patterns:  # most little input needs few of them
            together = compile_any(part for part, _ in many) if many else None
            self._patterns[pattern] = together or re.compile(pattern)
        return self._patterns[pattern]

    def _switch(self) -> None:
        if self._required or self._compiled_elsewhere or self._is_kept():
            self._may_switch = False
            self._hyperscan = self._patterns_of_hyperscan()
            return
        if self._read < _WARM_UP_BYTES and not self._compiling:
            return
        self.prepare()
        # The automaton is so much slower that waiting takes less time.
        if self._compiling:
            self._take(self._compiling)

    def _is_kept(self) -> bool:
        """Return whether an earlier run has left compiled patterns; ask once."""
        if self._warm_up == _WARM_UP_BYTES or self._shelf is None or self._compiling:
            return False
        self._warm_up = _WARM_UP_BYTES
        return self._shelf.holds(pattern_key(self._rules, self._alarms))

    def _take(self, compiling: Future[HyperscanPatterns | None]) -> None:
        self._may_switch, self._compiling = False, None
        self._hyperscan = compiling.result()

    def _patterns_of_hyperscan(self) -> HyperscanPatterns | None:
        try:
            from akpatrol.detect.hyperscan_patterns import HyperscanPatterns, shelved  # noqa: PLC0415 - little input does without

            if self._shelf is not None and not self._compiled_elsewhere:
                return shelved(self._rules, self._alarms, self._shelf)
            return HyperscanPatterns(self._rules, self._alarms, self._compiled_elsewhere)
        except ImportError:
            if self._required:
                raise
            return None
