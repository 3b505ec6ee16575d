"""The JSON Schema of a configuration, for editors: made of the options and of the tables that the reader knows.

Draft 7, which the editors' TOML servers and SchemaStore take. It is for one file. Only the reader knows whether the
files that it names exist, and which keys a scanned tree may not set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.config import configuration_tables as tables
from akpatrol.config.configuration_file import NUMBERS
from akpatrol.config.options import OPTIONS
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from akpatrol.config.options import Option

ADDRESS = "https://raw.githubusercontent.com/akpatrol/akpatrol/main/docs/akpatrol.schema.json"
_REFERENCE = "https://github.com/akpatrol/akpatrol/blob/main/docs/configuration.md"
# TOML's own dates arrive as text, with or without a time.
_DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ].*)?$"
_LETTER = r"[0-9A-Za-z\u00aa-\uffff]"
# A letter or digit outside of sets such as [a-z]; a bracket that is not closed begins no set.
_SPECIFIC = rf"^[!/]*$|^([^\[]|\[[^\]]*\]|\[(?![^\]]*\]))*?(?!\[){_LETTER}"
_WORDS = {
    "extends": "The file that this one builds on, relative to this file: lists add up, other values override it.",
    "accept_skip": "Items that can never be read: still reported, but the scan counts as complete.",
    "allow": "A credential that is no finding. All given fields must match.",
    "object": "The id of a git object.",
    "form": "The start of the skip's reason, such as PDF.",
    "path": "A path pattern as in .gitignore, relative to this file.",
    "reason": "The reason, for later readers.",
    "owner": "Who is responsible for it.",
    "expires": "The first day on which this no longer applies.",
    "fingerprint": "The credential's fingerprint, as reports show it.",
    "key_id": "The id of an organization key.",
    "sha256": "The SHA-256 of the credential.",
    "rule": "The id of the rule that found it.",
    "commit": "The commit that introduced it.",
}


def schema() -> dict[str, Any]:
    """Return the schema."""
    options = {entry.key: _option(entry) for entry in OPTIONS.values() if entry.setter != "nobody"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ADDRESS,
        "title": "akpatrol",
        "description": "The configuration of akpatrol: .akpatrol.toml, or [tool.akpatrol] in pyproject.toml.",
        "x-taplo": {"links": {"key": _REFERENCE}},
        "x-taplo-info": {"authors": ["akpatrol"], "patterns": [r"^(.*[/\\])?\.akpatrol\.toml$"]},
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "extends": _text("extends"),
            **options,
            "accept_skip": _tables("accept_skip", _acceptance()),
            "allow": _tables("allow", _allowance()),
        },
    }


def _option(entry: Option) -> dict[str, Any]:
    """Return what an option's key may be set to."""
    words = entry.help.replace("; repeatable", "")
    if entry.setter == "caller":
        words += " Only in a file that --config names."
    if entry.form in ("flag", "switch"):
        value: dict[str, Any] = {"type": "boolean"}
    elif entry.form == "whole":
        value = {"type": "integer", "minimum": NUMBERS.start, "maximum": NUMBERS.stop - 1}
    elif entry.form == "choice":
        value = {"type": "string", "enum": list(entry.choices)}
    elif entry.multiple:
        value = {"type": "array", "items": _pattern() if entry.form == "pattern" else {"type": "string"}}
    else:
        value = {"type": "string"}
    if (default := _default(entry)) is not None:
        value["default"] = default
    return {"description": words, **value}


def _default(entry: Option) -> Any:
    """Return an option's default as a configuration says it, None where it has none."""
    if isinstance(entry.default, Confidence):
        return entry.default.name.lower()
    if entry.default is None and entry.form == "file":
        return entry.shown_default or None
    return entry.default if entry.default != () else None


def _pattern() -> dict[str, Any]:
    """Return what a pattern of ``exclude`` may be: none that every path fits."""
    return {"type": "string", "not": {"pattern": rf"^\s*(?=[^*]*\*){tables.WILD.pattern}\s*$"}}


def _tables(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {"description": _WORDS[key], "type": "array", "items": entry}


def _acceptance() -> dict[str, Any]:
    patterns = {"path": _SPECIFIC, "reason": r"\S", "expires": _DATE}
    return {
        **_object(tables.ACCEPTANCE_KEYS, patterns),
        "required": ["reason"],
        "oneOf": [_given(name) for name in tables.SUBJECTS],
    }


def _allowance() -> dict[str, Any]:
    shapes = {name: f"^({shape.pattern})?$" for name, (shape, _) in tables.SHAPES.items()}
    patterns = {"path": _SPECIFIC, "reason": _LETTER, "expires": _DATE, **shapes}
    return {
        **_object(tables.ALLOWANCE_KEYS, patterns),
        "required": ["reason"],
        "anyOf": [_given(name) for name in tables.NAMES],
    }


def _object(keys: tuple[str, ...], patterns: dict[str, str]) -> dict[str, Any]:
    properties = {key: _text(key) | ({"pattern": patterns[key]} if key in patterns else {}) for key in keys}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _given(key: str) -> dict[str, Any]:
    """Return the condition that a key is there and says something."""
    constraint = {"pattern": r"\S"} if key == "form" else {"minLength": 1}
    return {"required": [key], "properties": {key: constraint}}


def _text(key: str) -> dict[str, Any]:
    return {"description": _WORDS[key], "type": "string"}
