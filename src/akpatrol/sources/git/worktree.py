"""What git says of a work tree: which files it tracks or would track, and which it ignores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.model import Excluded, Exclusion, Skipped
from akpatrol.sources.git import repository
from akpatrol.sources.git.runner import LITERALLY, Git
from akpatrol.sources.walk import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GITLINK = b"160000"


def tracked_or_untracked(root: bytes) -> Iterator[Entry | Excluded | Skipped]:
    """Yield the files under ``root`` that git tracks or would track. Raises UsageError outside a work tree."""
    found = repository.find(root)
    if not found or not found.work_tree:
        raise UsageError(f"{os.fsdecode(root)}: --tracked needs a git work tree")
    git = Git(found)
    yield from git.obstacles()
    links = {
        name
        for mode, name in _index(git.run(LITERALLY, "ls-files", "-s", "-z", "--", b".", cwd=root))
        if mode == _GITLINK
    }
    listed = git.run(LITERALLY, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", b".", cwd=root)
    for path in sorted(set(listed.split(b"\0")) - {b""}):
        full = os.path.join(root, path)
        if path in links or path.endswith(b"/"):
            yield Excluded(Exclusion.SUBMODULE)
        elif os.path.islink(full):
            yield Excluded(Exclusion.SYMLINK)
            yield Entry(path, readable=False)
        elif os.path.isfile(full):
            yield Entry(path, readable=True)
        elif os.path.lexists(full):
            yield Excluded(Exclusion.SPECIAL_FILE)
        else:
            yield Excluded(Exclusion.DELETED)


def ignored(git: Git, paths: Sequence[bytes]) -> set[bytes]:
    """Return those of the absolute ``paths`` that git ignores and does not track; none when git cannot tell."""
    try:
        # Exit code 1 says that none is ignored.
        listed = git.run("check-ignore", "-z", "--stdin", stdin=b"\0".join(paths) + b"\0", accept=(0, 1))
    except (GitError, UsageError):  # no git at all
        return set()
    return set(listed.split(b"\0")) - {b""}


def _index(listing: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in listing.split(b"\0"):
        if line:
            details, _, name = line.partition(b"\t")
            yield details[:6], name
