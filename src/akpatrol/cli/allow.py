"""``akpatrol allow``: write an allowance into the configuration, whose comments and order stay."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared_with
from akpatrol.config.allowance_file import with_allowance
from akpatrol.config.environment import FILE_NAME
from akpatrol.config.load import configuration_of
from akpatrol.errors import ExitCode, UsageError
from akpatrol.pipeline import committed_text, fingerprint_lookup
from akpatrol.pipeline.resolve import resolve
from akpatrol.report.text_safety import visible
from akpatrol.report.write import check_writable, write
from akpatrol.sources.git import repository

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("allow")
@click.argument("fingerprint", metavar="FINGERPRINT")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is not a finding, for later readers.")
@click.option("--expires", metavar="DATE", help="The first day on which it is a finding again, YYYY-MM-DD.")
@click.option("--owner", default="", metavar="NAME", help="Who is responsible for it.")
@shared_with("allow")
def command(flags: Options, fingerprint: str, reason: str, expires: str | None, owner: str) -> int:
    """Allow the credential with this FINGERPRINT in the tree's configuration, or in a new .akpatrol.toml.

    The first 8 digits of the FINGERPRINT or more are enough for a credential that is in the baseline, or in this
    repository's index, files or history; the configuration gets the whole fingerprint.
    """
    end = committed_text.end("--expires", expires)
    entry: dict[str, Any] = {"fingerprint": fingerprint, "reason": committed_text.clean("--reason", reason)}
    if not any(character.isalnum() for character in entry["reason"]):  # the line that reports print has only dots
        raise UsageError("--reason: must give a reason", hint="whoever finds the allowance later needs the reason")
    entry |= {"owner": committed_text.clean("--owner", owner)} if owner.strip() else {}
    entry |= {"expires": end} if end else {}
    file = _file(flags)
    check_writable(Path(file))
    named = fingerprint_lookup.find(fingerprint, partial(resolve, flags), Terminal())
    entry["fingerprint"] = named.fingerprint
    write(with_allowance(file, entry), Path(file))
    label = f"{named.fingerprint}, {named.redacted}," if named.redacted else named.fingerprint
    click.echo(visible(f"{file}: {label} is allowed{f' until {end}' if end else ''}: {entry['reason']}"))
    return ExitCode.CLEAN


def _file(flags: Options) -> str:
    """Return the configuration in force here, checked, or the path of the one to create."""
    here = os.path.realpath(".")
    repo = repository.find(os.fsencode(here))
    top = os.fsdecode(repo.work_tree) if repo and repo.work_tree else here
    return configuration_of(flags.config, here, top).file or os.path.join(top, FILE_NAME)
