"""Every object of a repository, or what a range of commits introduced."""

from __future__ import annotations

import os
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Place, Skipped, StateReason
from akpatrol.sources.base import STORED, Amount, OneTarget, PathsUnit
from akpatrol.sources.git import catfile, completeness, describe, gitdir, placement, revisions
from akpatrol.sources.git.earlier_content import EarlierContent
from akpatrol.sources.git.history_changes import HistoryChanges
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.indexes import Indexes
from akpatrol.sources.git.missing_commits import shallow_boundary
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.trace_request import KnownHistory
from akpatrol.sources.git.units import NamesUnit, ObjectsUnit, SliceUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Excluded, Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Placed, Planned, Unit
    from akpatrol.sources.git.plain.plain_walk import PlainWalk
    from akpatrol.sources.git.ranges import Range
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.scan_state import RepositoryCache
    from akpatrol.sources.git.walked_commit import WalkedCommit

_IDS_A_UNIT = 20_000
_MANY, _VERY_MANY = 8_000, 40_000  # objects
_MOST_TIPS = 50
_MOST_ABSENT = 20


class HistorySource(OneTarget):
    """``akpatrol history``: the object database, names of refs, and the git directory's own files.

    Unless ``include_borrowed``, it leaves out objects that the repository could borrow from another one but does not
    refer to; the other one is scanned itself. With ``range_bytes``, large packs are read in ranges of this
    size, which are small when they are sent.
    """

    parallel = True

    def __init__(
        self,
        git: Git,
        target: Target,
        cache: ScanCache | None = None,
        *,
        include_borrowed: bool = True,
        range_bytes: int = 0,
    ) -> None:
        super().__init__(target)
        self._git = git
        self._cache = cache
        self._include_borrowed = include_borrowed
        self._range_bytes = range_bytes
        self._repository_cache: RepositoryCache | None = None
        self._surveyed: tuple[Skipped, ...] | None = None
        self._complete = False
        self._nested: list[bytes] = []
        self._walk: HistoryWalk | PlainWalk | None = None
        self._lists_paths = False
        self._changes: HistoryChanges | None = None
        self._indexes = Indexes(git)
        self._refs = RefSnapshot(git)

    def load_cached(self, conditions: str) -> None:
        """Look up the results that were read under these conditions."""
        if self._cache:
            from akpatrol.sources.git.scan_state import RepositoryCache  # noqa: PLC0415 - isal and dulwich

            self._repository_cache = RepositoryCache(
                self._git, self._refs, self._cache, conditions, range_bytes=self._range_bytes
            )
            if self._repository_cache.is_cached:
                self._surveyed = self._repository_cache.survey()

    def list_paths(self) -> None:
        """Receive that rules find files by their paths alone."""
        self._lists_paths = True

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a unit's result."""
        if self._repository_cache:
            self._repository_cache.record(unit, read)

    def store_cached(self) -> None:
        """Store the results."""
        if self._repository_cache:
            self._repository_cache.store(complete=self._complete)

    def size_hint(self) -> tuple[int, str] | None:
        """Return the number of bytes in packs and loose objects."""
        return self._measured[1], STORED

    @cached_property
    def _measured(self) -> tuple[int, int]:
        """The number and the bytes of the repository's own objects."""
        from akpatrol.sources.git.packs import object_directories  # noqa: PLC0415 - unused in a range

        return object_directories.measured(os.path.join(self._git.repository.common_dir, b"objects"))

    def amount(self) -> Amount:
        """Return how much work it is to read the objects that no earlier run has read."""
        is_known = self._repository_cache and self._surveyed is not None
        number = self._repository_cache.unread() if self._repository_cache and is_known else self._measured[0]
        return Amount.MUCH if number > _VERY_MANY else Amount.SOME if number > _MANY else Amount.UNKNOWN

    def plan(self) -> Iterator[Planned]:
        """Yield the units."""
        target = self._target.id
        if not self._proof():
            self._walk = self._new_walk()
        if self._lists_paths:
            self._changes = HistoryChanges(self._git)
        yield from self._objects(target)
        if self._changes:  # git has most likely ended by then
            yield self._added_paths(self._changes)
        yield NamesUnit(target, Place.REF_NAME, describe.ref_names(self._git, self._refs))
        yield from gitdir.units(target, self._git.repository, self._nested)

    def _added_paths(self, changes: HistoryChanges) -> Planned:
        try:
            return PathsUnit(NamesUnit(self._target.id, Place.PATH, changes.added_paths()))
        except GitError as error:
            return Skipped("paths of the history", str(error))

    def divisible(self) -> Iterator[Planned]:
        """Yield the units over objects alone, for other workers; none where git needs a copy of the git directory."""
        if not self._git.has_safe_copy():
            yield from self._objects(self._target.id)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with its provenance in the whole history."""
        if self._walk:
            self._walk.give_up()
        placed = placement.place(
            self._git, findings, history=KnownHistory(self._refs, self._walk, self._indexes, self._changes)
        )
        return placed if self._include_borrowed else self._without_borrowed(list(placed))

    def _without_borrowed(self, placed: Sequence[Placed]) -> Iterator[Placed]:
        from akpatrol.sources.git.packs.object_directories import held  # noqa: PLC0415 - a sweep's

        dangling = {found.object for _, found in placed if found.object and found.state_reason is StateReason.DANGLING}
        borrowed = dangling - held(self._git, dangling) if dangling else dangling
        for match, occurrence in placed:
            if occurrence.object not in borrowed or occurrence.state_reason is not StateReason.DANGLING:
                yield match, occurrence

    def check(self) -> Iterator[Skipped]:
        """Yield a skip for each missing object that the history refers to, and for each unreadable index."""
        yield from self._indexes.skips
        self._complete = True
        for gap in chain(self._git.obstacles(), completeness.gaps(self._git, self._refs, self._walk, self._proof())):
            self._complete = False
            yield gap

    def unread_histories(self) -> tuple[str, ...]:
        """Return the repositories inside the git directory: submodules' own."""
        return tuple(os.fsdecode(path) for path in self._nested)

    def _new_walk(self) -> HistoryWalk | PlainWalk:
        if not self._git.plain or not self._git.plain.kept.is_whole:
            return HistoryWalk(self._git)
        from akpatrol.sources.git.plain.plain_walk import PlainWalk  # noqa: PLC0415 - a sweep's

        return PlainWalk(self._git, self._git.plain, self._refs)

    def _proof(self) -> completeness.Proof | None:
        return self._repository_cache.proof() if self._repository_cache else None

    def _objects(self, target: str) -> Iterator[Planned]:
        from akpatrol.sources.git.packs import object_slices, plan  # noqa: PLC0415 - isal and dulwich, unused in a range

        if not self._repository_cache:
            for part in plan.plan(self._git, range_bytes=self._range_bytes):
                yield part if isinstance(part, Skipped) else SliceUnit(target, self._git, part)
            return
        skips = self._surveyed if self._repository_cache.is_cached else self._repository_cache.survey()
        if skips is None:
            yield SliceUnit(target, self._git, object_slices.Everything())
            return
        yield from skips
        yield from self._repository_cache.units(target)


