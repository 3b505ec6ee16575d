"""A run over credentials that a person gives, to verify them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.model.scan import Secret, Skipped, Target
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.stdin import StreamSource

if TYPE_CHECKING:
    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console

_UNKNOWN_SHAPE = "no Anyreach credential on this line: " + " or ".join(
    kind.wording.shape for kind in KINDS if kind.wording.shape
)


def verify(settings: Settings, console: Console) -> ExitCode:
    """Ask for credentials, one per line, and verify them."""
    settings = settings._replace(options=settings.options._replace(verify=True))
    typed = console.ask("Credentials, one a line (not shown; an empty line ends):")
    source = StreamSource(Target("0", "stream", "-"), Secret(typed))
    hooks = CommandHooks(lambda report: _with_unread_lines(report, typed))
    return run("verify", [source], settings, console, hooks)


def _with_unread_lines(report: Report, typed: bytes) -> Report:
    """Report every line in which nothing was recognised: leaving it out would look like an answer."""
    matched_lines = {place.line for credential in report.credentials for place in credential.occurrences}
    lines = enumerate(typed.split(b"\n"), 1)
    unread = [
        Skipped(f"line {number}", _UNKNOWN_SHAPE)
        for number, line in lines
        if line.strip() and number not in matched_lines
    ]
    coverage = report.coverage._replace(skipped=(*report.coverage.skipped, *unread))
    return report._replace(coverage=coverage)
