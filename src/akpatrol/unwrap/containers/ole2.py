"""Open the streams of OLE2 documents: Word, Excel and PowerPoint before 2007, Outlook's messages, installers.

Format: [MS-CFB]. Text in a stream is plain or UTF-16, whole once its sectors are put together. Compressed are the
rich text of a message ([MS-OXRTFCP]), macros ([MS-OVBA] section 2.4.1) and objects in slides, which are expanded.
Encrypted documents: [MS-OFFCRYPTO], [MS-DOC] section 2.5.1 and [MS-XLS] section 2.4.117.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable, text
from akpatrol.unwrap.containers.ole2_text import MARKED, is_encrypted, macro, objects, rich_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

    At = Callable[[int, int], bytes]

_HEADER_BYTES, _ENTRY_BYTES = 512, 128
_IN_HEADER = 109  # sectors of the table of sectors that the header names
_LAST_SECTOR = 0xFFFFFFFA
_NONE = 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_MOST_EXPANDED = 16 << 20  # bytes of a stream with compressed text
_BEGINNING = 4096
_MOST_SMALL = 1 << 20  # sectors with small streams: more than Office writes, and a bound on a circle
_RICH_TEXT = "__substg1.0_10090102"
_SLIDES = "PowerPoint Document"
_ENCRYPTED = ("EncryptedPackage", "EncryptedSummary")


class _StreamEntry(NamedTuple):
    """An entry of the directory: its place in the tree, and where its bytes are."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    first: int
    size: int


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the streams, and what is compressed in them once more. Raises OverLimit and OSError; damage is a flaw."""
    at, size = source.anywhere()
    if at is None:
        raise Unreadable(f"OLE2: more than {STREAM_BYTES >> 20} MiB in a stream")
    document = _Document(at, size, level)
    entries = list(document.entries())
    if not document.has_directory or not any(entry.kind == _ROOT for entry in entries):
        yield Flaw("OLE2: truncated or damaged: its directory is not read in full")
    names = _paths(entries)
    for number, entry in enumerate(entries):
        if entry.kind != _STREAM or not entry.size:
            continue
        path = names.get(number, entry.name)
        is_marked = entry.name in MARKED and is_encrypted(entry.name, document.beginning(entry, _BEGINNING))
        if is_marked or entry.name in _ENCRYPTED:
            yield Flaw("OLE2: it is encrypted")
        yield Member(f"ole2:{path}", (path.encode(),), document.pieces(entry), size=entry.size)
        for found in _hidden(document, entry, path):
            level.spend(len(found))
            level.member()
            yield Member(f"ole2:{path}, expanded", pieces=iter((found,)), size=len(found))


def _hidden(document: _Document, entry: _StreamEntry, path: str) -> list[bytes]:
    """Return what is compressed in a stream."""
    if entry.name == _SLIDES:
        return objects(document.beginning(entry, _MOST_EXPANDED))
    expand = rich_text if entry.name == _RICH_TEXT else macro if "/VBA/" in f"/{path}" else None
    return [found] if expand and (found := expand(document.beginning(entry, _MOST_EXPANDED))) else []


class _Document:
    """The sectors of a document, by [MS-CFB] sections 2.2 to 2.6."""

    def __init__(self, at: At, size: int, level: Level) -> None:
        self._at = at
        self._level = level
        header = at(0, _HEADER_BYTES)
        self._header = header
        if len(header) < _HEADER_BYTES or _number(header, 30, 2) not in (9, 12) or _number(header, 32, 2) != 6:  # noqa: PLR2004 - sectors of 512 and 4096 bytes, small ones of 64
            raise Unreadable(
                f"{'truncated' if len(header) < _HEADER_BYTES else 'damaged'} at byte {min(30, len(header))}"
            )
        self._size = 1 << _number(header, 30, 2)
        self._number = size // self._size + 1
        self._cutoff = _number(header, 56)
        self._table: tuple[int, bytes] = (_NONE, b"")
        self._extra: list[int] | None = None
        self._small: list[int] = []
        self._small_table: list[int] = []
        self.has_directory = False  # all of it, once its entries were read

    def entries(self) -> Iterator[_StreamEntry]:
        """Yield the entries of the directory."""
        for sector in self._chain(_number(self._header, 48)):
            data = self._sector(sector)
            self.has_directory = bool(data) and self._following(sector) != _NONE
            for start in range(0, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
                self._level.member()
                entry = self._entry(data[start : start + _ENTRY_BYTES])
                if entry.kind == _ROOT:
                    self._small = list(islice(self._chain(entry.first), _MOST_SMALL))
                    self._small_table = list(islice(self._chain(_number(self._header, 60)), _MOST_SMALL))
                yield entry

    def _entry(self, data: bytes) -> _StreamEntry:
        length = max(0, min(_number(data, 64, 2), 64) - 2)
        size = _number(data, 120, 8 if self._size > _HEADER_BYTES else 4)
        name = data[:length].decode("utf-16-le", "backslashreplace")
        left, right, child, first = (_number(data, place) for place in (68, 72, 76, 116))
        return _StreamEntry(name, data[66], left, right, child, first, size)

    def beginning(self, entry: _StreamEntry, most: int) -> bytes:
        """Return the beginning of a stream, as far as it can be read."""
        parts, size = [], 0
        try:
            for piece in self.pieces(entry):
                parts.append(piece)
                size += len(piece)
                if size >= most:
                    break
        except Unreadable:
            pass  # told where its pieces are read
        return b"".join(parts)[:most]

    def pieces(self, entry: _StreamEntry) -> Iterator[bytes]:
        """Yield the bytes of a stream. Raises Unreadable and OverLimit."""
        left = entry.size
        for data in self._small_pieces(entry.first) if left < self._cutoff else self._large_pieces(entry.first):
            self._level.check()
            yield data[:left]
            left -= min(left, len(data))
            if not left:
                return
        raise Unreadable(f"truncated: {left:,} bytes of its stream are missing")

    def _large_pieces(self, first: int) -> Iterator[bytes]:
        """Yield sectors, those that lie one after another together."""
        start = count = 0
        for sector in self._chain(first):
            if count and sector == start + count and count * self._size < PIECE_BYTES:
                count += 1
                continue
            if count:
                yield self._at((start + 1) * self._size, count * self._size)
            start, count = sector, 1
        if count:
            yield self._at((start + 1) * self._size, count * self._size)

    def _small_pieces(self, first: int) -> Iterator[bytes]:
        each, sector, seen = self._size // 64, first, 0
        while sector < _LAST_SECTOR and sector // each < len(self._small) and seen <= len(self._small) * each:
            yield self._at((self._small[sector // each] + 1) * self._size + sector % each * 64, 64)
            place, index = divmod(sector, self._size // 4)
            if place >= len(self._small_table):
                return
            sector, seen = _number(self._sector(self._small_table[place]), 4 * index), seen + 1

    def _chain(self, sector: int) -> Iterator[int]:
        """Yield the sectors that follow one another; a circle ends after as many as there are."""
        left = self._number
        while sector < _LAST_SECTOR and left > 0:
            yield sector
            sector, left = self._following(sector), left - 1

    def _following(self, sector: int) -> int:
        place, index = divmod(sector, self._size // 4)
        if self._table[0] != place:
            self._level.check()
            where = self._table_sector(place)
            self._table = (place, self._sector(where) if where < _LAST_SECTOR else b"")
        return _number(self._table[1], 4 * index) if self._table[1] else _NONE

    def _table_sector(self, place: int) -> int:
        """Return the sector in which that part of the table of sectors is."""
        if place < _IN_HEADER:
            return _number(self._header, 76 + 4 * place)
        if self._extra is None:
            self._extra = []
            sector = _number(self._header, 68)
            for _ in range(_number(self._header, 72)):
                data = self._sector(sector) if sector < _LAST_SECTOR else b""
                if len(data) < self._size or len(self._extra) > self._number:
                    break
                self._extra.extend(_number(data, start) for start in range(0, self._size - 4, 4))
                sector = _number(data, self._size - 4)
        place -= _IN_HEADER
        return self._extra[place] if place < len(self._extra) else _NONE

    def _sector(self, number: int) -> bytes:
        return self._at((number + 1) * self._size, self._size)


def _paths(entries: list[_StreamEntry]) -> dict[int, str]:
    """Return the path of each entry that the tree reaches from its root."""
    paths: dict[int, str] = {}
    left = [(entry.child, "") for entry in entries if entry.kind == _ROOT][:1]
    while left:
        number, before = left.pop()
        if number < len(entries) and number not in paths:
            entry = entries[number]
            paths[number] = before + text(entry.name.encode("utf-8", "backslashreplace"))
            left += [(entry.left, before), (entry.right, before)]
            if entry.kind == _STORAGE:
                left.append((entry.child, paths[number] + "/"))
    return paths


def _number(data: bytes, start: int, size: int = 4) -> int:
    part = data[start : start + size]
    return int.from_bytes(part, "little") if len(part) == size else _NONE
