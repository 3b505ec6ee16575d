"""The graph of commits read without git's walk, which takes the square of the number of a commit's parents.

git puts the parents of a commit into a list ordered by date, one after the other: 100,000 of them cost it minutes.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from akpatrol.errors import GitError
from akpatrol.sources.git import catfile
from akpatrol.sources.git import refs as git_refs
from akpatrol.sources.git.missing_commits import shallow_boundary
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from akpatrol.sources.git.runner import Git

_WIDE = 1000  # parents
_LISTING = ("cat-file", "--batch-all-objects", "--unordered", "--buffer")
_FORMAT = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
_KNOWN: WeakKeyDictionary[Git, dict[str, tuple[str, ...]]] = WeakKeyDictionary()
_GRAPHS: WeakKeyDictionary[Git, dict[str, WalkedCommit]] = WeakKeyDictionary()
_PARENT_BYTES = 48  # "parent ", an id of 40 or 64 digits, and a line end


def wide(git: Git) -> dict[str, tuple[str, ...]]:
    """Return the commits with so many parents that git's walk comes to no end, with these. Raises GitError."""
    if git not in _KNOWN:
        large = [id_ for id_, size in _listed(git) if size > _WIDE * _PARENT_BYTES]
        _KNOWN[git] = {commit.id: commit.parents for commit in _parsed(git, large) if len(commit.parents) > _WIDE}
    return _KNOWN[git]


def is_known_to_be_wide(git: Git) -> bool:
    """Return whether there are such commits, without looking for them."""
    return bool(_KNOWN.get(git))


def commits(git: Git, revisions: Sequence[str], tips: Sequence[str] = ()) -> list[WalkedCommit]:
    """Return what ``revisions.commits`` yields. Raises GitError."""
    known = _all(git)
    cut = revisions.index("--not") if "--not" in revisions else len(revisions)
    wanted = _reached(known, [*_named(git, revisions[:cut]), *tips]) - _reached(
        known, _named(git, revisions[cut + 1 :])
    )
    return list(_in_order(known, wanted))


def _all(git: Git) -> Mapping[str, WalkedCommit]:
    """Return every commit that is there, reachable or not, as a shallow clone has them. Raises GitError."""
    if git not in _GRAPHS:
        known = {commit.id: commit for commit in _parsed(git, [id_ for id_, _ in _listed(git)])}
        for id_ in shallow_boundary(git) & known.keys():
            known[id_] = known[id_]._replace(parents=())
        _GRAPHS[git] = known
    return _GRAPHS[git]


@contextmanager
def ending_at(git: Git, ids: Collection[str]) -> Iterator[Git]:
    """Give a git for which these commits have no parents, nor those at which a shallow clone ends."""
    with NamedTemporaryFile(prefix="akpatrol-") as file:
        file.write("".join(f"{id_}\n" for id_ in (*ids, *shallow_boundary(git))).encode())
        file.flush()
        yield git.ending_at(file.name)


def _listed(git: Git) -> Iterator[tuple[str, int]]:
    """Yield the id and size of every commit object."""
    with git.stream(*_LISTING, _FORMAT) as stream:
        for line in stream.parts(b"\n"):
            id_, type_, size = line.split(b" ")
            if type_ == b"commit":
                yield id_.decode("ascii", "replace"), int(size)
        stream.finish()


def _parsed(git: Git, ids: Sequence[str]) -> Iterator[WalkedCommit]:
    for item in catfile.objects(git, ids):
        if isinstance(item, catfile.GitObject) and item.type == "commit":
            header = item.read(item.size).partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
            parents = tuple(line[7:] for line in header if line.startswith("parent "))
            dates = [line.split(" ")[-2:-1] for line in header if line.startswith("committer ")]
            date = dates[0][0] if dates and dates[0] else ""
            yield WalkedCommit(item.id, int(date) if date.isdecimal() else 0, parents)


def _named(git: Git, revisions: Sequence[str]) -> Iterator[str]:
    """Yield the commits that these arguments of rev-list begin with. Raises GitError."""
    for name in revisions:
        if name == "--all":
            yield from git_refs.read(git).seeds
        elif name == "--reflog":
            yield from git_refs.reflogs(git)
        elif name in ("--branches", "--remotes"):
            pattern = "refs/heads/" if name == "--branches" else "refs/remotes/"
            yield from git.run("for-each-ref", "--format=%(objectname)", pattern).decode("ascii", "replace").split()
        elif name.startswith("--"):
            raise GitError(f"{name}: not known to a walk without git")
        else:
            yield git.run("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()


def _reached(known: Mapping[str, WalkedCommit], tips: Collection[str] | Iterator[str]) -> set[str]:
    found: set[str] = set()
    pending = [id_ for id_ in tips if id_ in known]
    while pending:
        id_ = pending.pop()
        if id_ not in found:
            found.add(id_)
            pending += (parent for parent in known[id_].parents if parent in known)
    return found


def _in_order(known: Mapping[str, WalkedCommit], wanted: Collection[str]) -> Iterator[WalkedCommit]:
    """Yield children before parents, of several the latest first."""
    children = Counter(parent for id_ in wanted for parent in set(known[id_].parents) if parent in wanted)
    free = [(-known[id_].date, id_) for id_ in wanted if not children[id_]]
    heapify(free)
    while free:
        id_ = heappop(free)[1]
        yield known[id_]
        for parent in set(known[id_].parents):
            if parent in wanted:
                children[parent] -= 1
                if not children[parent]:
                    heappush(free, (-known[parent].date, parent))
