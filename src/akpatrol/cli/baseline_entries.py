"""``akpatrol baseline show``, ``drop`` and ``review``: single entries of a baseline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli.baseline_options import FLAGS, REPORT, new_entries, request_of, show_change, today
from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared_with
from akpatrol.errors import ExitCode, UsageError
from akpatrol.pipeline import baseline
from akpatrol.report import baseline_text

if TYPE_CHECKING:
    from akpatrol.config.options import Options
    from akpatrol.pipeline.baseline_places import BaselinePlaces


@click.command("show")
@REPORT
@click.option("--scan", is_flag=True, help="Scan history and tracked files to show where each credential is now.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format.")
@FLAGS
def show(flags: Options, *, report: str | None, scan: bool, format_: str) -> int:
    """Show the entries and, with a JSON REPORT or --scan, where each credential is now."""
    place = baseline.locate(flags.config, flags.baseline)
    entries = list(baseline.read(place.file).values())
    current = _places(place, flags, report, scan=scan)
    if format_ == "json":
        click.echo(json.dumps(baseline_text.document(place.file, entries, current and current.places), indent=2))
    else:
        for line in baseline_text.entries(place.file, entries, today(), current and current.places):
            click.echo(line)
    if current and not current.complete:
        click.echo("akpatrol: not everything was scanned, so a credential that was not found may still exist", err=True)
    return ExitCode.INCOMPLETE if current and scan and not current.complete else ExitCode.CLEAN


@click.command("drop")
@click.argument("fingerprints", nargs=-1, required=True, metavar="FINGERPRINT...")
@shared_with("baseline show")
def drop(flags: Options, fingerprints: tuple[str, ...]) -> int:
    """Remove the entries with these fingerprints, or their first 8 digits or more: each is a finding again."""
    from akpatrol.pipeline import baseline_entries as entries_  # noqa: PLC0415 - queries

    place = baseline.locate(flags.config, flags.baseline)
    return show_change(place.file, baseline.BaselineChange(entries_.drop(place, fingerprints), [], ExitCode.CLEAN))


@click.command("review")
@new_entries
def review(flags: Options, **arguments: Any) -> int:
    """Review the entries one by one at a terminal, or a JSON REPORT's findings that the baseline does not have.

    Ctrl-C leaves the file as it is.
    """
    from akpatrol.cli import baseline_review  # noqa: PLC0415 - only for a person
    from akpatrol.pipeline import baseline_entries as entries_  # noqa: PLC0415

    baseline_review.check_terminal()
    place = baseline.locate(flags.config, flags.baseline)
    pending = entries_.to_review(place, request_of(flags, arguments))
    decisions = baseline_review.decide(pending, today())
    done = entries_.save(place, pending.known, decisions.changed, decisions.dropped)
    return show_change(place.file, baseline.BaselineChange(done, [], ExitCode.CLEAN))


def _places(place: baseline.BaselineFile, flags: Options, report: str | None, *, scan: bool) -> BaselinePlaces | None:
    if report and scan:
        raise UsageError("give a REPORT or --scan")
    if not report and not scan:
        return None
    from akpatrol.pipeline import baseline_places  # noqa: PLC0415 - all of a report

    return (
        baseline_places.by_report(report) if report else baseline_places.by_scan(place, request_of(flags), Terminal())
    )
