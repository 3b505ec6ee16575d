"""The words of PostgreSQL for what is written in those of SQLite."""

from __future__ import annotations

import pytest

from akpatrol.sweep.store.postgres_dialect import query_text, statement_text, values_of


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT a FROM b WHERE c = ? AND d = ?", "SELECT a FROM b WHERE c = %s AND d = %s"),
        ("SELECT :run, :earlier + :run", "SELECT %(run)s, %(earlier)s + %(run)s"),
        ("SELECT '?', ':run', '5 %' FROM a WHERE b = ?", "SELECT '?', ':run', '5 %%' FROM a WHERE b = %s"),
        ("SELECT a::text, b % 2", "SELECT a::text, b %% 2"),
    ],
)
def test_values_stand_where_they_stood(query: str, expected: str) -> None:
    assert query_text(query) == expected


def test_columns_have_the_types_that_hold_the_same() -> None:
    statement = "CREATE TABLE a (b INTEGER PRIMARY KEY, c TEXT NOT NULL, d BLOB) WITHOUT ROWID"
    expected = 'CREATE TABLE a (b BIGINT PRIMARY KEY, c TEXT COLLATE "C" NOT NULL, d BYTEA) '
    assert statement_text(statement) == expected


def test_a_nul_is_made_visible_in_text_alone() -> None:
    assert values_of(("a\0b", b"a\0b", 1, None)) == ["a\\x00b", b"a\0b", 1, None]
    assert values_of({"name": "\0"}) == {"name": "\\x00"}
