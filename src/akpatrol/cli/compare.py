"""``akpatrol compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared_with
from akpatrol.cli.parameters import GuessingChoice
from akpatrol.cli.publish import appearance, write_out
from akpatrol.compare.render import FORMATS, ComparisonOptions, render
from akpatrol.pipeline import compare
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.stages import check_outputs

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("compare")
@click.argument("reports", nargs=-1, metavar="[LABEL=]REPORT...")
@click.option(
    "-f", "--format", "format_", type=GuessingChoice(list(FORMATS)), default="text", show_default=True,
    help="Format of the comparison.",
)  # fmt: skip
@click.option("--only-rules", multiple=True, metavar="GLOB", help="Compare only findings of these rules; repeatable.")
@click.option("--skip-rule", multiple=True, metavar="GLOB", help="Leave out findings of these rules; repeatable.")
@shared_with("compare")
def command(
    flags: Options, reports: tuple[str, ...], format_: str, only_rules: tuple[str, ...], skip_rule: tuple[str, ...]
) -> int:
    """Compare REPORTs of several scanners on one repository: what each has not shown, and why.

    Reads gitleaks (JSON, CSV), betterleaks, kingfisher, trufflehog, detect-secrets, SARIF of any tool, and akpatrol's
    own JSON and JSON Lines, recognised by content; `-` is standard input. No report is the measure of the others: what
    any of them has, all are compared with. Run it in the repository, or with -C: then merges, attributes and binary
    files are told apart too. Secrets are hashed as they are read, and never shown.

    Exits 1 when a report misses a finding of another, 3 when all agree but entries could not be read, 0 when all
    agree.
    """
    settings = resolve(flags, None, None)
    check_outputs(settings)
    file = flags.output
    compared = compare.compare(reports, settings, only_rules, skip_rule)
    colour, width = appearance(file, settings)
    options = ComparisonOptions(width, colour=colour, verbose=flags.verbose > 0)
    write_out(render(compared, format_, options), file)
    return compare.exit_code(compared)
