"""``akpatrol history``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.cli.run import execute
from akpatrol.errors import GitError, UsageError
from akpatrol.model import Target
from akpatrol.sources.git import describe, repository, revisions
from akpatrol.sources.git.history import HistorySource, RangeSource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from akpatrol.sources.base import Source

_FIRST_ANSWER_SECONDS = 15


@click.command("history")
@click.argument("repo", default=".", metavar="[REPO]")
@click.option("--range", "range_", metavar="A..B", help="Only what these commits introduced; A...B and `auto` too.")
@shared
def command(flags: Flags, repo: str, range_: str | None) -> int:
    """Look through every object of a git repository, reachable or not, and the git directory's own files.

    With --range only what those commits introduced. `--range auto` takes pre-commit's PRE_COMMIT_FROM_REF and
    PRE_COMMIT_TO_REF, else the commits that no remote ref holds.
    """
    found = find(repo)
    work_tree = os.fsdecode(found.work_tree) if found.work_tree else None
    settings = resolve(flags, work_tree, work_tree)
    git = Git(found, common=range_ is None)
    target = describe_target(git, found)
    source: Source
    if range_ is None:
        source = HistorySource(git, target)
    else:
        wanted = revisions.resolve(git, range_, settings.environment)
        source = RangeSource(git, target, wanted, revisions.tag_objects(git, range_, settings.environment))
    return execute("history" if range_ is None else "range", [source], settings)


def find(path: str) -> repository.Repository:
    """Return the repository that ``path`` is or lies in. Raises UsageError."""
    if not os.path.isdir(path):
        raise UsageError(f"{path}: no such directory", hint="give the directory of a git repository")
    found = repository.find(os.fsencode(os.path.realpath(path)))
    if not found:
        raise UsageError(f"{path}: not a git repository, nor inside one")
    return found


def describe_target(git: Git, found: repository.Repository) -> Target:
    """Return the repository as a target. Raises UsageError when git cannot read it at all."""
    try:
        git.run("rev-parse", "--git-dir", deadline=_FIRST_ANSWER_SECONDS)
        # 128: what HEAD names is corrupt; the rest can be read all the same.
        head = git.run(
            "rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1, 128), deadline=_FIRST_ANSWER_SECONDS
        )
        remote = describe.remote_url(git)
    except GitError as error:
        raise UsageError(f"{os.fsdecode(found.root)}: git cannot read this repository: {error}") from None
    root = os.fsdecode(found.root)
    return Target("0", "repository", root, remote=remote, head=head.decode().strip() or None, base=root)
