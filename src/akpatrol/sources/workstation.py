"""The places on a developer's machine where credentials come to lie: a target for each one that exists.

Files are opened as by ``akpatrol scan``; databases that a program has open are read beside their write-ahead logs.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Excluded, Exclusion, Skipped, State, Target
from akpatrol.sources.base import Amount
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.occurrence import occurrence
from akpatrol.sources.walk import NestedRepository
from akpatrol.sources.workstation_paths import files
from akpatrol.sources.workstation_table import LOCATIONS, Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Placed, Planned
    from akpatrol.sources.workstation_paths import Excluder
    from akpatrol.sources.workstation_table import Location

_BATCH = 256
_SECONDS_A_DAY = 86_400


class HomeDirectory(NamedTuple):
    """A home directory without links in its path, and whose layout it has."""

    platform: Platform
    root: bytes


class LocationSurvey(NamedTuple):
    """One location in one home: its files, by their paths in the home, and when the newest of them was written.

    ``histories`` are repositories that lie there.
    """

    location: Location
    home: HomeDirectory
    files: tuple[bytes, ...] = ()
    newest: float | None = None
    left_out: tuple[Excluded, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    histories: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        """Its name in reports, also as a target."""
        is_other = self.home.platform is Platform.WINDOWS
        return f"windows-{self.location.name}" if is_other else self.location.name

    @property
    def title(self) -> str:
        """Its name for people."""
        is_other = self.home.platform is Platform.WINDOWS
        return f"{self.location.title} (Windows)" if is_other else self.location.title

    @property
    def exists(self) -> bool:
        """Whether there is anything, readable or not."""
        return bool(self.files or self.left_out or self.skipped)


def survey(homes: Sequence[HomeDirectory], excluder: Callable[[str], Excluder], now: float) -> Iterator[LocationSurvey]:
    """Yield every location of each home's platform; a file that two locations match belongs to the first.

    ``excluder(root)`` returns what leaves out paths of a home. ``now`` is in seconds since the epoch.
    """
    for home in homes:
        excluded = excluder(os.fsdecode(home.root))
        taken: set[bytes] = set()
        for location in LOCATIONS:
            if location.on(home.platform):
                found = _survey(home, location, excluded, now, taken)
                taken.update(found.files)
                yield found


def _survey(
    home: HomeDirectory, location: Location, excluded: Excluder, now: float, taken: set[bytes]
) -> LocationSurvey:
    read: dict[bytes, None] = {}
    left_out: Counter[Exclusion] = Counter()
    skipped: dict[Skipped, None] = {}
    histories: dict[bytes, None] = {}
    newest: float | None = None
    for entry in (entry for path in location.on(home.platform) for entry in files(home.root, path, excluded)):
        if isinstance(entry, NestedRepository):
            histories[entry.path] = None
        elif isinstance(entry, Excluded):
            left_out[entry.reason] += entry.number
        elif isinstance(entry, Skipped):
            skipped[entry] = None
        elif entry not in taken and entry not in read:
            try:
                status = os.lstat(os.path.join(home.root, entry))
            except OSError:
                continue  # a temporary file that is gone again
            # A file that was unpacked or copied keeps its old time of writing, but not the time that it arrived.
            if location.days and max(status.st_mtime, status.st_ctime) < now - location.days * _SECONDS_A_DAY:
                left_out[Exclusion.NOT_RECENT] += 1
            else:
                read[entry] = None
                newest = status.st_mtime if newest is None else max(newest, status.st_mtime)
    counts = tuple(Excluded(reason, number) for reason, number in sorted(left_out.items()))
    return LocationSurvey(location, home, tuple(read), newest, counts, tuple(skipped), tuple(histories))


class WorkstationSource:
    """The surveyed locations that exist; without any, the homes are targets in which nothing is read."""

    parallel = True

    def __init__(self, surveys: Sequence[LocationSurvey], homes: Sequence[HomeDirectory]) -> None:
        self._present = [entry for entry in surveys if entry.exists]
        self._homes = homes

    def targets(self) -> tuple[Target, ...]:
        """Return a target for each location that exists, whose root is the home."""
        if not self._present:
            return tuple(Target(home.platform, "directory", os.fsdecode(home.root)) for home in self._homes)
        return tuple(Target(entry.id, "location", os.fsdecode(entry.home.root)) for entry in self._present)

    def size_hint(self) -> tuple[int, str] | None:
        """Return the number of files."""
        return sum(len(entry.files) for entry in self._present), "files"

    def amount(self) -> Amount:
        """Return that it is not known: the number of files says little about their size."""
        return Amount.UNKNOWN

    def plan(self) -> Iterator[Planned]:
        """Yield what is left out and what could not be looked at, then batches of files, location by location."""
        for entry in self._present:
            yield from entry.left_out
            yield from entry.skipped
            for start in range(0, len(entry.files), _BATCH):
                yield FilesUnit(entry.id, entry.home.root, entry.files[start : start + _BATCH])

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each finding as in a file on disk: that git ignores a file of the home makes it no right place."""
        for finding in findings:
            yield finding.match, occurrence(finding, State.WORKTREE)

    def check(self) -> Iterator[Skipped]:
        """Yield nothing: the survey says what could not be looked at."""
        return iter(())

    def unread_histories(self) -> tuple[str, ...]:
        """Return the repositories that lie in these places."""
        return tuple(
            os.fsdecode(os.path.normpath(os.path.join(entry.home.root, path)))
            for entry in self._present
            for path in entry.histories
        )
