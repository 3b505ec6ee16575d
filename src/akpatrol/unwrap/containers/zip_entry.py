"""Read one entry of a zip: its headers and its data (PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.member import PIECE_BYTES, Unreadable, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.decompress import Decompressor

# General purpose bit flag, 4.4.4: encrypted, sizes follow the data, strongly encrypted; lzma ends by a marker.
_ENCRYPTED = 1 | 1 << 6
SIZES_FOLLOW = 1 << 3
_LZMA_MARKED = 1 << 1
_STORED, _LZMA, _AES = 0, 14, 99
_SATURATED = 0xFFFFFFFF
_ZIP64 = 1
# Compression methods, 4.4.5.
_METHODS: Final[dict[int, Callable[[], Decompressor]]] = {
    8: decompress.inflater,
    12: decompress.bunzipper,
    20: decompress.unzstder,
    93: decompress.unzstder,
    95: decompress.unxzer,
}
_UNREAD = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    10: "DCL implode",
    94: "mp3",
    96: "jpeg",
    97: "wavpack",
    98: "ppmd",
}


class ZipEntry(NamedTuple):
    """The header of one entry; sizes, and the ``offset`` of its local header, are in bytes.

    ``crc`` is None where it is not known yet when the header is written.
    """

    name: bytes
    flags: int
    method: int
    crc: int | None
    compressed: int
    size: int
    offset: int

    @property
    def label(self) -> str:
        """The name of the member in reports."""
        return f"zip:{text(self.name)}"

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory; one with content is read as a file."""
        return self.name.endswith(b"/") and not self.size and self.compressed <= 2  # noqa: PLR2004 - deflated nothing

    @property
    def flaw(self) -> str | None:
        """The reason why the entry cannot be read, None if it can."""
        if self.flags & _ENCRYPTED or self.method == _AES:
            return "encrypted"
        if self.method in (_STORED, _LZMA) or self.method in _METHODS:
            return None
        name = _UNREAD.get(self.method)
        return f"compressed by {name}, which is not read" if name else f"compression method {self.method} is not read"


def wide(entry: ZipEntry, extra: bytes) -> ZipEntry:
    """Return the entry with the values that did not fit its header, from the zip64 field in ``extra`` (4.5.3)."""
    position = 0
    while position + 4 <= len(extra):
        kind = int.from_bytes(extra[position : position + 2], "little")
        end = position + 4 + int.from_bytes(extra[position + 2 : position + 4], "little")
        if kind == _ZIP64:
            numbers = [int.from_bytes(extra[at : at + 8], "little") for at in range(position + 4, end - 7, 8)]
            # Only saturated values are there, in this order.
            fitted = [
                numbers.pop(0) if value == _SATURATED and numbers else value
                for value in (entry.size, entry.compressed, entry.offset)
            ]
            return entry._replace(size=fitted[0], compressed=fitted[1], offset=fitted[2])
        position = end
    return entry


class Data:
    """The bytes of an entry whose compressed data comes next in ``source``.

    ``size`` and ``crc`` are those of the bytes so far, ``done`` says that the data ended by itself. Iterating raises
    Unreadable, also where the checksum does not hold, OverLimit and OSError.
    """

    def __init__(self, source: ContainerBytes, level: Level, entry: ZipEntry) -> None:
        self._source = source
        self._level = level
        self._entry = entry
        self.size = 0
        self.crc = 0
        self.done = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces():
            self.crc = zlib.crc32(piece, self.crc)
            self.size += len(piece)
            yield piece
        self.done = True
        if self._entry.crc is not None and self._entry.crc != self.crc:
            raise Unreadable("damaged: its checksum does not hold")

    def _pieces(self) -> Iterator[bytes]:
        if self._entry.method == _STORED:
            return self._stored()
        if self._entry.method == _LZMA:
            return self._lzma()
        return decompress.expanded(self._source, self._level, _METHODS[self._entry.method]())

    def _stored(self) -> Iterator[bytes]:
        left = self._entry.compressed
        while left > 0:
            piece = self._source.read(min(left, PIECE_BYTES))
            if not piece:
                raise Unreadable(f"truncated at byte {self._source.offset}")
            left -= len(piece)
            # Entries may overlap, so that data that is stored once comes many times.
            self._level.spend(len(piece))
            yield piece

    def _lzma(self) -> Iterator[bytes]:
        """Read the zip's lzma header (5.8.8), which has no size, and pass the decompressor one that has it."""
        header = self._source.read(9)
        size = b"\xff" * 8 if self._entry.flags & _LZMA_MARKED else self._entry.size.to_bytes(8, "little")
        if len(header) < 9 or header[2:4] != b"\5\0":  # noqa: PLR2004 - two of version, two of length, five
            raise Unreadable(f"damaged near byte {self._source.offset}")
        return decompress.expanded(self._source, self._level, decompress.unlzmaer(), header[4:] + size)
