"""The content before a range, a push or the next commit, read only where something was found."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import catfile, diff_tree, revisions
from akpatrol.sources.git.origins import ContentLookup, FindingPosition, matched, similar
from akpatrol.sources.git.runner import LITERALLY
from akpatrol.sources.git.units import ObjectsUnit
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Unit
    from akpatrol.sources.git.origins import FindingsByBlob
    from akpatrol.sources.git.runner import Git

    Examine = Callable[[Unit], Sequence[RawFinding]]

_LARGEST_BYTES = 64 << 20
_MOST_BYTES = 512 << 20
_LARGEST_COMPARED_BYTES = 8 << 20
# Time limit for finding copies in whole trees and the first commit of a path.
_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_VERSIONS_AT_ONCE = 200
_MOST_VERSIONS = 5000
_MOST_STARTS = 50
_MOST_NAMES = 5
_MOST_FAILURES = 50
_MOST_RENAMES = 20
_MOST_RENAMED = 1000


class EarlierContent:
    """Content outside the scan, examined when a finding is compared with it.

    ``starts`` are the commits whose files count as the base, None when it has none of its own. History is followed
    from ``tips``.
    """

    def __init__(
        self, git: Git, target: str, examine: Examine, tips: Sequence[str], starts: Sequence[str] | None = None
    ) -> None:
        self._git = git
        self._target = target
        self._examine = examine
        self.tips = tips
        self._starts = starts
        self._left = _MOST_BYTES
        self._until: float | None = None
        self._firsts: dict[tuple[bytes, str, object], str | None] = {}
        self.missing: list[str] = []

    def lookup(self) -> ContentLookup:
        """Return the queries for a comparison."""
        return ContentLookup(self.load, lambda new, old: alike(self._git, new, old), self._at_other_path)

    def load(self, ids: Collection[str], findings: FindingsByBlob) -> None:
        """Examine blobs; a missing or too large one has no findings, so its credentials count as new."""
        wanted = sorted(id_ for id_ in ids if id_ not in findings)
        if not wanted:
            return
        findings.update(dict.fromkeys(wanted, ()))
        affordable = []
        sizes = dict(_sizes(self._git, wanted))
        self.missing += (id_ for id_ in wanted if id_ not in sizes)
        for id_, size in sizes.items():
            if size <= min(_LARGEST_BYTES, self._left):
                self._left -= size
                affordable.append(id_)
        if not affordable:
            return
        by_blob: dict[str, list[RawFinding]] = {}
        for finding in self._examine(ObjectsUnit(self._target, self._git, tuple(affordable), staged=True)):
            by_blob.setdefault(finding.origin.object or "", []).append(finding)
        findings.update(by_blob)

    def is_in_base(self, path: bytes, finding: RawFinding) -> bool:
        """Return whether the base's own files hold a place at a path, not only its history."""
        if self._starts is None:
            return True
        findings: FindingsByBlob = {}
        for start in self._starts[:_MOST_STARTS]:
            blob = blob_at(self._git, start, path)
            self.load({blob} if blob else set(), findings)
            if blob and matched([finding], findings[blob]):
                return True
        return False

    def first_commit(self, position: FindingPosition, finding: RawFinding) -> str | None:
        """Return the commit that introduced a place, under any name of its path; None if that takes too long."""
        key = (position.path, position.blob, finding.match.secret)
        if key not in self._firsts:
            self._firsts[key] = None
            with suppress(GitError):
                self._firsts[key] = self._follow_renames(position, finding)
        return self._firsts[key]

    def _follow_renames(self, position: FindingPosition, finding: RawFinding) -> str | None:
        """Follow a place from name to name. Raises GitError."""
        tips, path, blob = self.tips, position.path, position.blob
        for _ in range(_MOST_RENAMES):
            if not (commit := self._follow_versions(tips, path, blob, finding)):
                return None
            tips = self._git.run("rev-parse", f"{commit}^@").decode("ascii", "replace").split()
            if not (before := self._renamed_from(WalkedCommit(commit, 0, tuple(tips)), finding)):
                return commit
            path, blob = before
        return None

    def _renamed_from(self, commit: WalkedCommit, finding: RawFinding) -> tuple[bytes, str] | None:
        """Return the path that a commit removed and that held the place, with the blob."""
        findings: FindingsByBlob = {}
        gone = [
            (change.path, old)
            for _, changes in revisions.changes(self._git, [commit])
            for change in islice((gone for gone in changes if gone.removes_path and not gone.link), _MOST_RENAMED)
            for old in change.olds
        ]
        self.load({old for _, old in gone}, findings)
        return next(((path, old) for path, old in gone if matched([finding], findings[old])), None)

    def _follow_versions(self, tips: Sequence[str], path: bytes, blob: str, finding: RawFinding) -> str | None:
        """Follow a place from version to version of a path. Raises GitError."""
        findings: FindingsByBlob = {}
        log = islice(diff_tree.of_path(self._git, tips, path), _MOST_VERSIONS)
        while versions := list(islice(log, _VERSIONS_AT_ONCE)):
            if self._is_out_of_time():
                return None
            self.load({id_ for _, change in versions for id_ in (change.new, *change.olds) if id_.strip("0")}, findings)
            for commit, change in versions:
                if change.new == blob:
                    olds = [old for old in change.olds if matched([finding], findings.get(old, ()))]
                    if not olds:
                        return commit
                    blob = olds[0]
        return None

    def _at_other_path(
        self, parents: Sequence[str], position: FindingPosition, findings: FindingsByBlob
    ) -> FindingPosition | None:
        """Return the place in the parents' files that is this one at another path."""
        finding = findings[position.blob][position.number]
        for parent in parents:
            for path, blob in self._candidates(parent, position, finding):
                self.load({blob}, findings)
                if path != position.path and (matches := matched([finding], findings[blob])):
                    return FindingPosition(path, blob, matches[0])
        return None

    def _candidates(self, parent: str, position: FindingPosition, finding: RawFinding) -> Iterator[tuple[bytes, str]]:
        if self._is_out_of_time():
            return
        listing = ("rev-list", "--objects", "--no-walk", "--missing=allow-any", parent)
        with suppress(GitError), self._git.stream(*listing, patience=_ANSWER_SECONDS) as stream:
            for line in stream.parts(b"\n"):
                id_, _, path = line.partition(b" ")
                if id_ == position.blob.encode() and path:
                    yield path, position.blob
                    return
        if finding.origin.containers or finding.origin.encodings or self._is_out_of_time():
            return
        text = finding.match.secret.reveal()
        if not text or b"\n" in text:
            return
        with suppress(GitError):
            # The text goes through standard input: it is a secret, and arguments can be seen by others.
            options = ("-a", "-l", "-z", "--full-name", "--no-textconv", "--no-recurse-submodules", "-F", "-f", "-")
            listed = self._git.run(
                LITERALLY, "grep", *options, parent, stdin=text + b"\n", accept=(0, 1), deadline=_ANSWER_SECONDS
            )
            for name in listed.split(b"\0")[:_MOST_NAMES]:
                path = name.partition(b":")[2]
                if path and (blob := blob_at(self._git, parent, path)):
                    yield path, blob

    def _is_out_of_time(self) -> bool:
        if self._until is None:
            self._until = monotonic() + _SECONDS
        return monotonic() > self._until


