"""Recognise contents in which nothing could be found, by compiled patterns that an earlier run kept.

This is the prefilter's own database without its rules and triggers, which take longer to set up than a small commit
takes to read. It only says that the prefilter would report nothing; anything else is for the prefilter itself.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.prefilter_result import PatternStore

SIZE_BYTES = 8
_WANTED = b"wanted"
# Which patterns there are depends on these parts of the package, and on the rule files.
_PARTS = ("detect", "kinds", "model", "rules", "scan", "unwrap/containers", "unwrap/encodings")
_FILES = (".py", ".toml")


class SilentPatterns:
    """Databases: one of anchors and triggers, then for each kind of run the run's own and those searched within it."""

    def __init__(self, first: _Database, runs: Sequence[tuple[_Database, Sequence[_Database]]]) -> None:
        self._first = first
        self._runs = runs

    def match_none(self, data: bytes) -> bool:
        """Return whether the prefilter would report nothing in ``data``; False where that is not certain."""
        if self._first.matches(data):
            return False
        return not any(run.matches(data) and any(each.matches(data) for each in within) for run, within in self._runs)


class _Database:
    """One of hyperscan's databases; ``stopped`` is its exception for a search that was stopped."""

    def __init__(self, database: Any, stopped: type[Exception]) -> None:
        self._database = database
        self._stopped = stopped

    def matches(self, data: bytes) -> bool:
        """Return whether any of the patterns matches."""
        try:
            self._database.scan(data, match_event_handler=_stop)
        except self._stopped:
            return True
        return False


def kept(store: PatternStore) -> SilentPatterns | None:
    """Return the patterns of the shipped rules and all encodings; None if the store has none for this program."""
    value = store.get(_key())
    if not value or value == _WANTED:
        return None
    try:
        import hyperscan  # noqa: PLC0415 - it may be missing
    except ImportError:
        return None
    # hyperscan refuses a database of another processor or version.
    with suppress(hyperscan.HyperscanError):
        return _loaded(hyperscan, value)
    return None


def are_wanted(store: PatternStore) -> bool:
    """Return whether this was asked before: for a program that runs once, patterns are not worth compiling."""
    if store.get(_key()) == _WANTED:
        return True
    store.put(_key(), _WANTED)
    return False


def keep(store: PatternStore, compiled: bytes, in_runs: Sequence[int]) -> None:
    """Store compiled patterns; ``in_runs`` has the number of patterns for each kind of run."""
    store.put(_key(), bytes([len(in_runs), *in_runs]) + compiled)


def _stop(_index: int, _start: int, _end: int, _flags: int, _context: object) -> bool:
    return True


def _loaded(hyperscan: Any, value: bytes) -> SilentPatterns:
    number = value[0]
    left = (_Database(each, hyperscan.ScanTerminated) for each in databases(hyperscan, value, 1 + number))
    first = next(left)
    return SilentPatterns(first, [(next(left), [next(left) for _ in range(count)]) for count in value[1 : 1 + number]])


def databases(hyperscan: Any, compiled: bytes, position: int = 0) -> Iterator[Any]:
    """Yield compiled databases; each comes after its size. ``hyperscan`` is the module, which only some runs import.

    Raises hyperscan's error where they are of another processor or version.
    """
    while position < len(compiled):
        start = position + SIZE_BYTES
        position = start + int.from_bytes(compiled[position:start])
        database = hyperscan.loadb(compiled[start:position], hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        yield database


def _key() -> str:
    """Return a key that changes with this program: another version, and in a work tree every edit."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    rules = os.path.join(os.path.dirname(os.path.dirname(package)), "rules")
    directories = [*(os.path.join(package, part) for part in _PARTS), os.path.join(package, "rules", "shipped"), rules]
    return "silent " + repr([entry for directory in directories for entry in _entries(directory)])


def _entries(directory: str) -> list[tuple[str, int, int]]:
    with suppress(OSError), os.scandir(directory) as entries:
        files = [entry for entry in entries if entry.name.endswith(_FILES)]
        return sorted((entry.path, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in files)
    return []
