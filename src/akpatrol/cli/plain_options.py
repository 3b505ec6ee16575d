"""Read words of a command line by the table of options, where they cannot mean anything else and are right.

An option that is given twice or joined with its value, or whose value is wrong or begins with a dash, is left to click.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from akpatrol.config.options import OPTIONS
from akpatrol.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from akpatrol.config.options import Option

_PATHS = ("file", "existing_file", "existing_path")
_DIGITS = 9  # of a number that is certainly one


def read(words: Sequence[str], own: Collection[str]) -> tuple[dict[str, Any], set[str], tuple[str, ...]] | None:
    """Return the values of the shared options by name, which of a command's ``own`` flags are set, and the arguments.

    None where click has to read the words.
    """
    values: dict[str, Any] = {}
    flags: set[str] = set()
    arguments: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            arguments += left
        elif word[:1] != "-" or word == "-":
            arguments.append(word)
        elif word in own and word not in flags:
            flags.add(word)
        else:
            name = next((name for name, entry in OPTIONS.items() if word in _spellings(entry)), None)
            if name is None or (name in values and not OPTIONS[name].multiple):
                return None
            entry = OPTIONS[name]
            value = _set(entry, word) if entry.form in ("flag", "switch") else _value(entry, next(left, ""))
            if value is None:
                return None
            values[name] = (*values.get(name, ()), value) if entry.multiple else value
    return values, flags, tuple(arguments)


def _spellings(entry: Option) -> list[str]:
    return [flag for flags in entry.flags for flag in flags.split("/")]


def _set(entry: Option, word: str) -> bool:
    """Return the value of an option that takes none."""
    return entry.form == "flag" or entry.flags[0].startswith(f"{word}/")


def _value(entry: Option, word: str) -> Any:
    """Return the value that a word gives to an option; None where click has to read it."""
    if entry.form in ("choice", "format"):
        known = word in (entry.choices or FORMATS)
        return (entry.parse(word) if entry.parse else word) if known else None
    if entry.form == "whole" and word.isdecimal() and word.isascii() and len(word) <= _DIGITS:
        return int(word) or None
    if not word or word.startswith("-") or entry.parse:
        return None
    if entry.form in ("text", "pattern"):
        return word
    if entry.form == "report":
        name, _, file = word.partition(":")
        return (name, file) if file and name in FORMATS else None
    return word if entry.form in _PATHS and _is_fine(entry, word) else None


def _is_fine(entry: Option, path: str) -> bool:
    """Return whether click takes a path for this option."""
    if not os.path.exists(path):
        return entry.form == "file"
    return os.access(path, os.R_OK) and (entry.form == "existing_path" or not os.path.isdir(path))
