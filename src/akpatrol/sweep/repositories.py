"""Every repository below a directory: with a work tree, bare, nested in another, or a submodule's git directory.

Only directories and git's own pointer files are opened, and no symbolic link is followed on the way down.
Layout: https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Skipped
from akpatrol.sources.git.repository import Repository, at, find, is_git_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_POINTER = 4096
# These parts of a git directory contain no repository. modules/ and worktrees/ do, and some people add work trees.
_BARREN = frozenset((b"objects", b"refs", b"logs", b"hooks", b"info", b"lfs"))
_TELLING = frozenset((b"HEAD", b"config", b"objects"))


class Met(NamedTuple):
    """A repository on the way; ``hidden`` is its work tree if no walk over files gets there."""

    repository: Repository
    hidden: bytes | None


def beneath(root: bytes) -> Iterator[Met | Skipped]:
    """Yield the repositories at and below ``root``, an absolute real path; one may occur several times.

    An apparent repository that cannot be read is a skip; so is one whose git directory is elsewhere and does not point
    back, because the tree's author could otherwise make the sweep read any repository on this machine.
    """
    pending = [(root, False)]
    # Searched last: by then, a submodule is known by its work tree, if it has one.
    git_dirs: deque[bytes] = deque()
    shared = [root]
    while pending or git_dirs:
        directory, hidden = pending.pop() if pending else (git_dirs.popleft(), True)
        try:
            with os.scandir(directory) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(os.fsdecode(directory), f"not searched for repositories: {error.strerror}")
            continue
        names = {entry.name for entry in entries}
        repository = _here(directory, names, is_root=directory == root)
        if repository and directory == root:
            yield Met(repository, None)
            if not _beneath(common(repository), shared):  # of a linked work tree, or of a submodule
                shared.append(common(repository))
                git_dirs.append(repository.common_dir)
        elif repository and _leads_back(repository, shared):
            yield Met(_main(repository), repository.work_tree if hidden else None)
        else:
            yield from _refused(directory, names, repository)
        is_bare = is_git_dir(directory, names)
        below = _below(entries, _BARREN if is_bare else frozenset())
        if repository and repository.work_tree == directory and b".git" in below:
            below.remove(b".git")
            git_dirs.append(os.path.join(directory, b".git"))
        paths = [os.path.join(directory, name) for name in reversed(below)]
        if is_bare:
            git_dirs.extend(paths)
        else:
            pending.extend((path, hidden) for path in paths)


def common(repository: Repository) -> bytes:
    """Return a repository's identity, the same for all of its work trees."""
    return os.path.realpath(repository.common_dir)


def _here(directory: bytes, names: set[bytes], *, is_root: bool) -> Repository | None:
    if os.path.basename(directory) == b".git" and is_git_dir(directory, names):
        return find(directory) if is_root else None  # met with its work tree
    return at(directory) if b".git" in names or is_git_dir(directory, names) else None


def _refused(directory: bytes, names: set[bytes], repository: Repository | None) -> Iterator[Skipped]:
    if repository:
        named = os.fsdecode(repository.common_dir)
        yield Skipped(os.fsdecode(directory), f"its git directory is elsewhere; to scan it, name it: {named}")
    elif b".git" in names and _broken(os.path.join(directory, b".git")):
        yield Skipped(os.fsdecode(directory), "its .git is neither a readable git directory nor names one")


def _below(entries: list[os.DirEntry[bytes]], barren: frozenset[bytes]) -> list[bytes]:
    """Return the names of the subdirectories; an unreadable one is reported when the files are read."""
    below = []
    for entry in entries:
        try:
            if entry.name not in barren and entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
        except OSError:
            continue
    return below


def _leads_back(repository: Repository, roots: list[bytes]) -> bool:
    """Return whether a repository is in an allowed place, or points back to the work tree that led to it."""
    shared = common(repository)
    if _beneath(shared, roots):
        return True
    git_dir = os.path.realpath(repository.git_dir)
    if not repository.work_tree or os.path.dirname(git_dir) != os.path.join(shared, b"worktrees"):
        return False
    back = _head(os.path.join(git_dir, b"gitdir")).rstrip(b"\r\n")
    return os.path.realpath(os.path.join(git_dir, back)) == os.path.realpath(
        os.path.join(repository.work_tree, b".git")
    )


def _beneath(path: bytes, roots: list[bytes]) -> bool:
    return any(os.path.commonpath((root, path)) == root for root in roots)


def _main(repository: Repository) -> Repository:
    """Return the repository by its main work tree: linked ones come and go."""
    if repository.git_dir == repository.common_dir:
        return repository
    main = find(repository.common_dir)
    return main if main and common(main) == common(repository) else repository


def _broken(dot_git: bytes) -> bool:
    """Return whether this was meant to be a git directory, or to name one."""
    if os.path.isfile(dot_git):
        return _head(dot_git).startswith(b"gitdir:")
    try:
        return os.path.islink(dot_git) or not _TELLING.isdisjoint(os.listdir(dot_git))
    except OSError:
        return False


def _head(file: bytes) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(_LONGEST_POINTER)
    except OSError:
        return b""
