"""Open ISO 9660 images (ECMA-119): every file of every tree, with the names of Joliet or Rock Ridge.

Parts are read in the order of their places, so that an image in a stream is read too. Boot images are read with the
image's own bytes. The descriptors of Joliet are in Microsoft's "Joliet Specification", 1995.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers import zisofs
from akpatrol.unwrap.containers.iso_records import Extras, bytes_to_skip, extras, parse
from akpatrol.unwrap.containers.member import Flaw, Member, Unreadable, text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.iso_records import Record

    _Parts = tuple[tuple[int, int], ...]

_SECTOR = 2048
_DESCRIPTORS_AT, _MOST_DESCRIPTORS = 16, 64
_PRIMARY, _SUPPLEMENTARY = 1, 2
_JOLIET = (b"%/@", b"%/C", b"%/E")
_UDF = (b"NSR02", b"NSR03")  # ECMA-167, 3/9.1
_BLOCKS = (512, 1024, 2048)
# ECMA-119 allows 8 levels, Rock Ridge any number; a path has at most 4096 bytes on Linux.
_MOST_LEVELS = 128
_MOST_PARTS = 1024
# What may wait to be read: names of files whose data is further back.
_WAITING_BYTES = 32 << 20
# How far ahead of its record the rest of a name is looked for in a stream; it is usually behind its directory.
_AHEAD_BYTES = 256 << 10
_TITLE = "ISO 9660 image"


class _Tree:
    """One tree of directories: the size of its blocks, and how its names are written."""

    def __init__(self, block: int, *, joliet: bool) -> None:
        self.block = block
        self.joliet = joliet
        self.skipped: int | None = None

    @property
    def rank(self) -> int:
        """Which tree's names come first where several name the same file."""
        return 0 if self.skipped is not None else 1 if self.joliet else 2


