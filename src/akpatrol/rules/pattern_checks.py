"""Check that RE2 accepts patterns. What an earlier run found out is kept, as compiling hundreds takes 0.2 seconds.

So is the parsed form of a rule file as JSON, which is read in a twentieth of the time that TOML takes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from akpatrol.rules.re2_patterns import PatternError, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
        self._key = f"rules of {digest.hexdigest()}"
        checked, documents = _parsed(store.get(self._key)) if store else ({}, {})
        self._kept = len(checked), len(documents)
        self._checked, self._documents = checked, documents

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

    def document(self, content: bytes, parse: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
        """Return what ``parse`` makes of a file's content, now or in an earlier run."""
        name = sha256(content).hexdigest()
        if name in self._documents:
            with suppress(ValueError):
                known: dict[str, Any] = json.loads(self._documents[name])
                return known
        document = parse(content)
        with suppress(TypeError):  # dates and times, which JSON does not have
            self._documents[name] = json.dumps(document)
        return document

    def keep(self) -> None:
        """Store what was found out."""
        if self._store and self._kept != (len(self._checked), len(self._documents)):
            self._store.put(self._key, json.dumps([self._checked, self._documents]).encode())


def _parsed(value: bytes | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return the patterns that were checked and the documents that were parsed; nothing where the value is damaged."""
    try:
        checked, documents = json.loads(value or b"[{}, {}]")
    except (ValueError, TypeError):
        return {}, {}
    if not all(isinstance(kept, dict) and all(map(_is_text, kept.values())) for kept in (checked, documents)):
        return {}, {}
    return checked, documents


def _is_text(value: object) -> bool:
    return isinstance(value, str)
