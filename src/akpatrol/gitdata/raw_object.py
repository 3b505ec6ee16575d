"""One object, as every reader of the object database yields it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# Types of a pack's entries, gitformat-pack(5): 0 is invalid and 5 reserved.
TYPES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
OFS_DELTA = 6
REF_DELTA = 7

# An object of more bytes is never held whole.
HUGE_BYTES = 64 << 20


class RawObject(NamedTuple):
    """An object with its content whole in ``data``, or, when huge, to be had in order from ``read(n)``.

    ``id`` is in hex, ``size`` in bytes. ``read`` gives fewer than ``n`` bytes only at the end, and nothing any more
    once the next object was asked for. ``stored`` is the number of bytes that it takes in the object database, 0 where
    that is not known.
    """

    id: str
    type: str
    size: int
    data: bytes | None
    read: Callable[[int], bytes] | None = None
    stored: int = 0


class RawBatch(NamedTuple):
    """Small objects: their types and contents. ``id`` gives the id of one by its number; ``stored`` is of all."""

    types: list[str]
    contents: list[bytes]
    id: Callable[[int], str]
    stored: int
