"""The tables of a store in PostgreSQL: their version, their migrations, and whether they are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.sweep.store import schema, sqlite_schema
from akpatrol.sweep.store.postgres_dialect import TYPES, statement_text

if TYPE_CHECKING:
    from psycopg import Connection

_MARK = "akpatrol_store"
_VERSION = "SELECT version FROM akpatrol_store"
_MARK_TABLE = "CREATE TABLE IF NOT EXISTS akpatrol_store (version BIGINT NOT NULL)"
_COLUMNS = """
SELECT relname, relkind, relrowsecurity OR relhasrules OR EXISTS (
    SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal
), attname, pg_catalog.format_type(atttypid, NULL)
FROM pg_catalog.pg_class JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) AND relname = ANY(%s)
"""


def version_of(connection: Connection, name: str) -> int:
    """Return the version of the store, 0 where there is none. Raises UsageError for tables of another program."""
    found = {row[0] for row in _columns(connection)}
    if _MARK not in found:
        if found:
            raise schema.not_a_store(name)
        return 0
    row = connection.execute(_VERSION).fetchone()
    return int(row[0]) if row else 0


def is_old(connection: Connection, version: int, name: str) -> bool:
    """Return whether migrations are missing. Raises UsageError if the store is newer."""
    writer = ""
    if version > len(schema.MIGRATIONS) and any(
        row[0] == "run" and row[3] == "version" for row in _columns(connection)
    ):
        row = connection.execute("SELECT version FROM run ORDER BY id DESC LIMIT 1").fetchone()
        writer = row[0] if row else ""
    return schema.is_old(version, name, writer)


def migrate(connection: Connection, name: str) -> None:
    """Run the missing steps in the open transaction, which has the writer's lock."""
    row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
    if not row or row[0] != "UTF8":
        raise UsageError(f"{name}: its encoding is {row[0] if row else '?'}", hint="use a database in UTF8")
    version = version_of(connection, name)  # another sweep may have been faster
    if version == 0:
        connection.execute(_MARK_TABLE)
        connection.execute("INSERT INTO akpatrol_store VALUES (0)")
    for statement in schema.missing_steps(version):
        connection.execute(statement_text(statement))
    connection.execute("UPDATE akpatrol_store SET version = %s", (len(schema.MIGRATIONS),))


def check_shape(connection: Connection, name: str) -> None:
    """Raise UsageError unless the tables are as the steps make them: a rule or a policy could hide rows."""
    rows = [row for row in _columns(connection) if row[0] != _MARK]
    wanted = {(table, column, TYPES[type_]) for table, column, type_ in sqlite_schema.columns()}
    if any(row[1] not in ("r", "p") or row[2] for row in rows) or {(row[0], row[3], row[4]) for row in rows} != wanted:
        raise schema.changed_tables(name)


def _columns(connection: Connection) -> list[tuple[str, str, bool, str, str]]:
    """Return table, kind, whether something may interfere, column and type."""
    tables = sorted({table for table, _, _ in sqlite_schema.columns()} | {_MARK})
    return [
        (table, kind if isinstance(kind, str) else kind.decode(), interferes, column, type_)
        for table, kind, interferes, column, type_ in connection.execute(_COLUMNS, (tables,))
    ]
