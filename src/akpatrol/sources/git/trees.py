"""Compare commits directory by directory; identical directories are compared once.

A tree that names one subtree ten times, ten levels deep, has ten objects and 10^10 paths; ``git diff-tree`` walks them
all. Here work and memory grow with the objects. Tree format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.gitdata.tree_entries import parsed
from akpatrol.sources.git import catfile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence, Set  # noqa: PYI025

    from akpatrol.gitdata.tree_entries import Entries
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.walked_commit import WalkedCommit

MOST_PATHS = 1000
"""Paths that one change is given; ``more`` says that there are others."""

_PATHS_BYTES = 64 << 10
_COMMITS_AT_ONCE = 4000
_TREES_AT_ONCE = 4000
_DEEPEST = 4096
_LARGEST_TREE_BYTES = 64 << 20
# Entries compared at most: an import of millions of files, and far more per commit than people make.
_ENTRIES = 20_000_000
_ENTRIES_A_COMMIT = 5000
# How often a directory is compared again at another depth of the same commit, only for further paths.
_MOST_REVISITS = 10_000

_SHA1_HEX = 40
_TYPE, _TREE, _LINK = 0o170000, 0o040000, 0o160000


class TreeChange(NamedTuple):
    """One name in one commit: the object it holds and those its parents held (all zeros: none).

    ``prefixes`` are the directories in which it changed so, and there are ``more`` when the list is cut. ``link`` says
    that the object is a submodule's commit, ``directory`` that it is a tree.
    """

    name: bytes
    new: str
    olds: tuple[str, ...]
    prefixes: Sequence[bytes] = (b"",)
    more: bool = False
    link: bool = False
    directory: bool = False

    @property
    def path(self) -> bytes:
        """The first of its paths."""
        return self.prefixes[0] + self.name

    @property
    def paths(self) -> Iterator[bytes]:
        """All its paths, as far as they are listed."""
        return (prefix + self.name for prefix in self.prefixes)

    @property
    def introduces(self) -> bool:
        """True when it is a blob that no parent holds there."""
        return not (self.link or self.directory) and bool(self.new.strip("0")) and self.new not in self.olds

    @property
    def removes(self) -> bool:
        """True when it is not a directory, and is removed or holds another object."""
        return not self.directory and self.new not in self.olds

    @property
    def adds_path(self) -> bool:
        """True when no parent has the path."""
        return not any(old.strip("0") for old in self.olds)

    @property
    def removes_path(self) -> bool:
        """True when the path is gone."""
        return not self.new.strip("0")


class _Node(NamedTuple):
    """A directory of a commit, which is given by its place in the group: its tree and the parents' distinct trees."""

    commit: int
    new: bytes
    olds: tuple[bytes, ...]


class _Directories:
    """The directories of a node, each with a slash at the end, up to the limit."""

    __slots__ = ("more", "prefixes", "size")

    def __init__(self, prefix: bytes | None = None) -> None:
        self.prefixes: list[bytes] = [] if prefix is None else [prefix]
        self.more = False
        self.size = 0

    def add(self, parent: _Directories, name: bytes) -> None:
        """Add this name under all places of ``parent``; the first place is always kept."""
        self.more |= parent.more
        for prefix in parent.prefixes:
            if self.prefixes and (len(self.prefixes) >= MOST_PATHS or self.size > _PATHS_BYTES):
                self.more = True
                return
            self.prefixes.append(prefix + name + b"/")
            self.size += len(self.prefixes[-1])


class _Budget:
    """How many entries may still be compared."""

    def __init__(self, commits: int) -> None:
        self.left = _ENTRIES + _ENTRIES_A_COMMIT * commits


def changes(git: Git, commits: Sequence[WalkedCommit]) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
    """Yield each of these commits with what it changed, in this order; one that cannot be compared is left out.

    For a merge that is what differs from every parent. Commits with a missing or broken tree are left out, and all
    remaining ones when there is too much to compare. Raises GitError when git cannot be run at all.
    """
    budget, rest = _Budget(len(commits)), iter(commits)
    while group := list(islice(rest, _COMMITS_AT_ONCE)):
        yield from _Group(git, group, budget).compared()


def entries(git: Git, id_: str) -> tuple[TreeChange, ...]:
    """Return everything in a tree, as the change of a commit without parents. Raises GitError."""
    root = _Node(0, bytes.fromhex(id_), ())
    group = _Group(git, [], _Budget(1))
    changed: list[list[TreeChange]] = [[]]
    if group.descend({root: _Directories(b"")}, changed):
        raise GitError(f"{id_}: one of its trees is missing or corrupt")
    return tuple(changed[0])


