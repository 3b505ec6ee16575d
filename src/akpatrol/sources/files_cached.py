"""Files that an earlier run read and that are unchanged: same name, size, times and inode, as in git's index.

Each cache entry is a batch of files: its counts, and the files to scan again because of a finding or a skip in
them. https://git-scm.com/docs/racy-git
"""

from __future__ import annotations

import os
from hashlib import sha256
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from akpatrol.cache import scan_counts
from akpatrol.model.scan import Place
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.files import FilesSource, FilesUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.scan import Counted, Excluded, Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Planned, Unit

_BATCH = "files"
# FAT stores times to two seconds, so a recently changed file may change again without a new time.
SETTLED_NS = 2_000_000_000
# One path in this many begins a batch, regardless of the ones before: a new file must not shift all later batches.
_FRESH = 128


class _Known(NamedTuple):
    counts: tuple[Counted | Excluded, ...]
    rescan: tuple[bytes, ...]


class CachedFiles(FilesSource):
    """Files and directories, read with ``cache``. Use ``load_cached`` first and ``store_cached`` last."""

    def __init__(
        self, targets: Sequence[Target], excluder: Callable[[str], Callable[[bytes, bool], bool]], cache: ScanCache
    ) -> None:
        super().__init__(targets, excluder)
        self.begins_batch = lambda path: crc32(path) % _FRESH == 0
        self._cache = cache
        self._conditions = ""
        self._keys: dict[FilesUnit, str] = {}
        self._read: dict[str, dict[str, object]] = {}

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings."""
        self._conditions = conditions

    def plan(self) -> Iterator[Planned]:
        """Yield the units that are not cached; for the others, the cached counts and the files to scan again."""
        for planned in super().plan():
            if isinstance(planned, FilesUnit) and (key := _key(planned)):
                if known := _known(self._cache.get(self._conditions, _BATCH, key)):
                    yield from known.counts
                    if known.rescan:
                        yield RescanUnit(planned._replace(files=known.rescan, names=()))
                    continue
                self._keys[planned] = key
            yield planned

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a unit's result."""
        if isinstance(unit, FilesUnit) and (key := self._keys.pop(unit, "")) and (value := _value(unit, read)):
            self._read[key] = value

    def store_cached(self) -> None:
        """Store the results."""
        self._cache.put(self._conditions, _BATCH, self._read)


def _key(unit: FilesUnit) -> str:
    """Return a digest that changes when the files do, "" if they cannot be identified."""
    facts: list[object] = [unit.root, unit.names, unit.named]
    newest = time_ns() - SETTLED_NS
    try:
        for path in unit.files:
            status = os.lstat(os.path.join(unit.root, path))
            if max(status.st_mtime_ns, status.st_ctime_ns) > newest:
                return ""
            facts.append((path, status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    except OSError:
        return ""
    return sha256(repr(facts).encode()).hexdigest()


def _value(unit: FilesUnit, read: ScanResult) -> dict[str, object] | None:
    """Return the JSON value of a batch; None if a problem belongs to no single file."""
    # A skip in a container is named by the file and the path in the container.
    items = {os.fsencode(skip.item.partition(" > ")[0]) for skip in read.skipped}
    rescan = items | {finding.origin.path or b"" for finding in read.findings}
    in_names = any(finding.origin.place is Place.PATH and not finding.origin.containers for finding in read.findings)
    if in_names or read.uncacheable or not rescan <= {*unit.files}:
        return None
    return {**scan_counts.value_of(read), "again": [path.hex() for path in sorted(rescan)]}


def _known(value: Any) -> _Known | None:
    """Return the cached batch; None for malformed data."""
    counts = scan_counts.parse(value)
    try:
        return None if counts is None else _Known(counts, tuple(bytes.fromhex(path) for path in value["again"]))
    except (KeyError, ValueError, TypeError):
        return None
