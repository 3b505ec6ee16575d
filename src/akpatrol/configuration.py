"""Configuration files: ``.akpatrol.toml``, or ``[tool.akpatrol]`` in ``pyproject.toml``.

That of a scanned tree may only add rules, leave out paths, accept skips and set the minimum confidence: a hostile tree
must not decide what is revealed, written or sent, nor lead outside itself.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from akpatrol.errors import UsageError
from akpatrol.model import Confidence
from akpatrol.settings import FILE_NAME, PYPROJECT, Configuration, SkipAcceptance
from akpatrol.toml_table import Table

_TREE_KEYS = {"rules", "exclude", "min_confidence", "accept_skip"}
_EXPLICIT_KEYS = _TREE_KEYS | {"jobs", "show_secrets", "verify", "org", "api_url", "ca_bundle"}
_ACCEPTANCE_KEYS = {"path", "object", "reason", "expires"}
_CALLERS_OWN = {"api_url", "org", "ca_bundle", "verify", "show_secrets", "jobs", "output", "report", "format", "store"}
_LONGEST_BYTES = 1 << 20
_MOST_JOBS = 4096


def in_directory(directory: str, top: str) -> str | None:
    """Return the directory's configuration file, if it has one that lies within ``top``. Raises UsageError."""
    own, shared = os.path.join(directory, FILE_NAME), os.path.join(directory, PYPROJECT)
    if os.path.isfile(own):
        if not _lies_in(Path(own), top):
            raise UsageError(f"{own}: leads outside the scanned tree")
        return own
    # The parser costs more than the look.
    if os.path.isfile(shared) and _lies_in(Path(shared), top) and b"akpatrol" in _read(shared) and _own_table(shared):
        return shared
    return None


def load(file: str, *, tree: str | None) -> Configuration:
    """Read a configuration; ``tree`` is the scanned tree that supplied it, None for one the caller named.

    Raises UsageError for a file that is not TOML, and for an unknown, wrong or forbidden key.
    """

    def fail(key: str, reason: str) -> UsageError:
        return UsageError(f"{file}: {key}: {reason}")

    table = Table(_own_table(file) if os.path.basename(file) == PYPROJECT else _parsed(file), fail)
    for key in table.values.keys() & (_CALLERS_OWN if tree else set()):
        raise UsageError(f"{file}: {key}: a scanned tree may not set this", hint="use a flag, or --config FILE")
    table.reject_unknown(_TREE_KEYS if tree else _EXPLICIT_KEYS)
    minimum = table.choice("min_confidence", ["low", "medium", "high"], "") if "min_confidence" in table.values else ""
    return Configuration(
        file=file,
        rules=tuple(_rule_file(file, name, tree) for name in table.texts("rules")),
        exclude=table.texts("exclude"),
        min_confidence=Confidence[minimum.upper()] if minimum else None,
        accept_skip=tuple(_acceptance(file, entry) for entry in table.tables("accept_skip")),
        jobs=table.whole("jobs", range(1, _MOST_JOBS)),
        show_secrets=table.flag("show_secrets"),
        verify=table.flag("verify"),
        organizations=table.texts("org"),
        api_url=table.text("api_url") or None,
        ca_bundle=table.text("ca_bundle") or None,
    )


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            content = stream.read(_LONGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    if len(content) > _LONGEST_BYTES:
        raise UsageError(f"{file}: longer than {_LONGEST_BYTES >> 20} MiB")
    return content


def _parsed(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(file).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not a TOML file: {error}") from None
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply") from None


def _own_table(pyproject: str) -> dict[str, Any]:
    """Return ``[tool.akpatrol]``, empty when there is none."""
    tools = _parsed(pyproject).get("tool")
    table = tools.get("akpatrol", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{pyproject}: tool.akpatrol: must be a table")
    return table


def _lies_in(path: Path, tree: str) -> bool:
    return path.resolve().is_relative_to(Path(tree).resolve())


def _rule_file(file: str, name: str, tree: str | None) -> str:
    """Return a rule file or a directory of them; a scanned tree's lie in the tree and are no FIFO to wait for."""
    try:
        path = Path(file).parent / name
        for each in [path, *(path.glob("*.toml") if path.is_dir() else ())]:
            if tree and not _lies_in(each, tree):
                raise UsageError(f"{file}: rules: {name} lies outside the scanned tree")
            if tree and each.exists() and not each.is_dir() and not each.is_file():
                raise UsageError(f"{file}: rules: {name} is not a regular file")
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL; RuntimeError: links in a circle
        raise UsageError(f"{file}: rules: {name}: {error}") from None
    return str(path)


def _acceptance(file: str, entry: Table) -> SkipAcceptance:
    where = f"{file}: accept_skip"
    entry = Table(entry.values, lambda key, reason: UsageError(f"{where}: {key}: {reason}"))
    entry.reject_unknown(_ACCEPTANCE_KEYS)
    path, object_, reason = entry.text("path"), entry.text("object"), entry.text("reason")
    if bool(path) == bool(object_) or not reason:
        raise UsageError(f"{where}: needs a reason and either path or object")
    expires = entry.values.get("expires")
    try:
        expires = date.fromisoformat(expires) if isinstance(expires, str) else expires
    except ValueError:
        raise UsageError(f"{where}: expires: must be a date, YYYY-MM-DD") from None
    if isinstance(expires, datetime):
        expires = expires.date()
    if expires is not None and not isinstance(expires, date):
        raise UsageError(f"{where}: expires: must be a date, YYYY-MM-DD")
    return SkipAcceptance(path, object_, reason, expires)
