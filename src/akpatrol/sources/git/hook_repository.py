"""The repository that a hook runs for, and git's own variables that concern it."""

from __future__ import annotations

import os

from akpatrol.config.environment import environment, hook_environment
from akpatrol.errors import UsageError
from akpatrol.sources.git import repository
from akpatrol.sources.git.runner import HOOK_VARIABLES

_INDEX = "GIT_INDEX_FILE"


def find(*, named: bool = False) -> tuple[repository.Repository, dict[str, str]]:
    """Return the repository of the current directory, or the one whose hook this is, and the hook's variables.

    If the caller ``named`` the directory and it is in another repository, that repository wins. Raises UsageError.
    """
    variables = environment()
    hook = hook_environment(variables, HOOK_VARIABLES)
    nearest = None
    if named or "GIT_DIR" not in hook:
        nearest = repository.find(os.fsencode(os.path.realpath(".")))
    repo = _of_hook(hook) if "GIT_DIR" in hook else nearest
    if nearest and repo and not _same(nearest, repo):
        repo, hook = nearest, {}
    if not repo or not repo.work_tree:
        raise UsageError("not in a git work tree", hint="run it inside the repository, or give -C DIR")
    if _INDEX in hook:
        # git has changed to the top of the work tree when it opens the index.
        index = os.path.join(repo.work_tree, os.fsencode(variables[_INDEX]))
        hook[_INDEX] = os.fsdecode(index)
        if not _may_hold(repo, index):
            if not named:
                raise UsageError(f"{_INDEX} belongs to another repository: {hook[_INDEX]}", hint="give -C DIR")
            hook = {}
    return repo, hook


def _of_hook(hook: dict[str, str]) -> repository.Repository | None:
    directory = os.fsencode(hook["GIT_DIR"])
    repo = repository.at(os.path.dirname(directory)) if directory.endswith(b"/.git") else repository.at(directory)
    work_tree = hook.get("GIT_WORK_TREE")
    if repo and (work_tree or repo.work_tree is None):
        repo = repo._replace(work_tree=os.fsencode(work_tree or os.getcwd()))
    return repo


def _same(repo: repository.Repository, other: repository.Repository) -> bool:
    return os.path.realpath(repo.git_dir) == os.path.realpath(other.git_dir)


def _may_hold(repo: repository.Repository, index: bytes) -> bool:
    """Return whether an index file can belong to this repository: it is in this repository, or in none."""
    directory = os.path.dirname(index)
    owner = repository.holding(directory) if os.path.isdir(directory) else None
    return os.path.isdir(directory) and (not owner or _same(owner, repo))
