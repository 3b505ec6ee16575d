"""The tables of a store in a file of SQLite: its marks, its migrations, and whether its tables are ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from akpatrol.sweep.store import schema
from akpatrol.sweep.store.address import APPLICATION

if TYPE_CHECKING:
    from sqlite3 import Connection


def is_blank(connection: Connection) -> bool:
    """Return whether the file is empty: it is new, or its creation was cut short."""
    marks = _marks(connection)
    return marks == (0, 0) and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def is_old(connection: Connection, file: str) -> bool:
    """Return whether migrations are missing. Raises UsageError unless it is a store, or if it is newer."""
    application, version = _marks(connection)
    if application != APPLICATION:
        raise schema.not_a_store(file)
    return schema.is_old(version, file, _writer(connection) if version > len(schema.MIGRATIONS) else "")


def migrate(connection: Connection) -> None:
    """Run the missing steps, all or none."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in schema.missing_steps(_marks(connection)[1]):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS)}")


def check_shape(connection: Connection, file: str) -> None:
    """Raise UsageError unless the tables are those of an empty file after all steps."""
    with closing(_blank()) as blank:
        if _shape(connection) != _shape(blank):
            raise schema.changed_tables(file)


def columns() -> frozenset[tuple[str, str, str]]:
    """Return table, column and type of everything in a store."""
    query = (
        "SELECT sqlite_master.name, tables.name, tables.type FROM sqlite_master, pragma_table_info(sqlite_master.name) "
        "AS tables WHERE sqlite_master.type = 'table'"
    )
    with closing(_blank()) as blank:
        return frozenset(blank.execute(query).fetchall())


def _blank() -> Connection:
    blank = sqlite3.connect(":memory:", isolation_level=None)
    migrate(blank)
    return blank


def _marks(connection: Connection) -> tuple[int, int]:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    return application, version


def _shape(connection: Connection) -> list[tuple[object, ...]]:
    # In LIKE an underscore matches any character. SQLite reserves names with this beginning.
    query = (
        r"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' "
        "ORDER BY type, name"
    )
    return connection.execute(query).fetchall()


def _writer(connection: Connection) -> str:
    """Return the version of akpatrol that wrote the last run, "" if the file does not say."""
    if not connection.execute("SELECT count(*) FROM pragma_table_info('run') WHERE name = 'version'").fetchone()[0]:
        return ""
    row = connection.execute("SELECT version FROM run ORDER BY rowid DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""
