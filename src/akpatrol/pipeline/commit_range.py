"""A run over a range of a repository's commits."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from akpatrol.config.environment import environment
from akpatrol.pipeline.base_policy import RangePolicy, problem_of_checkout
from akpatrol.pipeline.change_policy import allowed_by_change
from akpatrol.pipeline.exit_code import exit_code, final
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.pipeline.target_repository import describe_target, find
from akpatrol.report import push_message, render
from akpatrol.report.push_message import Outlook
from akpatrol.sources.git import ranges
from akpatrol.sources.git.history import RangeSource
from akpatrol.sources.git.ranges import unpublished
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.report import RenderOptions


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
