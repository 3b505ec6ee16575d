"""A TOML table whose keys are read with their types checked, and whose errors say where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_LARGEST = 1e6


class Table:
    """``fail(key, reason)`` returns the exception to raise for a key that is wrong."""

    def __init__(self, values: Any, fail: Callable[[str, str], Exception], name: str = "") -> None:
        if not isinstance(values, dict):
            raise fail(name, "must be a table")
        self.values: dict[str, Any] = values
        self._fail = fail

    def wrong(self, key: str, reason: str) -> Exception:
        """Return the exception to raise for a key."""
        return self._fail(key, reason)

    def reject_unknown(self, known: Collection[str]) -> None:
        """Raise for the first key that is not in ``known``, with a suggestion."""
        for key in self.values:
            if key not in known:
                from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

                close = get_close_matches(key, known, 1)
                raise self._fail(key, "unknown key" + (f"; did you mean {close[0]}?" if close else ""))

    def text(self, key: str) -> str:
        """Return a string, empty when the key is absent."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self._fail(key, "must be a string")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._fail(key, "must be a list of strings")
        return tuple(value)

    def number(self, key: str) -> float:
        """Return a number that is not negative, 0 when the key is absent."""
        value = self.values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LARGEST:
            raise self._fail(key, "must be a number that is not negative")
        return float(value)

    def integer(self, key: str, allowed: range) -> int | None:
        """Return a whole number within ``allowed``, None when the key is absent."""
        value = self.values.get(key)
        if value is not None and (type(value) is not int or value not in allowed):
            raise self._fail(key, f"must be a whole number, at least {allowed.start}")
        return value

    def flag(self, key: str) -> bool:
        """Return a boolean, false when the key is absent."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self._fail(key, "must be true or false")
        return value

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """Return one of ``choices``."""
        value = self.values.get(key, default)
        if value not in choices:
            raise self._fail(key, "must be one of " + ", ".join(choices))
        return str(value)

    def table(self, key: str) -> Table:
        """Return a table inside, empty when the key is absent."""
        return Table(self.values.get(key, {}), self._fail, key)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables, empty when the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self._fail(key, f"must be an array of tables, [[{key}]]")
        return [Table(item, self._fail, key) for item in value]
