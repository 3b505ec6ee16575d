"""``akpatrol rules``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared_with
from akpatrol.cli.safe_echo import safe_echo
from akpatrol.errors import ExitCode, UsageError
from akpatrol.rules import rule_file as rules_
from akpatrol.rules.rule import RuleSet

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.group("rules")
def command() -> None:
    """List, show and check rules."""


@command.command("list")
@shared_with("rules")
def list_(flags: Options) -> int:
    """List the id and description of every rule."""
    say = safe_echo()
    for rule in rules_.load(tuple(map(Path, flags.rules))).rules:
        say(f"{rule.id}  {rule.description}")
    return ExitCode.CLEAN


@command.command("show")
@click.argument("rule_id", metavar="ID")
@shared_with("rules")
def show(flags: Options, rule_id: str) -> int:
    """Show one rule in full."""
    loaded = rules_.load(tuple(map(Path, flags.rules)))
    rule = loaded.get(rule_id)
    if rule is None:
        known = ", ".join(rule.id for rule in loaded.rules)
        raise UsageError(f"{rule_id}: no such rule", hint=f"known: {known}")
    say = safe_echo()
    for name in ("id", "description", "kind", "regex", "anchor", "keywords", "secret_group", "entropy", "path"):
        if value := getattr(rule, name):
            say(f"{name}: {', '.join(value) if isinstance(value, tuple) else value}")
    say(f"severity: {rule.severity.name.lower()}")
    for name in ("page", "references", "steps", "examples", "counterexamples"):
        if value := getattr(rule, name):
            for line in [f"{name}: {value}"] if isinstance(value, str) else [f"{name}:", *(f"  {v}" for v in value)]:
                say(line)
    return ExitCode.CLEAN


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[FILE]...")
def check(files: tuple[Path, ...]) -> int:
    """Check that rules compile, that their examples are found and that their counterexamples are not."""
    from akpatrol.rules.check import check as check_rules  # noqa: PLC0415 - only here

    shipped = set(map(os.path.realpath, rules_.shipped_files()))
    rules_.load([file for file in files if os.path.realpath(file) not in shipped])  # so that no id is there twice
    say = safe_echo()
    for file in map(str, files or rules_.shipped_files()):
        parsed = rules_.parse(rules_.read(file), file, shipped=not files)
        for line in check_rules(RuleSet(tuple(parsed)), file):
            say(line)
    return ExitCode.CLEAN
