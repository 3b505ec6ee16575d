"""``akpatrol staged``: runs on every commit, so it imports nothing that it does not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from akpatrol.cli.globs import excluder
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.cli.run import Manner, execute
from akpatrol.errors import UsageError
from akpatrol.model import Target
from akpatrol.settings import environment, hook_environment
from akpatrol.sources.git import repository
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import HOOK_VARIABLES, Git

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.findings import Credential

_SHOWN = 3


@click.command("staged")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@shared
def command(flags: Flags, files: tuple[str, ...]) -> int:
    """Look through what the next commit would add: index blobs that differ from HEAD, and those of the named files.

    The work tree is never read.
    """
    hook = hook_environment(environment(), HOOK_VARIABLES)
    found = find(hook)
    top = os.fsdecode(found.work_tree) if found.work_tree else None
    settings = resolve(flags, top, top)
    named = [os.fsencode(file) for file in files]
    cwd = os.fsencode(os.getcwd())
    target = Target("0", "index", os.fsdecode(found.root), base=os.fsdecode(found.root))
    excluded = excluder(settings)(target.root)
    source = IndexSource(Git(found, hook), target, named, cwd, excluded)
    return execute("staged", [source], settings, Manner(known=_known))


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


def find(hook: dict[str, str]) -> repository.Repository:
    """Return the repository of the current directory, or the one whose hook this is. Raises UsageError."""
    if git_dir := hook.get("GIT_DIR"):
        encoded = os.fsencode(git_dir)
        found = repository.at(os.path.dirname(encoded)) if git_dir.endswith("/.git") else repository.at(encoded)
        work_tree = hook.get("GIT_WORK_TREE")
        if found and (work_tree or found.work_tree is None):
            work_tree = work_tree or os.getcwd()
            found = found._replace(work_tree=os.fsencode(work_tree))
    else:
        found = repository.find(os.fsencode(os.path.realpath(".")))
    if not found or not found.work_tree:
        raise UsageError("not in a git work tree", hint="run it inside the repository, or give -C DIR")
    return found
