"""Divide a large target: the worker that opens it hands its units on in parts, and puts their results together.

Whoever puts them together plans the target again and takes each unit's result by the unit's digest. What nobody has
read, or has changed since, it reads itself: nothing is left out, and nothing counts twice.
"""

from __future__ import annotations

import pickle
import zlib
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from akpatrol.cache.scan_cache import conditions
from akpatrol.errors import GitError
from akpatrol.model.scan import Counted, Excluded, Skipped
from akpatrol.sources.base import RescanUnit, is_caching
from akpatrol.sources.bucket.unit import BucketUnit
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.packs.object_slices import PackRange
from akpatrol.sources.git.units import SliceUnit
from akpatrol.sources.registry.unit import BlobUnit
from akpatrol.sweep import wire_redaction, work
from akpatrol.sweep.cluster import own_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.scan import Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Planned, Source
    from akpatrol.sweep.work import ScanSpec, TargetResult

    UnitResults = Sequence[bytes]

# A file counts at least this many bytes.
_FILE_BYTES = 8192
_COUNTED = Skipped | Counted | Excluded
# Units of services, which other targets or a later sweep may need.
_OfService = BucketUnit | BlobUnit
_Handed = FilesUnit | SliceUnit | _OfService


class DividedTarget(NamedTuple):
    """The parts of a target, for any worker to read, and the worker that divided it, "" if it has no address."""

    parts: tuple[bytes, ...]
    worker: str = ""


def is_large(spec: ScanSpec, size: int) -> bool:
    """Return whether a target of this size, in bytes as stored, may be divided."""
    return size > 2 * spec.part_bytes


def divided(spec: ScanSpec, target: Target) -> DividedTarget | None:
    """Return the parts of a target, None if it cannot be divided. Raises GitError and OSError."""
    with work.opened(spec, target, divided=True) as source:
        if is_caching(source):
            source.load_cached(conditions(spec.rules.digest, spec.limits))
        parts = tuple(zlib.compress(pickle.dumps(units), 1) for units in _groups(spec, source))
    return DividedTarget(parts, own_address()) if len(parts) > 1 else None


def read(spec: ScanSpec, part: bytes) -> bytes:
    """Return the results of a part's units by their digests; over an open connection, without any secret.

    What was read of a service is known to this worker's cache at once, for a sweep after one that is killed.
    """
    examiner = work.examiner(spec)
    under = conditions(spec.rules.digest, spec.limits)
    results: dict[bytes, ScanResult] = {}
    units: Sequence[_Handed] = pickle.loads(zlib.decompress(part))  # noqa: S301 - from a worker of the same sweep
    with closing(work.cache(spec)) as cache:
        for unit in units:
            found = wire_redaction.read_unit(examiner, unit)
            if spec.use_cache and isinstance(unit, _OfService) and (entry := unit.kept(found)):
                cache.put(under, entry.kind, {entry.key: entry.value})
            results[_digest(unit)] = wire_redaction.redacted(examiner, unit, found) if spec.nameless else found
    return pickle.dumps(results)


def united(spec: ScanSpec, target: Target, results: UnitResults) -> TargetResult:
    """Scan a target with the results of its parts; an empty one is of a part that could not be read."""
    found: dict[bytes, ScanResult] = {}
    for sent in filter(None, results):
        found |= pickle.loads(sent)  # noqa: S301 - from a worker of the same sweep
    try:
        return work.scan_with_reader(spec, target, lambda source, result: _put_together(spec, source, result, found))
    except GitError:  # its packs changed meanwhile
        return work.scan_target(spec, target)


def _put_together(spec: ScanSpec, source: Source, result: ScanResult, found: Mapping[bytes, ScanResult]) -> None:
    examiner = work.examiner(spec)
    for planned in source.plan():
        if isinstance(planned, _COUNTED):
            result.add(planned)
            continue
        # What was read in a part may be in the cache meanwhile.
        unit = planned
        if isinstance(planned, RescanUnit) and isinstance(planned.unit, _OfService):
            unit = planned.unit
        known = found.get(_digest(unit)) if _is_divisible(unit) else None
        if known is None:
            unit_result = wire_redaction.read_unit(examiner, planned)
        else:
            unit_result = wire_redaction.complete(examiner, unit, known)
            if unit is not planned:
                unit_result = unit_result.without_counts()
        result.merge(unit_result)
        if is_caching(source):
            source.record(planned, unit_result)


def _groups(spec: ScanSpec, source: Source) -> Iterator[list[_Handed]]:
    """Yield the units of each part. What may not be sent stays with the worker."""
    together: list[_Handed] = []
    size = 0
    for unit in source.divisible() if isinstance(source, HistorySource) else source.plan():
        if not _is_divisible(unit) or work.reveals(spec, unit):
            continue
        if isinstance(unit, SliceUnit):
            yield [unit]
            continue
        together.append(unit)
        size += len(unit.files) * _FILE_BYTES if isinstance(unit, FilesUnit) else unit.work
        if size >= spec.part_bytes:
            yield together
            together, size = [], 0
    if together:
        yield together


def _is_divisible(planned: Planned) -> TypeGuard[_Handed]:
    return isinstance(planned, FilesUnit | _OfService) or (
        isinstance(planned, SliceUnit) and isinstance(planned.part, PackRange)
    )


def _digest(unit: _Handed) -> bytes:
    """Return what identifies a unit in any process."""
    named = (unit.git.repository, unit.part, unit.key) if isinstance(unit, SliceUnit) else unit
    return sha256(repr(named).encode("utf-8", "surrogatepass")).digest()
