"""Count the bytes of a content while it is examined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Content, Counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.scan.decode import ScanItem


def counted(content: Content, examine: Callable[[Content], Iterator[ScanItem]]) -> Iterator[ScanItem]:
    """Yield the findings of a content, and its size: bytes not reported while it was read come last."""
    read, reported, taken = content.read, 0, len(content.data)

    def taking(number: int) -> bytes:
        nonlocal taken
        data = read(number) if read else b""
        taken += len(data)
        return data

    for item in examine(content._replace(read=taking) if read else content):
        if isinstance(item, Counted) and item.name == content.counter:
            reported += item.size
        yield item
    size = content.size if content.at and content.size else taken  # a container is not read in its order
    yield Counted(content.counter or "", 1, max(0, size - reported))
