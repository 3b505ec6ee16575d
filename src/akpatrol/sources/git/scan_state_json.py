"""Convert the cached state of a part and of a repository to JSON values and back; malformed data reads as None."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.sources.git import known_findings
from akpatrol.validate.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from akpatrol.model.known_finding import KnownFinding
    from akpatrol.model.scan import Counted, Excluded
    from akpatrol.scan.result import ScanResult

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class CachedPart(NamedTuple):
    """The counts of a part, and the objects to scan again, with their findings where no search is needed."""

    counts: tuple[Counted | Excluded, ...]
    rescan: Mapping[str, tuple[KnownFinding, ...]]


class CachedRepository(NamedTuple):
    """A repository as it was: its packs by digest, in the order in which they were read, and its loose objects.

    ``tips`` are ids from which everything was reachable and present; None if something was missing.
    """

    packs: tuple[str, ...] = ()
    loose: frozenset[str] = frozenset()
    tips: frozenset[str] | None = None


def part_value(read: ScanResult) -> dict[str, object] | None:
    """Return the JSON value of a part; None if a problem belongs to no single object."""
    secrets, rescan = known_findings.values_of(read.findings)
    # A skip in a container is named by the object and the path in the container.
    for item in (*(skip.item.partition(" > ")[0] for skip in read.skipped), *read.uncacheable):
        rescan[item] = []
    if not all(map(_ID.fullmatch, rescan)):
        return None
    return {**scan_counts.value_of(read), "secrets": secrets, "again": rescan}


def parse_part(value: Any) -> CachedPart | None:
    """Return the cached part; None for malformed data."""
    counts = scan_counts.parse(value)
    if counts is None:
        return None
    try:
        rescan = known_findings.parse(value.get("secrets"), value.get("again"))
    except FieldError:
        return None
    return CachedPart(counts, rescan) if all(map(_ID.fullmatch, rescan)) else None


def repository_value(repository: CachedRepository) -> dict[str, object]:
    """Return the JSON value of a repository."""
    tips = None if repository.tips is None else sorted(repository.tips)
    return {"packs": repository.packs, "loose": sorted(repository.loose), "tips": tips}


def parse_repository(value: Any) -> CachedRepository | None:
    """Return the cached repository; None for malformed data."""
    match value:
        case {"packs": list(packs), "loose": list(loose), "tips": list() | None as tips} if (
            _all(packs, _DIGEST) and _all(loose, _ID) and _all(tips or (), _ID)
        ):
            return CachedRepository(tuple(packs), frozenset(loose), None if tips is None else frozenset(tips))
    return None


def _all(values: Iterable[Any], pattern: re.Pattern[str]) -> bool:
    return all(isinstance(value, str) and pattern.fullmatch(value) for value in values)