def alike(git: Git, new: str, old: str) -> bool:
    """Return whether one blob is a version of another; for large ones only whether they are identical."""
    if new == old:
        return True
    sizes = dict(_sizes(git, [new, old]))
    if len(sizes) != len({new, old}) or max(sizes.values()) > _LARGEST_COMPARED_BYTES:
        return False
    contents = catfile.contents(git, [new, old])
    return new in contents and old in contents and similar(contents[new][1], contents[old][1])


def blob_at(git: Git, commit: str, path: bytes) -> str | None:
    """Return the blob that a commit holds at a path."""
    with suppress(GitError):
        listed = git.run(LITERALLY, "ls-tree", "-z", "--full-tree", commit, "--", path)
        words = listed.partition(b"\t")[0].split(b" ")
        if len(words) == 3 and words[1] == b"blob":  # noqa: PLR2004 - mode, type, id
            return words[2].decode("ascii", "replace")
    return None


def _sizes(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the size of each existing blob."""
    if (known := catfile.infos(git, list(map(str.encode, ids)))) is not None:
        yield from filter(None, map(_size, known))
        return
    start = failures = 0
    while start < len(ids) and failures < _MOST_FAILURES:
        lines = (f"{id_}\n".encode() for id_ in islice(ids, start, None))
        try:
            with git.stream("cat-file", "--batch-check", stdin=lines) as stream:
                for line in stream.parts(b"\n"):
                    start += 1
                    if size := _size(line):
                        yield size
                stream.finish()
                return
        except GitError:  # git dies on an object that a partial clone left out; its credentials count as new
            start += 1
            failures += 1


def _size(line: bytes) -> tuple[str, int] | None:
    id_, type_, *size = line.split()
    return (id_.decode("ascii", "replace"), int(size[0])) if type_ == b"blob" else None
