"""Parse a report's bytes, without knowing whose it is: JSON, JSON values one after another, or CSV."""

from __future__ import annotations

import codecs
import csv
import json
from math import inf
from typing import Any, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.validate.fields import LONGEST_TEXT

_MOST_DIGITS = 30
_BLANK = " \t\r\n"
_MARKS = (
    # Longer ones first: one of UTF-32 begins like one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HINT = "write the report again; if its scanner ended well and found nothing, write [] into the file"


class ReportDocument(NamedTuple):
    """A report's top-level ``values``: one of JSON, several of JSON Lines; of a table, its rows by column.

    ``is_whole`` says that there is one, and no more than it. ``unreadable`` are lines that are not JSON.
    """

    values: tuple[Any, ...]
    is_table: bool = False
    is_whole: bool = False
    unreadable: tuple[str, ...] = ()

    @property
    def first(self) -> Any:
        """The first value, None in an empty table."""
        return self.values[0] if self.values else None


def parse(content: bytes, name: str) -> ReportDocument:
    """Return the document that bytes hold. Raises UsageError, which calls them ``name``, for anything else."""
    try:
        text = _decoded(content)
        if not text.strip(_BLANK):
            raise UsageError(f"{name}: empty, so it does not say whether its scanner ended well", _HINT)
        values, unreadable = _values(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: not a report: nested too deeply, or not text", _HINT) from None
    if values:
        return ReportDocument(tuple(values), is_whole=len(values) == 1 and not unreadable, unreadable=tuple(unreadable))
    return _table(text, name)


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "strict")


def _values(text: str) -> tuple[list[Any], list[str]]:
    """Return the JSON values in a text, and the lines that hold none; no value where it does not begin with one."""
    decoder = json.JSONDecoder(parse_int=_integer, strict=False)
    values: list[Any] = []
    unreadable: list[str] = []
    position, line, counted = _skipped(text, 0), 1, 0
    while position < len(text):
        try:
            value, end = decoder.raw_decode(text, position)
        except ValueError:
            if not values:
                return [], []
            line, counted = line + text.count("\n", counted, position), position
            unreadable.append(f"line {line}: not JSON")
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
        else:
            values.append(value)
        position = _skipped(text, end)
    return values, unreadable


def _skipped(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position


def _integer(digits: str) -> int | float:
    """Return a whole number; Python does not take one of thousands of digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else inf


def _table(text: str, name: str) -> ReportDocument:
    csv.field_size_limit(LONGEST_TEXT)
    reader = csv.DictReader(text.splitlines(keepends=True), restkey="", strict=True)
    rows: list[Any] = []
    try:
        # One by one: those before a damaged one are kept.
        for row in reader:
            rows.append({column: value for column, value in row.items() if column})  # noqa: PERF401
    except csv.Error as error:
        return ReportDocument(tuple(rows), is_table=True, unreadable=(f"line {reader.line_num}: {error}",))
    if not reader.fieldnames:
        raise UsageError(f"{name}: not a report", _HINT)
    # A table without rows is known by its columns.
    return ReportDocument(tuple(rows) or (dict.fromkeys(reader.fieldnames),), is_table=True, is_whole=not rows)
