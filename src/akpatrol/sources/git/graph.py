"""The graph of commits read without git's walk, which may take the square of their number.

git puts the parents of each commit into a list ordered by date, one after the other. When the list grows long, as with
100,000 parents of one commit or 100,000 merges of old branches, it costs minutes.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from akpatrol.errors import GitError
from akpatrol.sources.git import catfile, walked_commit
from akpatrol.sources.git import refs as git_refs
from akpatrol.sources.git.missing_commits import shallow_boundary
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from akpatrol.sources.git.runner import Git

# The least number of commits or objects that git walks per second on a busy machine.
_RATE = 40_000


_COUNTS: WeakKeyDictionary[Git, Counter[str]] = WeakKeyDictionary()
_SLOW: WeakSet[Git] = WeakSet()
_GRAPHS: WeakKeyDictionary[Git, dict[str, WalkedCommit]] = WeakKeyDictionary()


def is_slow(git: Git) -> bool:
    """Return whether git takes too long to walk this history."""
    return git in _SLOW


def mark_slow(git: Git) -> None:
    """Record that git takes too long to walk this history."""
    _SLOW.add(git)


def patience(git: Git, type_: str = "") -> float:
    """Return the seconds that git needs on a busy machine to walk all objects, or all of a type. Raises GitError."""
    if git not in _COUNTS:
        _COUNTS[git] = Counter(type_ for _, type_ in catfile.all_types(git))
    return max(walked_commit.WALK_SECONDS, (_COUNTS[git][type_] if type_ else _COUNTS[git].total()) / _RATE)


def finishes_in_time(git: Git, ends_within: Callable[[float], bool], begun: float, type_: str = "") -> bool:
    """Wait for a walk up to its time limit. Raises GitError.

    ``ends_within`` waits for so many seconds and returns whether the walk has ended. The commits are counted only if it
    takes long.
    """
    if ends_within(begun + walked_commit.WALK_SECONDS - monotonic()):
        return True
    if not ends_within(begun + patience(git, type_) - monotonic()):
        mark_slow(git)
    return git not in _SLOW


def commits(git: Git, names: Sequence[str], tips: Sequence[str] = ()) -> list[WalkedCommit]:
    """Return what ``revisions.commits`` yields. Raises GitError."""
    known = _all(git)
    cut = names.index("--not") if "--not" in names else len(names)
    wanted = _reached(known, [*_named(git, names[:cut]), *_peeled(git, tips)])
    wanted -= _reached(known, _named(git, names[cut + 1 :]))
    return list(_in_order(known, wanted))


def reached(git: Git, names: Sequence[str]) -> set[str]:
    """Return the ids of the commits that these arguments of rev-list reach. Raises GitError."""
    return _reached(_all(git), _named(git, names))


def _all(git: Git) -> Mapping[str, WalkedCommit]:
    """Return every existing commit, reachable or not, with its parents in a shallow clone. Raises GitError."""
    if git not in _GRAPHS:
        ids = [id_ for id_, type_ in catfile.all_types(git) if type_ == "commit"]
        known = {commit.id: commit for commit in _parsed(git, ids)}
        for id_ in shallow_boundary(git) & known.keys():
            known[id_] = known[id_]._replace(parents=())
        _GRAPHS[git] = known
    return _GRAPHS[git]


@contextmanager
def with_boundary(git: Git, ids: Collection[str]) -> Iterator[Git]:
    """Yield a git for which these commits, and those at which a shallow clone ends, have no parents."""
    with NamedTemporaryFile(prefix="akpatrol-") as file:
        file.write("".join(f"{id_}\n" for id_ in (*ids, *shallow_boundary(git))).encode())
        file.flush()
        yield git.with_shallow_file(file.name)


def _parsed(git: Git, ids: Sequence[str]) -> Iterator[WalkedCommit]:
    for item in catfile.objects(git, ids):
        if isinstance(item, catfile.GitObject) and item.type == "commit":
            header = item.read(item.size).partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
            parents = tuple(line[7:] for line in header if line.startswith("parent "))
            dates = [line.split(" ")[-2:-1] for line in header if line.startswith("committer ")]
            date = dates[0][0] if dates and dates[0] else ""
            yield WalkedCommit(item.id, int(date) if date.isdecimal() else 0, parents)


def _named(git: Git, names: Sequence[str]) -> Iterator[str]:
    """Yield the commits that these arguments of rev-list begin with. Raises GitError."""
    for name in names:
        if name == "--all":
            yield from RefSnapshot(git).refs.seeds
        elif name == "--reflog":
            yield from git_refs.reflogs(git)
        elif name in ("--branches", "--remotes"):
            pattern = "refs/heads/" if name == "--branches" else "refs/remotes/"
            yield from git.run("for-each-ref", "--format=%(objectname)", pattern).decode("ascii", "replace").split()
        elif name.startswith("--"):
            raise GitError(f"{name}: cannot be resolved without git")
        else:
            yield git.run("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()


def _peeled(git: Git, ids: Sequence[str]) -> Iterator[str]:
    """Yield these commits, and the commits of tags among them. Raises GitError."""
    lines = (f"{id_}^{{commit}}\n".encode() for id_ in ids)
    with git.stream("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=lines) as stream:
        for line in stream.parts(b"\n"):
            if not line.endswith(b" missing"):
                yield line.decode("ascii", "replace")
        stream.finish()


def _reached(known: Mapping[str, WalkedCommit], tips: Iterable[str]) -> set[str]:
    """Return the commits that these reach. Raises GitError for a missing parent."""
    reached: set[str] = set()
    pending = [id_ for id_ in tips if id_ in known]
    while pending:
        id_ = pending.pop()
        if id_ not in reached:
            if id_ not in known:
                raise GitError(f"{id_}: missing commit")
            reached.add(id_)
            pending += known[id_].parents
    return reached


def _in_order(known: Mapping[str, WalkedCommit], wanted: Collection[str]) -> Iterator[WalkedCommit]:
    """Yield children before parents, and among several the latest first."""
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
