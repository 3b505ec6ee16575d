"""The places of one result of a forge's format: versions, lines and members of a path, or texts of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import Version
from akpatrol.model.scan import Place
from akpatrol.report.number_words import listed
from akpatrol.report.wording import SHORT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.credential import Occurrence
    from akpatrol.report.view import OccurrenceView, VersionsView

COMMIT_TEXTS = (Place.COMMIT_MESSAGE, Place.AUTHOR, Place.COMMITTER)

_LISTED = 10


class Spread(NamedTuple):
    """How often it occurs, in how many places and which lines, and the first and last version with a commit.

    ``in_commits`` says that each occurs in the text of a different commit.
    """

    number: int
    places: int
    lines: tuple[int, ...] = ()
    first: Version | None = None
    last: Version | None = None
    in_commits: bool = False

    @property
    def tells_first(self) -> bool:
        """True when the facts say in which commit the first version was."""
        return (
            self.number > 1
            and bool(self.first)
            and self.first != self.last
            and (self.in_commits or self.number != self.places)
        )

    def facts(self) -> Iterator[str]:
        """Yield in words what a single place does not show; nothing for a single place."""
        if self.number == 1:
            return
        lines = [str(line) for line in self.lines]
        more = len(lines) - _LISTED
        items = [*lines[:_LISTED], f"{more:,} more"] if more > 0 else lines
        if self.in_commits:
            times = f"in {self.number:,} commits"
        elif self.number == self.places:
            yield f"in lines {listed(items, len(items))}" if len(lines) > 1 else f"{self.number:,} times in it"
            return
        elif self.places == 1:
            times = f"in {self.number:,} versions of the file"
        else:
            times = f"{self.number:,} times in {self.places:,} places of the versions of the file"
        yield ", ".join([times, *self._ends()])

    def _ends(self) -> Iterator[str]:
        if self.first and self.last and self.first != self.last:
            yield f"the first in {_commit(self.first)}"
            yield f"the last in {_commit(self.last)}"


class SpreadCounter:
    """Summarizes occurrences on one path, or in texts of commits, one after the other."""

    def __init__(self, first: Occurrence) -> None:
        self._number = self._places = 0
        self._lines: set[int] = set()
        self._first: Version | None = None
        self._last: Version | None = None
        self._in_commits = first.place in COMMIT_TEXTS
        self.add(first)

    def add(self, occurrence: Occurrence) -> None:
        """Add an occurrence."""
        self._places += 1
        self._number += occurrence.versions.number if occurrence.versions else 1
        if occurrence.line and not occurrence.containers:
            self._lines.add(occurrence.line)
        for version in _versions(occurrence):
            if version.commit and (not self._first or _date(version) < _date(self._first)):
                self._first = version
            if version.commit and (not self._last or _date(version) >= _date(self._last)):
                self._last = version

    def spread(self) -> Spread:
        """Return the summary."""
        lines = tuple(sorted(self._lines))
        return Spread(self._number, self._places, lines, self._first, self._last, self._in_commits)


def _versions(occurrence: Occurrence) -> tuple[Version, ...]:
    if occurrence.versions:
        return occurrence.versions.first, occurrence.versions.last
    commit = occurrence.introduced
    return (Version(occurrence.object or "", commit.id, commit.date),) if commit else ()


def version_words(versions: VersionsView | None) -> str:
    """Say how many versions hold a document's occurrence in the same way; nothing for a single one."""
    if not versions or versions["count"] == 1:
        return ""
    last = versions["last"]["date"]
    return f"in {versions['count']:,} versions of the file" + (f", the last of {last[:10]}" if last else "")


def removal_words(occurrence: OccurrenceView) -> str:
    """Begin to say in which commit an occurrence of a document went."""
    versions = occurrence["versions"]
    which = "the last version" if versions and versions["count"] > 1 else "this version"
    return f"{which} replaced or removed in "


def _date(version: Version) -> str:
    return version.date or ""


def _commit(version: Version) -> str:
    return f"commit {(version.commit or '')[:SHORT_ID]}" + (f" of {version.date[:10]}" if version.date else "")
