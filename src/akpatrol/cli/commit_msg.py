"""``akpatrol commit-msg``."""

from __future__ import annotations

import os

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.file_names import OneFileCommand
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.errors import UsageError
from akpatrol.model.scan import Target
from akpatrol.pipeline.run import run
from akpatrol.sources.git import repository
from akpatrol.sources.message import MessageSource


@click.command("commit-msg", cls=OneFileCommand)
@click.argument("file", metavar="FILE")
@shared
def command(flags: Flags, file: str) -> int:
    """Look through a commit message, before the commit; FILE is what git gives to a commit-msg hook."""
    if not os.path.isfile(file):
        raise UsageError(f"{file}: no such file")
    found = repository.find(os.fsencode(os.path.realpath(".")))
    top = os.fsdecode(found.work_tree) if found and found.work_tree else None
    target = Target("0", "message", os.path.realpath(file), base=top)
    return run("commit-msg", [MessageSource(target)], resolve(flags, top, top), Terminal())