class _Group:
    """Commits that are compared together, level by level, so that git is run seldom."""

    def __init__(self, git: Git, commits: Sequence[WalkedCommit], budget: _Budget) -> None:
        self._git = git
        self._commits = commits
        self._budget = budget

    def compared(self) -> Iterator[tuple[str, tuple[TreeChange, ...]]]:
        """Yield the commits that could be compared, with their changes."""
        ids = dict.fromkeys(id_ for commit in self._commits for id_ in (commit.id, *commit.parents))
        trees = dict(root_trees(self._git, list(ids)))
        roots: dict[_Node, _Directories] = {}
        failed: set[int] = set()
        for number, commit in enumerate(self._commits):
            new, olds = trees.get(commit.id), {trees.get(parent) for parent in commit.parents}
            if new is None or None in olds:
                failed.add(number)
            elif new not in olds:
                roots[_Node(number, new, tuple(sorted(filter(None, olds))))] = _Directories(b"")
        changed: list[list[TreeChange]] = [[] for _ in self._commits]
        failed |= self.descend(roots, changed)
        for number, commit in enumerate(self._commits):
            if number not in failed:
                yield commit.id, tuple(changed[number])

    def descend(self, level: dict[_Node, _Directories], changed: list[list[TreeChange]]) -> set[int]:
        """Add the changes in these nodes and below to ``changed``; return the commits that could not be compared."""
        failed: set[int] = set()
        seen: set[_Node] = set(level)
        revisits_left = [_MOST_REVISITS] * len(changed)
        depth = 0
        while level:
            depth += 1
            below: dict[_Node, _Directories] = {}
            for node, directories, new, olds in self._with_trees(level, failed):
                self._budget.left -= len(new) + sum(map(len, olds))
                if depth > _DEEPEST or self._budget.left < 0:
                    failed.add(node.commit)
                    continue
                for name, mode, id_, old_ids in _differing(new, olds):
                    file_name = name.partition(b"\0")[0]
                    changed[node.commit].append(_change(file_name, mode, id_, old_ids, directories))
                    if mode & _TYPE != _TREE:
                        continue
                    child = _Node(node.commit, id_, tuple(sorted(set(old_ids))))
                    if child in seen and child not in below:
                        revisits_left[node.commit] -= 1
                        if revisits_left[node.commit] < 0:
                            changed[node.commit][-1] = changed[node.commit][-1]._replace(more=True)
                            continue
                    below.setdefault(child, _Directories()).add(directories, file_name)
            seen |= below.keys()
            level = below
        return failed

    def _with_trees(
        self, level: Mapping[_Node, _Directories], failed: set[int]
    ) -> Iterator[tuple[_Node, _Directories, Entries, list[Entries]]]:
        """Yield the nodes with their trees; a commit that lacks one has failed."""
        nodes = iter(level.items())
        while chunk := list(islice(nodes, _TREES_AT_ONCE)):
            wanted = {id_ for node, _ in chunk if node.commit not in failed for id_ in (node.new, *node.olds) if id_}
            trees: dict[bytes, Entries] = dict(_read(self._git, wanted)) | {b"": {}}
            for node, directories in chunk:
                if node.commit in failed:
                    continue
                if node.new in trees and all(old in trees for old in node.olds):
                    yield node, directories, trees[node.new], [trees[old] for old in node.olds]
                else:
                    failed.add(node.commit)


def _differing(new: Entries, olds: list[Entries]) -> Iterator[tuple[bytes, int, bytes, tuple[bytes, ...]]]:
    """Yield name, mode, id ("" where it is gone) and the parents' ids of what differs from every parent."""
    changed: Set[tuple[bytes, tuple[bytes, bytes]]] = new.items()
    for old in olds:
        changed = changed - old.items()
    for name, (mode_text, id_) in sorted(changed):
        mode = int(mode_text, 8)
        old_ids = _old_ids(name, mode, olds)
        if id_ not in old_ids:  # not only the mode
            yield name, mode, id_, old_ids
    for name, (mode_text, _) in (olds[0].items() - new.items()) if olds else ():
        mode = int(mode_text, 8)
        now = new.get(name)
        if now is None or _kind(int(now[0], 8)) != _kind(mode):
            old_ids = _old_ids(name, mode, olds)
            if all(old_ids):  # else it is absent as in that parent
                yield name, mode, b"", old_ids


def _old_ids(name: bytes, mode: int, olds: list[Entries]) -> tuple[bytes, ...]:
    """Return what the parents have there of the same kind."""
    listed = (old.get(name) for old in olds)
    return tuple(entry[1] if entry and _kind(int(entry[0], 8)) == _kind(mode) else b"" for entry in listed)


def _kind(mode: int) -> int:
    """Return a code for directory, submodule or anything else."""
    type_ = mode & _TYPE
    return type_ if type_ in (_TREE, _LINK) else 0


def _change(name: bytes, mode: int, id_: bytes, old_ids: tuple[bytes, ...], directories: _Directories) -> TreeChange:
    zeros = "0" * _SHA1_HEX
    return TreeChange(
        name,
        id_.hex() or zeros,
        tuple(before.hex() or zeros for before in old_ids),
        directories.prefixes,
        directories.more,
        link=mode & _TYPE == _LINK,
        directory=mode & _TYPE == _TREE,
    )


def root_trees(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the tree of each commit that has one. Raises GitError."""
    lines = (f"{id_}^{{tree}}\n".encode() for id_ in ids)
    with git.stream("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=lines) as stream:
        for id_ in ids:
            answer = stream.readline().rstrip(b"\n").decode("ascii", "replace")
            if not answer.endswith("missing"):
                yield id_, bytes.fromhex(answer)
        stream.finish()


def _read(git: Git, ids: Collection[bytes]) -> Iterator[tuple[bytes, Entries]]:
    """Yield the entries of each tree that is there and whole."""
    for item in catfile.objects(git, [id_.hex() for id_ in ids]):
        if isinstance(item, catfile.GitObject) and item.type == "tree" and item.size <= _LARGEST_TREE_BYTES:
            data = item.read(item.size)
            if (entries_ := parsed(data, item.id)) is not None and len(data) == item.size:
                yield bytes.fromhex(item.id), entries_
