"""Open PostgreSQL's custom dumps (pg_dump -Fc): the rows of each table, and large objects.

The format is that of src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc, ReadInt, ReadStr) and pg_backup_custom.c
(blocks of data), versions 1.10 to 1.16 of it: PostgreSQL 8.0 to 18. What is not table data stands in the table of
contents, which is not compressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.decompress import unzlibber, unzstder
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.decompress import Decompressor

_TITLE = "PostgreSQL's custom dump (pg_dump -Fc)"
_MAGIC_BYTES = 5
_OLDEST, _NEWEST = (1, 10), (1, 16)
_CUSTOM = 1
_DATA, _LARGE_OBJECTS = 1, 3
_TEXT_BYTES = 64 << 20
# A longer name could hide half a secret from the mask when it is cut.
_NAME_LENGTH = 100
_METHODS = ("none", "gzip", "lz4", "zstd")


class _Head(NamedTuple):
    """The facts of the header: the version, the sizes of a number and an offset, and how data is compressed."""

    version: tuple[int, int]
    number: int
    offset: int
    made: Callable[[], Decompressor] | None


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the rows of each table as COPY writes them. Raises OverLimit and OSError; damage is a flaw."""
    try:
        head = _head(source)
        names = _names(source, head, level)
        yield from _blocks(source, head, names, level)
    except Unreadable as error:
        yield Flaw(f"{_TITLE}: {error}")


def _head(source: ContainerBytes) -> _Head:
    """Read the header. Raises Unreadable."""
    source.read(_MAGIC_BYTES)
    major, minor, _, number, offset, form = _exactly(source, 6)
    version = (major, minor)
    if not _OLDEST <= version <= _NEWEST or not 1 <= number <= 8 or not 1 <= offset <= 8:  # noqa: PLR2004 - bytes
        raise Unreadable(f"it is not expanded, its version is {major}.{minor}")
    if form != _CUSTOM:
        raise Unreadable("it is not expanded, its format is not custom")
    head = _Head(version, number, offset, None)
    # Before version 1.15, the level of gzip; 0 is none.
    method = _exactly(source, 1)[0] if version >= (1, 15) else min(1, abs(_number(source, head)))
    if method not in (0, 1, 3):
        raise Unreadable(f"it is not expanded, its data is compressed by {(*_METHODS, 'something')[min(method, 4)]}")
    for _ in range(7):
        _number(source, head)  # the time
    for _ in range(3):
        _text(source, head)  # the database, and the versions of the server and of pg_dump
    return head._replace(made=(None, unzlibber, None, unzstder)[method])


def _names(source: ContainerBytes, head: _Head, level: Level) -> dict[int, str]:
    """Read the table of contents and return the names of tables by their number. Raises Unreadable."""
    names: dict[int, str] = {}
    for _ in range(_number(source, head)):
        level.check()
        entry = _number(source, head)
        _number(source, head)
        _text(source, head), _text(source, head)  # the ids in the catalog
        tag, kind = _text(source, head), _text(source, head)
        if head.version >= (1, 11):
            _number(source, head)
        for _ in range(3):
            _text(source, head)  # the statements to create, drop and copy
        space = _text(source, head)
        for since in ((1, 10), (1, 14)):
            if head.version >= since:
                _text(source, head)  # the table space and access method
        if head.version >= (1, 16):
            _number(source, head)
        _text(source, head), _text(source, head)  # the owner, and whether there are object ids
        while _text(source, head) is not None:
            pass  # the entries that it depends on
        _exactly(source, 1 + head.offset)
        if kind == b"TABLE DATA" and len(names) < level.most_members:
            name = ".".join(text(part) for part in (space, tag) if part)
            names[entry] = name if len(name) <= _NAME_LENGTH else f"table {entry}"
    return names


def _blocks(source: ContainerBytes, head: _Head, names: dict[int, str], level: Level) -> Iterator[Member | Flaw]:
    while kind := source.read(1):
        entry = _number(source, head)
        if kind[0] == _DATA:
            yield from _member(source, head, f"pg_dump:{names.get(entry, f'entry {entry}')}", level)
        elif kind[0] == _LARGE_OBJECTS:
            while number := _number(source, head):
                yield from _member(source, head, f"pg_dump:large object {number}", level)
        else:
            raise Unreadable(f"damaged near byte {source.offset}")


def _member(source: ContainerBytes, head: _Head, label: str, level: Level) -> Iterator[Member]:
    chunks = _chunks(source, head)
    level.member()
    yield Member(label, pieces=_expanded(chunks, head.made(), level) if head.made else chunks)
    for _ in chunks:
        pass  # what its reader left


def _chunks(source: ContainerBytes, head: _Head) -> Iterator[bytes]:
    """Yield the stored data of one table; a chunk without bytes ends it. Raises Unreadable."""
    while left := _number(source, head):
        if left < 0:
            raise Unreadable(f"damaged near byte {source.offset}")
        yield from source.pieces(left)


def _expanded(chunks: Iterator[bytes], decompressor: Decompressor, level: Level) -> Iterator[bytes]:
    for chunk in chunks:
        data = chunk
        while not decompressor.eof:
            try:
                piece = decompressor.decompress(data, PIECE_BYTES)
            except Exception:  # noqa: BLE001 - each library raises its own, and only the data can be wrong
                raise Unreadable(f"{_TITLE}: damaged, its data is not read in full") from None
            data = b""
            if piece:
                level.spend(len(piece))
                yield piece
            if decompressor.needs_input or not piece:
                break
    if not decompressor.eof:
        raise Unreadable(f"{_TITLE}: damaged, its data is not read in full")


def _number(source: ContainerBytes, head: _Head) -> int:
    data = _exactly(source, 1 + head.number)
    value = int.from_bytes(data[1:], "little")
    return -value if data[0] else value


def _text(source: ContainerBytes, head: _Head) -> bytes | None:
    size = _number(source, head)
    if size > _TEXT_BYTES:
        raise Unreadable(f"damaged near byte {source.offset}")
    return _exactly(source, size) if size >= 0 else None


def _exactly(source: ContainerBytes, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise Unreadable(f"truncated at byte {source.offset}")
    return data
