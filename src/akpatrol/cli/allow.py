"""``akpatrol allow``: write an allowance into the configuration, whose comments and order stay."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from akpatrol.cli.options import Flags, some
from akpatrol.cli.written import clean
from akpatrol.config import options as settings_
from akpatrol.config.load import configuration_of
from akpatrol.errors import ExitCode, UsageError
from akpatrol.policy.baseline import is_fingerprint
from akpatrol.report.text_safety import visible
from akpatrol.report.write import check_writable, write
from akpatrol.sources.git import repository

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


@click.command("allow")
@click.argument("fingerprint", metavar="FINGERPRINT")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is no finding, for whoever reads it later.")
@click.option("--expires", metavar="DATE", help="The first day on which it is one again, YYYY-MM-DD.")
@click.option("--owner", default="", metavar="NAME", help="Who answers for it.")
@some("directory", "config")
def command(flags: Flags, fingerprint: str, reason: str, expires: str | None, owner: str) -> int:
    """Allow the credential with this FINGERPRINT, in the tree's configuration, or in a new .akpatrol.toml."""
    if not is_fingerprint(fingerprint):
        raise UsageError(f"{fingerprint}: not a fingerprint", hint="akp1: and 64 digits, as reports show it")
    end = _day(expires)
    entry: dict[str, Any] = {"fingerprint": fingerprint, "reason": clean("--reason", reason)}
    if not any(character.isalnum() for character in entry["reason"]):  # the line that reports print has only dots
        raise UsageError("--reason: give one", hint="it is for whoever finds the allowance later")
    entry |= {"owner": clean("--owner", owner)} if owner.strip() else {}
    entry |= {"expires": end} if end else {}
    file = _file(flags)
    check_writable(Path(file))
    write(_with(file, entry), Path(file))
    click.echo(visible(f"{file}: {fingerprint} is allowed{f' until {end}' if end else ''}: {entry['reason']}"))
    return ExitCode.CLEAN


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--expires {text}: not a date, YYYY-MM-DD") from None
    if day <= datetime.now(UTC).date():
        raise UsageError(f"--expires {text}: that day has come already")
    return day


def _file(flags: Flags) -> str:
    """Return the configuration in force here, which is thereby known to be right, or the one to make."""
    here = os.path.realpath(".")
    found = repository.find(os.fsencode(here))
    top = os.fsdecode(found.work_tree) if found and found.work_tree else here
    return configuration_of(flags.config, here, top).file or os.path.join(top, settings_.FILE_NAME)


def _with(file: str, entry: dict[str, Any]) -> str:
    """Return the file's content with the entry in it, or with the one of this fingerprint brought up to date."""
    import tomlkit  # noqa: PLC0415 - only here
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        with open(file, encoding="utf-8", newline="") as stream:
            text = stream.read()
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not a TOML file: {error}") from None
    try:
        document = tomlkit.parse(text)
        _enter(document, entry, nested=os.path.basename(file) == settings_.PYPROJECT)
        changed = tomlkit.dumps(document)
    except (TOMLKitError, ValueError) as error:
        raise UsageError(f"{file}: not a TOML file: {error}") from None
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply") from None
    _check(file, text, changed, entry)
    return changed


def _enter(document: TOMLDocument, entry: dict[str, Any], *, nested: bool) -> None:
    import tomlkit  # noqa: PLC0415 - only here
    from tomlkit.items import Array  # noqa: PLC0415

    table: Any = document["tool"]["akpatrol"] if nested else document
    listed: Any = table.get("allow")
    for known in listed or ():
        if {*known} <= {"fingerprint", "reason", "owner", "expires"} and known["fingerprint"] == entry["fingerprint"]:
            for key in {*known} - {*entry}:
                del known[key]
            known.update(entry)
            return
    if isinstance(listed, Array):
        inline = tomlkit.inline_table()
        inline.update(entry)
        listed.append(inline)
        return
    own = tomlkit.table()
    own.update(entry)
    if listed is None:
        listed = tomlkit.aot()
        listed.append(own)
        table.add("allow", listed)
    else:
        listed.append(own)


def _check(file: str, before: str, after: str, entry: dict[str, Any]) -> None:
    """See that the file says what it said, and the entry. Raises UsageError."""
    nested = os.path.basename(file) == settings_.PYPROJECT
    (rest, old), (new_rest, new) = _split(before, nested=nested), _split(after, nested=nested)
    others = [one for one in old if one.get("fingerprint") != entry["fingerprint"] or "path" in one]
    if rest != new_rest or entry not in new or any(one not in new for one in others):
        header = "[[tool.akpatrol.allow]]" if nested else "[[allow]]"
        lines = [f"{key} = {_toml(value)}" for key, value in entry.items()]
        hint = "\n".join(["write it yourself:", header, *lines])
        raise UsageError(f"{file}: cannot be changed without changing more", hint)


def _split(text: str, *, nested: bool) -> tuple[dict[str, Any] | None, list[Any]]:
    """Return a file's content without its allowances, and these; nothing of what does not parse."""
    import tomllib  # noqa: PLC0415 - only here

    try:
        document = tomllib.loads(text)
    except ValueError:
        return None, []
    table = document.get("tool", {}).get("akpatrol", {}) if nested else document
    return document, table.pop("allow", [])


def _toml(value: str | date) -> str:
    import json  # noqa: PLC0415 - only for a file that is beyond us

    return value.isoformat() if isinstance(value, date) else json.dumps(value)
