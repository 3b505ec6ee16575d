"""``akpatrol history``."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import click

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.cli.console import Terminal
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.config.options import environment
from akpatrol.errors import GitError, UsageError
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.base_policy import RangePolicy
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.policy.in_force import problem_of_checkout
from akpatrol.report.text_safety import visible
from akpatrol.sources.git import describe, ranges, repository
from akpatrol.sources.git.history import HistorySource, RangeSource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from akpatrol.model.scan import Target


@click.command("history")
@click.argument("repo", default=".", metavar="[REPO]")
@click.option("--range", "range_", metavar="A..B", help="Only what these commits introduced; A...B and `auto` too.")
@shared
def command(flags: Flags, repo: str, range_: str | None) -> int:
    """Look through every object of a git repository, reachable or not, and the git directory's own files.

    With --range only what those commits introduced. `--range auto` takes pre-commit's PRE_COMMIT_FROM_REF and
    PRE_COMMIT_TO_REF, else the event that started GitHub Actions or GitLab CI, else the commits that no remote ref
    holds.
    """
    found = find(repo)
    work_tree = os.fsdecode(found.work_tree) if found.work_tree else None
    git = Git(found, common=range_ is None)
    if range_ is not None:
        target = describe_target(git, found)
        wanted = ranges.resolve(git, range_, environment())
        base = RangePolicy(git, work_tree, wanted.revisions, wanted.trunk) if work_tree else None
        if base and (problem := problem_of_checkout(flags, work_tree or "")):
            base.notices.append(problem)
        settings = resolve(flags, work_tree, work_tree, base)
        if base:
            wanted = wanted._replace(skips=(*wanted.skips, *base.absent.values()))
        if wanted.note and not settings.quiet:
            click.echo(f"akpatrol: {wanted.note}", err=True)
        return run("range", [RangeSource(git, target, wanted)], settings, Terminal())
    settings = resolve(flags, work_tree, work_tree)
    target = describe_target(git, found)
    with closing(ScanCache(settings.cache)) as log:
        source = HistorySource(git, target, log if settings.cache else None)
        code = run("history", [source], settings, Terminal(), CommandHooks(emptiness.with_notice, whole="history"))
        if settings.verbose and not flags.no_cache:
            click.echo(f"akpatrol: cache: {visible(log.problem or log.file)}", err=True)
    return code


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
        return describe.target(git)
    except GitError as error:
        raise UsageError(f"{os.fsdecode(found.root)}: git cannot read this repository: {error}") from None
