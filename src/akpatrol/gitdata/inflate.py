"""Inflate within bounds: never more memory than declared, and never a result of another size.

https://python-isal.readthedocs.io: igzip is about three times as fast as zlib, and checks a stream's Adler-32 as well.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, cast

from dulwich.errors import ApplyDeltaError
from isal.igzip_lib import DECOMP_ZLIB, MAX_HIST_BITS, IgzipDecompressor, IsalError, decompress
from isal.isal_zlib import crc32

from akpatrol.errors import GitError
from akpatrol.gitdata.raw_object import HUGE_BYTES

try:
    # The compiled function alone: dulwich.pack would take 50 ms to import.
    from dulwich._pack import apply_delta
except ImportError:
    from dulwich.pack import apply_delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from isal.igzip_lib import IgzipDecompressor as Decompressor

    from akpatrol.gitdata.pack_bytes import PackBytes

__all__ = [
    "LARGEST_RATIO",
    "BrokenObjectError",
    "CutShortError",
    "HugeObjectError",
    "crc32",
    "end_of_stream",
    "inflate",
    "patched",
    "prefix",
    "stream",
]

# Deflate makes at most 258 bytes of 2 bits (RFC 1951), and a stream of a few bytes can be empty.
LARGEST_RATIO = 1032
_ONE_SHOT_BYTES = 16 << 10
_BLOCK_BYTES = 1 << 20
_PART_BYTES = 64 << 10
_ZLIB_BYTES = 4 << 10
_MOST_BITS = 63
# The stub has an instance where the module has the class.
_StreamError = cast("type[Exception]", IsalError)


class BrokenObjectError(GitError):
    """These bytes do not match their header, checksum or size."""


class CutShortError(BrokenObjectError):
    """The bytes end before the object does."""


class HugeObjectError(GitError):
    """The whole object would take more memory than an object may."""


def inflate(data: memoryview | bytes, size: int) -> bytes:
    """Return the ``size`` bytes that a zlib stream holds. Raises BrokenObjectError."""
    if size > len(data) * LARGEST_RATIO:
        raise BrokenObjectError("object larger than its stream can hold")
    try:
        if len(data) <= _ONE_SHOT_BYTES:
            content = decompress(data, DECOMP_ZLIB, MAX_HIST_BITS, size or 1)
        else:
            decompressor = IgzipDecompressor(DECOMP_ZLIB, MAX_HIST_BITS)
            content = decompressor.decompress(data, size + 1)
            if not decompressor.eof:
                raise BrokenObjectError("data after the end of an object's stream")
    except _StreamError as error:
        raise BrokenObjectError(f"corrupt object stream: {error}") from None
    if len(content) != size:
        raise BrokenObjectError("object size does not match its header")
    return content


def patched(base: bytes, delta: bytes, huge: int | None = None) -> bytes:
    """Apply a delta to its base. Raises BrokenObjectError, and HugeObjectError before taking the memory."""
    # https://git-scm.com/docs/gitformat-pack#_deltified_representation: size of the base, size of the result.
    try:
        position = 1
        while delta[position - 1] > 127:  # noqa: PLR2004 - the highest bit says that more follow
            position += 1
        byte = delta[position]
        size, shift = byte & 127, 7
        while byte > 127 and shift < _MOST_BITS:  # noqa: PLR2004
            position += 1
            byte = delta[position]
            size |= (byte & 127) << shift
            shift += 7
    except IndexError:
        raise BrokenObjectError("delta is cut short") from None
    if size > (HUGE_BYTES if huge is None else huge):
        raise HugeObjectError("delta builds a huge object")
    try:
        return b"".join(apply_delta(base, delta))
    except (ApplyDeltaError, ValueError, IndexError, AssertionError) as error:
        raise BrokenObjectError(f"corrupt delta: {error}") from None


def prefix(data: memoryview | bytes, size: int) -> bytes:
    """Return the first ``size`` bytes that a zlib stream holds, fewer when it breaks or ends before. Does not raise."""
    try:
        return IgzipDecompressor(DECOMP_ZLIB, MAX_HIST_BITS).decompress(data, size)
    except _StreamError:
        return b""


def end_of_stream(data: PackBytes, start: int, size: int) -> int:
    """Return where the zlib stream of ``size`` bytes that begins at ``start`` ends. Raises BrokenObjectError."""
    # What does not compress grows by a five thousandth, in blocks of at least a few bytes (RFC 1951, 3.2.4).
    likely = size + (size >> 8) + 64
    if size <= _ZLIB_BYTES:
        # zlib is the faster one to start, isal the faster one to run.
        part, inflater = data[start : start + likely], zlib.decompressobj()
        try:
            made = len(inflater.decompress(part, size + 1))
        except zlib.error as error:
            raise BrokenObjectError(f"corrupt object stream: {error}") from None
        if inflater.eof and made == size:
            return start + len(part) - len(inflater.unused_data)
    decompressor = IgzipDecompressor(DECOMP_ZLIB, MAX_HIST_BITS)
    position, made = start, 0
    while not decompressor.eof:
        part = data[position : position + min(likely, _PART_BYTES)] if decompressor.needs_input else b""
        if decompressor.needs_input and not part:
            raise CutShortError("object stream is cut short")
        position += len(part)
        try:
            made += len(decompressor.decompress(part, min(_BLOCK_BYTES, size + 1 - made)))
        except _StreamError as error:
            raise BrokenObjectError(f"corrupt object stream: {error}") from None
        if made > size:
            break
    if made != size:
        raise BrokenObjectError("object size does not match its header")
    return position - len(decompressor.unused_data)


def stream(data: PackBytes, start: int, stop: int) -> tuple[Callable[[int], bytes], Decompressor]:
    """Return a ``read(n)`` of the zlib stream in ``data[start:stop]``, and its decompressor.

    The decompressor's ``eof`` means a complete, checked stream. A broken stream ends early.
    """
    decompressor = IgzipDecompressor(DECOMP_ZLIB, MAX_HIST_BITS)
    position = start

    def read(number: int) -> bytes:
        nonlocal position
        parts, left = [], number
        while left and not decompressor.eof:
            block = data[position : min(stop, position + _BLOCK_BYTES)] if decompressor.needs_input else b""
            position += len(block)
            if decompressor.needs_input and not block:
                break
            try:
                part = decompressor.decompress(block, left)
            except _StreamError:
                position = stop
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    return read, decompressor
