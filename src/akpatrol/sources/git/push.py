"""The content of a push: the server's repository before it, the quarantine with its objects, and the ref updates.

https://git-scm.com/docs/githooks#pre-receive, https://git-scm.com/docs/git-receive-pack#_quarantine_environment
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError, OutOfTime, UsageError
from akpatrol.model.scan import Place, Skipped, State
from akpatrol.sources.base import OneTarget, PathsUnit
from akpatrol.sources.git import catfile, graph, placement, refs, revisions, trees
from akpatrol.sources.git.earlier_content import EarlierContent
from akpatrol.sources.git.object_types import ObjectTypes
from akpatrol.sources.git.runner import Git
from akpatrol.sources.git.trace_request import Pushed
from akpatrol.sources.git.units import AddedPathsUnit, NamesUnit, ObjectsUnit
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from akpatrol.model.credential import Occurrence, RawFinding
    from akpatrol.model.scan import Match, Target
    from akpatrol.sources.base import Placed, Planned
    from akpatrol.sources.git.earlier_content import Examine
    from akpatrol.sources.git.repository import Repository
    from akpatrol.sources.git.walked_commit import WalkedCommit

_IDS_A_UNIT = 5_000
_WIDTHS = {b"sha1": 40, b"sha256": 64}
_LINE = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0\n ]+)")
# Objects that no ref of the repository reaches.
_NEW = ("--not", "--all")
_LISTING = ("cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objectname)")


class RefUpdate(NamedTuple):
    """One ref that a push moves; ids are hex, "" where there is none. The name is untrusted, never an argument."""

    old: str
    new: str
    name: bytes


class RepositoryViews(NamedTuple):
    """The repository with the pushed objects, without them, and these objects alone (None without a quarantine)."""

    git: Git
    before: Git
    quarantine: Git | None


def views(repository: Repository, hook: Mapping[str, str]) -> RepositoryViews:
    """Return the views that git's variables for the hook allow."""
    quarantine = hook.get("GIT_QUARANTINE_PATH")
    if not quarantine:
        git = Git(repository, hook)
        return RepositoryViews(git, git, None)
    receiving = {
        name: value for name, value in hook.items() if name not in ("GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH")
    }
    return RepositoryViews(
        Git(repository, hook), Git(repository, receiving), Git(repository, {"GIT_OBJECT_DIRECTORY": quarantine})
    )


def parse(git: Git, lines: bytes) -> tuple[RefUpdate, ...]:
    """Return the hook's parsed input. Raises UsageError, whose message repeats none of it, for invalid input."""
    width = _WIDTHS.get(git.object_format())
    updates = []
    for number, line in enumerate(lines.removesuffix(b"\n").split(b"\n"), 1):
        fields = _LINE.fullmatch(line)
        if not fields or {len(fields[1]), len(fields[2])} != {width}:
            raise UsageError(
                f"standard input, line {number}: not `old new ref` with ids of this repository",
                hint="git passes these lines to the pre-receive hook; no earlier hook may consume them",
            )
        old, new = (id_.decode() if id_.strip(b"0") else "" for id_ in fields.groups()[:2])
        updates.append(RefUpdate(old, new, fields[3]))
    return tuple(updates)


