"""Search for all anchors and triggers at once with hyperscan, and cache the compiled databases.

Limits and traps: https://intel.github.io/hyperscan/dev-reference/runtime.html
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from contextlib import suppress
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.detect.character_runs import grouped
from akpatrol.detect.first_match import LONGEST_MATCH, searches
from akpatrol.detect.hyperscan_database import (
    ONCE,
    Error,
    Stopped,
    database,
    dumped,
    loaded,
    once,
    read_numbers,
    with_numbers,
)
from akpatrol.detect.prefilter_result import (
    GAP_BYTES,
    PrefilterResult,
    has_anchor,
    most_of,
    pattern_key,
)
from akpatrol.detect.user_patterns import UserPatterns, most_ends
from akpatrol.model.fired_triggers import TriggerEnds
from akpatrol.model.trigger import CharacterRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.detect.prefilter_result import PatternStore
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.rule import Rule

_CALL_BYTES = 64 << 20
_CALL_OVERLAP = 4096
# In a flood each call reads one block, with an overlap for matches that began before it. Past this many matches in a
# block only the triggers that fire are recorded, also for the next blocks; then individual matches are tried again.
_BLOCK_BYTES, _BLOCK_OVERLAP, _MOST_IN_BLOCK, _BLOCKS = 4096, 256, 256, 64
_UNTRIED = 7
# Beyond so many, plus one in so many bytes, the ends of users' patterns are not kept, nor are those of one pattern.
_MOST_ENDS, _BYTES_OF_AN_END = 4096, 32
# To pass over so many of them takes as long as to compile patterns that are reported once.
_MOST_UNKEPT = 1_000_000
# Who owns a pattern beside the rules and triggers: nobody, and beneath it the keywords of users' rules in their order.
_NOBODY = -1


class TooManyEndsError(Exception):
    """Users' patterns match so often that their ends are of no use."""


class _Searched(NamedTuple):
    """The database of ``patterns``, and one of ``keywords``, which are searched for in text beyond ASCII alone."""

    patterns: Any
    keywords: Any


