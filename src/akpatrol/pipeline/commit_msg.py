"""A run over a commit message, before the commit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model.scan import Target
from akpatrol.pipeline.run import run
from akpatrol.sources.git import repository
from akpatrol.sources.message import MessageSource

if TYPE_CHECKING:
    from akpatrol.errors import ExitCode
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure


def commit_msg(configure: Configure, console: Console, file: str) -> ExitCode:
    """Scan the file that git gives to a commit-msg hook."""
    if not os.path.isfile(file):
        raise UsageError(f"{file}: no such file")
    repo = repository.find(os.fsencode(os.path.realpath(".")))
    top = os.fsdecode(repo.work_tree) if repo and repo.work_tree else None
    target = Target("0", "message", os.path.realpath(file), base=top)
    return run("commit-msg", [MessageSource(target)], configure(top, top), console)
