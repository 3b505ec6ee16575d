"""``akpatrol scan``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import resolve, shared
from akpatrol.pipeline.scan import scan

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--tracked", is_flag=True, help="Only files that git tracks or would track.")
@shared
def command(flags: Options, paths: tuple[str, ...], *, tracked: bool) -> int:
    """Look through files and directories as they lie on disk, and `-` for standard input; default: `.`.

    Symbolic links, FIFOs, sockets and devices are left out; `.git` directories are left to `akpatrol history`.
    """
    return scan(partial(resolve, flags), Terminal(), paths or (".",), tracked=tracked)
