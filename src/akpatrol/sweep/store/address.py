"""A store's name: a file, or the address of a database."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl

from akpatrol.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEMES = ("postgresql", "postgres")
# libpq reads a user up to the first @; where a password holds a slash, it sees another host and would show it.
_HAS_PASSWORD = re.compile("://[^?#]*:[^?#]*@")
# A word in a port's place may be a password before a host that is missing.
_HOST = r"(?:\[[^\[\]/@]*\]|[^\[\]/?#@:,]*)(?::[0-9]*)?"
_AUTHORITY = re.compile(rf"[a-z]+://(?:[^/?#@:]*@)?{_HOST}(?:,{_HOST})*(?=[/?#]|$)")
HEADER = b"SQLite format 3\0"
"""How every store in a file begins, and every other file of SQLite."""
_MARK_AT = 68  # https://www.sqlite.org/fileformat.html#the_database_header
# "akps"; https://www.sqlite.org/pragma.html#pragma_application_id
APPLICATION = 0x616B7073


def is_address(store: str) -> bool:
    """Return whether a store is in a database, not in a file.

    Raises UsageError, without the password, for an address that has one: other users can see a command line.
    """
    scheme = _SCHEME.match(store)
    if not scheme:
        return False
    if scheme[1] not in _SCHEMES:
        # Not shown: it may be a misspelt address with a password.
        raise UsageError(
            f"{scheme[1]}://: not the address of a store", hint="give a file, or postgresql://host/database"
        )
    query = store.partition("?")[2]
    if _HAS_PASSWORD.search(store) or any(_is_secret(key) for key, _ in parse_qsl(query, keep_blank_values=True)):
        raise UsageError(
            f"{scheme[1]}://: the address of a store has a password, which other users can see",
            hint="give it in PGPASSWORD, in the file that PGPASSFILE names, or in a service file (?service=NAME)",
        )
    if not _AUTHORITY.match(store):
        raise not_an_address()
    return True


def not_an_address() -> UsageError:
    """Return the error for an address that is none; it is not shown, for it may have a password somewhere."""
    return UsageError(
        "postgresql://: not the address of a database", hint="postgresql://[USER@]HOST[:PORT]/DATABASE[?NAME=VALUE]"
    )


def is_store(name: str) -> bool:
    """Return whether a name is that of a store: an address, or a file that says so."""
    if (scheme := _SCHEME.match(name)) and scheme[1] in _SCHEMES:
        return is_address(name)
    try:
        with open(name, "rb") as stream:
            head = stream.read(_MARK_AT + 4)
    except (OSError, ValueError):
        return False
    return head.startswith(HEADER) and head[_MARK_AT:] == APPLICATION.to_bytes(4)


def own_files(store: str) -> tuple[str, ...]:
    """Return the real paths of the files that belong to a store; none for a database."""
    if is_address(store):
        return ()
    file = os.path.realpath(store)
    return tuple(file + suffix for suffix in ("", "-wal", "-shm", "-lock"))


def _is_secret(key: str) -> bool:
    return "password" in key.lower() or "secret" in key.lower()