class HyperscanPatterns:
    """Compiled patterns: anchors and users' patterns report each end, triggers as they specify."""

    def __init__(self, rules: Sequence[Rule], triggers: Sequence[Trigger], compiled: bytes | None = None) -> None:
        self._anchored = {index for index, rule in enumerate(rules) if has_anchor(rule)}
        by_keywords, dumps = read_numbers(compiled) if compiled else (None, b"")
        self._users = UserPatterns(rules, by_keywords)
        self._number = len(rules)
        self._rules = rules
        self._patterns = [trigger.pattern for trigger in triggers]
        self._openings = {index for index, trigger in enumerate(triggers) if trigger.pattern.startswith(b"^")}
        self._needed = {
            index: trigger.needs for index, trigger in enumerate(triggers) if isinstance(trigger.needs, CharacterRun)
        }
        listed = [(self._number + index, trigger) for index, trigger in enumerate(triggers) if not trigger.run]
        # Each part has a number of its own: with equal ones a thousand take minutes to compile.
        parts = [
            (index, pattern, 0 if trigger.each else ONCE)
            for index, trigger in listed
            for pattern, _ in trigger.parts or ((trigger.pattern, trigger.needs),)
        ]
        # After them comes the pattern that makes a database quick to compile: data may match it all the same.
        keywords = [_NOBODY - 1 - place for place in range(len(self._users.worded))]
        self._owners = [*range(self._number), *(index for index, _, _ in parts), _NOBODY, *keywords, _NOBODY]
        self._triggers = [(self._number + place, *part[1:]) for place, part in enumerate(parts)]
        self._parted = {index for index, trigger in listed if trigger.parts}
        kinds = grouped(triggers)
        if dumps:
            first, *within = loaded(dumps)
            self._first = _Searched(first, within.pop() if keywords else None)
        else:
            self._first = self._compile(once=False)
            # Patterns within runs take longer to compile together, and are no faster to search for.
            single = [pattern for runs in kinds for pattern in (runs.pattern, *runs.patterns)]
            within = [database(once(pattern)) for pattern in single]
        self._within = within
        left = iter(within)
        self._runs = [(runs, searches(next(left), [next(left) for _ in runs.patterns])) for runs in kinds]
        self._whether: Any = None
        self._unkept_left = _MOST_UNKEPT
        # A database has one scratch, and a scratch serves one call at a time.
        self._lock = Lock()

    def _compile(self, *, once: bool) -> _Searched:
        """Return the databases of everything; ends of users' patterns are reported ``once`` or each."""
        try:
            return self._compiled(once=once)
        except Error:
            self._users.refuse()
        return self._compiled(once=once)

    def _compiled(self, *, once: bool) -> _Searched:
        anchors = [(index, self._rules[index].anchor.encode(), 0) for index in sorted(self._anchored)]
        keywords = self._users.keywords(self._number + len(self._triggers) + 1, once=once)
        return _Searched(database([*anchors, *self._users.listed(once=once), *self._triggers]), database(keywords))

    @cached_property
    def _sparse(self) -> _Searched:
        """The databases for data in which users' patterns match too often."""
        return self._compile(once=True)

    def _compile_whether(self) -> Any:
        """Return the database of patterns that can flood, each reported once."""
        anchors = [(index, self._rules[index].anchor.encode(), ONCE) for index in sorted(self._anchored)]
        return database([*anchors, *((index, pattern, ONCE) for index, pattern, _ in self._triggers)])

    def compiled(self) -> bytes | None:
        """Return the databases for use in another process with the same patterns; None if it is not worth it."""
        if not self._first.patterns or self._users.refused:
            return None
        keywords = dumped(self._first.keywords) if self._first.keywords else b""
        return with_numbers(self._users.by_keywords, self.dumped() + keywords)

    def dumped(self) -> bytes:
        """Return the databases but for that of keywords, each after its size."""
        return b"".join(dumped(each) for each in (self._first.patterns, *self._within))

    def search(self, data: bytes) -> PrefilterResult:
        """Return where in ``data`` a credential could be."""
        if not self._first.patterns:
            return PrefilterResult(self._users.anywhere(data))
        try:
            return self._search(data, self._first)
        except TooManyEndsError:
            self._unkept_left = _MOST_ENDS  # with the other patterns at hand, a second search takes less
            result = self._search(data, self._sparse)
            result.rule_ends.clear()
            result.touched.clear()
            return result

    def _search(self, data: bytes, searched: _Searched) -> PrefilterResult:
        result = PrefilterResult(self._users.anywhere(data))
        if len(data) <= _CALL_BYTES:
            self._scan(searched, data, 0, result, data)
        else:
            for base in range(0, len(data), _CALL_BYTES - _CALL_OVERLAP):
                self._scan(searched, data[base : base + _CALL_BYTES], base, result, data)
            result.rule_ends.clear()  # of the last part
            result.touched.clear()
        fired = self._needed.keys() & result.fired.keys()
        held = {run: run.is_in(data) for run in {self._needed[index] for index in fired}}  # several need the same
        for index in fired:
            if not held[self._needed[index]]:
                del result.fired[index]
        return result

    def _scan(self, searched: _Searched, part: bytes, base: int, result: PrefilterResult, data: bytes) -> None:
        recorded = _Recorded(searched.patterns, base)
        with self._lock:
            position = self._each(part, _CALL_OVERLAP if base else 0, len(part), most_of(part), recorded)
            if position < len(part):
                result.flooded = True
                # A match of a rule that is not searched for around its anchor may be longer than a block.
                result.rules |= self._users.numbers
            while position < len(part):
                untried = 0
                for _ in range(_BLOCKS):
                    stop = min(len(part), position + _BLOCK_BYTES)
                    if untried:
                        untried -= 1
                    elif (position := self._each(part, position, stop, _MOST_IN_BLOCK, recorded)) < stop:
                        untried = _UNTRIED
                    self._which(part, position, stop, recorded)
                    position = stop
                position = self._each(part, position, len(part), _MOST_IN_BLOCK, recorded)
            if searched.keywords and not result.flooded and not data.isascii():
                recorded.searched = searched.keywords
                self._each(part, _CALL_OVERLAP if base else 0, len(part), most_of(part), recorded)
            in_runs = [runs.fired(part, searches) for runs, searches in self._runs]
        self._report(recorded, result, data)
        if result.flooded:
            result.rule_ends.clear()
            result.touched.clear()
        for fired_in_run in in_runs:
            for index, fired in fired_in_run.items():
                known = result.fired.setdefault(index, array("Q"))
                (known.exact if isinstance(known, TriggerEnds) else known).extend(base + end for end in fired)

    def _each(self, part: bytes, start: int, stop: int, most: int, recorded: _Recorded) -> int:
        """Record each match in ``part[start:stop]``, at most ``most``; return the position reached."""
        if start >= stop:
            return stop
        first = max(0, start - (_BLOCK_OVERLAP if start > _CALL_OVERLAP else _CALL_OVERLAP))
        shift, since, left, ends = recorded.base + first, recorded.base + start, most, recorded.ends
        owners, users, incomplete = self._owners, self._users.numbers, recorded.incomplete
        ends_left, most_of_one = _MOST_ENDS + (stop - start) // _BYTES_OF_AN_END, most_ends(part)

        def record(index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            nonlocal left, ends_left
            if shift + end > since or not since:
                owner = owners[index]
                known = ends[owner]
                if owner not in users and owner >= _NOBODY:
                    known.append(shift + end)
                    left -= 1
                elif ends_left > 0 and len(known) <= most_of_one:
                    known.append(shift + end)
                    ends_left -= 1
                else:
                    incomplete.add(owner)
                    self._unkept_left -= 1
            return left < 0 or self._unkept_left < 0

        try:
            recorded.searched.scan(memoryview(part)[first:stop], match_event_handler=record)
        except Stopped:
            if self._unkept_left < 0:
                raise TooManyEndsError from None
            return recorded.discard_last() - recorded.base
        return stop

    def _which(self, part: bytes, start: int, stop: int, recorded: _Recorded) -> None:
        """Record which triggers fire in ``part[start:stop]``."""
        if start >= stop:
            return
        if self._whether is None:
            self._whether = self._compile_whether()
        begin, end, owners = recorded.base + start, recorded.base + stop, self._owners

        def record(index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            dense = recorded.dense[owners[index]]
            if dense and dense[-1][1] == begin:
                dense[-1] = dense[-1][0], end
            elif not dense or dense[-1][1] != end:  # several parts of one trigger may fire
                dense.append((begin, end))

        self._whether.scan(memoryview(part)[max(0, start - _BLOCK_OVERLAP) : stop], match_event_handler=record)

    def _report(self, recorded: _Recorded, result: PrefilterResult, data: bytes) -> None:
        for index in sorted((recorded.ends.keys() | recorded.dense.keys()) - {_NOBODY}):
            ends, dense = recorded.ends[index], recorded.dense[index]
            if index < _NOBODY:
                self._users.report_keywords(_NOBODY - 1 - index, ends, data, result)
                continue
            if index in self._parted:  # parts may end at one place, and are reported in their order
                ends = array("Q", sorted(set(ends)))
            if index in self._anchored:
                result.ends += ends
                for start, stop in dense:
                    result.ends += range(start, stop + 1, GAP_BYTES)
            elif index < self._number:
                self._users.report(index, ends, data, result)
            else:
                self._report_trigger(index - self._number, ends, dense, result, data)
        for index in recorded.incomplete:
            self._users.forget_ends(index if index >= 0 else self._users.worded[_NOBODY - 1 - index], result)

    def _report_trigger(
        self, trigger: int, ends: array[int], dense: list[tuple[int, int]], result: PrefilterResult, data: bytes
    ) -> None:
        if trigger in self._openings:  # it also fires at the beginning of a block
            ends = array("Q", (end for end in ends if end <= LONGEST_MATCH))
            if not ends and dense and not dense[0][0]:
                ends.append(1)
            dense = []
        known = result.fired.get(trigger)
        if dense or isinstance(known, TriggerEnds):
            many = known if isinstance(known, TriggerEnds) else TriggerEnds(data, self._patterns[trigger], known)
            many.exact.extend(ends)
            many.dense += dense
            result.fired[trigger] = many
        elif known is not None:
            known.extend(ends)
        elif ends:
            result.fired[trigger] = ends


class _Recorded:
    """The ends of each pattern's matches and floods, as offsets; a part is at ``base``.

    Those of ``incomplete`` patterns are not all that there are.
    """

    def __init__(self, searched: Any, base: int) -> None:
        self.searched = searched
        self.incomplete: set[int] = set()
        self.base = base
        self.ends: dict[int, array[int]] = defaultdict(partial(array, "Q"))
        self.dense: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def discard_last(self) -> int:
        """Discard the matches with the last end, where more may end, and return the place before it."""
        last = max(ends[-1] for ends in self.ends.values() if ends)
        for ends in self.ends.values():
            if ends and ends[-1] == last:
                ends.pop()
        return last - 1


def cached(rules: Sequence[Rule], triggers: Sequence[Trigger], store: PatternStore) -> HyperscanPatterns:
    """Return the compiled patterns of the store, or compile and store them."""
    key = pattern_key(rules, triggers)
    if compiled := store.get(key):
        # hyperscan refuses a database of another processor or version.
        with suppress(Error):
            return HyperscanPatterns(rules, triggers, compiled)
    made = HyperscanPatterns(rules, triggers)
    if compiled := made.compiled():
        store.put(key, compiled)
    return made
