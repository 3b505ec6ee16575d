"""The content of an object directory: https://git-scm.com/docs/gitrepository-layout."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.sources import regular_file
from akpatrol.sources.git import alternates
from akpatrol.sources.git.packs.pack_index import PackIndex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from akpatrol.sources.git.runner import Git

_INDEX_HEAD_BYTES = 8 + 256 * 4
FAN_OUT = [f"{number:02x}".encode() for number in range(256)]


class ObjectDirectory(NamedTuple):
    """One object directory: paths of packs that have an index, and the names of loose objects.

    ``loose`` maps two hex digits to the binary ids of the objects in that directory, concatenated.
    """

    directory: bytes
    packs: frozenset[bytes]
    loose: dict[bytes, bytes]

    def ids(self, id_bytes: int, *starts: bytes) -> Iterator[str]:
        """Yield the loose objects in these directories, in hex."""
        width = 2 * id_bytes
        for start in starts:
            joined = self.loose[start].hex()
            yield from (joined[place : place + width] for place in range(0, len(joined), width))


def held(git: Git, ids: Collection[str]) -> set[str]:
    """Return the objects in the repository's own object directory, or all of them when that is unknown."""
    id_bytes = len(next(iter(ids), "")) // 2
    try:
        directory = listed(alternates.directories(git)[0][0], id_bytes)
        indexes = [PackIndex(path.removesuffix(b".pack") + b".idx", id_bytes) for path in directory.packs]
    except (OSError, GitError):
        return {*ids}
    loose = {*directory.ids(id_bytes, *directory.loose)}
    return {id_ for id_ in ids if id_ in loose or any(index.find(bytes.fromhex(id_)) >= 0 for index in indexes)}


def listed(directory: bytes, id_bytes: int) -> ObjectDirectory:
    """Return the content of an object directory; ``problems.find_problems`` reports the parts that cannot be listed.

    The packs are those from before the loose objects were listed: if they are still the same afterwards, nothing
    moved between packs and loose objects meanwhile, because git writes the new place before it removes the old one.
    """
    files = packs(directory)
    return ObjectDirectory(directory, files, dict(_loose(directory, id_bytes)))


def packs(directory: bytes) -> frozenset[bytes]:
    """Return the paths of the packs that have an index."""
    try:
        names = set(os.listdir(os.path.join(directory, b"pack")))
    except OSError:
        return frozenset()
    indexed = (name.removesuffix(b".idx") + b".pack" for name in names if name.endswith(b".idx"))
    return frozenset(os.path.join(directory, b"pack", name) for name in indexed if name in names)


def measured(directory: bytes) -> tuple[int, int]:
    """Return the number of objects in packs and loose files, and their bytes; what cannot be read counts nothing.

    Objects in two packs count twice.
    """
    number = size = 0
    for pack in packs(directory):
        with suppress(OSError):
            number += _indexed(pack.removesuffix(b".pack") + b".idx")
            size += os.stat(pack).st_size
    for start in _present(directory):
        with suppress(OSError), os.scandir(os.path.join(directory, start)) as scanned:
            for entry in scanned:
                number, size = number + 1, size + entry.stat(follow_symlinks=False).st_size
    return number, size


def _indexed(path: bytes) -> int:
    """Return how many objects an index has: the last number of its fan-out table. Raises OSError.

    https://git-scm.com/docs/gitformat-pack#_pack_idx_files_have_the_following_format
    """
    with regular_file.opened(path) as file:
        head = file.read(_INDEX_HEAD_BYTES)
    return int.from_bytes(head[-4:] if head.startswith(b"\xfftOc") else head[-12:-8])


def _loose(directory: bytes, id_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    rest = re.compile(rb"[0-9a-f]{%d}" % (2 * id_bytes - 2))
    for start in _present(directory):
        try:
            with os.scandir(os.path.join(directory, start)) as scanned:
                names = [entry.name for entry in scanned if rest.fullmatch(entry.name) and entry.is_file()]
        except OSError:
            continue
        if names:
            yield start, bytes.fromhex(b"".join([start + name for name in names]).decode())


def _present(directory: bytes) -> list[bytes]:
    """Return the fan-out directories that may be there: to ask for each of 256 takes longer than to list them."""
    try:
        # The file system may not tell small letters from capitals.
        names = {name.lower() for name in os.listdir(directory)}
    except OSError:
        return FAN_OUT
    return [start for start in FAN_OUT if start in names]
