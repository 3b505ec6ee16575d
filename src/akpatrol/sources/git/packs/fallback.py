"""Read through git objects that could not be read directly; git may find another copy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from akpatrol.gitdata.raw_object import RawObject
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git

_SHA_1_DIGITS = 40


def read(git: Git, ids: Sequence[str]) -> Iterator[RawObject | Skipped]:
    """Yield the objects with these ids through ``git cat-file``.

    git does not compare content and id when it reads a pack. Here something is already wrong, so it is checked:
    content with another id is yielded, because git would show it, and reported.
    """
    for item in catfile.objects(git, ids) if ids else ():
        if isinstance(item, Skipped):
            yield item
            continue
        hashed = _Hashed(item)
        yield RawObject(item.id, item.type, item.size, None, hashed.read)
        if hashed.is_complete and hashed.hex != item.id:
            yield Skipped(item.id, "corrupt object: its content does not match its id")


class _Hashed:
    """Reads one object and computes its id: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""

    def __init__(self, item: catfile.GitObject) -> None:
        self._read = item.read
        self._left = item.size
        self._hash = hashlib.new("sha1" if len(item.id) == _SHA_1_DIGITS else "sha256", usedforsecurity=False)
        self._hash.update(f"{item.type} {item.size}\0".encode())

    @property
    def is_complete(self) -> bool:
        return not self._left

    @property
    def hex(self) -> str:
        return self._hash.hexdigest()

    def read(self, number: int) -> bytes:
        data = self._read(number)
        self._left -= len(data)
        self._hash.update(data)
        return data
