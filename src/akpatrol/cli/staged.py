"""``akpatrol staged``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli import directory
from akpatrol.cli.console import Terminal
from akpatrol.cli.file_names import FilesCommand
from akpatrol.cli.options import shared
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.staged import staged

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("staged", cls=FilesCommand)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@shared
def command(flags: Options, files: tuple[str, ...]) -> int:
    """Scan what the next commit would add: index blobs that differ from HEAD, and those of the named files.

    The work tree is never read. Options come before the first FILE; after it, a name like `--help` is a FILE too.
    """
    return staged(partial(resolve, flags), Terminal(), files, named=directory.was_named())
