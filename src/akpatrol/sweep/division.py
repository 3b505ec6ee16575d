"""Divide a large target: the worker that opens it hands its units on in parts, and puts their results together.

Whoever puts them together plans the target again and takes each unit's result by the unit's digest. What nobody has
read, or has changed since, it reads itself: nothing is left out, and nothing counts twice.
"""

from __future__ import annotations

import pickle
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from akpatrol.cache.scan_cache import conditions
from akpatrol.errors import GitError
from akpatrol.model.scan import Counted, Excluded, Skipped
from akpatrol.sources.base import is_caching
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.packs.object_slices import PackRange
from akpatrol.sources.git.units import SliceUnit
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
        parts = tuple(pickle.dumps(units) for units in _groups(spec, source))
    return DividedTarget(parts, own_address()) if len(parts) > 1 else None


def read(spec: ScanSpec, part: bytes) -> bytes:
    """Return the results of a part's units by their digests; over an open connection, without any secret."""
    examiner = work.examiner(spec)
    results: dict[bytes, ScanResult] = {}
    units: Sequence[FilesUnit | SliceUnit] = pickle.loads(part)  # noqa: S301 - from a worker of the same sweep
    for unit in units:
        found = wire_redaction.read_unit(examiner, unit)
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
        known = found.get(_digest(planned)) if _is_divisible(planned) else None
        if known is None:
            unit_result = wire_redaction.read_unit(examiner, planned)
        else:
            unit_result = wire_redaction.complete(examiner, planned, known)
        result.merge(unit_result)
        if is_caching(source):
            source.record(planned, unit_result)


def _groups(spec: ScanSpec, source: Source) -> Iterator[list[FilesUnit | SliceUnit]]:
    """Yield the units of each part. What may not be sent stays with the worker."""
    files: list[FilesUnit | SliceUnit] = []
    number = 0
    for unit in source.divisible() if isinstance(source, HistorySource) else source.plan():
        if not _is_divisible(unit) or work.reveals(spec, unit):
            continue
        if isinstance(unit, FilesUnit):
            files.append(unit)
            number += len(unit.files)
            if number * _FILE_BYTES >= spec.part_bytes:
                yield files
                files, number = [], 0
        else:
            yield [unit]
    if files:
        yield files


def _is_divisible(planned: Planned) -> TypeGuard[FilesUnit | SliceUnit]:
    return isinstance(planned, FilesUnit) or (isinstance(planned, SliceUnit) and isinstance(planned.part, PackRange))


def _digest(unit: FilesUnit | SliceUnit) -> bytes:
    """Return what identifies a unit in any process."""
    named = unit if isinstance(unit, FilesUnit) else (unit.git.repository, unit.part, unit.key)
    return sha256(repr(named).encode()).digest()
