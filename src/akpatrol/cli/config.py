"""``akpatrol config``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import shared
from akpatrol.cli.safe_echo import safe_echo
from akpatrol.cli.values_in_force import ValuesInForce
from akpatrol.config.load import configuration_of
from akpatrol.errors import ExitCode, UsageError
from akpatrol.pipeline import rules_in_force
from akpatrol.pipeline.resolve import resolve
from akpatrol.sources.git import repository

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.group("config")
def command() -> None:
    """Show the configuration in force, and the schema of configurations."""


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of a configuration, for editors."""
    from akpatrol.config.configuration_schema import schema as made  # noqa: PLC0415 - only here

    click.echo(json.dumps(made(), indent=2))
    return ExitCode.CLEAN


@command.command("show")
@shared
def show(flags: Options) -> int:
    """Show every value that a command with these options would use here, and where it comes from."""
    if flags.format_ not in ("text", "json"):
        raise UsageError(f"-f {flags.format_}: config show writes text or json")
    here = os.path.realpath(".")
    repo = repository.find(os.fsencode(here))
    top = here if not repo else os.fsdecode(repo.work_tree) if repo.work_tree else None
    start = here if top else None
    settings = resolve(flags, start, top)
    rules_in_force.load(settings)
    configuration = configuration_of(flags.config, start, top)
    values = list(ValuesInForce(click.get_current_context(), settings, configuration).values())
    if flags.format_ == "json":
        document = {"configuration": settings.configuration, "values": [value._asdict() for value in values]}
        text = json.dumps(document, indent=2)
    else:
        lines = [f"{value.key} = {value.value}  ({value.origin})" for value in values]
        text = "\n".join([f"configuration: {settings.configuration or 'none'}", *lines])
    say = safe_echo()
    for line in text.split("\n"):
        say(line)
    return ExitCode.CLEAN
