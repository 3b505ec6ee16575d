"""The tables of a configuration that make exceptions, ``[[accept_skip]]`` and ``[[allow]]``: each with its reason."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from akpatrol.config.settings import AllowEntry, SkipAcceptance
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from akpatrol.validate.toml_table import Table

SUBJECTS = ("path", "object", "form")
"""The keys that name a skip: one of them in each ``[[accept_skip]]``."""
ACCEPTANCE_KEYS = (*SUBJECTS, "reason", "expires")
NAMES = ("fingerprint", "key_id", "sha256", "rule", "path", "commit")
"""The keys that name a credential: at least one of them in each ``[[allow]]``."""
ALLOWANCE_KEYS = (*NAMES, "reason", "owner", "expires")
SHAPES = {
    "fingerprint": (re.compile("akp1:[0-9a-f]{64}"), "akp1: and 64 hexadecimal digits, as reports show it"),
    "sha256": (re.compile("[0-9a-f]{64}"), "64 hexadecimal digits in lower case"),
    "commit": (re.compile("[0-9a-f]{7,64}"), "a commit's id, at least 7 hexadecimal digits of it"),
}
_SET = re.compile(r"\[[^\]]*\]")
# Wildcards, slashes, and sets of nearly all characters: nothing in it names a part of a path.
WILD = re.compile(
    r"(?:[*?/]|\[[!^][^\]]*\]|\[[^\]]*[A-Za-z]-[A-Za-z][^\]]*\]|\[\[:(?:alnum|alpha|graph|lower|print|upper):\]\])+"
)
REFUSED = "this pattern matches every path, so nothing would be scanned"
HINT = "name a part of the path"


def fits_every_path(pattern: str) -> bool:
    """Return whether a pattern matches every path, or every path in a directory: it would switch the scan off."""
    text = pattern.strip()
    return "*" in text and bool(WILD.fullmatch(text))


def acceptance(table: Table) -> SkipAcceptance:
    """Read one ``[[accept_skip]]``."""
    table.reject_unknown(ACCEPTANCE_KEYS)
    path, object_, reason = table.text("path"), table.text("object"), table.text("reason").strip()
    form = table.text("form").strip()
    if [bool(path), bool(object_), bool(form)].count(True) != 1 or not reason:
        raise table.wrong("", "needs a reason and either path or object, or form")
    _check_pattern(table, path)
    return SkipAcceptance(path, object_, reason, _date(table, "expires"), form)


def allowance(table: Table, where: str) -> AllowEntry:
    """Read one ``[[allow]]``; ``where`` is the file that holds it."""
    table.reject_unknown(ALLOWANCE_KEYS)
    names = {name: table.text(name) for name in NAMES}
    if not any(names.values()):
        raise table.wrong("", "needs at least one of " + ", ".join(NAMES))
    reason = table.text("reason").strip()
    if not any(character.isalnum() for character in reason):
        raise table.wrong("reason", "needs a reason, for whoever finds it later")
    for name, (shape, words) in SHAPES.items():
        if names[name] and not shape.fullmatch(names[name]):
            raise table.wrong(name, f"must be {words}")
    _check_pattern(table, names["path"])
    return AllowEntry(where, reason, table.text("owner").strip(), _date(table, "expires"), **names)


def _check_pattern(table: Table, pattern: str) -> None:
    """Reject a pattern that matches every path: it would switch the scan off."""
    if pattern and not any(character.isalnum() for character in _SET.sub("", pattern)) and pattern.strip("!/"):
        raise table.wrong("path", f"{pattern} matches everything; name a part of the path")


def _date(table: Table, key: str) -> date | None:
    value = table.values.get(key)
    try:
        value = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise table.wrong(key, "must be a date, YYYY-MM-DD") from None
    if isinstance(value, datetime):
        value = value.date()
    if value is not None and not isinstance(value, date):
        raise table.wrong(key, "must be a date, YYYY-MM-DD")
    return value


def under(table: Table, name: str, where: str) -> Table:
    """Return an entry of an array of tables; its errors name the array."""

    def fail(key: str, reason: str) -> UsageError:
        return UsageError(": ".join(filter(None, [where, name, key, reason])))

    return type(table)(table.values, fail)
