"""``akpatrol commit-msg``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.file_names import OneFileCommand
from akpatrol.cli.options import shared
from akpatrol.pipeline.commit_msg import commit_msg
from akpatrol.pipeline.resolve import resolve

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("commit-msg", cls=OneFileCommand)
@click.argument("file", metavar="FILE")
@shared
def command(flags: Options, file: str) -> int:
    """Scan a commit message before the commit; FILE is the argument that git passes to a commit-msg hook."""
    return commit_msg(partial(resolve, flags), Terminal(), file)
