"""The first stage: find the places where a credential could be, with hyperscan or, without it, keywords and ``re``.

A prefilter never decides. It returns where each ``anchor``, a short necessary part of a rule's pattern, ends, and which
of the encodings' triggers fire; all later stages look only around these places.
"""

from __future__ import annotations

import re
from array import array
from itertools import islice
from typing import TYPE_CHECKING, Literal

from akpatrol.detect.prefilter_result import GAP_BYTES, PatternStore, PrefilterResult, has_anchor, most_of, pattern_key
from akpatrol.detect.trigger_needs import possible_triggers
from akpatrol.model.fired_triggers import TriggerEnds
from akpatrol.model.trigger import HeldBytes
from akpatrol.rules.re2_patterns import compile_any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from akpatrol.detect.character_runs import CharacterRuns
    from akpatrol.detect.hyperscan_patterns import HyperscanPatterns
    from akpatrol.detect.keywords import Keywords
    from akpatrol.model.trigger import Needs, Trigger
    from akpatrol.rules.rule import Rule

PrefilterChoice = Literal["auto", "hyperscan", "automaton"]

# Below this, importing hyperscan and compiling takes longer than the automaton needs to read everything.
_WARM_UP_BYTES = 1 << 20
# The same where an earlier run cached the compiled patterns.
_KEPT_WARM_UP_BYTES = 16 << 10
# More parts of a trigger than this are searched for together.
_FEW_PARTS = 32
_LONGEST_PART = 64  # bytes; parts that begin before the last may end after it


