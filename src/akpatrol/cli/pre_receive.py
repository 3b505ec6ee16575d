"""``akpatrol pre-receive``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import Flags, shared
from akpatrol.config.options import environment, hook_environment
from akpatrol.errors import ExitCode, GitError, OutOfTime, UsageError
from akpatrol.model.scan import Target
from akpatrol.report.push_message import Outlook, render
from akpatrol.runtime.deadline import Deadline
from akpatrol.sources.git import push, repository
from akpatrol.sources.git.runner import HOOK_VARIABLES

if TYPE_CHECKING:
    from akpatrol.model.scan import Report
    from akpatrol.report import RenderOptions

_LONGEST_INPUT = 64 << 20
_NO_INPUT = "no `old new ref` lines on standard input"


@click.command("pre-receive")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Time for all of it; when it is spent, the push counts as not looked through.",
)
@click.option(
    "--fail-open/--fail-closed",
    default=False,
    help="Accept, with a warning, or refuse a push that could not be looked through.  [default: refuse]",
)
@click.option("--contact", default="", metavar="TEXT", help="Whom a refused pusher can ask to allow something.")
@shared
def command(flags: Flags, budget: float | None, contact: str, *, fail_open: bool) -> int:
    """Look through a push before it is accepted: a git server's pre-receive hook.

    git gives it `old new ref` lines on standard input. All objects that the repository did not have are read, commits'
    and tags' texts and authors, names of files and refs. Nothing of what is pushed can configure it or allow anything.
    """
    outlook = Outlook(contact, fail_open=fail_open, exit_zero=flags.exit_zero)

    def last_word(found: bool) -> ExitCode:  # noqa: FBT001 - the budget's
        os.write(2, outlook.out_of_time(found=found).encode())
        return _code(ExitCode.FINDINGS if found else ExitCode.INCOMPLETE, outlook)

    with Deadline(budget, last_word) as limit:
        try:
            return _code(_look_through(flags, outlook, limit), outlook)
        except OutOfTime:
            limit.settle()
            return last_word(limit.found)


def _code(code: int, outlook: Outlook) -> ExitCode:
    if code == ExitCode.INCOMPLETE and outlook.fail_open:
        return ExitCode.CLEAN
    return ExitCode.CLEAN if code == ExitCode.FINDINGS and outlook.exit_zero else ExitCode(code)


def _look_through(flags: Flags, outlook: Outlook, limit: Deadline) -> int:
    if flags.hashes == "-":
        raise UsageError("--hashes -: standard input has the push's refs", hint="give a file")
    lines = _input()
    hook = hook_environment(environment(), HOOK_VARIABLES)
    found = find(hook)
    stores = push.stores(found, hook)
    try:
        updates = push.parse(stores.before, lines)
    except GitError as error:
        raise UsageError(f"{os.fsdecode(found.root)}: git cannot read this repository: {error}") from None
    if not any(update.new for update in updates):
        return ExitCode.CLEAN  # deletions bring nothing
    from akpatrol.cli import before_push  # noqa: PLC0415 - deletions do without
    from akpatrol.cli.console import Terminal  # noqa: PLC0415
    from akpatrol.pipeline.run import CommandHooks, run  # noqa: PLC0415

    settings = before_push.settings(flags, stores.before)
    settings = settings._replace(quiet=settings.quiet or not settings.verbose, progress=bool(settings.progress))
    root = os.fsdecode(found.root)
    source = push.PushSource(stores, Target("0", "repository", root, base=root), updates)

    def noted(report: Report) -> Report:
        limit.found = bool(report.credentials)
        if not report.coverage.skipped:
            return report
        return report._replace(coverage=report.coverage._replace(skipped=source.shown(report.coverage.skipped)))

    def tell(report: Report, options: RenderOptions) -> str:
        limit.found = bool(report.findings)
        limit.settle()
        return render(report, options, outlook, source.commits)

    return run("pre-receive", [source], settings, Terminal(), CommandHooks(noted, text=tell))


def _input() -> bytes:
    if not sys.stdin or sys.stdin.isatty():
        raise UsageError(_NO_INPUT, hint="git runs this as a server's hooks/pre-receive")
    lines = sys.stdin.buffer.read(_LONGEST_INPUT + 1)
    if len(lines) > _LONGEST_INPUT:
        raise UsageError(f"more than {_LONGEST_INPUT >> 20} MiB on standard input")
    if not lines:
        raise UsageError(_NO_INPUT, hint="another hook that runs before must not take them")
    return lines


def find(hook: dict[str, str]) -> repository.Repository:
    """Return the repository whose hook this is. Raises UsageError."""
    directory = os.fsencode(hook.get("GIT_DIR") or os.path.realpath("."))
    if found := repository.at(directory) or repository.find(directory):
        return found._replace(work_tree=None)
    raise UsageError(f"{os.fsdecode(directory)}: not a git repository", hint="give -C DIR")
