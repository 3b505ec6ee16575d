"""``akpatrol history``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.pipeline.commit_range import commit_range
from akpatrol.pipeline.history import history
from akpatrol.pipeline.resolve import resolve

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("history")
@click.argument("repo", default=".", metavar="[REPO]")
@click.option("--range", "range_", metavar="A..B", help="Only what these commits introduced; A...B and `auto` too.")
@shared
def command(flags: Options, repo: str, range_: str | None) -> int:
    """Scan every object of a git repository, reachable or not, and the git directory's own files.

    With --range, scan only what those commits introduced. `--range auto` uses pre-commit's PRE_COMMIT_FROM_REF and
    PRE_COMMIT_TO_REF, or else the event that started GitHub Actions or GitLab CI, or else the commits that no remote
    ref holds.
    """
    configure, console = partial(resolve, flags), Terminal()
    if range_ is not None:
        return commit_range(configure, console, repo, range_)
    return history(configure, console, repo, remember=not flags.no_cache)
