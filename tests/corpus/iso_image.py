"""Writes small ISO 9660 images, sound ones and hostile ones: no larger than a test needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTOR = 2048
_DIRECTORY = 2


def both(number: int, size: int = 4) -> bytes:
    """Return a number in both byte orders."""
    return number.to_bytes(size, "little") + number.to_bytes(size, "big")


def record(name: bytes, sector: int, size: int, flags: int = 0, extra: bytes = b"") -> bytes:
    """Return a directory record (ECMA-119, 9.1)."""
    fixed = both(sector) + both(size) + bytes(7) + bytes((flags, 0, 0)) + both(1, 2) + bytes((len(name),))
    body = bytes(1) + fixed + name
    body += bytes(len(body) % 2 == 0) + extra
    body += bytes(len(body) % 2 == 0)
    return bytes((len(body) + 1,)) + body


def descriptor(kind: int, root: bytes = b"", escape: bytes = b"") -> bytes:
    """Return a volume descriptor (ECMA-119, 8) with its root's record."""
    data = bytearray(SECTOR)
    data[:7] = bytes((kind,)) + b"CD001\1"
    data[88 : 88 + len(escape)] = escape
    data[128:132] = both(SECTOR, 2)
    data[156 : 156 + len(root)] = root
    return bytes(data)


def rock_name(name: bytes) -> bytes:
    """Return a name's entry (RRIP 4.1.4)."""
    return b"NM" + bytes((5 + len(name), 1, 0)) + name


def iso_bytes(files: Mapping[str, bytes], names: str = "rock") -> bytes:
    """Return an image of these files, none of whose directories takes more than a sector.

    ``names`` is ``plain``, ``rock``, or ``joliet``, where a second tree has them.
    """
    directories = sorted({"", *(parent for file in files for parent in _parents(file))})
    trees = ("plain", "joliet") if names == "joliet" else (names,)
    sector = 17 + len(trees)
    places: dict[tuple[str, str], int] = {}
    for tree in trees:
        for directory in directories:
            places[tree, directory] = sector
            sector += 1
    blocks = []
    for file, data in files.items():
        places["", file] = sector
        blocks.append(data + bytes(-len(data) % SECTOR))
        sector += -(-len(data) // SECTOR)
    head = [bytes(16 * SECTOR)]
    for tree in trees:
        root = record(b"\0", places[tree, ""], SECTOR, _DIRECTORY)
        head.append(descriptor(2, root, b"%/E") if tree == "joliet" else descriptor(1, root))
    head.append(descriptor(255))
    for tree in trees:
        head += [_directory(tree, directory, directories, files, places) for directory in directories]
    return b"".join(head + blocks)


def _parents(file: str) -> list[str]:
    parts = file.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _directory(
    tree: str, directory: str, directories: list[str], files: Mapping[str, bytes], places: dict[tuple[str, str], int]
) -> bytes:
    begins = b"SP\x07\x01\xbe\xef\0" if tree == "rock" and not directory else b""
    records = [record(name, places[tree, directory], SECTOR, _DIRECTORY, begins) for name in (b"\0", b"\1")]
    inside = [name for name in (*directories, *files) if name and name.rpartition("/")[0] == directory]
    for number, path in enumerate(inside):
        name = path.rpartition("/")[2]
        stored = name.encode("utf-16-be") if tree == "joliet" else b"FILE%d.;1" % number
        extra = rock_name(name.encode()) if tree == "rock" else b""
        if path in files:
            records.append(record(stored, places["", path], len(files[path]), 0, extra))
        else:
            records.append(record(stored, places[tree, path], SECTOR, _DIRECTORY, extra))
    data = b"".join(records)
    assert len(data) <= SECTOR
    return data + bytes(SECTOR - len(data))
