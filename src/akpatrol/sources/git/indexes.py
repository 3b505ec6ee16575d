"""The index of the main work tree and those of linked ones: what the next commits would add.

https://git-scm.com/docs/git-worktree, https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git.index_file import flaws
from akpatrol.sources.git.refs import linked
from akpatrol.sources.git.trail import Trail
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
        self, blobs: Collection[str], in_branches: Collection[str], elsewhere: Collection[str] = ()
    ) -> Mapping[str, Trail]:
        """Return where an index holds one of the blobs and the HEAD of its work tree does not, by blob.

        Only those ``in_branches`` can be in HEAD. Where HEAD is missing, those that are ``elsewhere`` too are left out.
        """
        found: dict[str, Trail] = {}
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
                own = self._git.of(directory)
                entries = [(id_, path) for id_, path in _entries(own) if id_ in blobs]
                held = _held(own, {id_ for id_, _ in entries}, in_branches, elsewhere)
            except GitError as error:
                self.skips.append(Skipped(f"{inside}index", f"cannot determine what is staged in it: {error}"))
                continue
            self.skips += flaws(directory, file, inside)
            for id_, path in entries:
                if id_ not in held:
                    found.setdefault(id_, Trail()).add(TreeChange(path, id_, ()))
        return found


def _entries(git: Git) -> Iterator[tuple[str, bytes]]:
    """Yield the blob and path of each entry. Raises GitError."""
    for line in git.run("ls-files", "-s", "-z", "--full-name").split(b"\0"):
        details, _, path = line.partition(b"\t")
        yield b"".join(details.split(b" ")[1:2]).decode("ascii", "replace"), path


def _held(
    git: Git, blobs: Collection[str], in_branches: Collection[str], elsewhere: Collection[str]
) -> Collection[str]:
    """Return those of the blobs that the tree of HEAD holds, or may hold. Raises GitError."""
    # Before the first commit, and where HEAD is broken, the index alone is there.
    if not blobs or not _resolves(git, "HEAD"):
        return ()
    if not _resolves(git, "HEAD^{tree}"):
        return elsewhere  # the completeness check names what is missing
    sought = {id_ for id_ in blobs if id_ in in_branches}
    if not sought:
        return ()
    with git.stream(*_TREE) as stream:
        found = {id_ for line in stream.parts(b"\n") if (id_ := line.decode("ascii", "replace")) in sought}
        stream.finish()
    return found


def _resolves(git: Git, name: str) -> bool:
    return bool(git.run("rev-parse", "--verify", "--quiet", name, accept=(0, 1, 128)))
