"""Options that the commands of ``akpatrol baseline`` share, and how a change is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli.options import shared_with
from akpatrol.config.options import Options, of
from akpatrol.pipeline import baseline
from akpatrol.pipeline.resolve import resolve
from akpatrol.report import baseline_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

FLAGS = shared_with("baseline")
REPORT = click.argument("report", required=False, metavar="[REPORT]", type=click.Path(exists=True, dir_okay=False))
_BY = click.option("--by", metavar="NAME", help="Who adds the entries.  [default: git's author name, or the user's]")
_NOTE = click.option("--note", default="", metavar="TEXT", help="A note for each new entry.")
_OWNER = click.option("--owner", default="", metavar="NAME", help="Who is responsible for each new entry.")
_EXPIRES = click.option(
    "--expires", metavar="DATE", help="The first day on which each new entry is a finding again, YYYY-MM-DD."
)


def new_entries(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that say where new entries come from and what they say."""
    for option in (FLAGS, _EXPIRES, _OWNER, _NOTE, _BY, REPORT):
        function = option(function)
    return function


def request_of(flags: Options, arguments: Mapping[str, Any] = MappingProxyType({})) -> baseline.BaselineRequest:
    """Return the request for a change; ``arguments`` are the command's own options."""
    configure = partial(resolve, of({"no_allow": True}).over(flags))
    return baseline.BaselineRequest(configure, flags.config, **arguments)


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def show_change(file: str, changed: baseline.BaselineChange) -> int:
    """Show what became of the file, and return the exit code."""
    for line in (*changed.notes, *baseline_text.change(file, changed.update, today())):
        click.echo(line)
    return changed.code
