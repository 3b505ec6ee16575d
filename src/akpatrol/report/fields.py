"""One object of a document that somebody else wrote: every value is taken as what it must be, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from enum import Enum

_Value = TypeVar("_Value")
_Member = TypeVar("_Member", bound="Enum")
_MOST = (1 << 63) - 1
_LONGEST_SECONDS = 1e10


class Fields:
    """An object's values by name. Every method raises ValueError for what is missing or something else."""

    __slots__ = ("_values",)

    def __init__(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise ValueError("not an object")  # noqa: TRY004 - one exception for all that is wrong
        self._values = value

    def text(self, key: str) -> str:
        """Return a text, whatever it says."""
        return _text(self._value(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return several texts."""
        return tuple(map(_text, self._list(key)))

    def like(self, key: str, pattern: re.Pattern[str]) -> str:
        """Return a text that is all as the pattern says."""
        text = self.text(key)
        if not pattern.fullmatch(text):
            raise ValueError(key)
        return text

    def one(self, key: str, members: type[_Member]) -> _Member:
        """Return the member of an enumeration that the document calls so: by its value, one of numbers by its name."""
        text = self.text(key)
        for member in members:
            if text == (member.name.lower() if isinstance(member.value, int) else member.value):
                return member
        raise ValueError(key)

    def count(self, key: str) -> int:
        """Return a number of things."""
        return _count(self._value(key))

    def counts(self, key: str) -> dict[str, int]:
        """Return numbers of things by their names."""
        value = self._value(key)
        if not isinstance(value, Mapping):
            raise ValueError(key)  # noqa: TRY004 - as above
        return {_text(name): _count(number) for name, number in value.items()}

    def position(self, key: str) -> int:
        """Return a number that begins with 1."""
        if not (number := self.count(key)):
            raise ValueError(key)
        return number

    def seconds(self, key: str) -> float:
        """Return a duration in seconds."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(key)  # noqa: TRY004 - as above
        if not isfinite(value) or not 0 <= value <= _LONGEST_SECONDS:
            raise ValueError(key)
        return float(value)

    def flag(self, key: str) -> bool:
        """Return whether it is so."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise ValueError(key)  # noqa: TRY004 - as above
        return value

    def inner(self, key: str) -> Fields:
        """Return an object in this one."""
        return Fields(self._value(key))

    def each(self, key: str) -> list[Fields]:
        """Return several objects in this one."""
        return [Fields(value) for value in self._list(key)]

    def maybe(self, key: str, take: Callable[[str], _Value]) -> _Value | None:
        """Return what ``take``, one of these methods, takes; None where the document says null."""
        return None if self._value(key) is None else take(key)

    def later(self, key: str, take: Callable[[str], _Value]) -> _Value | None:
        """Return the same of a field that older versions do not write."""
        return self.maybe(key, take) if key in self._values else None

    def _value(self, key: str) -> Any:
        if key not in self._values:
            raise ValueError(key)
        return self._values[key]

    def _list(self, key: str) -> list[Any]:
        value = self._value(key)
        if not isinstance(value, list):
            raise ValueError(key)  # noqa: TRY004 - as above
        return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - as above
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError("not a number of things")
    return value