class _Item(NamedTuple):
    """A file or directory that is to be read, from one ``(start, size)`` after another, in bytes."""

    tree: _Tree
    parts: _Parts
    name: bytes
    parent: _Item | None = None
    depth: int = 0
    is_directory: bool = False
    compressed: bool = False

    @property
    def path(self) -> bytes:
        """The names from the root."""
        names, item = [self.name], self.parent
        while item is not None:
            names.append(item.name)
            item = item.parent
        return b"/".join(name for name in reversed(names) if name)


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the files. Raises OverLimit, Unreadable and OSError; damage is a flaw."""
    return _Image(source, level).members()


class _Image:
    def __init__(self, source: ContainerBytes, level: Level) -> None:
        self._source = source
        self._level = level
        self._waiting: list[tuple[bool, int, int, int, _Item]] = []
        self._waiting_bytes = 0
        self._pushed = 0
        self._furthest = 0
        self._directories: set[int] = set()
        self._incomplete = False

    def members(self) -> Iterator[Member | Flaw]:
        yield from self._descriptors()
        # The files with the start and size of the one that was read last are the same file.
        last: _Parts = ()
        while self._waiting:
            item = heappop(self._waiting)[-1]
            self._waiting_bytes -= len(item.name)
            if item.is_directory:
                yield from self._directory(item)
                continue
            path = item.path
            label = f"iso:{text(path)}"
            if not item.parts or item.parts == last:
                yield Member(label, (path,))
                continue
            last = item.parts
            yield self._file(item, path, label)
        if self._incomplete:
            yield Flaw(f"{_TITLE}: some of its long names are cut off")

    def _descriptors(self) -> Iterator[Flaw]:
        """Read the volume descriptors (ECMA-119, 8), and queue the roots."""
        self._source.skip(_DESCRIPTORS_AT * _SECTOR)
        for _ in range(_MOST_DESCRIPTORS):
            sector = self._source.peek(_SECTOR)
            if sector[1:6] in _UDF:
                yield Flaw(f"{_TITLE}: it also has a UDF file system, whose files are not opened")
            if len(sector) < _SECTOR or sector[1:6] not in (b"CD001", b"BEA01", *_UDF, b"TEA01"):
                break
            self._source.skip(_SECTOR)
            if sector[1:6] != b"CD001" or sector[0] not in (_PRIMARY, _SUPPLEMENTARY):
                continue
            block, root = int.from_bytes(sector[128:130], "little"), parse(sector[156:190])
            if block not in _BLOCKS or root is None or not root.sound:
                yield Flaw(f"damaged at byte {self._source.offset - _SECTOR}: a volume descriptor")
                continue
            tree = _Tree(block, joliet=sector[0] == _SUPPLEMENTARY and sector[88:91] in _JOLIET)
            self._push(_Item(tree, ((root.block * block, root.size),), b"", is_directory=True))
        if not self._waiting:
            yield Flaw(f"damaged at byte {_DESCRIPTORS_AT * _SECTOR}: no volume descriptor")

    def _push(self, item: _Item) -> None:
        self._level.member()
        self._waiting_bytes += len(item.name)
        if self._waiting_bytes > _WAITING_BYTES:
            raise Unreadable(f"{_TITLE}: more than {_WAITING_BYTES >> 20} MiB of names are before their files")
        self._pushed += 1
        start = item.parts[0][0] if item.parts else 0
        # Where any part can be read, all directories come first: then the names of one file come together.
        later = bool(self._source.at) and not item.is_directory
        heappush(self._waiting, (later, start, item.tree.rank, self._pushed, item))

    def _go(self, start: int, size: int) -> bool:
        """Go to ``start``; return whether that is possible. What is read once more counts as expanded."""
        if self._furthest > start:
            self._level.spend(min(self._furthest - start, size, max(0, (self._source.size or 0) - start)))
        self._furthest = max(self._furthest, start + size)
        if self._source.at:
            self._source.seek(start)
        elif start < self._source.offset:
            return False
        else:
            self._source.skip(start - self._source.offset)
        return True

    def _file(self, item: _Item, path: bytes, label: str) -> Member:
        if len(item.parts) == 1 and not item.compressed:
            ((start, size),) = item.parts
            return Member(label, (path,), self._pieces(item), at=self._source.part(start, size), size=size)
        return Member(label, (path,), self._pieces(item))

    def _pieces(self, item: _Item) -> Iterator[bytes]:
        for start, size in item.parts:
            if not self._go(start, size):
                raise Unreadable(f"{_TITLE}: in a stream, this file is before the directory that names it")
            yield from zisofs.pieces(self._source, self._level) if item.compressed else self._source.pieces(size)

    def _directory(self, item: _Item) -> Iterator[Member | Flaw]:
        """Queue what is in a directory, and yield what has no data."""
        if item.name:
            yield Member(f"iso:{text(item.path)}", (item.path,))
        if item.depth > _MOST_LEVELS:
            yield Flaw(f"{_TITLE}: deeper than {_MOST_LEVELS} directories")
            return
        parts: _Parts = ()
        for start, size in item.parts:
            if start in self._directories:
                continue  # its records were read: a cycle, or a further name of it
            self._directories.add(start)
            if not self._go(start, size):
                yield Flaw(f"{_TITLE}: in a stream, a directory is before the one that names it")
                continue
            end = start + size
            while self._source.offset < end:
                self._level.check()
                at = self._source.offset
                sector = self._source.read(min(_SECTOR, end - at))
                if not sector:
                    yield Flaw(f"truncated at byte {at}: a directory of {size:,} bytes begins at byte {start}")
                    break
                parts = yield from self._sector(item, sector, at, parts)

    def _sector(self, item: _Item, sector: bytes, at: int, parts: _Parts) -> Generator[Member | Flaw, None, _Parts]:
        """Read the records of a sector, behind which there are zeros (ECMA-119, 6.8.1.1)."""
        place = 0
        while place < len(sector) and (length := sector[place]):
            record = parse(sector[place : place + length]) if place + length <= len(sector) else None
            if record is None:
                break
            parts = yield from self._record(item, record, parts)
            place += length
        if sector[place:].strip(b"\0"):
            yield Flaw(f"damaged at byte {at + place}: a directory's record")
        return parts

    def _record(self, parent: _Item, record: Record, parts: _Parts) -> Generator[Member | Flaw, None, _Parts]:
        """Queue one record's file, or yield it where it has no data; return its parts where the next has another."""
        tree = parent.tree
        is_listed = record.name not in (b"\0", b"\1")  # those are the directory itself and its parent
        if record.name == b"\0" and not parent.depth and not tree.joliet:
            tree.skipped = bytes_to_skip(record.extra)
        more = Extras() if tree.skipped is None else extras(record.extra[tree.skipped :], self._continuation(tree))
        if not record.sound or not more.sound:
            yield Flaw("damaged: a directory's record contradicts itself")
        if not is_listed:
            return ()
        parts = _joined(parts, record.block * tree.block, record.size)
        if record.continues and len(parts) < _MOST_PARTS:
            return parts
        self._incomplete |= not more.complete
        name = more.name or _name(record.name, tree)
        depth = parent.depth + 1
        item = _Item(tree, parts, name, parent, depth, is_directory=record.is_directory, compressed=more.compressed)
        if record.interleaved or record.continues:
            yield Flaw(f"{_TITLE}: a file in parts that are not read: {text(item.path)}")
        elif more.link is None and parts:
            self._push(item)
        else:
            self._level.member()
            yield Member(f"iso:{text(item.path)}", (item.path,) if more.link is None else (item.path, more.link))
        return ()

    def _continuation(self, tree: _Tree) -> Callable[[int, int, int], bytes | None]:
        source = self._source

        def continuation(block: int, offset: int, size: int) -> bytes | None:
            start, size = block * tree.block + offset, min(size, _SECTOR)
            if source.at:
                return source.at(start, size)
            ahead = start - source.offset
            return source.peek(ahead + size)[ahead:] if 0 <= ahead <= _AHEAD_BYTES else None

        return continuation


def _joined(parts: _Parts, start: int, size: int) -> _Parts:
    """Return the parts of a file and one more, which usually begins where the last one ends (ECMA-119, 6.5.1)."""
    if not size:
        return parts
    if parts and sum(parts[-1]) == start:
        return (*parts[:-1], (parts[-1][0], parts[-1][1] + size))
    return (*parts, (start, size))


def _name(name: bytes, tree: _Tree) -> bytes:
    """Return a name without its version and the dot of an empty extension (ECMA-119, 7.5)."""
    if tree.joliet:
        name = name.decode("utf-16-be", "replace").encode()
    return name.partition(b";")[0].removesuffix(b".")
