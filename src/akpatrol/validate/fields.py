"""Read one object of an untrusted file: every value must have the required form.

Everything that is read back goes through here: reports, stores, baselines and caches. Every kind of value is bounded,
so that later computations cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from enum import Enum

_Value = TypeVar("_Value")
_Member = TypeVar("_Member", bound="Enum")

MOST = (1 << 63) - 1
"""The largest number of things, as SQLite keeps it."""
LONGEST_TEXT = 1 << 24
"""Characters; a path in an archive may be long."""
LONGEST_SECONDS = 1e9
LATEST_YEAR = 9000
"""Of a moment to which a duration is added."""

_HTTP_STATUSES = range(100, 1000)
_FINGERPRINT = re.compile("akp1:[0-9a-f]{64}")
# The form of Secret.redacted: no more of the prefix and the rest than it shows. A file found by its path has no secret.
_MASKED = re.compile(r"(?:[^_]{0,3}_.{4})?\*{3}\([0-9]{1,12}\)|file", re.DOTALL)
# With what rules.visible_prefix shows of others' credentials, and how much it leaves hidden.
_SHOWN = re.compile(r"([!-~]{1,16}|-----BEGIN \.\.\. PRIVATE KEY-----)\*{3}\(([0-9]{1,12})\)")
_LEAST_HIDDEN = 16
_MOMENT = re.compile("[-+:.? 0-9TZtz]{0,40}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_START = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


@cache
def _names(members: type[_Member]) -> Mapping[str, _Member]:
    return {member.name.lower() if isinstance(member.value, int) else member.value: member for member in members}


class FieldError(ValueError):
    """An unsuitable value: the message says which one and why, and does not repeat it."""


class Fields:
    """An object's values by name; messages put ``where`` before each name.

    Every method raises FieldError for a missing or unsuitable value.
    """

    __slots__ = ("_values", "_where")

    def __init__(self, value: Any, where: str = "") -> None:
        if not isinstance(value, Mapping):
            raise FieldError(f"{where.rstrip('.: ') or 'document'}: must be an object")
        self._values = value
        self._where = where

    def wrong(self, key: str, reason: str) -> FieldError:
        """Return the exception to raise for a value."""
        return FieldError(f"{self._where}{key}: {reason}")

    def only(self, *known: str) -> None:
        """Raise FieldError for the first other name."""
        for key in self._values:
            if key not in known:
                raise self.wrong(key, "unknown")

    def has(self, key: str) -> bool:
        """Return whether there is a value of this name."""
        return key in self._values

    def text(self, key: str, longest: int = LONGEST_TEXT) -> str:
        """Return any text."""
        return self._text(key, self._value(key), longest)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return several texts."""
        return tuple(self._text(f"{key}[{at}]", value) for at, value in enumerate(self._list(key)))

    def like(self, key: str, pattern: re.Pattern[str], words: str = "has an invalid form") -> str:
        """Return a text that is all as the pattern says."""
        text = self.text(key)
        if not pattern.fullmatch(text):
            raise self.wrong(key, words)
        return text

    def fingerprint(self, key: str) -> str:
        """Return a credential's name."""
        return self.like(key, _FINGERPRINT, "must be akp1: and 64 hexadecimal digits")

    def masked(self, key: str) -> str:
        """Return a credential's masked form, which no whole one fits in."""
        shown = _SHOWN.fullmatch(text := self.text(key))
        if shown and int(shown[2]) - len(shown[1]) >= _LEAST_HIDDEN:
            return text
        return self.like(key, _MASKED, "must be a credential's masked form")

    def date(self, key: str) -> str:
        """Return a day, as written."""
        text = self.like(key, _DATE, "must be a date, YYYY-MM-DD")
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong(key, "must be a date, YYYY-MM-DD") from None
        return text

    def moment(self, key: str) -> str:
        """Return a time as written; only its characters are checked."""
        return self.like(key, _MOMENT)

    def start(self, key: str) -> str:
        """Return a run's time, RFC 3339 in UTC to the second, that later times can be computed from."""
        words = f"must be an RFC 3339 time, YYYY-MM-DDThh:mm:ssZ, not after the year {LATEST_YEAR}"
        text = self.like(key, _START, words)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong(key, words) from None
        if moment.year > LATEST_YEAR:
            raise self.wrong(key, words)
        return text

    def enum(self, key: str, members: type[_Member]) -> _Member:
        """Return a member of an enumeration, named by its value, or by its name if the values are numbers."""
        names: Mapping[str, _Member] = _names(members)
        return self.among(key, names)

    def among(self, key: str, names: Mapping[str, _Value]) -> _Value:
        """Return one of several values by its name."""
        text = self.text(key)
        if text not in names:
            raise self.wrong(key, f"must be one of {', '.join(names)}")
        return names[text]

    def some(self, key: str, words: Collection[str]) -> tuple[str, ...]:
        """Return some of these words, at least one."""
        values = self._value(key)
        if (
            not isinstance(values, list)
            or not values
            or not all(isinstance(value, str) and value in words for value in values)
        ):
            raise self.wrong(key, f"must be a list of {', '.join(words)}")
        return tuple(values)

    def count(self, key: str) -> int:
        """Return a number of things."""
        return self._count(key, self._value(key))

    def counts(self, key: str) -> dict[str, int]:
        """Return numbers of things by their names."""
        value = self._value(key)
        if not isinstance(value, Mapping):
            raise self.wrong(key, "must be an object")
        return {self._text(key, name): self._count(f"{key}: a value", number) for name, number in value.items()}

    def lists(self, key: str) -> list[list[int]]:
        """Return lists of numbers of things."""
        values = self._list(key)
        for value in values:
            # Thousands of them are read at once.
            if not isinstance(value, list) or {*map(type, value)} != {int} or not 0 <= min(value) <= max(value) <= MOST:
                raise self.wrong(key, f"must be lists of whole numbers from 0 to {MOST}")
        return values

    def position(self, key: str) -> int:
        """Return a number that begins with 1."""
        if not (number := self.count(key)):
            raise self.wrong(key, "must be at least 1")
        return number

    def positions(self, key: str) -> tuple[int, ...]:
        """Return numbers that begin with 1."""
        numbers = tuple(self._count(f"{key}[{at}]", value) for at, value in enumerate(self._list(key)))
        if 0 in numbers:
            raise self.wrong(key, "must be at least 1")
        return numbers

    def http_status(self, key: str) -> int:
        """Return an HTTP status."""
        if (number := self.count(key)) not in _HTTP_STATUSES:
            raise self.wrong(key, "must be an HTTP status, of three digits")
        return number

    def seconds(self, key: str) -> float:
        """Return a duration in seconds."""
        value = self._value(key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # A whole number may be too large for a float; not a number is not within bounds either.
        if not is_number or not 0 <= value <= LONGEST_SECONDS:
            raise self.wrong(key, f"must be a number of seconds from 0 to {LONGEST_SECONDS:.0f}")
        return float(value)

    def flag(self, key: str) -> bool:
        """Return whether it is so."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def inner(self, key: str) -> Fields:
        """Return an object in this one."""
        return Fields(self._value(key), f"{self._where}{key}.")

    def each(self, key: str) -> list[Fields]:
        """Return several objects in this one."""
        return [Fields(value, f"{self._where}{key}[{at}].") for at, value in enumerate(self._list(key))]

    def maybe(self, key: str, take: Callable[[str], _Value]) -> _Value | None:
        """Return what ``take``, one of these methods, takes; None where the document says null."""
        return None if self._value(key) is None else take(key)

    def later(self, key: str, take: Callable[[str], _Value]) -> _Value | None:
        """Return the same of a field that older versions do not write."""
        return self.maybe(key, take) if key in self._values else None

    def _value(self, key: str) -> Any:
        if key not in self._values:
            raise self.wrong(key, "is missing")
        return self._values[key]

    def _list(self, key: str) -> list[Any]:
        value = self._value(key)
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list")
        return value

    def _text(self, key: str, value: Any, longest: int = LONGEST_TEXT) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise self.wrong(key, f"must be a string of at most {longest:,} characters")
        return value

    def _count(self, key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            raise self.wrong(key, f"must be a whole number from 0 to {MOST}")
        return value
