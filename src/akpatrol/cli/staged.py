"""``akpatrol staged``: runs on every commit, so it imports nothing that it does not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from akpatrol.cli import directory, hook_repository
from akpatrol.cli.console import Terminal
from akpatrol.cli.file_names import FilesCommand
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.config.path_patterns import excluder
from akpatrol.model.scan import Target
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.credential import Credential

_SHOWN = 3


@click.command("staged", cls=FilesCommand)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@shared
def command(flags: Flags, files: tuple[str, ...]) -> int:
    """Look through what the next commit would add: index blobs that differ from HEAD, and those of the named files.

    The work tree is never read. Options come before the first FILE: a name that looks like one is a FILE still.
    """
    found, hook = hook_repository.find(named=directory.was_named())
    top = os.fsdecode(found.work_tree) if found.work_tree else None
    settings = resolve(flags, top, top)
    named = [os.fsencode(file) for file in files]
    cwd = os.fsencode(os.getcwd())
    target = Target("0", "index", os.fsdecode(found.root), base=os.fsdecode(found.root))
    excluded = excluder(settings)(target.root)
    source = IndexSource(Git(found, hook), target, named, cwd, excluded)
    return run("staged", [source], settings, Terminal(), CommandHooks(known=_known))


def _known(credentials: Sequence[Credential]) -> str:
    """Say what HEAD holds already and how to put it on record."""
    places = list(
        dict.fromkeys(
            f"{credential.secret.redacted} in {os.fsdecode(place.path or b'')}"
            for credential in credentials
            for place in credential.occurrences
        )
    )
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    told = ", ".join(places[:_SHOWN]) + more
    return f"in HEAD already, so not new: {told}; akpatrol baseline create puts it on record"
