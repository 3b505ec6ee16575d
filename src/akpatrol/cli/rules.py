"""``akpatrol rules``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli import rules_check, rules_export, rules_test
from akpatrol.cli.options import shared_with
from akpatrol.cli.safe_echo import safe_echo
from akpatrol.errors import ExitCode, UsageError
from akpatrol.rules import rule_file as rules_

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.group("rules")
def command() -> None:
    """List, show, check, try and export rules."""


command.add_command(rules_test.command)
command.add_command(rules_export.command)


command.add_command(rules_check.command)


@command.command("list")
@shared_with("rules")
def list_(flags: Options) -> int:
    """List the id and description of every rule."""
    say = safe_echo()
    loaded = rules_.load(flags.rules, strict=flags.rules_strict)
    for rule in (*loaded.rules, *loaded.path_rules):
        say(f"{rule.id}  {rule.description}")
    return ExitCode.CLEAN


@command.command("show")
@click.argument("rule_id", metavar="ID")
@shared_with("rules")
def show(flags: Options, rule_id: str) -> int:
    """Show one rule in full."""
    from akpatrol.rules.rule_class import severity  # noqa: PLC0415 - only here

    loaded = rules_.load(flags.rules, strict=flags.rules_strict)
    rule = loaded.get(rule_id)
    if rule is None:
        known = ", ".join(rule.id for rule in (*loaded.rules, *loaded.path_rules))
        raise UsageError(f"{rule_id}: no such rule", hint=f"known: {known}")
    say = safe_echo()
    for name in ("id", "description", "kind", "regex", "anchor", "keywords", "secret_group", "entropy", "path", "tags"):
        if value := getattr(rule, name):
            say(f"{name}: {', '.join(value) if isinstance(value, tuple) else value}")
    say(f"severity: {severity(rule).name.lower()}")
    for name in ("page", "references", "steps", "examples", "counterexamples"):
        if value := getattr(rule, name):
            for line in [f"{name}: {value}"] if isinstance(value, str) else [f"{name}:", *(f"  {v}" for v in value)]:
                say(line)
    return ExitCode.CLEAN
