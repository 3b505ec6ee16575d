"""Remember contents in which nothing was found: histories and archives repeat them.

Only silence is remembered, never a finding, a skip or an exclusion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.member_path import path_of
from akpatrol.model.scan import Content, Counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.batch import ContentBatch
    from akpatrol.scan.decode import ScanItem
    from akpatrol.scan.work import Work
    from akpatrol.sources.base import Item

_MOST, _MOST_COUNTS = 1 << 17, 1000
_LEAST_BYTES = 64  # less is examined as fast


class SilentContents:
    """Remembers the counts of silent contents by a hash of their bytes, which has a key of this process alone."""

    def __init__(self) -> None:
        self._counts: dict[int, list[Counted]] = {}

    def examined(
        self, key: int | None, examine: Callable[[], Iterator[ScanItem]], work: Work, *, most: int = _MOST_COUNTS
    ) -> Iterator[ScanItem]:
        """Yield what a content comes to: the counts that are remembered, or what ``examine`` finds.

        It is remembered if these are at most so many counts.
        """
        known = None if key is None else self._counts.get(key)
        if known is not None:
            yield from known
            return
        items: list[ScanItem] = []
        for item in examine():
            items.append(item)
            yield item
        # Where the work ran out, silence means nothing.
        if key is not None and work.left > 0 and len(self._counts) < _MOST:
            counts = [item for item in items if isinstance(item, Counted)]
            if len(counts) == len(items) <= most:
                self._counts[key] = counts

    def examined_with(
        self,
        key: Callable[[Item | ContentBatch], int | None],
        examine: Callable[[Item | ContentBatch], Iterator[ScanItem]],
        work: Work,
        member: Item | ContentBatch,
    ) -> Iterator[ScanItem]:
        """Yield what a member comes to, as ``examined`` does; what a container in it expands to counts each time."""
        return self.examined(key(member), lambda: examine(member), work, most=0)


def key_of(member: Item | ContentBatch, *, paths_matter: bool) -> int | None:
    """Return the key of a member that is in memory as a whole; its path is part of it where rules ask for it."""
    if not isinstance(member, Content) or member.read or len(member.data) < _LEAST_BYTES:
        return None
    origin = member.origin
    return hash((member.data, path_of(origin) if paths_matter else None, len(origin.containers), len(origin.encodings)))
