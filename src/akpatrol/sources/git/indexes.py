"""The index of the main work tree and those of linked ones: what the next commits would add.

https://git-scm.com/docs/git-worktree, https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile, index_entries
from akpatrol.sources.git.index_file import find_problems
from akpatrol.sources.git.object_history import ObjectHistory
from akpatrol.sources.git.refs import linked
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from akpatrol.sources.git.index_entries import Entry
    from akpatrol.sources.git.runner import Git

_TREE = ("rev-list", "--objects", "--no-object-names", "--no-walk", "--missing=allow-any", "--end-of-options", "HEAD")
_HEAD = ("rev-parse", "--verify", "--quiet", "HEAD")


class Indexes:
    """Finds blobs in the indexes; ``skips`` says which of these could not be read, once they were needed."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self.skips: list[Skipped] = []

    def staged(
        self, blobs: Collection[str], in_branches: Collection[str], in_history: Collection[str] = ()
    ) -> Mapping[str, ObjectHistory]:
        """Return where an index holds one of the blobs and the HEAD of its work tree does not, by blob.

        Only blobs ``in_branches`` can be in HEAD. Where HEAD is missing, those ``in_history`` are left out too.
        """
        histories: dict[str, ObjectHistory] = {}
        common = self._git.repository.common_dir
        try:
            directories = [common, *linked(common)]
        except GitError as error:
            self.skips.append(Skipped("worktrees", str(error)))
            directories = [common]
        for directory in directories:
            file = os.path.join(directory, b"index")
            if not os.path.isfile(file):
                continue  # not there before the first git add; what git must not open is reported as such
            inside = "" if directory == common else os.fsdecode(os.path.relpath(directory, common)) + "/"
            try:
                is_own = directory == self._git.git_dir
                worktree_git = self._git if is_own else self._git.for_git_dir(directory)
                found = [entry for entry in index_entries.entries(worktree_git, file) if entry.id in blobs]
                in_head = _in_head(worktree_git, found, in_branches, in_history)
            except GitError as error:
                self.skips.append(Skipped(f"{inside}index", f"cannot determine what is staged in it: {error}"))
                continue
            self.skips += find_problems(directory, file, inside)
            for id_, path in found:
                if id_ not in in_head:
                    histories.setdefault(id_, ObjectHistory()).add(TreeChange(path, id_, ()))
        return histories


def _in_head(
    git: Git, entries: Sequence[Entry], in_branches: Collection[str], in_history: Collection[str]
) -> Collection[str]:
    """Return the blobs of these entries that the tree of HEAD holds or may hold. Raises GitError."""
    if not entries:
        return ()
    if not _tree_exists(git):
        # Before the first commit the index alone is there; the completeness check names what is missing.
        return in_history if git.run(*_HEAD, accept=(0, 1, 128)) else ()
    candidates = [entry for entry in entries if entry.id in in_branches]
    in_place = _in_place(git, candidates)
    rest = {entry.id for entry in candidates if entry.id not in in_place}
    if not rest:
        return in_place
    with git.stream(*_TREE) as stream:
        in_place |= {id_ for line in stream.parts(b"\n") if (id_ := line.decode("ascii", "replace")) in rest}
        stream.finish()
    return in_place


def _tree_exists(git: Git) -> bool:
    """Return whether the tree of HEAD exists. Raises GitError."""
    if (lines := catfile.infos(git, [b"HEAD^{tree}"])) is not None:
        return b" tree " in lines[0]
    return bool(git.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", accept=(0, 1, 128)))


def _in_place(git: Git, entries: Sequence[Entry]) -> set[str]:
    """Return the blobs that HEAD holds at the entry's path."""
    asked = [entry for entry in entries if b"\n" not in entry.path]
    lines = catfile.infos(git, [b"HEAD:" + entry.path for entry in asked]) or () if asked else ()
    return {entry.id for entry, line in zip(asked, lines, strict=False) if line.startswith(entry.id.encode() + b" ")}
