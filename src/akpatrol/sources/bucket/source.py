"""A bucket as a source: its listing is never held in memory, and what was read and is as it was is not read again."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any
from zlib import crc32

from akpatrol.cache import scan_counts
from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.base import Amount, OneTarget, RescanUnit
from akpatrol.sources.bucket.address import VERSIONS_KIND, parse
from akpatrol.sources.bucket.place import placed
from akpatrol.sources.bucket.store import opened
from akpatrol.sources.bucket.unit import CACHED, BucketUnit, shown, work_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Placed, Planned, Unit
    from akpatrol.sources.bucket.store import StoredObject

    Matcher = Callable[[bytes, bool], bool]

_BATCH, _BATCH_BYTES = 256, 64 << 20
# One key in this many begins a unit, regardless of the ones before: a new object must not shift all later units.
_FRESH = 128
_NAMED_SKIPS = 20


class BucketSource(OneTarget):
    """The objects of a bucket, or all their versions. ``excluded`` says which keys are left out."""

    parallel = True

    def __init__(self, target: Target, excluded: Matcher, cache: ScanCache | None = None) -> None:
        super().__init__(target)
        self._address = parse(target.root)
        self._excluded = excluded
        self._cache = cache
        self._conditions = ""

    def amount(self) -> Amount:
        """Return that it is not known, before it is listed."""
        return Amount.UNKNOWN

    def plan(self) -> Iterator[Planned]:
        """Yield units of objects in the order of the listing; those that are cached with their counts alone."""
        unreadable: Counter[str] = Counter()
        objects: list[StoredObject] = []
        size = 0
        for stored in self._listed():
            if isinstance(stored, Skipped | Excluded):
                yield stored
            elif stored.reason:
                unreadable[stored.reason] += 1
                if unreadable[stored.reason] <= _NAMED_SKIPS:
                    yield Skipped(shown(stored), stored.reason)
            else:
                is_fresh = crc32(stored.key.encode("utf-8", "surrogatepass")) % _FRESH == 0
                if objects and (is_fresh or len(objects) == _BATCH or size > _BATCH_BYTES):
                    yield from self._unit(objects)
                    objects, size = [], 0
                objects.append(stored)
                size += stored.size
        if objects:
            yield from self._unit(objects)
        for reason, number in unreadable.items():
            if number > _NAMED_SKIPS:
                yield Skipped(self._target.root, f"{number - _NAMED_SKIPS:,} more objects: {reason}")

    def _listed(self) -> Iterator[StoredObject | Skipped | Excluded]:
        number = 0
        try:
            versions = self._target.kind == VERSIONS_KIND
            with opened(self._address) as store:
                for stored in chain.from_iterable(store.pages(self._address.prefix, versions=versions)):
                    number += 1
                    yield Excluded(Exclusion.EXCLUDE_OPTION) if self._is_excluded(stored) else stored
        except AkpatrolError as error:
            after = f"; the listing ended after {number:,} objects" if number else ""
            yield Skipped(self._target.root, f"{error}{after}")

    def _is_excluded(self, stored: StoredObject) -> bool:
        return self._excluded(stored.key.encode("utf-8", "surrogatepass"), False)  # noqa: FBT003 - a callable's argument

    def _unit(self, objects: Sequence[StoredObject]) -> Iterator[Planned]:
        unit = BucketUnit(self._target.id, self._address.base, tuple(objects))
        if not self._cache:
            yield unit
            return
        value = self._cache.get(self._conditions, CACHED, unit.key)
        counts, number = scan_counts.parse(value), len(unit.objects)
        again, unread = _numbers(value, "again", number), _numbers(value, "unread", number)
        if counts is None or again is None or unread is None or len(unread) == number:
            yield unit
            return
        yield from counts
        if again:
            yield RescanUnit(unit._replace(objects=tuple(unit.objects[number] for number in again)))
        if unread:
            yield from self._unit([unit.objects[number] for number in unread])

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with the version of its object."""
        for finding in findings:
            yield finding.match, placed(finding)

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings."""
        self._conditions = conditions

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a unit's result at once, so that the run after one that is killed goes on where it was."""
        if self._cache and isinstance(unit, BucketUnit) and (entry := unit.kept(read)):
            self._cache.put(self._conditions, entry.kind, {entry.key: entry.value})

    def store_cached(self) -> None:
        """Do nothing: all is stored."""


def marks(target: Target) -> tuple[str, int]:
    """Return a digest of the whole listing, and how many bytes are read in the time it takes. Raises BucketError."""
    address, digest, size = parse(target.root), sha256(), 0
    with opened(address) as store:
        for stored in chain.from_iterable(store.pages(address.prefix, versions=target.kind == VERSIONS_KIND)):
            digest.update(repr(stored).encode("utf-8", "surrogatepass"))
            size += work_of(stored)
    return digest.hexdigest(), size


def _numbers(value: Any, name: str, objects: int) -> list[int] | None:
    """Return the numbers of the objects in a list of a cached value; None for malformed data."""
    numbers = value.get(name) if isinstance(value, dict) else None
    if not isinstance(numbers, list) or not all(isinstance(one, int) and 0 <= one < objects for one in numbers):
        return None
    return numbers
