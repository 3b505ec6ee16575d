"""The repository that a command names, as a target."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.sources.git import describe, repository
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from akpatrol.model.scan import Target


def find(path: str) -> repository.Repository:
    """Return the repository at or above ``path``. Raises UsageError."""
    if not os.path.isdir(path):
        raise UsageError(f"{path}: no such directory", hint=_meant_by(path))
    repo = repository.find(os.fsencode(os.path.realpath(path)))
    if not repo:
        raise UsageError(f"{path}: not a git repository")
    return repo


def _meant_by(name: str) -> str:
    """Return what to write instead of a name that is no directory."""
    from akpatrol.sources.git import ranges  # noqa: PLC0415 - only for a mistake

    if repo := repository.find(os.fsencode(os.path.realpath("."))):
        git = Git(repo, common=False)
        if ranges.is_range(git, name):
            return f"to scan the commits of a range: akpatrol history --range {name}"
        if ranges.is_commit(git, name):
            return f"history scans every branch; for what {name} alone adds: akpatrol history --range A..{name}"
    return "give a directory of a git repository"


def describe_target(git: Git, repo: repository.Repository) -> Target:
    """Return the repository as a target. Raises UsageError when git cannot read it at all."""
    try:
        return describe.target(git)
    except GitError as error:
        raise UsageError(f"{os.fsdecode(repo.root)}: git cannot read this repository: {error}") from None
