"""Loose objects: a zlib stream of ``<type> SP <size> NUL <content>`` in a file named by the id.

https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
from typing import TYPE_CHECKING

from akpatrol.gitdata.inflate import BrokenObjectError, inflate, prefix, stream
from akpatrol.gitdata.raw_object import HUGE_BYTES, RawObject
from akpatrol.sources.regular_file import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_HEADER = re.compile(rb"(blob|tree|commit|tag) (0|[1-9][0-9]{0,18})\0")
_LONGEST_HEADER = 32
_HEAD_BYTES = 4096
_SHA_1_DIGITS = 40


class Loose:
    """Yields the loose objects with these ids; ``left`` has the ids that it could not read."""

    def __init__(self, directory: bytes, ids: Sequence[str]) -> None:
        self._directory = directory
        self._ids = ids
        self._left: list[str] = []

    def left(self) -> list[str]:
        """Return the ids that were not read."""
        return self._left

    def __iter__(self) -> Iterator[RawObject]:
        """Yield the objects."""
        for id_ in self._ids:
            try:
                yield from self._object(id_)
            except (OSError, BrokenObjectError):
                self._left.append(id_)

    def _object(self, id_: str) -> Iterator[RawObject]:
        path = os.path.join(self._directory, id_[:2].encode(), id_[2:].encode())
        with opened(path) as file:
            if not os.fstat(file.fileno()).st_size:
                raise BrokenObjectError("empty loose object file")
            stored = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        view = memoryview(stored)
        header = _HEADER.match(prefix(view[:_HEAD_BYTES], _LONGEST_HEADER))
        if not header:
            raise BrokenObjectError("corrupt loose object header")
        type_, size = header[1].decode(), int(header[2])
        hashed = hashlib.new("sha1" if len(id_) == _SHA_1_DIGITS else "sha256", header[0], usedforsecurity=False)
        if size <= HUGE_BYTES:
            content = inflate(view, header.end() + size)[header.end() :]
            hashed.update(content)
            if hashed.hexdigest() != id_:
                # git does not check this; but the object with this id exists nowhere else.
                raise BrokenObjectError("loose object does not match its id")
            yield RawObject(id_, type_, size, content, None, len(view))
            return
        read, state = stream(view, 0, len(view))
        read(header.end())
        bounded = _Bounded(read, size, hashed.update)
        yield RawObject(id_, type_, size, None, bounded.read, len(view))
        bounded.drain()
        read(1)
        if bounded.left or not state.eof or hashed.hexdigest() != id_:
            raise BrokenObjectError("corrupt loose object stream")


class _Bounded:
    """The bytes that a stream may still yield."""

    def __init__(self, read: Callable[[int], bytes], size: int, learn: Callable[[bytes], None]) -> None:
        self._read = read
        self._learn = learn
        self.left = size

    def read(self, number: int) -> bytes:
        data = self._read(min(number, self.left))
        self.left -= len(data)
        self._learn(data)
        return data

    def drain(self) -> None:
        while self.left and self.read(min(self.left, 1 << 20)):
            pass
