"""Ask git which files of a work tree it tracks or would track, and which it ignores."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.git import repository
from akpatrol.sources.git.index_file import IndexCheck
from akpatrol.sources.git.obstacles import REFUSED
from akpatrol.sources.git.runner import LITERALLY, Git
from akpatrol.sources.walk import DirectoryEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_GITLINK = b"160000"
# A directory that git's dir.c cannot open costs a warning and nothing else.
_UNREADABLE = re.compile(rb"warning: could not open directory '(.*)': (.*)", re.DOTALL)


def tracked_or_untracked(
    root: bytes, excluded: Callable[[bytes, bool], bool]
) -> Iterator[DirectoryEntry | Excluded | Skipped]:
    """Yield the files under ``root`` that git tracks or would track; what cannot be read is a skip if not ``excluded``.

    Raises UsageError outside a work tree.
    """
    repo = repository.find(root)
    if not repo or not repo.work_tree:
        raise UsageError(f"{os.fsdecode(root)}: --tracked requires a git work tree")
    git = Git(repo)
    obstacles = tuple(skip for skip in git.obstacles() if skip.reason != REFUSED)
    yield from obstacles
    # git must not read an index that is already reported as broken.
    check = None if any(skip.item == "index" for skip in obstacles) else IndexCheck(git)
    links = {
        name
        for mode, name in _index(git.run(LITERALLY, "ls-files", "-s", "-z", "--", b".", cwd=root))
        if mode == _GITLINK
    }
    warnings: list[bytes] = []
    options = ("-z", "--cached", "--others", "--exclude-standard")
    listed = git.run(LITERALLY, "ls-files", *options, "--", b".", cwd=root, warnings=warnings)
    for path in sorted(set(listed.split(b"\0")) - {b""}):
        yield from [Excluded(Exclusion.SUBMODULE)] if path in links or path.endswith(b"/") else _entry(root, path)
    for match in filter(None, map(_UNREADABLE.fullmatch, warnings)):
        path = os.path.relpath(os.path.join(repo.work_tree, match[1]), root)
        if excluded(path, True):  # noqa: FBT003 - a callable's argument
            yield Excluded(Exclusion.EXCLUDE_OPTION)
        else:
            yield Skipped(os.fsdecode(path), f"directory: {match[2].decode('utf-8', 'backslashreplace')}")
    yield from check.skips() if check else ()


def _entry(root: bytes, path: bytes) -> Iterator[DirectoryEntry | Excluded | Skipped]:
    try:
        mode = os.lstat(os.path.join(root, path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        yield Excluded(Exclusion.DELETED)
    except OSError:
        yield DirectoryEntry(path, readable=True)  # the code that opens it reports why it cannot
    else:
        if stat.S_ISLNK(mode):
            yield Excluded(Exclusion.SYMLINK)
            yield DirectoryEntry(path, readable=False)
        else:
            yield DirectoryEntry(path, readable=True) if stat.S_ISREG(mode) else Excluded(Exclusion.SPECIAL_FILE)


def ignored(git: Git, paths: Sequence[bytes]) -> set[bytes]:
    """Return the absolute ``paths`` that git ignores and does not track; none when git fails."""
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
