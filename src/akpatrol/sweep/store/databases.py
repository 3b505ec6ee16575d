"""Opens the database of a store, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.sweep.store.address import is_address

if TYPE_CHECKING:
    from akpatrol.sweep.store.database import Database


def opened(store: str, *, create: bool) -> Database:
    """Open a store's database; with ``create`` for writing, and make its tables where there are none.

    Raises UsageError if that is not possible.
    """
    if not is_address(store):
        from akpatrol.sweep.store.sqlite_database import SqliteDatabase  # noqa: PLC0415 - only the one that is used

        return SqliteDatabase(store, create=create)
    try:
        from akpatrol.sweep.store.postgres_database import PostgresDatabase  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "a store in PostgreSQL requires psycopg, which is not installed", hint="pip install 'akpatrol[postgres]'"
        ) from None
    return PostgresDatabase(store, create=create)
