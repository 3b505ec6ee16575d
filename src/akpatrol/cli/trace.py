"""``akpatrol trace``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import resolve, shared
from akpatrol.errors import UsageError
from akpatrol.pipeline.trace import trace

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("trace")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@shared
def command(flags: Options, targets: tuple[str, ...]) -> int:
    """Tell every place where one credential is: since and until when, who, whether it is live, what to do.

    It is asked for at a prompt that does not show it, or read from standard input, and kept nowhere. What no rule
    recognises is taken for a key id and for a text. A TARGET is a file, a directory with the histories of all
    repositories in it, or a repository; default: `.`. Exits 1 when it is found, 0 when it is nowhere, 3 when it may be
    in what could not be looked at, or be what nobody can look for.
    """
    if flags.hashes:
        raise UsageError(
            "--hashes: trace asks for one by itself", hint="akpatrol scan --hashes, akpatrol history --hashes"
        )
    return trace(partial(resolve, flags), Terminal(), targets or (".",))
