"""``akpatrol baseline``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import resolve, shared_with
from akpatrol.config.options import Options, of
from akpatrol.errors import ExitCode
from akpatrol.pipeline import baseline
from akpatrol.report import baseline_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FLAGS = shared_with("baseline")
_REPORT = click.argument("report", required=False, metavar="[REPORT]", type=click.Path(exists=True, dir_okay=False))
_BY = click.option("--by", metavar="NAME", help="Who adds the entries.  [default: git's author name, or the user's]")
_NOTE = click.option("--note", default="", metavar="TEXT", help="A note for each new entry.")
_OWNER = click.option("--owner", default="", metavar="NAME", help="Who is responsible for each new entry.")
_EXPIRES = click.option(
    "--expires", metavar="DATE", help="The first day on which each new entry is a finding again, YYYY-MM-DD."
)


def _new_entries(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that say where new entries come from and what they say."""
    for option in (_FLAGS, _EXPIRES, _OWNER, _NOTE, _BY, _REPORT):
        function = option(function)
    return function


@click.group("baseline")
def command() -> None:
    """Create, update and show the baseline: the credentials that were known when the gate was introduced."""


@command.command("create")
@_new_entries
def create(flags: Options, **asked: Any) -> int:
    """Create a baseline from a JSON REPORT, or from a scan of history and tracked files."""
    place = baseline.locate(flags.config, flags.baseline)
    return _show(place.file, baseline.create(place, _request(flags, asked), Terminal()))


@command.command("update")
@_new_entries
def update(flags: Options, **asked: Any) -> int:
    """Add new findings, and drop entries that complete scans of every kind that found them no longer find."""
    place = baseline.locate(flags.config, flags.baseline)
    return _show(place.file, baseline.update(place, _request(flags, asked), Terminal()))


@command.command("show")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format.")
@shared_with("baseline show")
def show(flags: Options, format_: str) -> int:
    """Show the entries."""
    file = baseline.locate(flags.config, flags.baseline).file
    entries = list(baseline.read(file).values())
    if format_ == "json":
        click.echo(json.dumps({"file": file, "entries": [entry._asdict() for entry in entries]}, indent=2))
    else:
        for line in baseline_text.entries(file, entries, datetime.now(UTC).date()):
            click.echo(line)
    return ExitCode.CLEAN


def _request(flags: Options, asked: Mapping[str, Any]) -> baseline.BaselineRequest:
    configure = partial(resolve, of({"no_allow": True}).over(flags))
    return baseline.BaselineRequest(configure, flags.config, **asked)


def _show(file: str, changed: baseline.BaselineChange) -> int:
    for line in (*changed.notes, *baseline_text.change(file, changed.update, datetime.now(UTC).date())):
        click.echo(line)
    return changed.code
