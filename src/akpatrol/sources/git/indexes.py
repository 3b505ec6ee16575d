"""The index of the main work tree and those of linked ones: what the next commits would add.

https://git-scm.com/docs/git-worktree, https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git.index_file import find_problems
from akpatrol.sources.git.object_history import ObjectHistory
from akpatrol.sources.git.refs import linked
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from akpatrol.sources.git.runner import Git

_TREE = ("rev-list", "--objects", "--no-object-names", "--no-walk", "--missing=allow-any", "--end-of-options", "HEAD")


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
                worktree_git = self._git.for_git_dir(directory)
                entries = [(id_, path) for id_, path in _entries(worktree_git) if id_ in blobs]
                in_head = _in_head(worktree_git, {id_ for id_, _ in entries}, in_branches, in_history)
            except GitError as error:
                self.skips.append(Skipped(f"{inside}index", f"cannot determine what is staged in it: {error}"))
                continue
            self.skips += find_problems(directory, file, inside)
            for id_, path in entries:
                if id_ not in in_head:
                    histories.setdefault(id_, ObjectHistory()).add(TreeChange(path, id_, ()))
        return histories


def _entries(git: Git) -> Iterator[tuple[str, bytes]]:
    """Yield the blob and path of each entry. Raises GitError."""
    for line in git.run("ls-files", "-s", "-z", "--full-name").split(b"\0"):
        details, _, path = line.partition(b"\t")
        yield b"".join(details.split(b" ")[1:2]).decode("ascii", "replace"), path


def _in_head(
    git: Git, blobs: Collection[str], in_branches: Collection[str], in_history: Collection[str]
) -> Collection[str]:
    """Return the blobs that the tree of HEAD holds or may hold. Raises GitError."""
    # Before the first commit, and where HEAD is broken, the index alone is there.
    if not blobs or not _resolves(git, "HEAD"):
        return ()
    if not _resolves(git, "HEAD^{tree}"):
        return in_history  # the completeness check names what is missing
    candidates = {id_ for id_ in blobs if id_ in in_branches}
    if not candidates:
        return ()
    with git.stream(*_TREE) as stream:
        histories = {id_ for line in stream.parts(b"\n") if (id_ := line.decode("ascii", "replace")) in candidates}
        stream.finish()
    return histories


def _resolves(git: Git, name: str) -> bool:
    return bool(git.run("rev-parse", "--verify", "--quiet", name, accept=(0, 1, 128)))
