"""Inflates every object of a git directory as it is stored, one after another, and drops what comes out.

    python -m bench.floor GIT_DIR

The least that whoever reads a whole history from its packs has to do: deltas stay deltas, nothing is looked at.
"""

from __future__ import annotations

import mmap
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Iterator

_FANOUT = 8 + 1024  # bytes of a version 2 index before its names
_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_LARGE = 1 << 31


def main() -> None:
    """Print how many streams there were, and their bytes."""
    directory = Path(sys.argv[1])
    sizes = [size for source in (_packed, _loose) for size in source(directory)]
    print(len(sizes), sum(sizes))


def _packed(directory: Path) -> Iterator[int]:
    width = 32 if b"sha256" in _git(directory, "rev-parse", "--show-object-format") else 20
    for index in directory.glob("objects/pack/*.idx"):
        with index.with_suffix(".pack").open("rb") as file:
            pack = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        for start, end in pairwise([*_offsets(index.read_bytes(), width), len(pack) - width]):
            at, size = _content(pack, start, width)
            yield len(isal_zlib.decompress(pack[at:end], bufsize=max(size, 1)))


def _offsets(index: bytes, width: int) -> list[int]:
    (number,) = struct.unpack_from(">L", index, _FANOUT - 4)
    small = _FANOUT + number * (width + 4)
    large = small + 4 * number
    offsets = struct.unpack_from(f">{number}L", index, small)
    return sorted(
        struct.unpack_from(">Q", index, large + 8 * (offset - _LARGE))[0] if offset >= _LARGE else offset
        for offset in offsets
    )


def _content(pack: memoryview, at: int, width: int) -> tuple[int, int]:
    """Return where the entry's stream starts, and its inflated size."""
    byte = pack[at]
    kind, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 128:
        at += 1
        byte = pack[at]
        size |= (byte & 127) << shift
        shift += 7
    at += 1
    if kind == _NAMED_DELTA:
        return at + width, size
    if kind == _OFFSET_DELTA:
        while pack[at] & 128:
            at += 1
        at += 1
    return at, size


def _loose(directory: Path) -> Iterator[int]:
    for path in directory.glob("objects/??/*"):
        yield len(isal_zlib.decompress(path.read_bytes()))


def _git(directory: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", directory, *arguments], check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
