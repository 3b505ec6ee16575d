"""Find a repository without running git, so that its git directory can be passed to git explicitly.

Layout: https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST_POINTER = 4096
_PARTS = (b"HEAD", b"objects", b"refs")


class Repository(NamedTuple):
    """Absolute paths. ``common_dir`` differs from ``git_dir`` in a linked work tree; a bare one has no work tree."""

    git_dir: bytes
    common_dir: bytes
    work_tree: bytes | None

    @property
    def root(self) -> bytes:
        """The work tree, or the git directory of a bare repository."""
        return self.work_tree or self.git_dir


def find(path: bytes) -> Repository | None:
    """Return the repository at or above ``path``, a directory; None if there is none.

    Raises UsageError for a broken one, because an enclosing repository is a different one.
    """
    directory = os.path.abspath(path)
    if os.path.basename(directory) == b".git" and (inside := at(os.path.dirname(directory))):
        return inside
    while True:
        if repository := at(directory):
            return repository
        if os.path.lexists(os.path.join(directory, b".git")):
            _refuse(os.path.join(directory, b".git"))
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def holding(path: bytes) -> Repository | None:
    """Return the result of ``find``, or None if that repository is broken."""
    try:
        return find(path)
    except UsageError:
        return None


def at(directory: bytes) -> Repository | None:
    """Return the repository whose work tree or git directory is exactly ``directory``."""
    dot_git = os.path.join(directory, b".git")
    git_dir = pointer(dot_git, b"gitdir: ") if os.path.isfile(dot_git) else dot_git
    if git_dir and _looks_like_git_dir(git_dir):
        return Repository(git_dir, _common_dir(git_dir), directory)
    if _looks_like_git_dir(directory):
        return Repository(directory, _common_dir(directory), None)
    return None


def is_git_dir(directory: bytes, names: Collection[bytes]) -> bool:
    """Return whether a directory with these entries is a bare repository."""
    return b"HEAD" in names and b"objects" in names and b"refs" in names and _looks_like_git_dir(directory)


def _looks_like_git_dir(directory: bytes) -> bool:
    common = _common_dir(directory)
    return (
        os.path.lexists(os.path.join(directory, b"HEAD"))
        and os.path.isdir(os.path.join(common, b"objects"))
        and os.path.isdir(os.path.join(common, b"refs"))
    )


def _common_dir(git_dir: bytes) -> bytes:
    file = os.path.join(git_dir, b"commondir")
    return (pointer(file, b"") if os.path.isfile(file) else None) or git_dir


def pointer(file: bytes, prefix: bytes) -> bytes | None:
    """Return the absolute path that a ``.git`` or ``commondir`` file names."""
    try:
        with open(file, "rb") as stream:
            content = stream.read(_LONGEST_POINTER)
    except OSError:
        return None
    if not content.startswith(prefix):
        return None
    target = content[len(prefix) :].rstrip(b"\r\n")
    return os.path.normpath(os.path.join(os.path.dirname(file), target))


def _refuse(dot_git: bytes) -> None:
    """Raise UsageError with the cause, unless it is a directory that has nothing of a git directory."""
    name = os.fsdecode(dot_git)
    if not os.path.isdir(dot_git):
        raise UsageError(f"{name}: {_flaw_of_pointer(dot_git)}", hint=_remedy(dot_git))
    try:
        names = set(os.listdir(dot_git))
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}", hint="check its permissions") from None
    if missing := [os.fsdecode(part) for part in _PARTS if part not in names]:
        if len(missing) == len(_PARTS):
            return
        raise UsageError(f"{name}: damaged: no {', no '.join(missing)}", hint="restore it, or clone again")
    raise UsageError(f"{name}: damaged, or its commondir points to nothing", hint=_remedy(dot_git))


def _flaw_of_pointer(dot_git: bytes) -> str:
    if not os.path.exists(dot_git):
        return "it is a link to nothing"
    if not os.path.isfile(dot_git):
        return "it is neither a directory nor a file"
    target = _target(dot_git)
    if not target:
        return "it does not begin with gitdir:" if os.access(dot_git, os.R_OK) else "it cannot be read"
    if not os.path.lexists(target):
        return f"it names {os.fsdecode(target)}, which does not exist"
    return f"it names {os.fsdecode(target)}, which is not a git directory"


def _remedy(dot_git: bytes) -> str:
    target = _target(dot_git) or b""
    if b"/worktrees/" in target:
        return "the repository of this linked work tree was moved or has pruned it: run git worktree repair there"
    if b"/modules/" in target:
        return "the submodule's repository is missing: run git submodule update --init, or add it again"
    return "move the repository back, or remove .git if this should not be a repository"


def _target(dot_git: bytes) -> bytes | None:
    return pointer(dot_git, b"gitdir: ") if os.path.isfile(dot_git) else None
