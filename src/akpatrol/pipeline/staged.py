"""A run over the index, on every commit, so it imports nothing that it does not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import excluder
from akpatrol.model.scan import Target
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.report import command_word
from akpatrol.report.text_safety import shell_word
from akpatrol.sources.git import hook_repository
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import LITERALLY, Git

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure

_SHOWN = 3


def staged(configure: Configure, console: Console, files: tuple[str, ...], *, named: bool) -> ExitCode:
    """Scan the index against HEAD, and the named files; ``named`` says that the caller named the repository."""
    repo, hook = hook_repository.find(named=named)
    top = os.fsdecode(repo.work_tree) if repo.work_tree else None
    settings = configure(top, top)
    target = Target("0", "index", os.fsdecode(repo.root), base=os.fsdecode(repo.root))
    excluded = excluder(settings)(target.root)
    paths, cwd = [os.fsencode(file) for file in files], os.fsencode(os.getcwd())
    git = Git(repo, hook)
    source = IndexSource(git, target, paths, cwd, excluded)

    def remarks(report: Report) -> Iterator[str]:
        if report.known:
            yield _known(report.known, command_word.command_word(settings.environment).program)
        if top:
            yield from _untracked(git, settings)

    return run("staged", [source], settings, console, CommandHooks(remarks=remarks))


def _untracked(git: Git, settings: Settings) -> Iterator[str]:
    """Report policy files in the tree that git does not track: nobody else has them."""
    baseline, ignored = settings.policy.baseline, settings.policy.ignored
    top = os.fsdecode(git.repository.work_tree or b"")
    files = filter(None, (settings.configuration, baseline and baseline.name, ignored and ignored.name))
    names = [name for file in files if not (name := os.path.relpath(os.path.join(top, file), top)).startswith("..")]
    if not names:
        return
    tracked = git.run(LITERALLY, "ls-files", "-z", "--", *names, cwd=os.fsencode(top)).split(b"\0")
    for name in names:
        if os.fsencode(name) not in tracked:
            yield f"{name} is in force and git does not track it: nobody else has it, so run git add {shell_word(name)}"


def _known(credentials: Sequence[Credential], program: str) -> str:
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
    return f"already in HEAD, so not new: {listed}; {program} baseline create records it"
