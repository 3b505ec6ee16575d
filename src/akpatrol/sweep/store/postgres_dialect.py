"""A store's queries and tables in PostgreSQL's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.sweep.store.database import QueryValues

_VALUE = re.compile(r"(?P<quoted>'[^']*')|\?|(?<![:\w]):(?P<name>[a-z_]+)|(?P<percent>%)")
# Text is compared by its bytes, as SQLite does, whatever the database's language.
_WORDS = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "TEXT": 'TEXT COLLATE "C"', "WITHOUT ROWID": ""}
_WORD = re.compile(r"\b(?:INTEGER|BLOB|TEXT|WITHOUT ROWID)\b")
TYPES = {"INTEGER": "bigint", "BLOB": "bytea", "TEXT": "text"}
"""The types of columns, as the catalogue shows them."""


@lru_cache(256)
def query_text(query: str) -> str:
    """Return a query with psycopg's ``%s`` and ``%(name)s`` for values."""
    return _VALUE.sub(_placeholder, query)


def statement_text(statement: str) -> str:
    """Return a statement of a migration."""
    return _WORD.sub(lambda word: _WORDS[word[0]], statement)


def values_of(values: QueryValues) -> Mapping[str, Any] | Sequence[Any]:
    r"""Return values that PostgreSQL takes: its text cannot hold a NUL, which becomes ``\x00``."""
    if isinstance(values, Mapping):
        return {name: _value(value) for name, value in values.items()}
    return [_value(value) for value in values]


def _value(value: object) -> object:
    return value.replace("\0", "\\x00") if isinstance(value, str) and "\0" in value else value


def _placeholder(found: re.Match[str]) -> str:
    if found["quoted"]:
        return found["quoted"].replace("%", "%%")
    if found["percent"]:
        return "%%"
    return f"%({found['name']})s" if found["name"] else "%s"
