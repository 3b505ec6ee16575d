"""``akpatrol rules``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from akpatrol.cli.safe_echo import safe_echo
from akpatrol.errors import ExitCode, UsageError
from akpatrol.rules import rule_file as rules_

_RULES = click.option(
    "--rules", "extra", type=click.Path(exists=True, path_type=Path), multiple=True, metavar="PATH",
    help="A rule file in gitleaks' format, or a directory of them; repeatable.",
)  # fmt: skip


@click.group("rules")
def command() -> None:
    """List, show and check rules."""


@command.command("list")
@_RULES
def list_(extra: tuple[Path, ...]) -> int:
    """List all rules: id and description."""
    say = safe_echo()
    for rule in rules_.load(extra).rules:
        say(f"{rule.id}  {rule.description}")
    return ExitCode.CLEAN


@command.command("show")
@click.argument("rule_id", metavar="ID")
@_RULES
def show(rule_id: str, extra: tuple[Path, ...]) -> int:
    """Show one rule whole."""
    loaded = rules_.load(extra)
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
    """Check that rules compile and that their examples are found and their counterexamples are not."""
    from akpatrol.rules.check import check as check_rules  # noqa: PLC0415 - only here

    own = set(map(os.path.realpath, rules_.shipped_files()))
    rules_.load([file for file in files if os.path.realpath(file) not in own])  # so that no id is there twice
    say = safe_echo()
    for file in map(str, files or rules_.shipped_files()):
        parsed = rules_.parse(rules_.read(file), file, shipped=not files)
        for line in check_rules(rules_.RuleSet(tuple(parsed)), file):
            say(line)
    return ExitCode.CLEAN
