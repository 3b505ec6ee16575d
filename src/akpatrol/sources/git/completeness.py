"""Check that every object of a history exists: ``cat-file --batch-all-objects`` does not report missing ones.

https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---missingltmissing-actiongt
"""

from __future__ import annotations

from itertools import chain, islice
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile, graph, revisions
from akpatrol.sources.git import refs as git_refs
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.missing_commits import shallow_boundary, skipping_missing
from akpatrol.sources.git.packs.problems import find_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from akpatrol.sources.git.missing_commits import IncompleteHistory
    from akpatrol.sources.git.plain.plain_walk import PlainWalk
    from akpatrol.sources.git.ref_snapshot import RefSnapshot
    from akpatrol.sources.git.refs import Refs
    from akpatrol.sources.git.runner import Git

_LISTED = 1000
_WALK = ("rev-list", "--objects", "--missing=print", "--quiet")


class Proof(NamedTuple):
    """Everything reachable from ``old`` exists; ``new`` are the other tips of the history."""

    old: frozenset[str]
    new: frozenset[str]


def gaps(
    git: Git, refs: RefSnapshot, walk: HistoryWalk | PlainWalk | None = None, proof: Proof | None = None
) -> Iterator[Skipped]:
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
        yield from _missing(git, refs, walk or HistoryWalk(git))
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
            if not graph.finishes_in_time(git, stream.answers_within, monotonic()):
                return False
            absent = sum(line.startswith(b"?") for line in stream.parts(b"\n"))  # to its end, or git would wait
            stream.finish()
    except GitError:
        return False
    return not absent


def _missing(git: Git, names: RefSnapshot, walk: HistoryWalk | PlainWalk) -> Iterator[Skipped]:
    """Yield what is missing. Raises GitError."""
    refs = names.refs
    missing = {id_: f"missing object, named by {' and '.join(refs.listed(bits))}" for id_, bits in refs.absent.items()}
    for id_, name in names.lost.items():
        missing.setdefault(id_, f"missing commit, named by the reflog of {name}")
    try:
        lines = walk.missing()
        reached = graph.reached(git, revisions.EVERYTHING) if lines is None else ()
        gaps = _missing_in(git, reached, refs) if lines is None else _skips(git, lines)
    except GitError:
        with skipping_missing(git, refs) as incomplete:
            reached = {commit.id for commit in revisions.commits(incomplete.git, (), incomplete.tips)}
            missing |= dict.fromkeys(_missing_commits(incomplete, reached), "missing commit")
            gaps = _missing_in(git, reached, refs)
    yield from (Skipped(id_, reason) for id_, reason in missing.items())
    yield from gaps


def _skips(git: Git, lines: Iterable[bytes]) -> list[Skipped]:
    """Return a skip for each missing object that a walk printed, for the first thousand. Raises GitError."""
    missing = (line for line in lines if line.startswith(b"?"))
    ids = [line[1:].decode("ascii", "replace").strip() for line in islice(missing, _LISTED)]
    reason = "missing object"
    if ids and is_partial(git):
        reason = "missing object of a partial clone: run git fetch --refetch without a filter"
    skips = [Skipped(id_, reason) for id_ in ids]
    if more := sum(1 for _ in missing):
        skips.append(Skipped(f"{more} more objects", reason))
    return skips


def _missing_in(git: Git, commits: Iterable[str], refs: Refs) -> list[Skipped]:
    """Return the missing objects that these commits, and other objects that refs name, need. Raises GitError.

    Tags are left out: git fails at a tag of a missing object, and that object is checked itself.
    """
    ids = (f"{id_}\n".encode() for id_ in chain(commits, refs.others))
    with git.stream(*_WALK, "--no-walk=unsorted", "--stdin", stdin=ids) as stream:
        skips = _skips(git, stream.parts(b"\n"))
        stream.finish()
    return skips


def _missing_commits(incomplete: IncompleteHistory, reached: Collection[str]) -> list[str]:
    """Return the missing commits that a reachable commit names as its parent."""
    return sorted(
        {parent for id_, parents in incomplete.missing_parents.items() if id_ in reached for parent in parents}
    )


def is_partial(git: Git) -> bool:
    """Return whether objects were left out when cloning. Raises GitError."""
    keys = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$"
    return bool(git.run("config", "--local", "--no-includes", "--get-regexp", keys, accept=(0, 1)))
