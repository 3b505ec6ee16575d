"""Gather small contents into batches."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.model.batch import SMALL_BYTES, ContentBatch, Gathering
from akpatrol.model.scan import Content, Counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.sources.base import Item


def gathered(items: Iterable[Item | ContentBatch]) -> Iterator[Item | ContentBatch]:
    """Yield the items, small contents in batches and counted after each."""
    small = Gathering[Content]()
    for item in items:
        if isinstance(item, Content) and not item.read and len(item.data) <= SMALL_BYTES:
            if small.add(item, item.data):
                yield from _together(small)
                small = Gathering()
        else:
            yield item
    yield from _together(small)


def _together(small: Gathering[Content]) -> Iterator[ContentBatch | Counted]:
    contents = small.keys
    if not contents:
        return
    yield ContentBatch(small.data, lambda number: contents[number]._replace(counter=None))
    counts = Counter(content.counter for content in contents if content.counter)
    for counter, number in counts.items():
        yield Counted(counter, number, sum(len(content.data) for content in contents if content.counter == counter))
