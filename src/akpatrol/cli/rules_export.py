"""``akpatrol rules export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared_with
from akpatrol.cli.parameters import GuessingChoice
from akpatrol.rules.export import FORMATS

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("export")
@click.argument("format_", metavar="FORMAT", type=GuessingChoice(list(FORMATS)))
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write to FILE.")
@shared_with("rules export")
def command(flags: Options, format_: str, output: str | None) -> int:
    """Write rules for another scanner: gitleaks, betterleaks, kingfisher or github.

    These are the shipped rules and those of --rules. For github the lines are to be pasted into the form of a custom
    pattern. Standard error names each rule that the format cannot hold, or not whole.
    """
    from akpatrol.pipeline.rule_export import RuleExportRequest, rule_export  # noqa: PLC0415 - not for --help
    from akpatrol.report.text_safety import visible  # noqa: PLC0415

    request = RuleExportRequest(format_, flags.rules, flags.only_rules, flags.skip_rule, flags.rules_strict, output)
    return rule_export(
        request,
        lambda text: click.echo("\n".join(map(visible, text.split("\n"))), nl=False),
        lambda line: click.echo(visible(line), err=True),
    )
