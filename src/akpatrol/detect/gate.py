"""The first stage: could anything be here? hyperscan where it is installed, the keyword automaton where it is not.

A gate never decides. It returns where a rule's ``anchor``, a short necessary part of its pattern, ends; everything
later looks only round these places. Limits and traps: https://intel.github.io/hyperscan/dev-reference/runtime.html
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.detect.keywords import Keywords
    from akpatrol.rules import Rule

GateChoice = Literal["auto", "hyperscan", "automaton"]

_CALL_BYTES = 64 << 20
_CALL_OVERLAP = 4096
_HITS_CAP = 100_000
# Below this the time to import hyperscan and compile is longer than the automaton needs to read everything.
_WARM_UP_BYTES = 1 << 20


class Suspicion:
    """Where to look: ``ends`` of anchors (byte offsets), ``rules`` to run over everything, ``flooded`` past the cap."""

    __slots__ = ("ends", "flooded", "rules")

    def __init__(self, rules: set[int]) -> None:
        self.ends: list[int] = []
        self.rules = rules
        self.flooded = False

    def __bool__(self) -> bool:
        return bool(self.ends or self.rules)


def has_anchor(rule: Rule) -> bool:
    """Tell whether only the surroundings of a rule's anchors are looked at; a user's could hide what they miss."""
    return bool(rule.anchor) and rule.shipped


class Gate:
    """Answers with the automaton until ``_WARM_UP_BYTES`` were read, then with hyperscan if it can be imported."""

    def __init__(self, rules: Sequence[Rule], keywords: Keywords, choice: GateChoice = "auto") -> None:
        self._rules = rules
        self._keywords = keywords
        self._read = _WARM_UP_BYTES if choice == "hyperscan" else 0
        self._may_switch = choice != "automaton"
        self._required = choice == "hyperscan"
        self._hyperscan: _Hyperscan | None = None

    def suspect(self, data: bytes) -> Suspicion:
        """Return where in ``data`` a credential could stand."""
        if self._may_switch:
            self._read += len(data)
            if self._read >= _WARM_UP_BYTES:
                self._switch()
        if self._hyperscan:
            return self._hyperscan.suspect(data)
        return _by_keywords(self._rules, self._keywords, data)

    def _switch(self) -> None:
        self._may_switch = False
        try:
            self._hyperscan = _Hyperscan(self._rules)
        except ImportError:
            if self._required:
                raise


def _by_keywords(rules: Sequence[Rule], keywords: Keywords, data: bytes) -> Suspicion:
    found = Suspicion({index for index, rule in enumerate(rules) if not rule.keywords})
    for word in keywords.find(data, 0, len(data)):
        for index in word.rules:
            if has_anchor(rules[index]):
                found.ends.append(word.end)
            else:
                found.rules.add(index)
    return found


class _Hyperscan:
    """One database over every rule: anchors report each end, patterns without an anchor report once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        import hyperscan  # noqa: PLC0415 - 10 ms, and little input does without

        self._hyperscan = hyperscan
        self._anchored = {index for index, rule in enumerate(rules) if has_anchor(rule)}
        self._always: set[int] = set()
        self._number = len(rules)
        # The database brings one scratch, and a scratch serves one call at a time.
        self._lock = Lock()
        self._database = self._compile(rules)

    def _compile(self, rules: Sequence[Rule]) -> Any:
        once = self._hyperscan.HS_FLAG_SINGLEMATCH | self._hyperscan.HS_FLAG_ALLOWEMPTY
        wanted = [
            (index, rule.anchor.encode(), 0) if has_anchor(rule) else (index, rule.regex.encode(), once)
            for index, rule in enumerate(rules)
        ]
        try:
            return self._build(wanted) if wanted else None
        except self._hyperscan.HyperscanError:
            usable = [pattern for pattern in wanted if self._compiles(pattern)]
        self._always = {index for index, _, _ in wanted} - {index for index, _, _ in usable}
        return self._build(usable) if usable else None

    def _compiles(self, pattern: tuple[int, bytes, int]) -> bool:
        try:
            self._build([pattern])
        except self._hyperscan.HyperscanError:
            return False
        return True

    def _build(self, patterns: list[tuple[int, bytes, int]]) -> Any:
        ids, expressions, flags = zip(*patterns, strict=True)
        database = self._hyperscan.Database(mode=self._hyperscan.HS_MODE_BLOCK)
        database.compile(expressions=list(expressions), ids=list(ids), elements=len(ids), flags=list(flags))
        return database

    def suspect(self, data: bytes) -> Suspicion:
        found = Suspicion(set(self._always))
        if not self._database:
            return found
        if len(data) <= _CALL_BYTES:
            self._scan(data, 0, found)
        else:
            for base in range(0, len(data), _CALL_BYTES - _CALL_OVERLAP):
                self._scan(data[base : base + _CALL_BYTES], base, found)
        return found

    def _scan(self, part: bytes, base: int, found: Suspicion) -> None:
        anchored, ends, whole = self._anchored, found.ends, found.rules

        def record(index: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            if index in anchored:
                ends.append(base + end)
            else:
                whole.add(index)
            return len(ends) > _HITS_CAP

        with self._lock:
            try:
                self._database.scan(part, match_event_handler=record)
            except self._hyperscan.ScanTerminated:
                found.flooded = True
                # The rest of the part was not looked at, for no rule.
                whole.update(range(self._number))
                ends.clear()
