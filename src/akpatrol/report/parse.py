"""A report that was given as bytes, JSON or JSON Lines, as one document."""

from __future__ import annotations

import json
from math import inf
from typing import Any

from akpatrol.errors import UsageError
from akpatrol.report.load import HINT

_LAST = "coverage"
_MOST_DIGITS = 30


def document_of(content: bytes, name: str) -> dict[str, Any]:
    """Return the document, of which only that it is an object is known.

    Raises UsageError, which calls the bytes ``name``, for what is no JSON and for JSON Lines that are cut short.
    """
    first, _, rest = content.partition(b"\n")
    try:
        if (header := _header(first)) is not None:
            return _of_lines(header, rest, name)
        return _object(content)
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: not a JSON report of akpatrol", hint=HINT) from None


def _header(line: bytes) -> dict[str, Any] | None:
    """Return the first of JSON Lines, None for the beginning of anything else."""
    try:
        found = _object(line)
    except ValueError:
        return None
    return found if found.get("type") == "header" else None


def _of_lines(header: dict[str, Any], rest: bytes, name: str) -> dict[str, Any]:
    lines = [_object(line) for line in rest.split(b"\n") if line.strip()]
    if not lines or lines[-1].get("type") != _LAST:
        raise UsageError(f"{name}: cut short: its last line is missing", hint="write the report again")
    *credentials, last = lines
    if any(line.get("type") != "credential" for line in credentials):
        raise ValueError("a line of another type")
    return header | last | {"credentials": credentials}


def _object(text: bytes) -> dict[str, Any]:
    # What is no number of ours is left to be refused by the name of its field.
    found = json.loads(text, parse_int=_whole)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as json raises
    return found


def _whole(digits: str) -> int | float:
    """Return a whole number; Python does not take one of thousands of digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else inf
