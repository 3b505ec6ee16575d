"""Find the owner of a key by matching it with the API's own list of keys, without any request.

The list's entries have ``key_id`` (a truncated prefix), ``name``, ``expires_at`` and ``created_at`` ("API keys and
personal access tokens"). ``expires_at`` is in epoch milliseconds, null for never. The unit of ``created_at`` is not
documented: a number is read like ``expires_at``, a text is shown unchanged.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.kinds import KINDS
from akpatrol.model.credential import InventoryKey, Owner
from akpatrol.model.identity import key_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.credential import Credential

_MAXIMUM_BYTES = 64 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREFIXES = tuple(filter(None, (kind.inventory_prefix for kind in KINDS)))
_ELLIPSES = ("...", "\N{HORIZONTAL ELLIPSIS}")


class ListedKey(NamedTuple):
    """A key of the list, and the text with which its credentials begin after the prefix."""

    start: str
    key: InventoryKey


def load(file: str, now: datetime | None = None) -> tuple[ListedKey, ...]:
    """Read the list from a file. Raises UsageError, whose message repeats no part of the file."""
    try:
        with open(file, "rb") as stream:
            content = stream.read(_MAXIMUM_BYTES + 1)
    except OSError as error:
        raise _wrong(file, error.strerror or "cannot be read") from None
    if len(content) > _MAXIMUM_BYTES:
        raise _wrong(file, "larger than 64 MiB")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise _wrong(file, f"not JSON: line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise _wrong(file, "not JSON") from None
    moment = now or datetime.now(UTC)
    return tuple(_entry(file, number, raw, moment) for number, raw in enumerate(_keys(file, document), 1))


def owner(credential: Credential, entries: Sequence[ListedKey]) -> Owner | None:
    """Return which keys of the list a credential may be, None when none of its kind are listed."""
    if not credential.kind.inventory_prefix:
        return None
    keys = tuple(entry.key for entry in entries if _fits(credential, entry.start))
    if not keys:
        return Owner(f"None of the inventory's {len(entries)} keys: it is another organization's, or deleted.")
    if len(keys) > 1:
        return Owner(f"One of {len(keys)} keys of the inventory whose ids start like this.", keys)
    return Owner("The only key of the inventory whose id starts like this.", keys)


def _fits(credential: Credential, start: str) -> bool:
    prefix = credential.kind.inventory_prefix
    if credential.secret.is_kept:
        return credential.secret.reveal().decode("utf-8", "replace").startswith(prefix + start)
    # For a secret that was not kept, the id is known.
    return f"{key_id(credential.kind, credential.secret)}.".startswith(start.partition(".")[0])


def _wrong(file: str, reason: str) -> UsageError:
    return UsageError(f"--inventory: {file}: {reason}", "give the API's own list of keys, as JSON")


def _keys(file: str, document: object) -> list[object]:
    """Return the list, which may be inside an object."""
    if isinstance(document, list):
        return document
    lists = [value for value in document.values() if isinstance(value, list)] if isinstance(document, dict) else []
    if len(lists) != 1:
        raise _wrong(file, "neither a list nor an object with one list")
    return lists[0]


def _entry(file: str, number: int, raw: object, now: datetime) -> ListedKey:
    if not isinstance(raw, dict):
        raise _wrong(file, f"entry {number}: not an object")
    key_id, name = raw.get("key_id"), raw.get("name")
    if not isinstance(key_id, str) or not (start := _start(key_id)):
        raise _wrong(file, f"entry {number}: key_id: must be the start of a key id")
    if not isinstance(name, str | None):
        raise _wrong(file, f"entry {number}: name: must be a string")
    expires = _moment(file, number, "expires_at", raw)
    created = raw.get("created_at")
    if not isinstance(created, str):
        created = _text(_moment(file, number, "created_at", raw))
    start_shown = start.partition(".")[0]
    key = InventoryKey(start_shown, name or "", created, _text(expires), expires is not None and expires <= now)
    return ListedKey(start, key)


def _start(key_id: str) -> str:
    """Return a key id without its prefix and without the marks of a cut."""
    for ellipsis in _ELLIPSES:
        key_id = key_id.partition(ellipsis)[0]
    key_id = key_id.strip()
    prefix = next(filter(key_id.startswith, _PREFIXES), "")
    return key_id.removeprefix(prefix)


def _moment(file: str, number: int, field: str, raw: dict[str, Any]) -> datetime | None:
    value = raw.get(field)
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
    except (OverflowError, ValueError):
        pass
    raise _wrong(file, f"entry {number}: {field}: must be a time in epoch milliseconds")


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
