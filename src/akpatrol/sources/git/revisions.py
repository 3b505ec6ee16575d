"""Commits of a walk, their order, and what they changed.

https://git-scm.com/docs/gitrevisions, https://git-scm.com/docs/git-diff-tree (raw output format, combined diffs)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import trees
from akpatrol.sources.git.runner import LITERALLY, SilentError
from akpatrol.sources.git.trees import TreeChange
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git, Stream

EVERYTHING = ("--all", "--reflog")
_DIFF = (
    "diff-tree", "--stdin", "--always", "-c", "--raw", "-r", "--root", "-z", "--no-renames", "--no-abbrev",
    "--pretty=tformat:%H",
)  # fmt: skip
_GITLINK = b"160000"
_GIVEN_UP_AFTER = 100
# git holds all changes of a commit before it tells of the first, so its silence is a bound on memory too.
_PATIENCE = 3.0
_ENDLESS = 2
_CHANGES = 1_000_000
_CHANGES_A_COMMIT = 1000
_WIDE = 100  # parents
WALK_SECONDS = 4.0
"""How long git may walk before it is asked whether the history is of a kind that it walks for ever."""


def commits(git: Git, revisions: Sequence[str], tips: Sequence[str] = ()) -> Iterator[WalkedCommit]:
    """Yield the commits that ``rev-list`` gives for revisions and tips, children before parents. Raises GitError."""
    from akpatrol.sources.git import graph  # noqa: PLC0415 - few histories are so wide

    if graph.is_known_to_be_wide(git) and "--no-walk=unsorted" not in revisions:
        yield from graph.commits(git, revisions, tips)
        return
    number = 0
    try:
        for commit in _listed(git, revisions, tips, WALK_SECONDS):
            number += 1
            yield commit
    except SilentError:
        if number:
            raise
        yield from graph.commits(git, revisions, tips) if graph.wide(git) else _listed(git, revisions, tips, None)


def _listed(git: Git, revisions: Sequence[str], tips: Sequence[str], patience: float | None) -> Iterator[WalkedCommit]:
    """Yield what rev-list tells, which says nothing before it has walked to the end."""
    words = ("rev-list", "--topo-order", "--parents", "--timestamp", *revisions, "--stdin")
    with git.stream(*words, stdin=[f"{tip}\n".encode() for tip in tips], patience=patience) as stream:
        while line := stream.readline():
            date, id_, *parents = line.decode("ascii", "replace").split()
            yield WalkedCommit(id_, int(date), tuple(parents))
        stream.finish()


def changes(git: Git, commits: Sequence[WalkedCommit]) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield each of these commits with what it changed, in this order; one that git cannot compare is left out.

    Merges are told as combined diffs: what differs from every parent. git compares path by path, which is fast; where
    that comes to no end, ``trees`` does it.
    """
    start = failures = endless = told = 0
    while start < len(commits) and failures <= _GIVEN_UP_AFTER:
        if endless > _ENDLESS or told > _CHANGES + _CHANGES_A_COMMIT * len(commits):
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
        seen = 0
        try:
            for seen, id_, found in _compared(git, ids):  # noqa: B007 - where it stopped
                told += len(found)
                yield id_, found
            start = stop
        except (SilentError, _TooMuchError):
            endless += 1
            yield from trees.changes(git, commits[start + seen : start + seen + 1])
            start += seen + 1
        except GitError:
            failures = 0 if seen else failures + 1
            start += seen + 1


def of_path(git: Git, tips: Sequence[str], path: bytes) -> Iterator[tuple[str, TreeChange]]:
    """Yield the commits that changed what stands at a path, children first, with that change. Raises GitError."""
    options = ("-c", "--raw", "-z", "--no-renames", "--no-abbrev", "--full-history", "--topo-order")
    words = ("log", *options, "--pretty=tformat:%H", "--end-of-options", *tips, "--")
    with git.stream(LITERALLY, *words, path, patience=WALK_SECONDS) as stream:
        for id_, found in _parse(stream):
            yield from ((id_, change) for change in found if change.path == path)
        stream.finish()


class _TooMuchError(GitError):
    """One commit changed more paths than there is memory for."""


def _compared(git: Git, ids: Sequence[str]) -> Iterator[tuple[int, str, tuple[TreeChange, ...]]]:
    """Yield how many of these commits are done, the last one's id, and what it changed. Raises GitError."""
    seen = 0
    with git.stream(*_DIFF, stdin=(id_.encode() + b"\n" for id_ in ids), patience=_PATIENCE) as stream:
        for id_, found in _parse(stream):
            try:
                seen = ids.index(id_, seen) + 1  # git says nothing of what is not there
            except ValueError:
                raise GitError("git diff-tree told of a commit that it was not asked for") from None
            yield seen, id_, found
        stream.finish()


def _parse(stream: Stream) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    header = b""
    found: list[TreeChange] = []
    parts = stream.parts()
    for part in parts:
        part = part.lstrip(b"\n")  # noqa: PLW2901 - the format puts a line end between header and changes
        if part.startswith(b":"):
            found.append(_change(part, next(parts, b"")))
            if len(found) > _CHANGES:
                raise _TooMuchError("more changes than can be held")
        elif part:
            if header:
                yield header.decode("ascii", "replace"), tuple(found)
            header, found = part, []
    if header:
        yield header.decode("ascii", "replace"), tuple(found)


def _change(raw: bytes, path: bytes) -> TreeChange:
    """Parse ``:<modes> <ids> <status>`` with one colon, old mode and old id a parent."""
    parents = len(raw) - len(raw.lstrip(b":"))
    words = raw[parents:].split(b" ")
    ids = [word.decode("ascii", "replace") for word in words[parents + 1 : 2 * parents + 2]]
    return TreeChange(path, ids[-1], tuple(ids[:-1]), link=words[parents] == _GITLINK)