class Prefilter:
    """Searches with the automaton until enough was read, then with hyperscan if it can be imported."""

    def __init__(
        self,
        rules: Sequence[Rule],
        keywords: Keywords,
        choice: PrefilterChoice = "auto",
        triggers: Sequence[Trigger] = (),
    ) -> None:
        self._rules = rules
        self._triggers = triggers
        self._any_runs = any(trigger.run for trigger in triggers)
        self._possible = possible_triggers(tuple(triggers))
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
        self._store: PatternStore | None = None

    def search(self, data: bytes) -> PrefilterResult:
        """Return where in ``data`` a credential could be."""
        if self._may_switch:
            self._read += len(data)
            if self._read >= self._warm_up or (self._compiling and self._compiling.done()):
                self._switch()
        if self._hyperscan:
            return self._hyperscan.search(data)
        result = self._search_rules(data)
        held = HeldBytes(data)
        for index, trigger in self._possible.of(data):
            if held(trigger.needs) and not trigger.run and (ends := self._ends_of(trigger, data, result, held)):
                result.fired[index] = ends
        if self._any_runs:
            result.fired |= self._fired_in_runs(data)
        return result

    def prepare(self) -> None:
        """Begin to compile when there is much to read; until that is done, the automaton searches."""
        if self._may_switch and not self._compiling:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - little input does without

            # Compiling releases the interpreter lock.
            self._compiling = ThreadPoolExecutor(1).submit(self._patterns_of_hyperscan)

    def is_settled(self) -> bool:
        """Return whether ``compiled`` would not have to wait."""
        return not self._compiling or self._compiling.done()

    def compiled(self) -> bytes | None:
        """Return hyperscan's database for a prefilter of the same rules and triggers in another process, or None."""
        if self._compiling:
            self._take(self._compiling)
        return self._hyperscan.compiled() if self._hyperscan else None

    def use(self, compiled: bytes | None) -> None:
        """Use the database that another process compiled; call it before anything is read. It takes 0.1 seconds."""
        self._compiled_elsewhere = compiled
        self._read = _WARM_UP_BYTES if compiled else self._read

    def keep_in(self, store: PatternStore) -> None:
        """Take the compiled patterns from a store, or put them there for the next run; before anything is read."""
        self._store = store
        self._warm_up = _KEPT_WARM_UP_BYTES

    def keep_silent(self, store: PatternStore) -> None:
        """Store the compiled patterns for ``silent_patterns`` too; nothing without hyperscan."""
        from akpatrol.detect import silent_patterns  # noqa: PLC0415 - once for each version of this program
        from akpatrol.detect.character_runs import grouped  # noqa: PLC0415

        self._store = store
        self._switch()
        if self._hyperscan:
            silent_patterns.keep(
                store, self._hyperscan.dumped(), [len(runs.patterns) for runs in grouped(self._triggers)]
            )

    def is_kept(self) -> bool:
        """Return whether the store has the compiled patterns."""
        return self._store is not None and self._store.holds(pattern_key(self._rules, self._triggers))

    def _fired_in_runs(self, data: bytes) -> dict[int, array[int]]:
        if self._runs is None:
            from akpatrol.detect.character_runs import grouped  # noqa: PLC0415 - only to decode

            self._runs = grouped(self._triggers)
        return {index: ends for runs in self._runs for index, ends in runs.fired(data).items()}

    def _search_rules(self, data: bytes) -> PrefilterResult:
        result = PrefilterResult({index for index, rule in enumerate(self._rules) if not rule.keywords})
        most = most_of(data)
        for rule in self._rules:
            if has_anchor(rule):
                search, place = self._pattern(rule.anchor.encode()).search, 0
                while anchor := search(data, place):
                    place = anchor.end()
                    result.ends.append(place)
                    if len(result.ends) > most:
                        result.flooded = True
                        place += GAP_BYTES
        if len(result.rules) + self._anchored < len(self._rules):
            for _, rules in self._keywords.find(data):
                result.rules.update(index for index in rules if not has_anchor(self._rules[index]))
        return result

    def _ends_of(
        self, trigger: Trigger, data: bytes, result: PrefilterResult, held: HeldBytes
    ) -> TriggerEnds | array[int]:
        if not trigger.each:
            first = self._pattern(trigger.pattern).search(data)
            return array("Q", (first.end(),) if first else ())
        most = most_of(data)
        if len(trigger.parts) > _FEW_PARTS:
            ends = array("Q", sorted(set(islice(self._ends_of_any(trigger, data), most))))
        else:
            parts = trigger.parts or ((trigger.pattern, trigger.needs),)
            patterns = [self._pattern(pattern) for pattern, needs in parts if held(needs)]
            every = [sorted(islice((match.end() for match in each.finditer(data)), most)) for each in patterns]
            # Beyond the last reported match of a flooded part, all parts are searched for on demand.
            last = min((found[-1] for found in every if found and len(found) == most), default=len(data))
            ends = array("Q", sorted({end for found in every for end in found if end <= last}))
        if len(ends) < most or not ends:
            return ends
        result.flooded = True
        many = TriggerEnds(data, trigger.pattern, ends)
        many.dense.append((max(0, ends[-1] - _LONGEST_PART), len(data)))
        return many

    def _ends_of_any(self, trigger: Trigger, data: bytes) -> Iterator[int]:
        """Yield where any of many parts ends, overlapping matches included."""
        pattern, position = self._pattern(trigger.pattern, many=trigger.parts), 0
        while match := pattern.search(data, position):
            yield match.end()
            position = match.start() + 1

    def _pattern(self, pattern: bytes, many: Sequence[tuple[bytes, Needs]] = ()) -> re.Pattern[bytes]:
        if pattern not in self._patterns:  # most little input needs few of them
            together = compile_any(part for part, _ in many) if many else None
            self._patterns[pattern] = together or re.compile(pattern)
        return self._patterns[pattern]

    def _switch(self) -> None:
        if self._required or self._compiled_elsewhere or self._is_kept_now():
            self._may_switch = False
            self._hyperscan = self._patterns_of_hyperscan()
            return
        if self._read < _WARM_UP_BYTES and not self._compiling:
            return
        self.prepare()
        # The automaton is so much slower that waiting takes less time.
        if self._compiling:
            self._take(self._compiling)

    def _is_kept_now(self) -> bool:
        """Return whether an earlier run has cached compiled patterns; ask once."""
        if self._warm_up == _WARM_UP_BYTES or self._store is None or self._compiling:
            return False
        self._warm_up = _WARM_UP_BYTES
        return self.is_kept()

    def _take(self, compiling: Future[HyperscanPatterns | None]) -> None:
        self._may_switch, self._compiling = False, None
        self._hyperscan = compiling.result()

    def _patterns_of_hyperscan(self) -> HyperscanPatterns | None:
        try:
            from akpatrol.detect.hyperscan_patterns import HyperscanPatterns, cached  # noqa: PLC0415 - little input does without

            if self._store is not None and not self._compiled_elsewhere:
                return cached(self._rules, self._triggers, self._store)
            return HyperscanPatterns(self._rules, self._triggers, self._compiled_elsewhere)
        except ImportError:
            if self._required:
                raise
            return None
