"""Opens containers in the ways that a scan can, and gathers what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from akpatrol.config.limits import Limits
from akpatrol.model.batch import ContentBatch
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Origin, Skipped
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.member import Naming
from akpatrol.unwrap.containers.opening import open_container
from akpatrol.unwrap.containers.recognise import has_zip_tail, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.containers.opening import ContainerItem

ORIGIN = Origin("target", path=b"file")
# All in memory; a stream; a file of which any part can be read.
WAYS = ("whole", "stream", "seekable")
# What a caller has read of a large file before it is opened; small here, so that small files are large ones.
_BEGINNING = 700


@dataclass
class Opened:
    """The items of a container: its members in order, and everything else."""

    members: list[tuple[str, bytes]] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    skips: list[Skipped] = field(default_factory=list)
    counted: int = 0
    left_out: int = 0
    size: int = 0
    deepest: int = 0

    @property
    def reasons(self) -> str:
        return "\n".join(skip.reason for skip in self.skips)

    @property
    def contents(self) -> list[bytes]:
        return [data for _, data in self.members]


def as_content(data: bytes, way: str = "whole", *, beginning: int = _BEGINNING) -> Content:
    """Return ``data`` as a content of the kind that ``way`` says."""
    if way == "whole":
        return Content(ORIGIN, data)
    stream = BytesIO(data[beginning:])
    if way == "stream":
        return Content(ORIGIN, data[:beginning], stream.read)

    def at(offset: int, number: int) -> bytes:
        assert offset >= 0
        assert number >= 0
        return data[offset : offset + number]

    return Content(ORIGIN, data[:beginning], stream.read, at, len(data))


def whole(content: Content) -> bytes:
    """Return all of a content."""
    parts = [content.data]
    while content.read and (block := content.read(1 << 20)):
        parts.append(block)
    return b"".join(parts)


def open_(data: bytes, way: str = "whole", limits: Limits | None = None, *, named: bool = False) -> Opened:
    """Open one container, and keep all of it."""
    return gather(as_content(data, way), Budget(limits or Limits(), len(data), named=named))


def gather(content: Content, budget: Budget) -> Opened:
    """Open one container, and keep all of it."""
    opened = Opened()
    for found in _each(content, budget):
        if isinstance(found, Content):
            opened.members.append((found.origin.containers[-1], whole(found)))
        else:
            _note(opened, found)
    return opened


def through(content: Content, budget: Budget, opened: Opened | None = None) -> Opened:
    """Open a container and all within it, as a scan does: members that are none are read block by block, and gone."""
    opened = opened or Opened()
    for found in _each(content, budget):
        if not isinstance(found, Content):
            _note(opened, found)
            continue
        opened.deepest = max(opened.deepest, len(found.origin.containers))
        if kind_of(found.data) or has_zip_tail(found):
            through(found, budget, opened)
        else:
            for _ in _blocks(found):
                pass
    return opened


def _each(content: Content, budget: Budget) -> Iterator[Content | Chunk | Skipped | Counted | Excluded]:
    """Yield what is in a container, each member of a batch by itself."""
    for found in open_container(content, budget):
        yield from each(found)


def each(found: ContainerItem) -> Iterator[Content | Chunk | Skipped | Counted | Excluded]:
    """Yield an item, or each of a batch."""
    if isinstance(found, ContentBatch):
        yield from map(found.content, range(len(found.data)))
    elif not isinstance(found, Naming):
        yield found


def _blocks(content: Content) -> Iterator[bytes]:
    yield content.data
    while content.read and (block := content.read(4 << 20)):
        yield block


def _note(opened: Opened, found: Chunk | Skipped | Counted | Excluded) -> None:
    if isinstance(found, Chunk):
        assert found.names
        opened.names += found.data.split(b"\0")
    elif isinstance(found, Skipped):
        opened.skips.append(found)
    elif isinstance(found, Excluded):
        opened.left_out += found.number
    else:
        assert isinstance(found, Counted)
        assert found.name == "members"
        opened.counted += found.number
        opened.size += found.size
