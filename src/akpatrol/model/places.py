"""Sequences that are not in memory as a whole: of places in a file, and of what is made from others on each pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.credential import Occurrence
    from akpatrol.model.scan import State

_Item = TypeVar("_Item")
_Source = TypeVar("_Source")

MOST_IN_MEMORY = 20_000
"""Places of a report that are in memory at once; each needs about 6 KB as a report shows it."""


class Reread(Sequence[_Item]):
    """Items that ``read`` yields anew on each pass; there are ``number`` of them."""

    __slots__ = ("_number", "_read")

    def __init__(self, read: Callable[[], Iterator[_Item]], number: int) -> None:
        self._read = read
        self._number = number

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[_Item]:
        return self._read()

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        """Return an item, or a part that is read anew, too; both pass over what is before it."""
        if isinstance(index, slice):
            start, stop, step = index.indices(self._number)
            return Reread(lambda: islice(self._read(), start, stop, step), len(range(start, stop, step)))
        at = index + self._number if index < 0 else index
        for item in islice(self._read(), max(at, 0), at + 1):
            return item
        raise IndexError(index)


class Remade(Sequence[_Item]):
    """What ``make`` makes of each of the ``items``, anew on each pass."""

    __slots__ = ("_items", "_make")

    def __init__(self, make: Callable[[_Source], _Item], items: Sequence[_Source]) -> None:
        self._make: Callable[[Any], _Item] = make
        self._items: Sequence[Any] = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[_Item]:
        return map(self._make, self._items)

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        """Return what is made of an item, or of a part of them."""
        if isinstance(index, slice):
            return Remade(self._make, self._items[index])
        return self._make(self._items[index])


class PlaceFacts(NamedTuple):
    """What is asked of all places of a credential: the number of refs, the first date, the least location, and more."""

    refs: int
    first_seen: str | None
    location: tuple[object, ...]
    states: frozenset[State]
    targets: tuple[str, ...]


class KeptPlaces(Reread["Occurrence"]):
    """The places of a credential outside of memory, in the order in which reports tell them."""

    __slots__ = ("facts",)

    def __init__(self, read: Callable[[], Iterator[Occurrence]], number: int, facts: PlaceFacts) -> None:
        super().__init__(read, number)
        self.facts = facts


def changed(places: Sequence[Occurrence], change: Callable[[Occurrence], Occurrence]) -> Sequence[Occurrence]:
    """Return places with a change that does not concern their order."""
    if isinstance(places, KeptPlaces):
        return KeptPlaces(lambda: map(change, places), len(places), places.facts)
    return tuple(map(change, places))
