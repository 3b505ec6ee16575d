"""What the modules that set pages know of a PDF's objects: dictionaries whose references are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Dictionary(Protocol):
    """A dictionary or a stream. Values are dictionaries, lists, numbers, ``bytes``, names with their slash, or None."""

    @property
    def key(self) -> object:
        """What tells this object from others: equal for two references to it."""

    def get(self, name: str) -> Any:
        """Return a value, resolved; None where there is none or it is damaged."""

    def raw(self, name: str) -> object:
        """Return the key of the object that a value refers to, None for a value that is no reference."""

    def names(self) -> Iterable[str]:
        """Return the names of all values."""

    def data(self) -> bytes:
        """Return a stream's content, all filters undone; nothing for other dictionaries. Raises Unreadable."""

    def strings(self) -> Iterator[tuple[str, bytes]]:
        """Yield the strings in it with their names, without those of objects that it refers to."""

    @property
    def is_stream(self) -> bool:
        """Whether it has data."""

    def filters(self) -> list[str]:
        """Return the names of a stream's filters."""


def numbers(value: Any) -> list[float]:
    """Return the numbers of a list; nothing where it is none, or holds anything else."""
    if not isinstance(value, list) or not all(isinstance(each, int | float) for each in value):
        return []
    return [float(each) for each in value]


def is_dictionary(value: Any) -> TypeGuard[Dictionary]:
    """Return whether a value is a dictionary or a stream."""
    return hasattr(value, "names")
