"""Why a ``.git`` is none: git itself takes some of these for nothing and reads the repository that lies round them.

https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os

from akpatrol.errors import UsageError
from akpatrol.sources.git import repository

_PARTS = (b"HEAD", b"objects", b"refs")


def refuse(dot_git: bytes) -> None:
    """Raise UsageError with the cause, unless it is a directory that has nothing of a git directory."""
    shown = os.fsdecode(dot_git)
    if not os.path.isdir(dot_git):
        raise UsageError(f"{shown}: {_flaw_of_pointer(dot_git)}", hint=_remedy(dot_git))
    try:
        names = set(os.listdir(dot_git))
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror}", hint="see who may read it") from None
    if missing := [os.fsdecode(part) for part in _PARTS if part not in names]:
        if len(missing) == len(_PARTS):
            return
        raise UsageError(f"{shown}: it is damaged: no {', no '.join(missing)}", hint="restore it, or clone again")
    raise UsageError(f"{shown}: it is damaged, or what its commondir names is gone", hint=_remedy(dot_git))


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
    return f"it names {os.fsdecode(target)}, which is no git directory"


def _remedy(dot_git: bytes) -> str:
    target = _target(dot_git) or b""
    if b"/worktrees/" in target:
        return "the repository of this linked work tree has moved or forgotten it: run git worktree repair there"
    if b"/modules/" in target:
        return "the submodule's repository is missing: run git submodule update --init, or add it again"
    return "put the repository where it was, or remove .git if this is to be no repository"


def _target(dot_git: bytes) -> bytes | None:
    return repository.pointer(dot_git, b"gitdir: ") if os.path.isfile(dot_git) else None
