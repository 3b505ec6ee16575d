"""Gather small contents into batches."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.model.batch import SMALL_BYTES, TOGETHER, TOGETHER_BYTES, ContentBatch
from akpatrol.model.scan import Content, Counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.sources.base import Item


def gathered(items: Iterable[Item | ContentBatch]) -> Iterator[Item | ContentBatch]:
    """Yield the items, small contents in batches and counted after each."""
    small: list[Content] = []
    size = 0
    for item in items:
        if isinstance(item, Content) and not item.read and len(item.data) <= SMALL_BYTES:
            small.append(item)
            size += len(item.data)
            if size > TOGETHER_BYTES or len(small) >= TOGETHER:
                yield from _together(small)
                small, size = [], 0
        else:
            yield item
    yield from _together(small)


def _together(small: list[Content]) -> Iterator[ContentBatch | Counted]:
    if not small:
        return
    yield ContentBatch([content.data for content in small], lambda number: small[number]._replace(counter=None))
    counts = Counter(content.counter for content in small if content.counter)
    for counter, number in counts.items():
        yield Counted(counter, number, sum(len(content.data) for content in small if content.counter == counter))
