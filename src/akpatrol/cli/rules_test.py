"""``akpatrol rules test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared_with

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("test")
@click.argument("names", nargs=-1, metavar="[FILE|RULE-ID]...")
@click.argument("text", metavar="TEXT|-")
@click.option("--path", metavar="PATH", help="Take the text to be the content of the file PATH.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format.")
@click.option("-v", "--verbose", is_flag=True, help="Also show rules whose keywords are not in the text.")
@shared_with("rules")
def command(  # noqa: PLR0913 - one for each option
    flags: Options, names: tuple[str, ...], text: str, path: str | None, format_: str, *, verbose: bool
) -> int:
    """Show what rules do with a text, step by step, and exit 1 if one finds anything in it.

    The rules are those of each FILE, else all; each RULE-ID, which may be a glob, limits them. With - the text is
    standard input, so that a secret is neither in the shell's history nor in the list of processes. Secrets are
    masked. Encodings are not decoded.
    """
    from akpatrol.pipeline.rule_trial import RuleTrialRequest, rule_trial  # noqa: PLC0415 - not for --help
    from akpatrol.report.text_safety import visible  # noqa: PLC0415

    def say(lines: str) -> None:
        for line in lines.split("\n"):
            click.echo(visible(line))

    return rule_trial(RuleTrialRequest(text, names, flags.rules, path, format_, verbose, flags.rules_strict), say)