class RangeSource(OneTarget):
    """``akpatrol history --range``: blobs, names and messages that these commits introduced."""

    def __init__(self, git: Git, target: Target, wanted: Range) -> None:
        super().__init__(target)
        self._git = git
        self._range = wanted
        self._commits: dict[str, WalkedCommit] = {}
        self._changed: set[bytes] = set()
        self._boundary: frozenset[str] = frozenset()
        self._before: EarlierContent | None = None

    def compare_with(self, examine: Callable[[Unit], Sequence[RawFinding]]) -> None:
        """Receive the function that examines a unit, to compare with the range's base."""
        separator = self._range.revisions.index("--not") if "--not" in self._range.revisions else None
        starts = self._range.revisions[separator + 1 :] if separator is not None else ()
        parents = {parent for commit in self._commits.values() for parent in commit.parents}
        tips = [id_ for id_ in self._commits if id_ not in parents][:_MOST_TIPS]
        self._before = EarlierContent(
            self._git, self._target.id, examine, tips, starts if starts and "--remotes" not in starts else None
        )

    def plan(self) -> Iterator[Unit | Skipped | Excluded]:
        """Yield the commits, the blobs that no parent holds, and the paths that they add."""
        blobs: dict[str, None] = {}
        paths: dict[bytes, None] = {}
        yield from self._range.skips
        yield from self._walk()
        compared = set() if self._range.open else {*self._boundary}  # their content need not be new
        wanted = [commit for id_, commit in self._commits.items() if id_ not in compared]
        for id_, changes in revisions.changes(self._git, wanted):
            compared.add(id_)
            blobs |= {change.new: None for change in changes if change.introduces}
            paths |= {change.path: None for change in changes if change.adds_path}
            self._changed.update(change.path for change in changes if change.introduces)
        for id_ in self._commits.keys() - compared:
            yield Skipped(id_, "cannot determine what this commit changed: a tree or a parent is missing or corrupt")
        ids = [*self._commits, *self._range.tags, *blobs]
        for start in range(0, len(ids), _IDS_A_UNIT):
            yield ObjectsUnit(self._target.id, self._git, tuple(ids[start : start + _IDS_A_UNIT]))
        if paths:
            yield NamesUnit(self._target.id, Place.PATH, tuple(paths))

    @property
    def commits(self) -> list[WalkedCommit]:
        """The commits of the range, children first."""
        return list(self._commits.values())

    def changed_paths(self) -> Collection[bytes]:
        """Return the files that these commits add or edit."""
        return self._changed

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with the commit of the range that introduced it."""
        return placement.place(self._git, findings, self._commits, before=self._before)

    def check(self) -> Iterator[Skipped]:
        """Yield the commits whose parents a shallow clone left out: their changes are unknown."""
        yield from self._git.obstacles()
        for id_ in sorted(self._boundary):
            yield Skipped(id_, f"boundary of a shallow clone: {self._range.repair}")
        if self._before and self._before.missing and completeness.is_partial(self._git):
            for id_ in self._before.missing[:_MOST_ABSENT]:
                yield Skipped(id_, f"earlier version of a file, needed to find what is new in it: {catfile.ABSENT}")

    def _walk(self) -> Iterator[Skipped]:
        """Read the commits, and find those at which a shallow clone ends."""
        if not self._range.revisions:
            return
        try:
            self._commits = {commit.id: commit for commit in revisions.commits(self._git, self._range.revisions)}
        except GitError as error:
            yield Skipped("range " + " ".join(self._range.revisions), str(error))
        try:
            self._boundary = shallow_boundary(self._git) & self._commits.keys()
        except GitError as error:
            yield Skipped("shallow boundary", str(error))
