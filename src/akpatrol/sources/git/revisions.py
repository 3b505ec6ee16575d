"""Commits of a walk, their order, and what they changed.

https://git-scm.com/docs/gitrevisions, https://git-scm.com/docs/git-diff-tree (raw output format, combined diffs)
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import trees, walked_commit
from akpatrol.sources.git.runner import LITERALLY
from akpatrol.sources.git.stream import SilentError
from akpatrol.sources.git.trees import TreeChange
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

EVERYTHING = ("--all", "--reflog")
_DIFF = (
    "diff-tree", "--stdin", "--always", "-c", "--raw", "-r", "--root", "-z", "--no-renames", "--no-abbrev",
    "--pretty=tformat:%H",
)  # fmt: skip
_GITLINK = b"160000"
_GIVEN_UP_AFTER = 100
# git holds all changes of a commit in memory before it prints the first.
_PATIENCE = 3.0
_MEMORY = 512 << 20
_ENDLESS = 2
_CHANGES = 1_000_000
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
        if not walks or graph.finishes_in_time(git, stream, monotonic(), "commit"):
            while line := stream.readline():
                date, id_, *parents = line.decode("ascii", "replace").split()
                yield WalkedCommit(id_, int(date), tuple(parents))
            stream.finish()
            return
    yield from graph.commits(git, revisions, tips)


def changes(git: Git, commits: Sequence[WalkedCommit]) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield each of these commits with what it changed, in this order; one that git cannot compare is left out.

    Merges are combined diffs: the files that differ from every parent.
    """
    from akpatrol.sources.git import graph  # noqa: PLC0415 - it needs this module

    alike = _unchanged(git, commits) if graph.is_slow(git) else frozenset[str]()
    compared = _changes(git, [commit for commit in commits if commit.id not in alike])
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


def _changes(git: Git, commits: Sequence[WalkedCommit]) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield the changes of all of these commits.

    git compares path by path, which is fast; when that takes too long, ``trees`` does it.
    """
    start = failures = endless = number = 0
    while start < len(commits) and failures <= _GIVEN_UP_AFTER:
        if endless > _ENDLESS or number > _CHANGES + _CHANGES_A_COMMIT * len(commits):
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
            for done, id_, changed in _compared(git, ids):  # noqa: B007 - where it stopped
                number += len(changed)
                yield id_, changed
            start = stop
        except (SilentError, _TooMuchError):
            endless += 1
            yield from trees.changes(git, commits[start + done : start + done + 1])
            start += done + 1
        except GitError:
            failures = 0 if done else failures + 1
            start += done + 1


def of_path(git: Git, tips: Sequence[str], path: bytes) -> Iterator[tuple[str, TreeChange]]:
    """Yield the commits that changed a path, children first, with that change. Raises GitError."""
    options = ("-c", "--raw", "-z", "--no-renames", "--no-abbrev", "--full-history", "--topo-order")
    words = ("log", *options, "--pretty=tformat:%H", "--end-of-options", *tips, "--")
    with git.stream(LITERALLY, *words, path, patience=walked_commit.WALK_SECONDS, memory=_MEMORY) as stream:
        for id_, changed in _parse(stream):
            yield from ((id_, change) for change in changed if change.path == path)
        stream.finish()


class _TooMuchError(GitError):
    """One commit changed more paths than there is memory for."""


def _compared(git: Git, ids: Sequence[str]) -> Iterator[tuple[int, str, tuple[TreeChange, ...]]]:
    """Yield how many of these commits are done, the last one's id, and what it changed. Raises GitError."""
    position = 0
    lines = (id_.encode() + b"\n" for id_ in ids)
    with git.stream(*_DIFF, stdin=lines, patience=_PATIENCE, memory=_MEMORY) as stream:
        for id_, changed in _parse(stream):
            try:
                position = ids.index(id_, position) + 1  # git prints nothing for a missing commit
            except ValueError:
                raise GitError("git diff-tree reported a commit that was not requested") from None
            yield position, id_, changed
        stream.finish()


def _parse(stream: Stream) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    header = b""
    parsed: list[TreeChange] = []
    parts = stream.parts()
    for part in parts:
        part = part.lstrip(b"\n")  # noqa: PLW2901 - the format puts a line end between header and changes
        if part.startswith(b":"):
            parsed.append(_change(part, next(parts, b"")))
            if len(parsed) > _CHANGES:
                raise _TooMuchError("too many changes to hold in memory")
        elif part:
            if header:
                yield header.decode("ascii", "replace"), tuple(parsed)
            header, parsed = part, []
    if header:
        yield header.decode("ascii", "replace"), tuple(parsed)


def _change(raw: bytes, path: bytes) -> TreeChange:
    """Parse ``:<modes> <ids> <status>`` with one colon, old mode and old id a parent."""
    parents = len(raw) - len(raw.lstrip(b":"))
    words = raw[parents:].split(b" ")
    ids = [word.decode("ascii", "replace") for word in words[parents + 1 : 2 * parents + 2]]
    return TreeChange(path, ids[-1], tuple(ids[:-1]), link=words[parents] == _GITLINK)
