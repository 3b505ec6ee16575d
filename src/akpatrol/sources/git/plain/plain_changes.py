"""What commits changed, from trees that are kept: the same as ``git diff-tree -c --raw -r --root``, path by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.gitdata.tree_entries import parsed
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.diff_tree import WantedChanges
    from akpatrol.sources.git.plain.kept_objects import KeptObjects
    from akpatrol.sources.git.walked_commit import WalkedCommit

_TYPE, _TREE, _LINK = 0o170000, 0o040000, 0o160000
# A tree may name one subtree so often that its paths have no end: that is for others to compare.
_MOST_CHANGES = 200_000
Entry = tuple[int, str]


class _TooMuchError(Exception):
    """There are more changes than fit."""


class _Difference(NamedTuple):
    """One path in two trees: mode and id in each, None where it does not exist."""

    old: Entry | None
    new: Entry | None


class PlainChanges:
    """Compares commits of a repository whose objects are ``kept``."""

    def __init__(self, kept: KeptObjects) -> None:
        self._kept = kept
        self._trees: dict[str, dict[bytes, Entry]] = {}
        self._left = _MOST_CHANGES

    def of(
        self, commits: Sequence[WalkedCommit], wanted: WantedChanges | None
    ) -> list[tuple[str, tuple[TreeChange, ...]]] | None:
        """Return what these commits changed; None if git should compare them."""
        try:
            return [(commit.id, self._changes(commit, wanted)) for commit in commits]
        except (_TooMuchError, KeyError, ValueError, RecursionError):
            return None

    def _changes(self, commit: WalkedCommit, wanted: WantedChanges | None) -> tuple[TreeChange, ...]:
        new = self._root(commit.id)
        olds: list[str | None] = [self._root(parent) for parent in commit.parents]
        each = [dict(self._differences(old, new, b"")) for old in olds or [None]]
        common = set(each[0]).intersection(*each[1:])
        changes = tuple(_change(path, [found[path] for found in each]) for path in sorted(common))
        is_needed = wanted is None or any(_is_wanted(change, wanted) for change in changes)
        return changes if is_needed else ()

    def _root(self, commit: str) -> str:
        type_, text = self._kept.texts[commit]
        if type_ != "commit":
            raise KeyError(commit)
        return text[5 : text.index(b"\n")].decode()

    def _differences(self, old: str | None, new: str | None, prefix: bytes) -> Iterator[tuple[bytes, _Difference]]:
        if old == new:
            return
        before, after = (self._entries(tree) if tree else {} for tree in (old, new))
        for name in {**before, **after}:
            was, is_ = before.get(name), after.get(name)
            if was == is_:
                continue
            path = prefix + name
            difference = _Difference(_file(was), _file(is_))
            if difference.old or difference.new:
                self._left -= 1
                yield path, difference
            if self._left < 0:
                raise _TooMuchError
            yield from self._differences(_subtree(was), _subtree(is_), path + b"/")

    def _entries(self, tree: str) -> dict[bytes, Entry]:
        if tree not in self._trees:
            type_, data = self._kept.texts[tree]
            entries = parsed(data, tree) if type_ == "tree" else None
            if entries is None or any(b"\0" in name for name in entries):
                raise KeyError(tree)
            self._trees[tree] = {name: (int(mode, 8), id_.hex()) for name, (mode, id_) in entries.items()}
        return self._trees[tree]


def _file(entry: Entry | None) -> Entry | None:
    return entry if entry and entry[0] & _TYPE != _TREE else None


def _subtree(entry: Entry | None) -> str | None:
    return entry[1] if entry and entry[0] & _TYPE == _TREE else None


def _change(path: bytes, differences: list[_Difference]) -> TreeChange:
    new = differences[0].new
    width = len(next(entry[1] for entry in (new, differences[0].old) if entry))
    zeros = "0" * width
    olds = tuple(one.old[1] if one.old else zeros for one in differences)
    return TreeChange(path, new[1] if new else zeros, olds, link=new is not None and new[0] & _TYPE == _LINK)


def _is_wanted(change: TreeChange, wanted: WantedChanges) -> bool:
    ids = {id_.encode() for id_ in (change.new, *change.olds)}
    return not wanted.ids.isdisjoint(ids) or bool(wanted.names and wanted.names.search(change.path))
