"""``akpatrol trace``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.errors import UsageError
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.trace import trace

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("trace")
@click.argument("targets", nargs=-1, metavar="[TARGET|STORE]...")
@shared
def command(flags: Options, targets: tuple[str, ...]) -> int:
    """Show every location of one credential: since and until when, by whom, whether it is live, what to do.

    Enter the credential at a prompt that does not show it, or on standard input; it is not stored. Input that no rule
    recognises is searched for as a key id and as plain text. A TARGET is a file, a directory with the histories of all
    repositories in it, or a repository; default: `.`. A STORE of sweeps answers at once, by the credential's hash.
    Exits 1 when it is found, 0 when it is not, 3 when it may be in something that could not be scanned, or cannot be
    searched for.
    """
    if flags.hashes:
        raise UsageError(
            "--hashes: trace takes one credential", hint="akpatrol scan --hashes, akpatrol history --hashes"
        )
    return trace(partial(resolve, flags), Terminal(), targets or (".",))
