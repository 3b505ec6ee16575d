"""``akpatrol verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli import prompt
from akpatrol.cli.console import Terminal
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence, Secret, Skipped, Target
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.stdin import StreamSource

if TYPE_CHECKING:
    from akpatrol.model.scan import Report

_UNKNOWN_SHAPE = "no Anyreach credential on this line: ak_<id>.<secret> or pat_..."


@click.command("verify")
@shared
def command(flags: Flags) -> int:
    """Ask the API whether credentials are live: pasted at a prompt that does not show them, or piped in, one a line.

    Nothing is asked about anything else. Exits 1 when there is a credential; --fail-on live: when one is live.
    """
    if flags.verify is False:
        raise UsageError("--no-verify: this command does nothing but verify")
    settings = resolve(flags, None, None)
    settings = settings._replace(verification=settings.verification._replace(verify=True))
    if not flags.min_confidence:  # what a person pastes is meant as a credential
        settings = settings._replace(min_confidence=Confidence.LOW)
    typed = prompt.typed("Credentials, one a line (not shown; an empty line ends):")
    source = StreamSource(Target("0", "stream", "-"), Secret(typed))
    hooks = CommandHooks(lambda report: _with_unread_lines(report, typed))
    return run("verify", [source], settings, Terminal(), hooks)


def _with_unread_lines(report: Report, typed: bytes) -> Report:
    """Say of every line in which nothing was recognised; silence would pass for an answer."""
    found = {place.line for credential in report.credentials for place in credential.occurrences}
    lines = enumerate(typed.split(b"\n"), 1)
    unread = [
        Skipped(f"line {number}", _UNKNOWN_SHAPE) for number, line in lines if line.strip() and number not in found
    ]
    coverage = report.coverage._replace(skipped=(*report.coverage.skipped, *unread))
    return report._replace(coverage=coverage)
