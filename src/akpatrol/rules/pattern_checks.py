"""Check that RE2 accepts patterns. What an earlier run found out is kept, as compiling hundreds takes 0.2 seconds."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from akpatrol.rules.re2_patterns import PatternError, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

_HASH_CHARACTERS = 32


class CheckStore(Protocol):
    """A cache from run to run."""

    def get(self, key: str, /) -> bytes | None:
        """Return the value under this key, None without one."""

    def put(self, key: str, value: bytes) -> None:
        """Store a value under this key, if possible."""


class PatternChecks:
    """The patterns that were checked, by their hash, each with the reason for which RE2 refuses it, or nothing.

    ``contents`` are the files that the patterns are in.
    """

    def __init__(self, store: CheckStore | None = None, contents: Iterable[bytes] = ()) -> None:
        self._store = store
        digest = sha256()
        for content in contents if store else ():
            digest.update(sha256(content).digest())
        self._key = f"patterns of {digest.hexdigest()}"
        self._kept = _parsed(store.get(self._key)) if store else {}
        self._checked = dict(self._kept)

    def check(self, pattern: str) -> None:
        """Raise PatternError for a pattern that RE2 refuses, and UsageError where RE2 is not installed."""
        name = sha256(pattern.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
        if name not in self._checked:
            try:
                compiled(pattern)
                self._checked[name] = ""
            except PatternError as error:
                self._checked[name] = str(error)
        if reason := self._checked[name]:
            raise PatternError(reason)

    def keep(self) -> None:
        """Store what was found out."""
        if self._store and self._checked != self._kept:
            self._store.put(self._key, json.dumps(self._checked).encode())


def _parsed(value: bytes | None) -> dict[str, str]:
    try:
        found = json.loads(value or b"{}")
    except ValueError:
        return {}
    is_valid = isinstance(found, dict) and all(isinstance(reason, str) for reason in found.values())
    return found if is_valid else {}
