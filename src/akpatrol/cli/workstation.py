"""``akpatrol workstation``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.workstation import workstation

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("workstation")
@click.option("--user", metavar="NAME", help="Look in this user's home directory.  [default: the caller's]")
@click.option(
    "--windows-user",
    metavar="NAME",
    help="Under WSL, look in this Windows profile too.  [default: the one with the name of the home directory]",
)
@shared
def command(flags: Options, user: str | None, windows_user: str | None) -> int:
    """Scan the places on a developer's machine where credentials come to lie, and nothing else.

    These are the transcripts and settings of agents, editors' databases, histories of shells, dotfiles, logins of
    command-line tools, API clients, browsers, clipboards, crash dumps, recent downloads and notes. The report has a
    line for each source, also where it does not exist. No symbolic link out of the home directory is followed.
    """
    return workstation(partial(resolve, flags), Terminal(), user, windows_user)
