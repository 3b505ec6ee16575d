"""``akpatrol pre-receive``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.errors import UsageError
from akpatrol.pipeline.push import pre_receive
from akpatrol.pipeline.resolve import resolve
from akpatrol.report.push_message import Outlook

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("pre-receive")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Time limit for the whole scan; a push that takes longer counts as not scanned.",
)
@click.option(
    "--fail-open/--fail-closed",
    default=False,
    help="Accept with a warning, or refuse, a push that could not be scanned.  [default: refuse]",
)
@click.option(
    "--contact", default="", metavar="TEXT", help="The person to ask, named in the message of a refused push."
)
@shared
def command(flags: Options, budget: float | None, contact: str, *, fail_open: bool) -> int:
    """Scan a push before it is accepted, as a git server's pre-receive hook.

    git writes `old new ref` lines to its standard input. It scans all objects that the repository did not have, texts
    and authors of commits and tags, and names of files and refs. Nothing in the push configures it or allows anything.
    """
    if flags.hashes == "-":
        raise UsageError("--hashes -: standard input has the push's refs", hint="give a file")
    outlook = Outlook(contact, fail_open=fail_open, exit_zero=flags.exit_zero)
    return pre_receive(partial(resolve, flags), Terminal(), outlook, budget=budget)
