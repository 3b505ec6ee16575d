"""A run over the history of a repository, or over a range of its commits."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.environment import environment
from akpatrol.errors import GitError, UsageError
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.base_policy import RangePolicy, problem_of_checkout
from akpatrol.pipeline.change_policy import allowed_by_change
from akpatrol.pipeline.exit_code import exit_code, final
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.report import push_message, render
from akpatrol.report.push_message import Outlook
from akpatrol.report.text_safety import visible
from akpatrol.sources.git import describe, ranges, repository
from akpatrol.sources.git.history import HistorySource, RangeSource
from akpatrol.sources.git.plain import plain_finder
from akpatrol.sources.git.ranges import unpublished
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.report import RenderOptions


def history(configure: Configure, console: Console, repo: str, *, remember: bool) -> ExitCode:
    """Scan every object of a repository; with ``remember`` the cache is used, and verbose output names it."""
    git_repository = find(repo)
    work_tree = os.fsdecode(git_repository.work_tree) if git_repository.work_tree else None
    git = Git(git_repository, common=True)
    git.plain = plain_finder.found(git)
    if git.plain:
        git.plain.kept.give_up()  # git walks beside the reading, which other processes do
    settings = configure(work_tree, work_tree)
    target = describe_target(git, git_repository)
    with closing(ScanCache(settings.cache)) as log:
        source = HistorySource(git, target, log if settings.cache else None)
        hooks = CommandHooks(emptiness.with_notice, scan_kind="history")
        code = run("history", [source], settings, console, hooks)
        if settings.options.verbose and remember:
            console.say(f"cache: {visible(log.problem or log.file)}")
    return code


def commit_range(configure: Configure, console: Console, repo: str, words: str) -> ExitCode:
    """Scan what the commits of a range introduced, under the policy of the range's base."""
    git_repository = find(repo)
    work_tree = os.fsdecode(git_repository.work_tree) if git_repository.work_tree else None
    git = Git(git_repository, common=False)
    target = describe_target(git, git_repository)
    wanted = ranges.resolve(git, words, environment())
    base = RangePolicy(git, work_tree, wanted.revisions, wanted.trunk) if work_tree else None
    if base and (problem := problem_of_checkout(configure, work_tree or "")):
        base.notices.append(problem)
    settings = configure(work_tree, work_tree, base)
    if base:
        wanted = wanted._replace(skips=(*wanted.skips, *base.absent.values()))
    if wanted.note and not settings.options.quiet:
        console.say(wanted.note)

    def remarks(report: Report) -> Iterator[str]:
        if base and work_tree:
            yield from allowed_by_change(report, configure, git, work_tree, base.commit)

    source = RangeSource(git, target, wanted)

    def text(report: Report, options: RenderOptions) -> str:
        """Return the message of a hook that stops a push, else the usual text."""
        code = final(exit_code(report, settings), report, settings)
        if wanted.to_push and code and (report.findings or not report.coverage.complete):
            local = unpublished(git, wanted)
            commits = {
                place.introduced.id for finding in report.findings for place in finding.occurrences if place.introduced
            }
            if commits <= local:
                outlook = Outlook(is_local=True, by_hand=_is_by_hand())
                return push_message.render(report, options, outlook, source.commits)
        return render(report, "text", options)

    return run("range", [source], settings, console, CommandHooks(text=text, remarks=remarks))


def _is_by_hand() -> bool:
    """Return whether a person runs this: a hook has git's or pre-commit's pipe as its standard input."""
    return bool(sys.stdin) and sys.stdin.isatty()


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
