"""``akpatrol scan``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.scan import scan

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--tracked", is_flag=True, help="Only files that git tracks or would track.")
@shared
def command(flags: Options, paths: tuple[str, ...], *, tracked: bool) -> int:
    """Scan files and directories as they are on disk; `-` is standard input. The default is `.`.

    Symbolic links, FIFOs, sockets and devices are skipped. `.git` directories are for `akpatrol history`.
    """
    return scan(partial(resolve, flags), Terminal(), paths or (".",), tracked=tracked)
