"""A run over a push, before a server accepts it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from akpatrol.config.environment import environment, hook_environment
from akpatrol.errors import ExitCode, GitError, OutOfTime, UsageError
from akpatrol.model.scan import Target
from akpatrol.report.push_message import Outlook, render
from akpatrol.runtime.deadline import Deadline
from akpatrol.sources.git import push, repository
from akpatrol.sources.git.runner import HOOK_VARIABLES

if TYPE_CHECKING:
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.report import RenderOptions

_LONGEST_INPUT = 64 << 20
_NO_INPUT = "no `old new ref` lines on standard input"


def pre_receive(configure: Configure, console: Console, outlook: Outlook, *, budget: float | None) -> ExitCode:
    """Scan a push before it is accepted; ``budget`` is in seconds.

    git gives `old new ref` lines on standard input. ``outlook`` decides the effect of findings and gaps.
    """

    def last_word(has_credentials: bool) -> ExitCode:  # noqa: FBT001 - the deadline's
        os.write(2, outlook.out_of_time(has_credentials=has_credentials).encode())
        return _code(ExitCode.FINDINGS if has_credentials else ExitCode.INCOMPLETE, outlook)

    with Deadline(budget, last_word) as limit:
        try:
            return _code(_scan(configure, console, outlook, limit), outlook)
        except OutOfTime:
            limit.settle()
            return last_word(limit.has_credentials)


def _code(code: ExitCode, outlook: Outlook) -> ExitCode:
    if code is ExitCode.INCOMPLETE and outlook.fail_open:
        return ExitCode.CLEAN
    return ExitCode.CLEAN if code is ExitCode.FINDINGS and outlook.exit_zero else code


def _scan(configure: Configure, console: Console, outlook: Outlook, limit: Deadline) -> ExitCode:
    lines = _input()
    hook = hook_environment(environment(), HOOK_VARIABLES)
    repo = find(hook)
    views = push.views(repo, hook)
    try:
        updates = push.parse(views.before, lines)
    except GitError as error:
        raise UsageError(f"{os.fsdecode(repo.root)}: git cannot read this repository: {error}") from None
    if not any(update.new for update in updates):
        return ExitCode.CLEAN  # deletions add nothing
    from akpatrol.pipeline.base_policy import settings_before  # noqa: PLC0415 - deletions do without
    from akpatrol.pipeline.run import CommandHooks, run  # noqa: PLC0415

    settings = settings_before(configure, views.before)
    options = settings.options
    quiet = options.quiet or not options.verbose
    settings = settings._replace(options=options._replace(quiet=quiet, progress=bool(options.progress)))
    root = os.fsdecode(repo.root)
    source = push.PushSource(views, Target("0", "repository", root, base=root), updates)

    def noted(report: Report) -> Report:
        limit.has_credentials = bool(report.credentials)
        if not report.coverage.skipped:
            return report
        return report._replace(coverage=report.coverage._replace(skipped=source.with_paths(report.coverage.skipped)))

    def text(report: Report, options: RenderOptions) -> str:
        limit.has_credentials = bool(report.findings)
        limit.settle()
        return render(report, options, outlook, source.commits)

    return run("pre-receive", [source], settings, console, CommandHooks(noted, text=text))


def _input() -> bytes:
    if not sys.stdin or sys.stdin.isatty():
        raise UsageError(_NO_INPUT, hint="git runs this command as hooks/pre-receive on a server")
    lines = sys.stdin.buffer.read(_LONGEST_INPUT + 1)
    if len(lines) > _LONGEST_INPUT:
        raise UsageError(f"more than {_LONGEST_INPUT >> 20} MiB on standard input")
    if not lines:
        raise UsageError(_NO_INPUT, hint="no earlier hook may consume them")
    return lines


def find(hook: dict[str, str]) -> repository.Repository:
    """Return the repository whose hook this is. Raises UsageError."""
    directory = os.fsencode(hook.get("GIT_DIR") or os.path.realpath("."))
    if repo := repository.at(directory) or repository.find(directory):
        return repo._replace(work_tree=None)
    raise UsageError(f"{os.fsdecode(directory)}: not a git repository", hint="give -C DIR")
