"""Inflate within bounds: never more memory than declared, and never a result of another size.

https://python-isal.readthedocs.io: igzip is about three times as fast as zlib, and checks a stream's Adler-32 as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dulwich.errors import ApplyDeltaError
from isal.igzip_lib import DECOMP_ZLIB, MAX_HIST_BITS, IgzipDecompressor, IsalError, decompress
from isal.isal_zlib import crc32

from akpatrol.errors import GitError
from akpatrol.sources.git.packs.raw_object import HUGE_BYTES

try:
    # The compiled function alone: dulwich.pack would take 50 ms to import.
    from dulwich._pack import apply_delta
except ImportError:
    from dulwich.pack import apply_delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from isal.igzip_lib import IgzipDecompressor as Decompressor

__all__ = ["BrokenObjectError", "HugeObjectError", "crc32", "inflate", "patched", "prefix", "stream"]

# Deflate makes at most 258 bytes of 2 bits (RFC 1951), and a stream of a few bytes can be empty.
_LARGEST_RATIO = 1032
_ONE_SHOT_BYTES = 16 << 10
_BLOCK_BYTES = 1 << 20
_MOST_BITS = 63
# The stub has an instance where the module has the class.
_StreamError = cast("type[Exception]", IsalError)


class BrokenObjectError(GitError):
    """These bytes do not match their header, checksum or size."""


class HugeObjectError(GitError):
    """The whole object would take more memory than an object may."""


def inflate(data: memoryview, size: int) -> bytes:
    """Return the ``size`` bytes that a zlib stream holds. Raises BrokenObjectError."""
    if size > len(data) * _LARGEST_RATIO:
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


def patched(base: bytes, delta: bytes) -> bytes:
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
    if size > HUGE_BYTES:
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


def stream(data: memoryview) -> tuple[Callable[[int], bytes], Decompressor]:
    """Return a ``read(n)`` of a zlib stream and its decompressor, whose ``eof`` means a complete, checked stream.

    A broken stream ends early.
    """
    decompressor = IgzipDecompressor(DECOMP_ZLIB, MAX_HIST_BITS)
    position = 0

    def read(number: int) -> bytes:
        nonlocal position
        parts, left = [], number
        while left and not decompressor.eof:
            block = data[position : position + _BLOCK_BYTES] if decompressor.needs_input else b""
            position += len(block)
            if decompressor.needs_input and not block:
                break
            try:
                part = decompressor.decompress(block, left)
            except _StreamError:
                position = len(data)
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    return read, decompressor
