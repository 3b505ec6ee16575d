"""Small contents come in batches: nothing is lost, and everything is counted once."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model import batch
from akpatrol.model.batch import SMALL_BYTES, ContentBatch
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Counted, Origin
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.scan.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.sources.base import Item


class _Unit:
    title = "unit"

    def __init__(self, *items: Item | ContentBatch) -> None:
        self._items = items

    def read(self) -> Iterator[Item | ContentBatch]:
        return iter(self._items)


def _content(data: bytes, counter: str | None = "files") -> Content:
    return Content(Origin("0", path=b"f"), data, counter=counter)


@given(st.lists(st.sampled_from([0, 1, SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES + 1]), max_size=60))
def test_every_content_comes_once_and_small_ones_in_batches(sizes: list[int]) -> None:
    seen: list[int] = []
    number = counted = 0
    for item in gathered(map(_content, map(bytes, sizes))):
        if isinstance(item, ContentBatch):
            assert len(item.data) <= batch.TOGETHER
            assert sum(map(len, item.data)) <= batch.TOGETHER_BYTES + SMALL_BYTES
            assert all(item.content(place) == _content(data, None) for place, data in enumerate(item.data))
            seen += map(len, item.data)
        elif isinstance(item, Counted):
            number, counted = number + item.number, counted + item.size
        else:
            assert isinstance(item, Content)
            assert len(item.data) > SMALL_BYTES
            seen.append(len(item.data))
    small = [size for size in sizes if size <= SMALL_BYTES]
    assert sorted(seen) == sorted(sizes)
    assert (number, counted) == (len(small), sum(small))


def test_a_program_that_extracts_itself_is_counted_once(new_key: Callable[[], str]) -> None:
    """A zip at the end of a small content is found only while it is scanned."""
    packed, key = BytesIO(), new_key()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("member", f"KEY={key}\n")
    data = b"#!/bin/sh\n" + packed.getvalue()
    items = list(Examiner(rule_file.load()).examine(_Unit(_content(data))))
    assert sum(item.size for item in items if isinstance(item, Counted) and item.name == "files") == len(data)
    assert [item.match.secret.reveal() for item in items if isinstance(item, RawFinding)] == [key.encode()]


def test_a_container_in_a_batch_is_opened_once(new_key: Callable[[], str]) -> None:
    packed, key = BytesIO(), new_key()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", f"KEY={key}\n" * 3)
    contents = [_content(b"text\n", None), _content(packed.getvalue(), None), _content(f"KEY={key}".encode(), None)]
    batch = ContentBatch([content.data for content in contents], contents.__getitem__)
    items = list(Examiner(rule_file.load()).examine(_Unit(batch)))
    assert sum(item.number for item in items if isinstance(item, Counted)) == 1, "the member"
    assert len({item.origin for item in items if isinstance(item, RawFinding)}) == 2
