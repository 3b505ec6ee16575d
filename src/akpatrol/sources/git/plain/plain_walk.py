"""The walk over a history whose commits and trees are kept, in the order in which git walks it.

``rev-list --topo-order`` first lists commits by date, as its parents come up, and then sorts them so that children come
first: ``limit_list`` in git's revision.c and ``sort_in_topological_order`` in its commit.c.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from heapq import heappop, heappush
from io import BytesIO
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.gitdata.tree_entries import targets
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.walked_commit import WalkedCommit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.sources.git.plain.plain_repository import PlainRepository
    from akpatrol.sources.git.ref_snapshot import RefSnapshot
    from akpatrol.sources.git.runner import Git

_COMMIT = re.compile(
    rb"tree ([0-9a-f]+)\n((?:parent [0-9a-f]+\n)*)author [^\n]*\ncommitter [^\n]*> ([0-9]{1,15}) [+-][0-9]{4}\n"
)
_TYPE, _TREE, _LINK = 0o170000, 0o040000, 0o160000


class PlainWalk:
    """Walks what was kept; where that is not all there should be, git walks."""

    def __init__(self, git: Git, plain: PlainRepository, refs: RefSnapshot) -> None:
        self._git = git
        self._plain = plain
        self._refs = refs

    def give_up(self) -> None:
        """Stop git's walk when it takes too long."""
        if "_git_walk" in self.__dict__:
            self._git_walk.give_up()

    def commits(self) -> list[WalkedCommit]:
        """Return every commit that refs and reflogs reach, children first. Raises GitError where one is missing."""
        return self._git_walk.commits() if self._walked is None else self._walked

    def missing(self) -> BytesIO | None:
        """Return a line for each missing object, as ``HistoryWalk`` does. Raises GitError."""
        return BytesIO() if self._is_all_there else self._git_walk.missing()

    @cached_property
    def _git_walk(self) -> HistoryWalk:
        return HistoryWalk(self._git)

    @cached_property
    def _walked(self) -> list[WalkedCommit] | None:
        """Every commit in order, None for git to say."""
        if not self._plain.kept.is_complete:
            return None
        commits = self._commits()
        tips = self._tips(commits) if commits is not None else None
        if commits is None or tips is None:
            return None
        listed = _listed(commits, tips)
        return None if listed is None else list(_in_order(commits, listed))

    @cached_property
    def _is_all_there(self) -> bool:
        """Whether every object exists that the history refers to."""
        kept = self._plain.kept
        if self._walked is None:
            return False
        refs = self._refs.refs
        if refs.absent or self._refs.lost:
            return False
        trees = {_tree(kept.texts[commit.id][1]) for commit in self._walked}
        trees |= {id_ for id_ in refs.others if id_ not in kept.blobs}
        done: set[str] = set()
        entries: set[tuple[bytes, bytes]] = set()
        # Each version of a tree repeats most of the one before.
        while trees:
            id_ = trees.pop()
            done.add(id_)
            type_, data = kept.texts.get(id_, ("", b""))
            found = targets(data, id_) if type_ == "tree" else None
            if found is None:
                return False
            for mode_text, raw in found - entries:
                kind, below = int(mode_text, 8) & _TYPE, raw.hex()
                if kind == _TREE and below not in done:
                    trees.add(below)
                elif kind not in (_TREE, _LINK) and below not in kept.blobs:
                    return False
            entries |= found
        return True

    def _commits(self) -> dict[str, WalkedCommit] | None:
        commits: dict[str, WalkedCommit] = {}
        for id_, (type_, data) in self._plain.kept.texts.items():
            if type_ == "commit":
                fields = _COMMIT.match(data)
                if not fields:
                    return None
                parents = tuple(line[7:].decode() for line in fields[2].splitlines())
                commits[id_] = WalkedCommit(id_, int(fields[3]), parents)
        return commits

    def _tips(self, commits: Mapping[str, WalkedCommit]) -> list[str] | None:
        """Return the commits that git begins with, in its order."""
        try:
            named = [id_ for id_, _ in self._refs.named]
            logged = [*self._refs.reflogs]
        except GitError:
            return None
        tips = []
        for id_ in (*named, *(id_ for id_ in logged if id_ in commits)):
            while self._plain.kept.texts.get(id_, ("",))[0] == "tag":
                text = self._plain.kept.texts[id_][1]
                id_ = text.removeprefix(b"object ").partition(b"\n")[0].decode("ascii", "replace")  # noqa: PLW2901
            if id_ in commits:
                tips.append(id_)
        return tips


def _tree(commit: bytes) -> str:
    return commit[5 : commit.index(b"\n")].decode()


def _listed(commits: Mapping[str, WalkedCommit], tips: Iterable[str]) -> list[str] | None:
    """Return the commits that the tips reach, the latest first, None if one is missing."""
    waiting: list[tuple[int, int, str]] = []
    known: set[str] = set()

    def add(id_: str) -> None:
        if id_ not in known:
            known.add(id_)
            heappush(waiting, (-commits[id_].date, len(known), id_))

    for tip in tips:
        add(tip)
    listed = []
    while waiting:
        id_ = heappop(waiting)[2]
        listed.append(id_)
        for parent in commits[id_].parents:
            if parent not in commits:
                return None
            add(parent)
    return listed


def _in_order(commits: Mapping[str, WalkedCommit], listed: list[str]) -> Iterator[WalkedCommit]:
    children = Counter(parent for id_ in listed for parent in commits[id_].parents)
    stack = [id_ for id_ in reversed(listed) if not children[id_]]
    while stack:
        id_ = stack.pop()
        yield commits[id_]
        for parent in commits[id_].parents:
            children[parent] -= 1
            if not children[parent]:
                stack.append(parent)
