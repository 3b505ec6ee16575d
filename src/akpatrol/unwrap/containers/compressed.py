"""Files that are compressed as one whole: gzip, bzip2, xz, zstd, lzma, lzip, zlib.

Each may be several streams, one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.member import Flaw, Member, Unreadable, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Final

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.decompress import Decompressor

_DECOMPRESSORS: Final[dict[str, Callable[[], Decompressor]]] = {
    "gzip": decompress.gunzipper,
    "bzip2": decompress.bunzipper,
    "xz": decompress.unxzer,
    "zstd": decompress.unzstder,
    "lzma": decompress.unlzmaer,
    "lzip": decompress.unlzmaer,
    "zlib": decompress.unzlibber,
}
_ZEROS = bytes(64 << 10)
_HEADER_BYTES = 64 << 10
_BEGINNING = 512
_FEXTRA, _FNAME = 4, 8
# lzip's own header and trailer (RFC draft-diaz-lzip, 2), round what .lzma has behind a header of its own: lc 3, lp 0,
# pb 2 as a byte, the dictionary's size, and a size that is not known.
_LZIP_HEADER, _LZIP_TRAILER = 6, 20
_LZMA_PROPERTIES, _LZMA_UNKNOWN = b"\x5d", b"\xff" * 8


def members(
    source: ContainerBytes, level: Level, kind: str, begins: Callable[[bytes], str | None]
) -> Iterator[Member | Flaw]:
    """Yield the one member: what all streams of ``kind`` from here on say. ``begins`` tells the kind of what follows.

    A gzip's original name is in its label. What follows the last stream is a flaw unless it is zeros, as on tapes.
    """
    level.member()
    name = _original_name(source.peek(_HEADER_BYTES)) if kind == "gzip" else b""
    streams = _Streams(source, level, kind, begins)
    yield Member(f"{kind}:{text(name)}" if name else kind, (name,) if name else (), iter(streams))
    if streams.beyond is not None:
        yield Flaw(f"what follows its end at byte {streams.beyond} is not {kind}")


class _Streams:
    """The streams' bytes; ``beyond`` is where something else follows them."""

    def __init__(self, source: ContainerBytes, level: Level, kind: str, begins: Callable[[bytes], str | None]) -> None:
        self._source = source
        self._level = level
        self._kind = kind
        self._begins = begins
        self.beyond: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        while True:
            head = _lzma_header(self._source.read(_LZIP_HEADER)) if self._kind == "lzip" else b""
            yield from decompress.expanded(self._source, self._level, _DECOMPRESSORS[self._kind](), head)
            self._level.check()
            if self._kind == "lzip" and len(self._source.read(_LZIP_TRAILER)) < _LZIP_TRAILER:
                raise Unreadable(f"truncated at byte {self._source.offset}")
            if self._begins(self._source.peek(_BEGINNING)) == self._kind:
                continue
            end = self._source.offset
            if self._only_zeros():
                return
            # Streams may be padded in between too (xz file format 1.2, section 2.2).
            if self._begins(self._source.peek(_BEGINNING)) != self._kind:
                self.beyond = end
                return

    def _only_zeros(self) -> bool:
        """Go past zeros; return whether that is the end."""
        while data := self._source.read(len(_ZEROS)):
            if data != _ZEROS[: len(data)]:
                self._source.unread(len(data.lstrip(b"\0")))
                return False
            self._level.check()
        return True


def _lzma_header(header: bytes) -> bytes:
    """Return the header that .lzma has for what follows this one of lzip."""
    coded = header[-1]
    size = 1 << (coded & 0x1F)
    dictionary = size - size // 16 * (coded >> 5)
    return _LZMA_PROPERTIES + (dictionary & 0xFFFFFFFF).to_bytes(4, "little") + _LZMA_UNKNOWN


def _original_name(header: bytes) -> bytes:
    """Return the name in a gzip header (RFC 1952, 2.3), empty if there is none or it does not end in these bytes."""
    if len(header) < 12 or not header[3] & _FNAME:  # noqa: PLR2004 - ten fixed bytes and two of extra length
        return b""
    start = 10
    if header[3] & _FEXTRA:
        start += 2 + int.from_bytes(header[10:12], "little")
    end = header.find(b"\0", start)
    return header[start:end] if end >= 0 else b""
