"""Every object of a repository, or what a range of commits introduced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model import Place, Skipped
from akpatrol.sources.base import OneTarget
from akpatrol.sources.git import completeness, describe, gitdir, placement, revisions
from akpatrol.sources.git.holes import shallow_boundary
from akpatrol.sources.git.units import NamesUnit, ObjectsUnit, SliceUnit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.findings import Hit
    from akpatrol.model import Excluded, Target
    from akpatrol.sources.base import Placed, Unit
    from akpatrol.sources.git.runner import Git

_IDS_A_UNIT = 20_000
_MUCH = 20_000  # objects


class HistorySource(OneTarget):
    """``akpatrol history``: the object database, names of refs, and the git directory's own files."""

    parallel = True

    def __init__(self, git: Git, target: Target) -> None:
        super().__init__(target)
        self._git = git
        self._met: list[bytes] = []
        self._walk: completeness.Walk | None = None

    def size_hint(self) -> tuple[int, str] | None:
        """Return the number of objects; those in two packs count twice."""
        try:
            counts = dict(line.split(b": ", 1) for line in self._git.run("count-objects", "-v").splitlines())
        except GitError:
            return 0, "objects"  # it would be asked for again with every frame
        return int(counts.get(b"count", 0)) + int(counts.get(b"in-pack", 0)), "objects"

    def is_much(self) -> bool:
        """Return whether there are many objects."""
        return (self.size_hint() or (0, ""))[0] > _MUCH

    def plan(self) -> Iterator[Unit | Skipped | Excluded]:
        """Yield the units."""
        from akpatrol.sources.git.packs import planning  # noqa: PLC0415 - isal and dulwich, which a range does without

        target = self._target.id
        self._walk = completeness.Walk(self._git)
        for part in planning.plan(self._git):
            yield part if isinstance(part, Skipped) else SliceUnit(target, self._git, part)
        yield NamesUnit(target, Place.REF_NAME, describe.ref_names(self._git))
        yield from gitdir.units(target, self._git.repository, self._met)

    def place(self, hits: Sequence[Hit]) -> Iterator[Placed]:
        """Yield each hit with its provenance in the whole history."""
        return placement.place(self._git, hits)

    def check(self) -> Iterator[Skipped]:
        """Yield what the history refers to and the object database does not hold."""
        return completeness.gaps(self._git, self._walk)

    def unread_histories(self) -> tuple[str, ...]:
        """Return the repositories inside the git directory: submodules' own."""
        return tuple(os.fsdecode(path) for path in self._met)


class RangeSource(OneTarget):
    """``akpatrol history --range``: blobs, names and messages that these commits introduced."""

    def __init__(self, git: Git, target: Target, wanted: Sequence[str], tags: Sequence[str] = ()) -> None:
        super().__init__(target)
        self._git = git
        self._revisions = tuple(wanted)
        self._tags = tuple(tags)
        self._commits: dict[str, None] = {}

    def plan(self) -> Iterator[Unit | Skipped | Excluded]:
        """Yield the commits, the blobs that they hold and no parent does, and the paths that they add."""
        blobs: dict[str, None] = {}
        paths: dict[bytes, None] = {}
        try:
            self._commits = {commit.id: None for commit in revisions.commits(self._git, self._revisions)}
        except GitError as error:
            yield Skipped("range " + " ".join(self._revisions), str(error))
        compared = set()
        for id_, changes in revisions.changes(self._git, list(self._commits)):
            compared.add(id_)
            blobs |= {change.new: None for change in changes if change.introduces}
            paths |= {change.path: None for change in changes if change.adds_path}
        for id_ in self._commits.keys() - compared:
            yield Skipped(id_, "what this commit changed cannot be told: a tree or a parent is missing or corrupt")
        ids = [*self._commits, *self._tags, *blobs]
        for start in range(0, len(ids), _IDS_A_UNIT):
            yield ObjectsUnit(self._target.id, self._git, tuple(ids[start : start + _IDS_A_UNIT]))
        if paths:
            yield NamesUnit(self._target.id, Place.PATH, tuple(paths))

    def place(self, hits: Sequence[Hit]) -> Iterator[Placed]:
        """Yield each hit with the commit of the range that introduced it."""
        return placement.place(self._git, hits, self._commits)

    def check(self) -> Iterator[Skipped]:
        """Yield the commits whose parents a shallow clone left out: what they changed is not known."""
        try:
            boundary = shallow_boundary(self._git)
        except GitError as error:
            yield Skipped("shallow boundary", str(error))
            return
        for id_ in sorted(self._commits.keys() & boundary):
            yield Skipped(id_, "boundary of a shallow clone: run git fetch --deepen=100 (or --unshallow)")
