"""A run over the history of a repository."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.pipeline.target_repository import describe_target, find
from akpatrol.report.text_safety import visible
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.plain import plain_finder
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from akpatrol.errors import ExitCode
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure


def history(configure: Configure, console: Console, repo: str, *, remember: bool) -> ExitCode:
    """Scan every object of a repository; with ``remember`` the cache is used, and verbose output names it."""
    git_repository = find(repo)
    work_tree = os.fsdecode(git_repository.work_tree) if git_repository.work_tree else None
    git = Git(git_repository, common=True)
    git.plain = plain_finder.found(git)
    if git.plain:
        git.plain.kept.give_up()  # git walks beside the reading, which other processes do
    settings = configure(work_tree, work_tree)
    target = describe_target(git, git_repository)
    with closing(ScanCache(settings.cache)) as log:
        source = HistorySource(git, target, log if settings.cache else None)
        hooks = CommandHooks(emptiness.with_notice, scan_kind="history")
        code = run("history", [source], settings, console, hooks)
        if settings.options.verbose and remember:
            console.say(f"cache: {visible(log.problem or log.file)}")
    return code
