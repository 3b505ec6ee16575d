"""Check that every object of a history exists: ``cat-file --batch-all-objects`` does not report missing ones.

https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---missingltmissing-actiongt
"""

from __future__ import annotations

import weakref
from contextlib import ExitStack, suppress
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile, graph, revisions, walked_commit
from akpatrol.sources.git import refs as git_refs
from akpatrol.sources.git.missing_commits import shallow_boundary, skipping_missing
from akpatrol.sources.git.packs.problems import find_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from akpatrol.sources.git.missing_commits import IncompleteHistory
    from akpatrol.sources.git.refs import Refs
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

_LISTED = 1000
_WALK = ("rev-list", "--objects", "--missing=print", "--quiet")


class Proof(NamedTuple):
    """Everything reachable from ``old`` exists; ``new`` are the other tips of the history."""

    old: frozenset[str]
    new: frozenset[str]


class HistoryWalk:
    """git's walk of the whole history, started early because it takes as long as a part of the scan."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._open = ExitStack()
        self._begun = monotonic()
        # Do not leave git running when the result is not needed.
        weakref.finalize(self, self._open.close)
        self._stream: Stream | None = None
        with suppress(GitError):
            self._stream = self._open.enter_context(git.stream(*_WALK, *revisions.EVERYTHING, stdin=()))

    def give_up(self) -> None:
        """Stop git's walk when it takes too long, because it uses a processor."""
        seconds = monotonic() - self._begun
        if not self._stream or seconds < walked_commit.WALK_SECONDS or self._stream.answers_within(0):
            return
        with suppress(GitError):  # reported by the code that reads all objects
            if seconds > graph.patience(self._git):
                graph.mark_slow(self._git)
                self._stream.kill()

    def missing_objects(self, refs: Refs) -> list[Skipped]:
        """Return the missing trees and blobs that refs and reflogs need. Raises GitError."""
        with self._open:
            if not self._stream:
                raise GitError("git did not start")
            if not graph.is_slow(self._git) and graph.finishes_in_time(self._git, self._stream, self._begun):
                return list(_read_missing(self._git, self._stream))
        return _missing_in(self._git, graph.reached(self._git, revisions.EVERYTHING), refs)


def gaps(git: Git, walk: HistoryWalk | None = None, proof: Proof | None = None) -> Iterator[Skipped]:
    """Yield a skip for a shallow boundary and for every missing object that refs or reflogs reach."""
    if boundary := shallow_boundary(git):
        yield Skipped(
            f"history before {len(boundary)} boundary commit{'s'[: len(boundary) > 1]}",
            "shallow clone: run git fetch --unshallow",
        )
    yield from find_problems(git)
    yield from git_refs.broken(git)
    if proof and not boundary and _nothing_new_is_missing(git, proof):
        return
    try:
        yield from _missing(git, walk or HistoryWalk(git))
    except GitError as error:
        yield Skipped("reachable objects", f"completeness cannot be established: {error}")


def _nothing_new_is_missing(git: Git, proof: Proof) -> bool:
    """Return whether everything that only the new tips reach exists; in doubt False, and all history is walked."""
    if not proof.new:
        return True
    # History reachable from an old tip need not be walked: it was complete, and nothing was removed since.
    tips = [f"{id_}\n".encode() for id_ in (*proof.new, *(f"^{old}" for old in proof.old))]
    try:
        if not all(type_ for _, type_ in catfile.types(git, list(proof.new))):
            return False
        with git.stream(*_WALK, "--stdin", stdin=tips) as stream:
            if not graph.finishes_in_time(git, stream, monotonic()):
                return False
            absent = list(_read_missing(git, stream))
    except GitError:
        return False
    return not absent


def _missing(git: Git, walk: HistoryWalk) -> Iterator[Skipped]:
    """Yield what is missing. Raises GitError."""
    refs = git_refs.read(git)
    missing = {id_: f"missing object, named by {' and '.join(refs.listed(bits))}" for id_, bits in refs.absent.items()}
    logged = git_refs.reflogs(git)
    for id_, type_ in catfile.types(git, list(logged)):
        if not type_:
            missing.setdefault(id_, f"missing commit, named by the reflog of {logged[id_]}")
    try:
        gaps = walk.missing_objects(refs)
    except GitError:
        with skipping_missing(git, refs) as incomplete:
            reached = {commit.id for commit in revisions.commits(incomplete.git, (), incomplete.tips)}
            missing |= dict.fromkeys(_missing_commits(incomplete, reached), "missing commit")
            gaps = _missing_in(git, reached, refs)
    yield from (Skipped(id_, reason) for id_, reason in missing.items())
    yield from gaps


def _read_missing(git: Git, stream: Stream) -> Iterator[Skipped]:
    """Yield what a walk prints as missing. Raises GitError."""
    reason, number = "missing object", 0
    while line := stream.readline():
        if not line.startswith(b"?"):
            continue
        if not number and is_partial(git):
            reason = "missing object of a partial clone: run git fetch --refetch without a filter"
        number += 1
        if number <= _LISTED:
            yield Skipped(line[1:].decode("ascii", "replace").strip(), reason)
    stream.finish()
    if number > _LISTED:
        yield Skipped(f"{number - _LISTED} more objects", reason)


def _missing_in(git: Git, commits: Iterable[str], refs: Refs) -> list[Skipped]:
    """Return the missing objects that these commits, and other objects that refs name, need. Raises GitError.

    Tags are left out: git fails at a tag of a missing object, and that object is checked itself.
    """
    ids = (f"{id_}\n".encode() for id_ in chain(commits, refs.others))
    with git.stream(*_WALK, "--no-walk=unsorted", "--stdin", stdin=ids) as stream:
        return list(_read_missing(git, stream))


def _missing_commits(incomplete: IncompleteHistory, reached: Collection[str]) -> list[str]:
    """Return the missing commits that a reachable commit names as its parent."""
    return sorted(
        {parent for id_, parents in incomplete.missing_parents.items() if id_ in reached for parent in parents}
    )


def is_partial(git: Git) -> bool:
    """Return whether objects were left out when cloning. Raises GitError."""
    keys = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$"
    return bool(git.run("config", "--local", "--no-includes", "--get-regexp", keys, accept=(0, 1)))
