"""The protocol of a source: it plans units of work and places the raw findings in them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import TypeGuard

    from akpatrol.model.batch import ContentBatch
    from akpatrol.model.credential import Occurrence, RawFinding
    from akpatrol.model.known_finding import KnownFinding
    from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Match, Skipped, Target
    from akpatrol.scan.result import ScanResult

    Item = Content | Chunk | Skipped | Counted | Excluded
    Planned: TypeAlias = "Unit | Skipped | Counted | Excluded"
    Placed = tuple[Match, Occurrence]


class Unit(Protocol):
    """A picklable piece of work that any process can read."""

    @property
    def title(self) -> str:
        """Its name in messages, in case it is lost."""

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield what the unit holds."""


class Amount(Enum):
    """How much work a source is, as far as that is known before planning."""

    UNKNOWN = "unknown"
    SOME = "some"
    """Another process is worth starting, while this one reads too."""
    MUCH = "much"
    """Several processes are, and this one only plans."""


class CacheEntry(NamedTuple):
    """What a later run can use of a unit: a JSON ``value``, under a ``key`` of its ``kind``."""

    kind: str
    key: str
    value: Mapping[str, object]


class RescanUnit(NamedTuple):
    """A unit that an earlier run read: its counts are known and added, its content may have changed.

    ``known`` has the findings of the git objects of which no more is to be found.
    """

    unit: Unit
    known: Mapping[str, Sequence[KnownFinding]] = {}

    @property
    def title(self) -> str:
        """Its name in messages."""
        return self.unit.title

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield what the unit holds."""
        return self.unit.read()


class PathsUnit(NamedTuple):
    """A unit of paths that is read only for rules that find files by their paths."""

    unit: Unit

    @property
    def title(self) -> str:
        """Its name in messages."""
        return self.unit.title

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield what the unit holds."""
        return self.unit.read()


STORED = "stored bytes"
"""The unit of a hint in compressed bytes, which say more about the time that is left than a number of objects."""


class Source(Protocol):
    """Where bytes come from."""

    @property
    def parallel(self) -> bool:
        """Whether units may be read by other processes."""

    def targets(self) -> tuple[Target, ...]:
        """Return the targets."""

    def size_hint(self) -> tuple[int, str] | None:
        """Return how many items are to come, and their name in ``coverage.counts``, or how many ``STORED`` bytes.

        None while that is not known.
        """

    def amount(self) -> Amount:
        """Return how much work it is, so that processes start before planning."""

    def plan(self) -> Iterator[Planned]:
        """Yield the units to read, and the skips and counts that are known without reading."""

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield every raw finding as an occurrence; no other stage computes provenance."""

    def check(self) -> Iterator[Skipped]:
        """Yield skips for missing parts of the target; called after all units were read."""

    def unread_histories(self) -> tuple[str, ...]:
        """Return repositories that were found but whose history this source does not read."""


class Caching(Protocol):
    """A source that knows from an earlier run which content it can skip reading."""

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings; called first."""

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Receive a unit's result; not called for a unit that was not read to its end."""

    def store_cached(self) -> None:
        """Store results for a later run; not called when this one is cut off."""


class Changing(Protocol):
    """A source that scans a change of its one target, not all of it."""

    def targets(self) -> tuple[Target, ...]:
        """Return the targets."""

    def changed_paths(self) -> Collection[bytes]:
        """Return the files that the change adds or edits; called after all units were read."""


class Comparing(Protocol):
    """A source that separates new content from earlier content, which it reads only to compare."""

    def compare_with(self, examine: Callable[[Unit], Sequence[RawFinding]]) -> None:
        """Receive the function that examines a unit; called before findings are placed."""


class PathListing(Protocol):
    """A source whose files have paths that no unit holds unless it is asked for them."""

    def list_paths(self) -> None:
        """Receive that rules find files by their paths alone; called before planning."""


# To ask a protocol itself whether a source follows it takes a tenth of a millisecond.
def is_caching(source: Source) -> TypeGuard[Caching]:
    """Return whether a source knows what an earlier run has read."""
    return hasattr(source, "load_cached")


def is_changing(source: Source) -> TypeGuard[Changing]:
    """Return whether a source scans a change alone."""
    return hasattr(source, "changed_paths")


def is_comparing(source: Source) -> TypeGuard[Comparing]:
    """Return whether a source reads earlier content too."""
    return hasattr(source, "compare_with")


def is_path_listing(source: Source) -> TypeGuard[PathListing]:
    """Return whether a source lists paths only when it is asked for them."""
    return hasattr(source, "list_paths")


class OneTarget:
    """Defaults for sources of one target: nothing is missing, and it holds no further repositories."""

    parallel = False

    def __init__(self, target: Target) -> None:
        self._target = target

    def targets(self) -> tuple[Target, ...]:
        """Return the one target."""
        return (self._target,)

    def size_hint(self) -> tuple[int, str] | None:
        """Return nothing: it is not known, or there is little."""
        return None

    def amount(self) -> Amount:
        """Return that it is not known, or is little."""
        return Amount.UNKNOWN

    def check(self) -> Iterator[Skipped]:
        """Yield nothing: what could not be read was said while reading."""
        return iter(())

    def unread_histories(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()
