"""The content that the next commit would add, compared with its parents."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.credential import Moved
from akpatrol.model.scan import Place, State
from akpatrol.sources.git.earlier_content import blob_at
from akpatrol.sources.git.origins import FindingPosition, Introduction, PathOrigins
from akpatrol.sources.git.placement import commits
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from akpatrol.model.credential import Commit, Occurrence, RawFinding
    from akpatrol.sources.base import Placed
    from akpatrol.sources.git.earlier_content import EarlierContent
    from akpatrol.sources.git.origins import PathOrigin
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.trees import TreeChange

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 65536
_ITSELF = Introduction(beyond_branches=False, unreachable=False, date=0, after=0, commit="", path=b"")


class StagedPlacement:
    """The index against HEAD: its ``changes`` and the ``paths`` of its blobs; ``before`` knows what HEAD holds."""

    def __init__(
        self, git: Git, before: EarlierContent, changes: Sequence[TreeChange], paths: Mapping[str, Collection[bytes]]
    ) -> None:
        self._git = git
        self._before = before
        self._changes = changes
        self._paths = paths
        self._same: set[bytes] = set()

    def place(self, findings: Sequence[RawFinding], unchanged: Collection[str]) -> Iterator[Placed]:
        """Yield each raw finding with its place in the index.

        ``unchanged`` are blobs of files named on the command line that HEAD holds.
        """
        by_blob: dict[str, list[RawFinding]] = {}
        for finding in findings:
            if finding.origin.place is Place.CONTENT or finding.origin.containers:
                by_blob.setdefault(finding.origin.object or "", []).append(finding)
            else:
                yield finding.match, occurrence(finding, State.STAGED)
        origins = PathOrigins(by_blob, self._before.lookup(), is_based=True)
        if parents := self._before.tips:
            changes = _with_merged(self._git, parents[1:], self._changes, by_blob)
            origins.record(_ITSELF, parents, changes)
            # Only the mode differs, or a merge takes it over.
            self._same = {change.path for change in changes if change.new in change.olds}
        for id_, of_blob in by_blob.items():
            where = tuple(sorted(self._paths.get(id_, ())))
            for number, finding in enumerate(of_blob):
                if id_ in unchanged:
                    yield finding.match, _at_paths(occurrence(finding, State.PRESENT)._replace(refs=("HEAD",)), where)
                else:
                    yield finding.match, self._trace(finding, FindingPosition(b"", id_, number), where, origins)

    def _trace(
        self, finding: RawFinding, position: FindingPosition, paths: tuple[bytes, ...], origins: PathOrigins
    ) -> Occurrence:
        """Return the place under the first path to which the commit adds it; known when it adds it to none."""
        staged = _at_paths(occurrence(finding, State.STAGED), paths)
        traced = [
            (path, origins.of(position._replace(path=path))) for path in paths if path in origins.paths(position.blob)
        ]
        new = [(path, origin) for path, origin in traced if not _is_known(finding, origin, origins)]
        if not traced:
            is_same = bool(paths) and self._same.issuperset(paths)
            return staged._replace(known=True, state=State.PRESENT, refs=("HEAD",)) if is_same else staged
        path, origin = (new or traced)[0]
        if not new:
            staged = staged._replace(known=True, state=State.PRESENT, refs=("HEAD",))
        moved = Moved(*origin.moved, self._first(origin, origins)) if origin.moved else None
        return staged._replace(path=path, moved_from=moved)

    def _first(self, origin: PathOrigin, origins: PathOrigins) -> Commit | None:
        id_ = self._before.first_commit(origin.base, origins.finding(origin.base)) if origin.base else None
        return commits(self._git, [id_]).get(id_) if id_ else None


def _is_known(finding: RawFinding, origin: PathOrigin, origins: PathOrigins) -> bool:
    if not origin.is_known or not origin.base:
        return False
    return finding.has_comment or not origins.finding(origin.base).has_comment


def _at_paths(occurrence: Occurrence, paths: tuple[bytes, ...]) -> Occurrence:
    return occurrence._replace(path=paths[0], paths=paths) if paths else occurrence


def parents(git: Git) -> tuple[str, ...]:
    """Return HEAD, and the commits being merged that a remote branch holds: only these were scanned before."""
    try:
        head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1)).decode().strip()
    except GitError:
        return ()
    try:
        with open(os.path.join(git.repository.git_dir, b"MERGE_HEAD"), "rb") as stream:
            merged = _ID.findall(stream.read(_LONGEST).decode("ascii", "replace"))
    except OSError:
        merged = []
    published = [id_ for id_ in merged if _is_published(git, id_)]
    return (head, *published) if head else ()


def _is_published(git: Git, id_: str) -> bool:
    try:
        return bool(git.run("for-each-ref", "--count=1", "--contains", id_, "refs/remotes"))
    except GitError:
        return False


def _with_merged(
    git: Git, merged: Sequence[str], changes: Sequence[TreeChange], blobs: Collection[str]
) -> list[TreeChange]:
    """Return the changes with what the merged commits hold at the paths where something was found."""
    combined = []
    for change in changes:
        olds = [*change.olds]
        others = merged if change.new in blobs else ()
        olds += filter(None, (blob_at(git, parent, change.path) for parent in others))
        combined.append(change._replace(olds=tuple(olds)))
    return combined
