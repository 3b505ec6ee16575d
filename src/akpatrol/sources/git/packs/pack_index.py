"""A pack's index: which objects are in the pack, and where. https://git-scm.com/docs/gitformat-pack#_pack_idx_files."""

from __future__ import annotations

import hashlib
import mmap
import sys
from array import array
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.regular_file import opened

if TYPE_CHECKING:
    from collections.abc import Iterable

_FAN_OUT_BYTES = 1024
_VERSION_2 = b"\xfftOc\0\0\0\2"
_MARK = 1 << 31
_SHA_1_BYTES = 20


class PackIndex:
    """Ids in ascending order, with the offsets and, in version 2, the CRC-32 of the entries that hold them.

    ``intact`` says whether the index's own checksum is right, ``astray`` how many of the entries refer to an offset
    that the table of 64-bit offsets does not have. Raises OSError, and GitError unless it is an index of
    version 1 or 2.
    """

    def __init__(self, path: bytes, id_bytes: int) -> None:
        with opened(path) as file:
            # The file can be removed meanwhile; what is mapped stays.
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.read(1) else b""
        self.id_bytes = id_bytes
        self.offsets = array("Q")
        self.crcs = array("I")
        self.astray = 0
        second = self._data[:8] == _VERSION_2
        start = 8 if second else 0
        if len(self._data) < start + _FAN_OUT_BYTES or (not second and self._data[:4] == _VERSION_2[:4]):
            raise GitError("index is cut short or of an unknown version")
        self.fan_out = (0, *_words(self._data[start : start + _FAN_OUT_BYTES]))
        self.number = self.fan_out[-1]
        if sorted(self.fan_out) != list(self.fan_out) or len(self.fan_out) != 257:  # noqa: PLR2004 - 0 to 256
            raise GitError("index has a corrupt fan-out table")
        # git does not look; but an id that changed its name is found nowhere else.
        covered = memoryview(self._data)[: len(self._data) - id_bytes]
        algorithm = "sha1" if id_bytes == _SHA_1_BYTES else "sha256"
        self.intact = hashlib.new(algorithm, covered, usedforsecurity=False).digest() == self._data[-id_bytes:]
        if second:
            self._read_second()
        else:
            self._read_first()

    def content(self) -> mmap.mmap | bytes:
        """Return the file's bytes."""
        return self._data

    def is_of(self, pack: mmap.mmap | bytes) -> bool:
        """Return whether this is the index of a pack: it names the number of its objects and its checksum."""
        width = self.id_bytes
        objects = int.from_bytes(pack[8:12], "big")
        return objects == self.number and pack[-width:] == self._data[-2 * width : -width]

    def id(self, position: int) -> bytes:
        """Return one id, in binary."""
        start = self._ids + position * self._stride
        return self._data[start : start + self.id_bytes]

    def ids(self, first: int, stop: int) -> list[bytes]:
        """Return some ids, in binary."""
        data, step, width = self._data, self._stride, self.id_bytes
        places = range(self._ids + first * step, self._ids + stop * step, step)
        return [data[place : place + width] for place in places]

    def joined(self, positions: Iterable[int]) -> bytes:
        """Return the ids at these positions, in binary and concatenated."""
        data, start, step, width = self._data, self._ids, self._stride, self.id_bytes
        places = [start + step * position for position in positions]
        return b"".join([data[place : place + width] for place in places])

    def find(self, id_: bytes) -> int:
        """Return an id's position, -1 when it is not here."""
        low, high = self.fan_out[id_[0]], self.fan_out[id_[0] + 1]
        while low < high:
            middle = (low + high) // 2
            if self.id(middle) < id_:
                low = middle + 1
            else:
                high = middle
        return low if low < self.number and self.id(low) == id_ else -1

    def _read_first(self) -> None:
        self._stride = 4 + self.id_bytes
        self._ids = _FAN_OUT_BYTES + 4
        end = _FAN_OUT_BYTES + self.number * self._stride
        if len(self._data) != end + 2 * self.id_bytes:
            raise GitError("index has the wrong size")
        self.offsets = array("Q", _words(self._data[_FAN_OUT_BYTES:end])[:: self._stride // 4])

    def _read_second(self) -> None:
        self._stride = self.id_bytes
        self._ids = 8 + _FAN_OUT_BYTES
        crcs = self._ids + self.number * self.id_bytes
        offsets = crcs + self.number * 4
        large = offsets + self.number * 4
        surplus = len(self._data) - large - 2 * self.id_bytes
        if surplus < 0 or surplus % 8 or surplus > 8 * self.number:
            raise GitError("index has the wrong size")
        self.crcs = _words(self._data[crcs:offsets])
        small = _words(self._data[offsets:large])
        wide = array("Q", self._data[large : large + surplus])
        if sys.byteorder == "little":
            wide.byteswap()
        self.astray = sum(n >= _MARK + len(wide) for n in small)
        if not (wide or self.astray):
            self.offsets = array("Q", small)
            return
        # An entry out of the table is at 0, where no pack has one.
        last = len(wide) - 1
        self.offsets = array("Q", (n if n < _MARK else wide[n - _MARK] if n - _MARK <= last else 0 for n in small))


def _words(data: bytes) -> array[int]:
    """Return 32-bit numbers in network byte order."""
    words = array("I", data)
    if sys.byteorder == "little":
        words.byteswap()
    return words