class PushSource(OneTarget):
    """``akpatrol pre-receive``: all objects that the repository did not have, and those that no ref reached.

    A pack may hold more than the pushed refs reach; that is scanned too, because it may be fetched by its id. Objects
    that git added to a thin pack are not: the repository had them. Trees are read whole, and a name in them that an
    earlier commit has too is not new.
    """

    parallel = True

    def __init__(self, views: RepositoryViews, target: Target, updates: Sequence[RefUpdate]) -> None:
        super().__init__(target)
        self._views = views
        self._updates = [update for update in updates if update.new]
        self._tips = list(dict.fromkeys(update.new for update in self._updates))
        self.commits: Sequence[WalkedCommit] = ()
        self._examine: Examine = lambda _unit: ()

    def compare_with(self, examine: Examine) -> None:
        """Receive the function that examines a unit, to compare with the repository before the push."""
        self._examine = examine

    def plan(self) -> Iterator[Planned]:
        """Yield the objects, then the refs' names."""
        existing: set[str] = set()
        try:
            yield from self._pushed_objects(existing)
            yield from self._referenced_objects(existing)
        except GitError as error:
            yield Skipped("the push", str(error))
        if self._updates:
            yield PathsUnit(AddedPathsUnit(self._target.id, self._views.git, tuple(self._tips)))
            yield NamesUnit(self._target.id, Place.REF_NAME, tuple({update.name: None for update in self._updates}))

    def check(self) -> Iterator[Skipped]:
        """Yield the obstacles in the server's repository."""
        yield from self._views.git.obstacles()

    def changed_paths(self) -> Collection[bytes]:
        """Return the files that the pushed commits add or edit; fewer when time runs out."""
        paths: set[bytes] = set()
        with suppress(GitError, OutOfTime):  # already reported, or reported by the deadline
            for _, changes in revisions.changes(self._views.git, self._new_commits()):
                paths.update(change.path for change in changes if change.introduces)
        return paths

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding with the commit of the push that introduced it, or without it when time runs out."""
        try:
            placed = list(self._placed(findings))
        except OutOfTime:
            placed = [(finding.match, occurrence(finding, State.PRESENT)) for finding in findings]
        yield from placed

    def with_paths(self, skipped: Sequence[Skipped]) -> tuple[Skipped, ...]:
        """Return the skips with a path for each object that the pushed refs reach: an id means nothing to a pusher."""
        width = len(self._tips[0])
        wanted = {skip.item[:width] for skip in skipped}
        paths: dict[str, str] = {}
        with suppress(GitError):  # already reported
            for line in self._new_objects():
                id_, _, path = line.partition(" ")
                if path and id_ in wanted:
                    paths.setdefault(id_, path)
        named = ((paths.get(skip.item[:width], skip.item[:width]) + skip.item[width:], skip) for skip in skipped)
        return tuple(skip._replace(item=item) for item, skip in named)

    def _pushed_objects(self, existing: set[str]) -> Iterator[ObjectsUnit]:
        """Yield the quarantine's objects except those that the repository had, which are recorded."""
        if not self._views.quarantine:
            return
        for ids in _batches(_lines(self._views.quarantine, _LISTING)):
            there = {id_ for id_, type_ in catfile.types(self._views.before, ids) if type_}
            existing |= there
            yield from self._unit(id_ for id_ in ids if id_ not in there)

    def _referenced_objects(self, existing: set[str]) -> Iterator[ObjectsUnit]:
        """Yield objects that only the pushed refs reach and that the push did not include."""
        quarantine = self._views.quarantine
        for ids in _batches(self._new_objects("--no-object-names")):
            pushed = {id_ for id_, type_ in catfile.types(quarantine, ids) if type_} - existing if quarantine else set()
            yield from self._unit(id_ for id_ in ids if id_ not in pushed)

    def _unit(self, ids: Iterable[str]) -> Iterator[ObjectsUnit]:
        if new := tuple(ids):
            yield ObjectsUnit(self._target.id, self._views.git, new, staged=True)

    def _placed(self, findings: Sequence[RawFinding]) -> Iterator[tuple[Match, Occurrence]]:
        git = self._views.git
        named = [(update.new, update.name.decode("utf-8", "surrogateescape")) for update in self._updates]
        pushed = Pushed(refs.resolved(git, named, ObjectTypes(git)), self._new_commits())
        before = EarlierContent(git, self._target.id, self._examine, self._tips)
        placed = list(placement.place(git, findings, pushed=pushed, before=before))
        old = self._reachable(
            {located.object for _, located in placed if located.place is Place.PATH and not located.introduced}
        )
        yield from (
            (match, located)
            for match, located in placed
            if located.introduced or located.known or located.object not in old
        )

    def _reachable(self, sought: set[str | None]) -> set[str]:
        """Return which of these trees the pushed refs reach: no commit of the push added the names in them."""
        return {id_ for id_ in self._new_objects("--no-object-names") if id_ in sought} if sought else set()

    def _new_commits(self) -> Sequence[WalkedCommit]:
        """Return the commits that are reachable only after the push, children first. Raises GitError."""
        if self._tips and not self.commits:
            self.commits = list(revisions.commits(self._views.git, _NEW, self._tips))
        return self.commits

    def _new_objects(self, *options: str) -> Iterator[str]:
        """Yield the ids of the objects that only these commits reach, with a path. Raises GitError."""
        git, commits = self._views.git, self._new_commits()
        if not self._tips:
            return
        walk = ("rev-list", "--objects", *options)
        if not graph.is_slow(git):
            yield from _lines(git, (*walk, *_NEW, "--stdin"), self._tips)
            return
        # git stops at each commit, or it would walk history without end; it must not walk existing history either.
        ids = [commit.id for commit in commits]
        before = {parent for commit in commits for parent in commit.parents}.difference(ids)
        old = [f"^{tree.hex()}" for _, tree in trees.root_trees(git, list(before))]
        with graph.with_boundary(git, ids) as cut:
            yield from _lines(cut, (*walk, "--ignore-missing", "--stdin"), chain(old, ids, self._tips))


def _lines(git: Git, arguments: Sequence[str], ids: Iterable[str] | None = None) -> Iterator[str]:
    """Yield what git prints."""
    stdin = None if ids is None else (id_.encode() + b"\n" for id_ in ids)
    with git.stream(*arguments, stdin=stdin) as stream:
        for line in stream.parts(b"\n"):
            yield line.decode("utf-8", "surrogateescape")
        stream.finish()


def _batches(ids: Iterator[str]) -> Iterator[tuple[str, ...]]:
    while batch := tuple(islice(ids, _IDS_A_UNIT)):
        yield batch
