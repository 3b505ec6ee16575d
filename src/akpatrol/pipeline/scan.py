"""A run over files, directories and standard input."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import excluder
from akpatrol.errors import UsageError
from akpatrol.model.scan import Target
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.files import FilesSource
from akpatrol.sources.git import repository
from akpatrol.sources.walk import special

if TYPE_CHECKING:
    from akpatrol.errors import ExitCode
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.base import Source


def scan(configure: Configure, console: Console, paths: tuple[str, ...], *, tracked: bool) -> ExitCode:
    """Scan the paths (``-`` is standard input); with ``tracked`` only files that git tracks or would track."""
    named = list(dict.fromkeys(paths))
    by_root = {target.root: target for target in (target_of(path) for path in named if path != "-")}
    targets = [target._replace(id=str(number)) for number, target in enumerate(by_root.values())]
    for target in targets:
        if tracked and not target.base:
            repository.find(os.fsencode(target.root if target.kind == "directory" else os.path.dirname(target.root)))
            raise UsageError(f"{target.root}: --tracked requires a git work tree")
    start, top = _configured(targets)
    settings = configure(start, top)
    sources: list[Source] = []
    if targets:
        sources.append(FilesSource(targets, excluder(settings), tracked=tracked))
    if "-" in named:
        from akpatrol.sources.stdin import StreamSource  # noqa: PLC0415 - most scans read files

        sources.append(StreamSource(Target(str(len(targets)), "stream", "-")))
    scan_kind = None if "-" in named else _scan_kind(targets, tracked=tracked)
    return run("scan", sources, settings, console, CommandHooks(scan_kind=scan_kind, expected=emptiness.FILES))


def target_of(path: str) -> Target:
    """Return what a path names; a link that the caller names is followed, those met later are not."""
    if not path:
        raise UsageError("a PATH is empty", hint="give . for the current directory")
    try:
        root = os.path.realpath(path, strict=True)
        mode = os.stat(root).st_mode
    except OSError as error:
        hint = "akpatrol sweep reads buckets, images and repositories by their addresses" if "://" in path else ""
        raise UsageError(f"{path}: {error.strerror}", hint) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a {special(mode)}", hint="pipe its content to akpatrol scan -")
    directory = root if stat.S_ISDIR(mode) else os.path.dirname(root)
    repo = repository.holding(os.fsencode(directory))
    base = os.fsdecode(repo.work_tree) if repo and repo.work_tree else None
    return Target("", "directory" if stat.S_ISDIR(mode) else "file", root, base=base)


def _scan_kind(targets: list[Target], *, tracked: bool) -> str | None:
    """Return the kind of scan when it covers all of a repository, or of a directory outside any repository."""
    directories = [target for target in targets if target.kind == "directory" and target.base in (None, target.root)]
    return ("tracked" if tracked else "scan") if len(directories) == len(targets) == 1 else None


def _configured(targets: list[Target]) -> tuple[str | None, str | None]:
    """Return where to search for a configuration: from the first target up to the root that all targets share."""
    starts = [target.root if target.kind == "directory" else os.path.dirname(target.root) for target in targets]
    tops = {target.base or start for target, start in zip(targets, starts, strict=True)}
    if len(tops) > 1:
        return None, None  # several trees: none of them may configure the others
    return (os.path.commonpath(starts), tops.pop()) if tops else (None, None)
