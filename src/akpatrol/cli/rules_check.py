"""``akpatrol rules check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared_with
from akpatrol.cli.safe_echo import safe_echo
from akpatrol.errors import ExitCode
from akpatrol.rules import rule_file as rules_

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=str), metavar="[FILE]...")
@click.option("--cost", "measured", is_flag=True, help="Also measure each rule, on akpatrol's own source.")
@click.option(
    "--sample", type=click.Path(exists=True, path_type=str), metavar="PATH", help="Measure each rule on these files."
)
@shared_with("rules check")
def command(flags: Options, files: tuple[str, ...], sample: str | None, *, measured: bool) -> int:
    """Check that rules compile, that their examples are found and that their counterexamples are not.

    What is left out of rule files is listed. With --cost or --sample, so are the seconds that each rule takes a
    gigabyte, what it finds there, missing keywords and patterns that match too much.
    """
    from akpatrol.rules.check import check  # noqa: PLC0415 - only here

    rules = rules_.load_alone(files, strict=flags.rules_strict) if files else rules_.load()
    say = safe_echo()
    for line in check(rules):
        say(line)
    if measured or sample:
        from akpatrol.rules import cost  # noqa: PLC0415 - only here

        read = cost.sample(sample)
        say(f"on {read.size / 1e6:.1f} MB of {read.name}, the most expensive first:")
        for found in cost.costs(rules.rules, read):
            say(str(found))
    return ExitCode.CLEAN
