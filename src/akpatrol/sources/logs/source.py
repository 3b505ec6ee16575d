"""What a log service holds under one name as a source: a range that an earlier run read is not read again."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.cache import scan_counts
from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Excluded, Exclusion, Skipped, State
from akpatrol.sources.base import OneTarget, RescanUnit
from akpatrol.sources.logs.address import parse
from akpatrol.sources.logs.opening import opened
from akpatrol.sources.logs.unit import LogUnit
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.credential import Commit, Occurrence, RawFinding
    from akpatrol.model.scan import Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Placed, Planned, Unit
    from akpatrol.sources.logs.service import LogMark

    Matcher = Callable[[bytes, bool], bool]

_CACHED = "log range"


class LogSource(OneTarget):
    """An index. ``excluded`` says which are left out, by name."""

    parallel = True

    def __init__(self, target: Target, excluded: Matcher, cache: ScanCache | None = None) -> None:
        super().__init__(target)
        self._address = parse(target.root)
        self._excluded = excluded
        self._cache = cache
        self._conditions = ""

    def plan(self) -> Iterator[Planned]:
        """Yield a unit for each range; those that are cached with their counts alone."""
        name = self._address.pattern
        if self._excluded(name.encode(), False):  # noqa: FBT003 - a callable's argument
            yield Excluded(Exclusion.EXCLUDE_OPTION)
            return
        try:
            with opened(self._address) as service:
                for extent in service.ranges(name):
                    if isinstance(extent, Skipped):
                        yield extent
                    else:
                        yield from self._unit(LogUnit(self._target.id, self._address.base, name, extent))
        except AkpatrolError as error:
            yield Skipped(self._target.root, str(error))

    def _unit(self, unit: LogUnit) -> Iterator[Planned]:
        value = (
            self._cache.get(self._conditions, _CACHED, _key(unit)) if self._cache and unit.extent.is_settled else None
        )
        counts = scan_counts.parse(value)
        if counts is None:
            yield unit
            return
        yield from counts
        if value is None or value.get("again") is not False:
            yield RescanUnit(unit)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with the time that its document has."""
        for finding in findings:
            yield finding.match, _placed(finding)

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings."""
        self._conditions = conditions

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a range's result at once, so that the run after one that is killed goes on behind it."""
        if not self._cache or not isinstance(unit, LogUnit) or not unit.extent.is_settled:
            return
        if not read.uncacheable and not read.skipped:
            value = {**scan_counts.value_of(read), "again": bool(read.findings)}
            self._cache.put(self._conditions, _CACHED, {_key(unit): value})

    def store_cached(self) -> None:
        """Do nothing: all is stored."""


def mark(target: Target) -> LogMark:
    """Return what changes with a target. Raises LogError."""
    address = parse(target.root)
    with opened(address) as service:
        return service.mark(address.pattern)


def _key(unit: LogUnit) -> str:
    return sha256(repr((unit.base, unit.name, unit.extent)).encode()).hexdigest()


def _placed(finding: RawFinding) -> Occurrence:
    """Return a raw finding in its document, whose version takes the place of the commit that introduced it."""
    origin = finding.origin
    date, _, version = (origin.object or "").partition("\n")
    identity = sha256(b"%b %b" % (origin.path or b"", version.encode())).hexdigest()
    introduced = _version(identity, date, version) if date else None
    return occurrence(finding, State.WORKTREE)._replace(object=None, introduced=introduced)


def _version(identity: str, date: str, version: str) -> Commit:
    from akpatrol.model.credential import Commit  # noqa: PLC0415 - most runs have no finding

    return Commit(identity, date, summary=version)
