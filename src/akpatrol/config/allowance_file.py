"""Write an allowance into a configuration file, and keep its comments and order."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING, Any

from akpatrol.config.environment import PYPROJECT
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def with_allowance(file: str, entry: dict[str, Any]) -> str:
    """Return the file's content with the entry added, or with the entry of this fingerprint updated."""
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
        _enter(document, entry, nested=os.path.basename(file) == PYPROJECT)
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
    entry_table = tomlkit.table()
    entry_table.update(entry)
    if listed is None:
        listed = tomlkit.aot()
        listed.append(entry_table)
        table.add("allow", listed)
    else:
        listed.append(entry_table)


def _check(file: str, before: str, after: str, entry: dict[str, Any]) -> None:
    """Check that the new file differs from the old one by the entry alone. Raises UsageError."""
    nested = os.path.basename(file) == PYPROJECT
    (rest, old), (new_rest, new) = _split(before, nested=nested), _split(after, nested=nested)
    others = [other for other in old if other.get("fingerprint") != entry["fingerprint"] or "path" in other]
    if rest != new_rest or entry not in new or any(other not in new for other in others):
        header = "[[tool.akpatrol.allow]]" if nested else "[[allow]]"
        lines = [f"{key} = {_toml(value)}" for key, value in entry.items()]
        hint = "\n".join(["write it yourself:", header, *lines])
        raise UsageError(f"{file}: an entry cannot be added without changing other parts of the file", hint)


def _split(text: str, *, nested: bool) -> tuple[dict[str, Any] | None, list[Any]]:
    """Return a file's content without its allowances, and the allowances; both are empty if it does not parse."""
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
