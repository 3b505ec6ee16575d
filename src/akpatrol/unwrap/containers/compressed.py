"""Open files that are compressed as a whole: gzip, bzip2, xz, zstd, lzma, lzip, zlib.

Each may consist of several streams, one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.confirm import is_binary
from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member, Unreadable, text
from akpatrol.unwrap.containers.recognise import kind_of

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
_HEADER_BYTES = 64 << 10
_BEGINNING = 512
_FEXTRA, _FNAME = 4, 8
# lzip's header and trailer (RFC draft-diaz-lzip, 2) enclose the data that .lzma has after a header of its own: lc 3,
# lp 0 and pb 2 as a byte, the dictionary's size, and an unknown size.
_LZIP_HEADER, _LZIP_TRAILER = 6, 20
_LZMA_PROPERTIES, _LZMA_UNKNOWN = b"\x5d", b"\xff" * 8


def is_zlib(data: bytes) -> bool:
    """Return whether ``data``, which begins like a zlib stream, expands."""
    if not is_binary(data) and data[:_BEGINNING].isascii():
        return False  # x^2, say
    decompressor = decompress.unzlibber()
    try:
        expanded = decompressor.decompress(data[:_BEGINNING], 1024)
    except Exception:  # noqa: BLE001 - each library raises its own
        return False
    return decompressor.eof or len(expanded) >= 16  # noqa: PLR2004 - no coincidence


def is_lzma(data: bytes) -> bool:
    """Check the header as file(1) and liblzma do: the dictionary size is a usual one, the size is plausible."""
    dictionary = int.from_bytes(data[1:5], "little")
    size = int.from_bytes(data[5:13], "little")
    usual = any(dictionary in (1 << bits, 3 << bits - 1) for bits in range(12, 32))
    return len(data) > 13 and usual and data[13] == 0 and (size == (1 << 64) - 1 or size < 1 << 38)  # noqa: PLR2004 - the header


def members(
    source: ContainerBytes, level: Level, decompressor: Callable[[], Decompressor] | None = None
) -> Iterator[Member | Flaw]:
    """Yield the one member: the expanded streams of the source's kind, by this ``decompressor`` or the kind's own.

    A gzip's original name is in its label. Data after the last stream is a flaw unless it is zeros, as on tapes.
    """
    level.member()
    kind = source.kind
    name = _original_name(source.peek(_HEADER_BYTES)) if kind == "gzip" else b""
    streams = _Streams(source, level, decompressor or _DECOMPRESSORS[kind])
    yield Member(f"{kind}:{text(name)}" if name else kind, (name,) if name else (), iter(streams))
    if streams.beyond is not None:
        yield Flaw(f"{AFTER_END} at byte {streams.beyond} is not {kind}")


class _Streams:
    """The expanded bytes of the streams; ``beyond`` is the offset of other data after them."""

    def __init__(self, source: ContainerBytes, level: Level, decompressor: Callable[[], Decompressor]) -> None:
        self._source = source
        self._level = level
        self._kind = source.kind
        self._decompressor = decompressor
        self.beyond: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        while True:
            head = _lzma_header(self._source.read(_LZIP_HEADER)) if self._kind == "lzip" else b""
            yield from decompress.expanded(self._source, self._level, self._decompressor(), head)
            self._level.check()
            if self._kind == "lzip" and len(self._source.read(_LZIP_TRAILER)) < _LZIP_TRAILER:
                raise Unreadable(f"truncated at byte {self._source.offset}")
            if kind_of(self._source.peek(_BEGINNING)) == self._kind:
                continue
            end = self._source.offset
            if self._source.skip_zeros():
                return
            # There may be padding between streams too (xz file format 1.2, section 2.2).
            if kind_of(self._source.peek(_BEGINNING)) != self._kind:
                self.beyond = end
                return


def _lzma_header(header: bytes) -> bytes:
    """Return the .lzma header for the data that follows this header of lzip."""
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
