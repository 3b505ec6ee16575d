"""Decompressors with one interface: each takes a stream in small parts and returns it expanded in bounded pieces."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from akpatrol.unwrap.containers.member import PIECE_BYTES, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

# An error loses what the decompressor made of the part that it was given: small parts lose little, and cost little.
PART_BYTES = 8 << 10
_WINDOW_LOG = 27
MEMORY_BYTES = 1 << _WINDOW_LOG
# The window and the format for zlib: bare deflate, in zlib's own frame, or in gzip (zlib.h, inflateInit2).
RAW, ZLIB, GZIP = -15, 15, 31


class Decompressor(Protocol):
    """A decompressor object as in the standard library."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return the expansion of ``data`` and the data before it, at most ``max_length`` bytes."""

    @property
    def eof(self) -> bool:
        """Whether the stream's own end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more can be returned without further data."""

    @property
    def unused_data(self) -> bytes:
        """The data after the stream's end."""


class _Deflate(Protocol):
    """A decompressor object of zlib and isal, with the older interface."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...


class _Inflater:
    """Deflate (RFC 1951), bare or as gzip (RFC 1952), through isal: two and a half times as fast as zlib."""

    def __init__(self, form: int) -> None:
        self._object = _deflate(form)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most ``max_length`` bytes."""
        data = self._object.decompress(self._object.unconsumed_tail + data, max_length)
        self.needs_input = len(data) < max_length and not self._object.unconsumed_tail
        return data

    @property
    def eof(self) -> bool:
        """Whether the stream's own end was reached."""
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        """The data after the stream's end."""
        return self._object.unused_data


def _deflate(form: int) -> _Deflate:
    try:
        from isal.isal_zlib import decompressobj  # noqa: PLC0415 - only where something is compressed
    except ImportError:  # isal is not available for every machine
        import zlib  # noqa: PLC0415 - the same

        return zlib.decompressobj(form)
    return decompressobj(form)


def inflater() -> Decompressor:
    """Return a decompressor for bare deflate."""
    return _Inflater(RAW)


def unzlibber() -> Decompressor:
    """Return a decompressor for one zlib stream (RFC 1950)."""
    return _Inflater(ZLIB)


def gunzipper() -> Decompressor:
    """Return a decompressor for one gzip member."""
    return _Inflater(GZIP)


def bunzipper() -> Decompressor:
    """Return a decompressor for one bzip2 stream."""
    from bz2 import BZ2Decompressor  # noqa: PLC0415 - only where something is compressed

    return BZ2Decompressor()


def unxzer() -> Decompressor:
    """Return a decompressor for one xz stream."""
    from lzma import FORMAT_XZ, LZMADecompressor  # noqa: PLC0415 - only where something is compressed

    return LZMADecompressor(FORMAT_XZ, memlimit=MEMORY_BYTES)


def unlzmaer() -> Decompressor:
    """Return a decompressor for one .lzma stream, with its 13 bytes of header."""
    from lzma import FORMAT_ALONE, LZMADecompressor  # noqa: PLC0415 - only where something is compressed

    return LZMADecompressor(FORMAT_ALONE, memlimit=MEMORY_BYTES)


def unzstder() -> Decompressor:
    """Return a decompressor for one zstd frame; it passes over a skippable frame (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - only where something is compressed
    else:
        from backports import zstd  # noqa: PLC0415 - only where something is compressed

    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def expanded(source: ContainerBytes, level: Level, decompressor: Decompressor, head: bytes = b"") -> Iterator[bytes]:
    """Expand one stream and leave ``source`` at the first byte after it. ``head`` is read before the source.

    Raises Unreadable where the stream is damaged, cut off, or needs too much memory; OverLimit; and OSError.
    """
    part = source.read(PART_BYTES)
    while True:
        start = source.offset - len(part)
        try:
            piece = decompressor.decompress(head + part, PIECE_BYTES)
        except MemoryError:
            raise Unreadable("expanding it takes too much memory") from None
        except Exception as error:  # noqa: BLE001 - each library raises its own, and only the data can be wrong
            # The next member may begin in this part.
            source.unread(len(part))
            raise Unreadable(_damage(str(error), start)) from None
        if piece:
            level.spend(len(piece))
            yield piece
        if decompressor.eof:
            source.unread(len(decompressor.unused_data))
            return
        head = part = b""
        if decompressor.needs_input:
            part = source.read(PART_BYTES)
            if not part:
                raise Unreadable(f"truncated at byte {source.offset}")
        elif not piece:
            raise Unreadable(_damage("", start))


def whole(data: bytes, level: Level, decompressor: Decompressor, most: int) -> bytes:
    """Return the expansion of a block in memory, at most ``most`` bytes. Raises Unreadable and OverLimit."""
    pieces: list[bytes] = []
    size = 0
    while not decompressor.eof:
        try:
            piece = decompressor.decompress(data, PIECE_BYTES)
        except Exception as error:
            raise Unreadable("damaged") from error
        data = b""
        if not piece and not decompressor.eof:
            raise Unreadable("damaged")
        size += len(piece)
        level.spend(len(piece))
        if size > most:
            raise Unreadable(f"a block expands to more than {most >> 20} MiB")
        pieces.append(piece)
    return b"".join(pieces)


def _damage(error: str, offset: int) -> str:
    if "emory" in error:  # liblzma's "Memory usage limit exceeded", libzstd's "Frame requires too much memory"
        return f"expanding it takes more than {MEMORY_BYTES >> 20} MiB of memory"
    return f"damaged near byte {offset}"
