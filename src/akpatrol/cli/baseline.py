"""``akpatrol baseline``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli import baseline_entries
from akpatrol.cli.baseline_options import new_entries, request_of, show_change
from akpatrol.cli.console import Terminal
from akpatrol.pipeline import baseline

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.group("baseline")
def command() -> None:
    """Create, update, show and review the baseline: the credentials that were known when the gate was introduced."""


@command.command("create")
@new_entries
def create(flags: Options, **arguments: Any) -> int:
    """Create a baseline from a JSON REPORT, or from a scan of history and tracked files."""
    place = baseline.locate(flags.config, flags.baseline)
    return show_change(place.file, baseline.create(place, request_of(flags, arguments), Terminal()))


@command.command("update")
@new_entries
def update(flags: Options, **arguments: Any) -> int:
    """Add new findings, and drop entries that are gone from complete scans of every kind that once found them."""
    place = baseline.locate(flags.config, flags.baseline)
    return show_change(place.file, baseline.update(place, request_of(flags, arguments), Terminal()))


for _each in (baseline_entries.show, baseline_entries.drop, baseline_entries.review):
    command.add_command(_each)
