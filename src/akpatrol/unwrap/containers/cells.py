"""Name the cells of OpenDocument's tables (OpenDocument 1.3 part 3, 9.1), which are written without their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    import re

_TAGS = lazy(rb"<(?P<end>/)?table:(?P<kind>table|table-row|table-cell|covered-table-cell)(?P<rest>\s[^<>]*|/)?>")
_NAME = lazy(rb"table:name=\"([^\"<>]{1,64})\"")
_REPEATED = lazy(rb"table:number-(?:rows|columns)-repeated=\"([0-9]{1,7})\"")
_LETTERS = 26


class Cells:
    """Where the table is at which the text is; keep one for a document that comes in pieces."""

    def __init__(self) -> None:
        self._table = b""
        self._row = self._next_row = 1
        self._column = 1

    def named(self, data: bytes) -> bytes:
        """Return XML whose cells begin with their names, those of a row's first with the table's."""
        return _TAGS.sub(self._tag, data) if b"<table:" in data else data

    def _tag(self, match: re.Match[bytes]) -> bytes:
        tag, kind, rest = match[0], match["kind"], match["rest"] or b""
        if match["end"]:
            return tag
        if kind == b"table":
            name = _NAME.search(rest)
            self._table, self._row, self._next_row = name[1] + b"!" if name else b"", 1, 1
            return tag
        repeated = _REPEATED.search(rest)
        number = int(repeated[1]) if repeated else 1
        if kind == b"table-row":
            self._row, self._column = self._next_row, 1
            self._next_row += number
            return tag
        first, self._column = self._column, self._column + number
        if rest.endswith(b"/"):
            return tag
        return tag + b"\t" + (self._table if first == 1 else b"") + b"%b%d:" % (_letters(first), self._row)


def _letters(column: int) -> bytes:
    letters = b""
    while column:
        column, digit = divmod(column - 1, _LETTERS)
        letters = bytes((ord("A") + digit,)) + letters
    return letters
