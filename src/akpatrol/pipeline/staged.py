"""A run over the index, on every commit, so it imports nothing that it does not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import excluder
from akpatrol.model.scan import Target
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.git import hook_repository
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.errors import ExitCode
    from akpatrol.model.credential import Credential
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure

_SHOWN = 3


def staged(configure: Configure, console: Console, files: tuple[str, ...], *, named: bool) -> ExitCode:
    """Scan the index against HEAD, and the named files; ``named`` says that the caller named the repository."""
    found, hook = hook_repository.find(named=named)
    top = os.fsdecode(found.work_tree) if found.work_tree else None
    settings = configure(top, top)
    target = Target("0", "index", os.fsdecode(found.root), base=os.fsdecode(found.root))
    excluded = excluder(settings)(target.root)
    paths, cwd = [os.fsencode(file) for file in files], os.fsencode(os.getcwd())
    source = IndexSource(Git(found, hook), target, paths, cwd, excluded)
    return run("staged", [source], settings, console, CommandHooks(known=_known))


def _known(credentials: Sequence[Credential]) -> str:
    """Say what HEAD already holds and how to record it."""
    places = list(
        dict.fromkeys(
            f"{credential.secret.redacted} in {os.fsdecode(place.path or b'')}"
            for credential in credentials
            for place in credential.occurrences
        )
    )
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    listed = ", ".join(places[:_SHOWN]) + more
    return f"already in HEAD, so not new: {listed}; akpatrol baseline create records it"
