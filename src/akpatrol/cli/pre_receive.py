"""``akpatrol pre-receive``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import resolve, shared
from akpatrol.errors import UsageError
from akpatrol.pipeline.push import pre_receive
from akpatrol.report.push_message import Outlook

if TYPE_CHECKING:
    from akpatrol.config.options import Options


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
def command(flags: Options, budget: float | None, contact: str, *, fail_open: bool) -> int:
    """Look through a push before it is accepted: a git server's pre-receive hook.

    git gives it `old new ref` lines on standard input. All objects that the repository did not have are read, commits'
    and tags' texts and authors, names of files and refs. Nothing of what is pushed can configure it or allow anything.
    """
    if flags.hashes == "-":
        raise UsageError("--hashes -: standard input has the push's refs", hint="give a file")
    outlook = Outlook(contact, fail_open=fail_open, exit_zero=flags.exit_zero)
    return pre_receive(partial(resolve, flags), Terminal(), outlook, budget=budget)
