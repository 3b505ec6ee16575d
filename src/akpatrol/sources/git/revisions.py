"""Commits of a walk, their order, and what they changed.

https://git-scm.com/docs/gitrevisions
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import diff_tree, trees
from akpatrol.sources.git.stream import SilentError
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.sources.git.diff_tree import CommitChanges, WantedChanges
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.trees import TreeChange

    Known = Callable[[Sequence[str], WantedChanges | None], Iterator[CommitChanges] | None]

EVERYTHING = ("--all", "--reflog")
_GIVEN_UP_AFTER = 100
_ENDLESS = 2
_CHANGES_A_COMMIT = 1000
_WIDE = 100  # parents


def commits(git: Git, revisions: Sequence[str], tips: Sequence[str] = ()) -> Iterator[WalkedCommit]:
    """Yield the commits that ``rev-list`` gives for revisions and tips, children before parents. Raises GitError."""
    from akpatrol.sources.git import graph  # noqa: PLC0415 - few histories are so wide

    walks = "--no-walk=unsorted" not in revisions
    if walks and graph.is_slow(git):
        yield from graph.commits(git, revisions, tips)
        return
    words = ("rev-list", "--topo-order", "--parents", "--timestamp", *revisions, "--stdin")
    with git.stream(*words, stdin=[f"{tip}\n".encode() for tip in tips]) as stream:
        if not walks or graph.finishes_in_time(git, stream.answers_within, monotonic(), "commit"):
            while line := stream.readline():
                yield parse_commit(line)
            stream.finish()
            return
    yield from graph.commits(git, revisions, tips)


def parse_commit(line: bytes) -> WalkedCommit:
    """Parse ``<date> <id> <parents>``."""
    date, id_, *parents = line.decode("ascii", "replace").split()
    return WalkedCommit(id_, int(date), tuple(parents))


def changes(
    git: Git,
    commits: Sequence[WalkedCommit],
    wanted: WantedChanges | None = None,
    known: Known | None = None,
) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield each of these commits with what it changed, in this order; one that git cannot compare is left out.

    Merges are combined diffs: the files that differ from every parent. A commit without a ``wanted`` change may come
    without any. ``known`` gives what git printed already of just these commits, or None.
    """
    from akpatrol.sources.git import graph  # noqa: PLC0415 - it needs this module

    if git.plain and git.plain.kept.is_complete:
        from akpatrol.sources.git.plain.plain_changes import PlainChanges  # noqa: PLC0415 - a sweep's

        plain = PlainChanges(git.plain.kept).of(commits, wanted)
        if plain is not None:
            yield from plain
            return
    if known and not graph.is_slow(git):
        printed = known([commit.id for commit in commits], wanted)
        if printed is not None:
            yield from ((each.id, each.changes) for each in printed)
            return
    alike = _unchanged(git, commits) if graph.is_slow(git) else frozenset[str]()
    compared = _changes(git, [commit for commit in commits if commit.id not in alike], wanted)
    comparison = next(compared, None)
    for commit in commits:
        if commit.id in alike:
            yield commit.id, ()
        elif comparison and comparison[0] == commit.id:
            yield comparison
            comparison = next(compared, None)


def _unchanged(git: Git, commits: Sequence[WalkedCommit]) -> frozenset[str]:
    """Return the commits with the same files as a parent: most commits of a hostile long history. Raises GitError."""
    ids = dict.fromkeys(id_ for commit in commits for id_ in (commit.id, *commit.parents))
    roots = dict(trees.root_trees(git, list(ids)))
    return frozenset(
        commit.id
        for commit in commits
        if commit.id in roots and any(roots.get(parent) == roots[commit.id] for parent in commit.parents)
    )


def _changes(
    git: Git, commits: Sequence[WalkedCommit], wanted: WantedChanges | None
) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield the changes of all of these commits.

    git compares path by path, which is fast; when that takes too long, ``trees`` does it.
    """
    start = failures = endless = number = 0
    while start < len(commits) and failures <= _GIVEN_UP_AFTER:
        if endless > _ENDLESS or number > diff_tree.MOST_CHANGES + _CHANGES_A_COMMIT * len(commits):
            yield from trees.changes(git, commits[start:])
            return
        is_wide = len(commits[start].parents) > _WIDE
        others = (n for n in range(start, len(commits)) if (len(commits[n].parents) > _WIDE) != is_wide)
        stop = next(others, len(commits))
        if is_wide:
            yield from trees.changes(git, commits[start:stop])
            start = stop
            continue
        ids = [commit.id for commit in commits[start:stop]]
        done = 0
        try:
            for compared in diff_tree.compare(git, ids, wanted):
                done = compared.done
                number += compared.number
                yield compared.id, compared.changes
            start = stop
        except (SilentError, diff_tree.TooMuchError):
            endless += 1
            yield from trees.changes(git, commits[start + done : start + done + 1])
            start += done + 1
        except GitError:
            failures = 0 if done else failures + 1
            start += done + 1
