"""Small contents that are scanned together, because one by one each costs more than the scan of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.scan import Content

_T = TypeVar("_T")
# The size up to which a content is scanned together with others, and the most bytes and contents of one batch, which
# fit in the CPU cache.
SMALL_BYTES = 16 << 10
TOGETHER_BYTES = 256 << 10
TOGETHER = 512


class ContentBatch(NamedTuple):
    """Small contents, each whole in ``data``; ``content`` makes the few of them that are looked at alone."""

    data: Sequence[bytes]
    content: Callable[[int], Content]


class Gathering(Generic[_T]):
    """Small contents in ``data``, with the key of each, until there are enough to scan together."""

    __slots__ = ("_size", "data", "keys")

    def __init__(self) -> None:
        self.keys: list[_T] = []
        self.data: list[bytes] = []
        self._size = 0

    def add(self, key: _T, data: bytes) -> bool:
        """Add a content, and return whether there are enough."""
        self.keys.append(key)
        self.data.append(data)
        self._size += len(data)
        return self._size > TOGETHER_BYTES or len(self.keys) >= TOGETHER
