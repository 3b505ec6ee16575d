"""Find since when, on which paths and until when findings exist: one pass over history for all of them."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import State, StateReason
from akpatrol.sources.git import catfile, trees
from akpatrol.sources.git import revisions as git_revisions
from akpatrol.sources.git.diff_tree import WantedChanges
from akpatrol.sources.git.missing_commits import skipping_missing
from akpatrol.sources.git.object_history import ObjectHistory, Provenance
from akpatrol.sources.git.origins import FindingPosition, Introduction, PathOrigin, PathOrigins
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.refs import Refs
from akpatrol.sources.git.trace_request import KnownHistory
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.trace_request import Pushed, TraceRequest
    from akpatrol.sources.git.walked_commit import WalkedCommit


# The first commit is searched for at most this many paths of a place.
_COMPARED = 100


class Tracer:
    """Traces the wanted objects through the whole history, or only through the ``pushed`` commits.

    ``history`` is what the scan has read already; staged objects are found with its indexes.
    """

    def __init__(
        self,
        git: Git,
        wanted: TraceRequest,
        pushed: Pushed | None = None,
        history: KnownHistory | None = None,
    ) -> None:
        self._git = git
        self._wanted = wanted
        self._blobs: dict[str, ObjectHistory] = {id_: ObjectHistory() for id_ in wanted.blobs}
        self._names: dict[bytes, ObjectHistory] = {name: ObjectHistory() for name in wanted.names}
        self._commits: dict[str, ObjectHistory] = {id_: ObjectHistory() for id_ in wanted.commits}
        pattern = b"|".join(re.escape(name) for name in self._names)
        self._name_pattern = re.compile(b"(?:^|/)(" + pattern + b")(?=/|$)", re.DOTALL) if pattern else None
        self._present: set[str] = set()
        self._of_blobs: dict[str, Provenance] = {}
        self._of_findings: dict[tuple[str, bytes, int], Provenance] = {}
        self._names_of_bits: dict[int, tuple[str, ...]] = {}
        # All commits that refs and reflogs reach, where none of them is missing.
        self._reached: set[str] = set()
        self.origins = PathOrigins(wanted.blobs, wanted.lookup, is_based=bool(pushed) or wanted.within is not None)
        self._staged: Mapping[str, ObjectHistory] = {}
        self._history = history or KnownHistory()
        self._steps = 0
        self._refs = pushed.refs if pushed else Refs()
        if pushed:
            with suppress(GitError):  # an occurrence keeps its object id
                self._follow(git, pushed.commits)
            self._tips()
            self._named_by_refs()
            return
        try:
            self._refs = (self._history.refs or RefSnapshot(git)).refs
        except GitError:
            return  # said by the completeness check; an occurrence keeps its object id
        if self._blobs or self._names or self._commits:
            self._walk()
            self._tips()
            self._named_by_refs()
        if any(not history.walked for history in self._histories()):
            self._unreferenced()
        if self._history.indexes and self._blobs:
            walked = {id_ for id_, history in self._blobs.items() if history.walked}
            self._staged = self._history.indexes.staged(self._blobs.keys(), self._present, walked)

    def places(self, id_: str, number: int) -> Iterator[Provenance]:
        """Yield the provenance of one of a blob's findings: in an index, in the history, or both."""
        staged = self._staged.get(id_)
        if staged:
            paths = tuple(sorted(staged.paths))
            yield Provenance(State.STAGED, path=paths[0], paths=paths, more=staged.more)
        if not staged or self._blobs[id_].walked or id_ in self._present:
            yield self.finding(id_, number)

    def finding(self, id_: str, number: int) -> Provenance:
        """Return the history of one of a blob's findings; of several commits that added it, the new ones count."""
        found = self._of_blobs.get(id_)
        if not found:
            found = self._of_blobs[id_] = self._provenance(self._blobs[id_], is_present=id_ in self._present)
        paths = self.origins.paths(id_)
        if not paths:
            return found
        path = found.path
        if self._wanted.within is None and path is not None and path in paths:
            origin = self.origins.of(FindingPosition(path, id_, number))
        else:
            path, origin = self._newest(id_, number)
        key = id_, path, id(origin)
        traced = self._of_findings.get(key)
        if not traced:
            introduced = origin.introduced.commit if origin.introduced else None
            first = origin.first.commit if origin.first and not origin.base else None
            traced = found._replace(path=path, introduced=introduced, origin=origin, first=first)
            self._of_findings[key] = traced
        return traced

    def _newest(self, id_: str, number: int) -> tuple[bytes, PathOrigin]:
        """Return the path to which a place is new, and its origin; the first when it is so to several or to none."""
        candidates: list[tuple[PathOrigin, bytes]] = []
        for path in self.origins.paths(id_):
            candidates.append((self.origins.of(FindingPosition(path, id_, number)), path))
            if len(candidates) >= _COMPARED and not candidates[-1][0].is_known:
                break
        none = (True, True, 0, 0, "", b"")
        origin, path = min(
            candidates, key=lambda candidate: (candidate[0].is_known, candidate[0].introduced or none, candidate[1])
        )
        return path, origin

    def name(self, name: bytes) -> Provenance:
        """Return the provenance of a name in a tree; ``path`` ends with it."""
        history, trees = self._names[name], self._wanted.names[name]
        is_present = not self._present.isdisjoint(trees)
        if not trees:  # a name added and never removed
            is_present = bool(history.bits & self._refs.branches) and not history.removals
        return self._provenance(history, is_present=is_present)

    def commit(self, id_: str) -> Provenance:
        """Return the provenance of a commit's own text."""
        history = self._commits[id_]
        return self._provenance(history, is_present=bool(history.bits & self._refs.branches))

    def tag(self, id_: str) -> Provenance:
        """Return the provenance of an annotated tag's own text."""
        if bits := self._refs.tags.get(id_):
            return Provenance(State.PRESENT, refs=self._listed(bits))
        return Provenance(State.UNREACHABLE, StateReason.DANGLING)

    def _histories(self) -> Iterator[ObjectHistory]:
        yield from self._blobs.values()
        yield from self._names.values()
        yield from self._commits.values()

    def _walk(self) -> None:
        try:
            walk = self._history.walk
            commits = walk.commits() if walk else list(git_revisions.commits(self._git, git_revisions.EVERYTHING))
            self._follow(self._git, commits)
            self._reached = {commit.id for commit in commits}
        except GitError:
            # Something is missing, which the completeness check says; what is there is walked all the same.
            try:
                with skipping_missing(self._git, self._refs) as incomplete:
                    self._follow(incomplete.git, list(git_revisions.commits(incomplete.git, (), incomplete.tips)))
            except GitError:
                return

    def _follow(self, git: Git, walk: Sequence[WalkedCommit]) -> None:
        """Note what these commits did. Children come before parents, so a commit's bits are complete when it is met."""
        bits: dict[str, int] = defaultdict(int)
        for commit in walk:
            commit_bits = bits[commit.id] = _union(bits[commit.id], self._refs.seeds.get(commit.id, 0))
            for parent in commit.parents:
                bits[parent] = _union(bits[parent], commit_bits)
            self._record_commit(commit, commit_bits, reachable=True)
        self._compare(git, walk, bits, reachable=True)

    def _compare(self, git: Git, walk: Sequence[WalkedCommit], bits: Mapping[str, int], *, reachable: bool) -> None:
        if not (self._blobs or self._names):
            return
        by_id = {commit.id: commit for commit in walk}
        wanted = WantedChanges(frozenset(id_.encode() for id_ in self._blobs), self._name_pattern)
        printed = self._history.changes if reachable and git is self._git else None
        for id_, changes in git_revisions.changes(git, walk, wanted, printed.of if printed else None):
            self._record_changes(by_id[id_], changes, bits.get(id_, 0), reachable=reachable)

    def _record_commit(self, commit: WalkedCommit, bits: int, *, reachable: bool) -> None:
        if history := self._commits.get(commit.id):
            history.walked, history.bits = True, history.bits | bits
            history.introductions.append(self._introduction(commit, bits, b"", reachable=reachable))

    def _record_changes(
        self, commit: WalkedCommit, changes: Sequence[TreeChange], bits: int, *, reachable: bool
    ) -> None:
        self._steps -= 1
        if not changes:
            return
        within = self._wanted.within is None or commit.id in self._wanted.within
        added: list[ObjectHistory] = []
        gone: list[ObjectHistory] = []
        if within and self._blobs:
            introduction = self._introduction(commit, bits, b"", reachable=reachable)
            self.origins.record(introduction, commit.parents, changes)
        for change in changes:
            for history, path in self._introduced_by(change):
                history.walked, history.bits = True, history.bits | bits
                history.add(change if path == change.path else change._replace(name=path, prefixes=(b"",)))
                if within:
                    history.introductions.append(self._introduction(commit, bits, path, reachable=reachable))
                added.append(history)
            gone += self._removed_by(change)
        if bits & self._refs.branches:
            for history in gone:
                if not any(history is kept for kept in added):
                    history.removals.append(commit)

    def _introduction(self, commit: WalkedCommit, bits: int, path: bytes, *, reachable: bool) -> Introduction:
        return Introduction(not bits & self._refs.branches, not reachable, commit.date, self._steps, commit.id, path)

    def _introduced_by(self, change: TreeChange) -> Iterator[tuple[ObjectHistory, bytes]]:
        if (history := self._blobs.get(change.new)) and change.introduces:
            yield history, change.path
        if self._name_pattern and change.adds_path:
            for found in self._name_pattern.finditer(change.path):
                yield self._names[found[1]], change.path[: found.end()]

    def _removed_by(self, change: TreeChange) -> Iterator[ObjectHistory]:
        held = [history for old in set(change.olds) if (history := self._blobs.get(old))]
        if held and change.removes:
            yield from held
        if self._name_pattern and change.removes_path:
            for found in self._name_pattern.finditer(change.path):
                yield self._names[found[1]]

    def _tips(self) -> None:
        """Note what the trees of HEAD and of all branches hold; each distinct tree is read once."""
        refs = self._refs
        tips = [f"{id_}\n".encode() for id_, bits in refs.seeds.items() if bits & refs.branches]
        sought = {*self._blobs, *(tree for trees in self._wanted.names.values() for tree in trees)}
        if not tips or not sought:
            return
        if self._git.plain and self._git.plain.kept.is_complete:
            self._present |= sought & self._git.plain.kept.reached(tip.decode().strip() for tip in tips)
            return
        options = ("--objects", "--no-object-names", "--no-walk=unsorted", "--missing=allow-any", "--ignore-missing")
        try:
            with self._git.stream("rev-list", *options, "--stdin", stdin=tips) as stream:
                while line := stream.readline():
                    id_ = line.decode("ascii", "replace").rstrip("\n")
                    if id_ in sought:
                        self._present.add(id_)
                stream.finish()
        except GitError:
            return  # said by the completeness check

    def _named_by_refs(self) -> None:
        """Record the trees and blobs that refs and tags name without a commit."""
        for id_, bits in self._refs.others.items():
            entries = [(id_, b"")]
            with suppress(GitError):  # a blob
                entries += ((change.new, path) for change in trees.entries(self._git, id_) for path in change.paths)
            for object_, path in entries:
                histories = [(history, path)] if (history := self._blobs.get(object_)) else []
                matches = self._name_pattern.finditer(path) if self._name_pattern else ()
                histories += [(self._names[found[1]], path[: found.end()]) for found in matches]
                for history, at in histories:
                    history.walked, history.bits = True, history.bits | bits
                    if at:
                        history.add(TreeChange(at, object_, ()))

    def _unreferenced(self) -> None:
        """Look for what no ref and no reflog reaches: in dangling commits."""
        try:
            commits = [id_ for id_, type_ in catfile.all_types(self._git) if type_ == "commit"]
            if self._reached:
                walk, known = self._dangling(self._git, commits, self._reached), {*commits}
                if all(known.issuperset(commit.parents) for commit in walk):
                    self._record_dangling(self._git, walk)
                    return
            with skipping_missing(self._git, self._refs) as incomplete:
                reached = {commit.id for commit in git_revisions.commits(incomplete.git, (), incomplete.tips)}
                self._record_dangling(incomplete.git, self._dangling(incomplete.git, commits, reached))
        except GitError:
            return  # the occurrence keeps its object id and loses only its path

    def _dangling(self, git: Git, commits: Sequence[str], reached: Collection[str]) -> list[WalkedCommit]:
        rest = [id_ for id_ in commits if id_ not in reached]
        options = ("--no-walk=unsorted", "--ignore-missing")
        return list(git_revisions.commits(git, options, rest)) if rest else []

    def _record_dangling(self, git: Git, walk: Sequence[WalkedCommit]) -> None:
        for commit in walk:
            self._record_commit(commit, 0, reachable=False)
        self._compare(git, walk, {}, reachable=False)

    def _provenance(self, history: ObjectHistory, *, is_present: bool) -> Provenance:
        first = min(history.introductions, default=None)
        state, reason = self._state(history, first, is_present=is_present)
        removed = None
        if state is not State.PRESENT and history.removals:
            # Of commits of one second the one met first is the last.
            removed = max(history.removals, key=lambda commit: commit.date).id
        return Provenance(
            state,
            reason,
            path=first.path if first and first.path else min(history.paths, default=None),
            paths=tuple(sorted(history.paths)),
            more=history.more,
            introduced=first.commit if first else None,
            version=first.commit if first else None,
            removed=removed,
            refs=self._listed(history.bits),
        )

    def _listed(self, bits: int) -> tuple[str, ...]:
        """Return the names of the refs; the same ones lead to most versions of a file."""
        if bits not in self._names_of_bits:
            self._names_of_bits[bits] = self._refs.listed(bits)
        return self._names_of_bits[bits]

    def _state(
        self, history: ObjectHistory, first: Introduction | None, *, is_present: bool
    ) -> tuple[State, StateReason | None]:
        if is_present:
            return State.PRESENT, None
        if history.bits & ~self._refs.stash:
            return State.REMOVED, None
        if history.bits:
            return State.UNREACHABLE, StateReason.STASH
        if first and not first.unreachable:
            return State.UNREACHABLE, StateReason.REFLOG
        return State.UNREACHABLE, StateReason.DANGLING


def _union(bits: int, other: int) -> int:
    """Return the union, as one of the two wherever it can be: commits of a line share one number, however long."""
    union = bits | other
    return bits if union == bits else other if union == other else union
