"""Where objects are: the object directory, its alternates, and what lies in each.

https://git-scm.com/docs/gitrepository-layout, and ``link_alt_odb_entries`` in git's source for the fine print.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model import Skipped
from akpatrol.sources.git.packs.pack_index import PackIndex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from akpatrol.sources.git.runner import Git

_DEEPEST = 5
_ALTERNATES_BYTES = 1 << 20
_FAN_OUT = [f"{number:02x}".encode() for number in range(256)]
_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-3][0-7]{2})')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


class Store(NamedTuple):
    """What one object directory holds: paths of packs that have an index, and the names of loose objects.

    ``loose`` maps two hex digits to the binary ids of the objects in that directory, one behind the other.
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


def directories(git: Git) -> tuple[list[bytes], list[Skipped]]:
    """Return the object directories, the repository's own first, and what is said to be one and is not there."""
    own = git.variable("GIT_OBJECT_DIRECTORY")
    root = git.repository.root
    found = [os.path.join(root, os.fsencode(own)) if own else os.path.join(git.repository.common_dir, b"objects")]
    skips: list[Skipped] = []
    known = {os.path.realpath(found[0])}

    def follow(listed: bytes, separator: bytes, base: bytes, depth: int) -> None:
        for path in _entries(listed, separator):
            directory = os.path.join(base, path)
            real = os.path.realpath(directory)
            if real in known:
                continue
            known.add(real)
            if depth > _DEEPEST:
                skips.append(Skipped("object database", f"alternate {os.fsdecode(directory)}: nested too deep"))
            elif not os.path.isdir(directory):
                skips.append(Skipped("object database", f"alternate {os.fsdecode(directory)}: not there"))
            else:
                found.append(directory)
                follow(_alternates(directory), b"\n", directory, depth + 1)

    follow(os.fsencode(git.variable("GIT_ALTERNATE_OBJECT_DIRECTORIES")), os.pathsep.encode(), root, 0)
    follow(_alternates(found[0]), b"\n", found[0], 1)
    return found, skips


def held(git: Git, ids: Collection[str]) -> set[str]:
    """Return those objects that lie in the repository's own object directory, all of them when that is not told."""
    id_bytes = len(next(iter(ids), "")) // 2
    try:
        own = listed(directories(git)[0][0], id_bytes)
        indexes = [PackIndex(path.removesuffix(b".pack") + b".idx", id_bytes) for path in own.packs]
    except (OSError, GitError):
        return {*ids}
    loose = {*own.ids(id_bytes, *own.loose)}
    return {id_ for id_ in ids if id_ in loose or any(one.find(bytes.fromhex(id_)) >= 0 for one in indexes)}


def listed(directory: bytes, id_bytes: int) -> Store:
    """Return what an object directory holds. Raises OSError.

    The packs are those from before the loose objects were listed: when they are still the same afterwards, nothing
    moved between packs and loose objects meanwhile, for git writes the new place before it removes the old one.
    """
    found = packs(directory)
    return Store(directory, found, dict(_loose(directory, id_bytes)))


def packs(directory: bytes) -> frozenset[bytes]:
    """Return the paths of the packs that have an index. Raises OSError."""
    try:
        names = set(os.listdir(os.path.join(directory, b"pack")))
    except FileNotFoundError:
        return frozenset()
    indexed = (name.removesuffix(b".idx") + b".pack" for name in names if name.endswith(b".idx"))
    return frozenset(os.path.join(directory, b"pack", name) for name in indexed if name in names)


def _loose(directory: bytes, id_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    rest = re.compile(rb"[0-9a-f]{%d}" % (2 * id_bytes - 2))
    for start in _FAN_OUT:
        try:
            names = os.listdir(os.path.join(directory, start))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if hexes := [start + name for name in names if rest.fullmatch(name)]:
            yield start, bytes.fromhex(b"".join(hexes).decode())


def _alternates(directory: bytes) -> bytes:
    try:
        with open(os.path.join(directory, b"info", b"alternates"), "rb") as file:
            return file.read(_ALTERNATES_BYTES)
    except OSError:
        return b""


def _entries(listed: bytes, separator: bytes) -> Iterator[bytes]:
    """Yield the paths of a list; ``#`` starts a comment, and a path in double quotes is written as in C."""
    position = 0
    while position < len(listed):
        if quoted := _QUOTED.match(listed, position):
            position = quoted.end() + len(separator)
            yield _ESCAPE.sub(_unescaped, quoted[1])
            continue
        end = listed.find(separator, position)
        end = len(listed) if end < 0 else end
        path = listed[position:end]
        position = end + len(separator)
        if path and not path.startswith(b"#"):
            yield path


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8)]) if code[:1].isdigit() else _ESCAPED.get(code, code)
