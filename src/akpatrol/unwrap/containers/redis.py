"""Open dumps of Redis and Valkey (.rdb): each key, and the strings of its value on the next lines.

The format is that of src/rdb.h and src/rdb.c, up to version 12 of it (Redis 7.4) and 80 (Valkey 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable
from akpatrol.unwrap.containers.redis_values import listpack, lzf, ziplist
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_TITLE = "Redis dump (.rdb)"
_CHECKSUM_BYTES = 8
_VALUE_BYTES, _MEMBER_BYTES = 64 << 20, 1 << 20
# A longer name could hide half a secret from the mask when it is cut.
_NAME_LENGTH = 100
# What stands between the keys (rdb.h): how many lengths, strings and bytes follow.
_BETWEEN = {
    0xF4: (3, 0, 0),
    0xF5: (0, 1, 0),
    0xF8: (1, 0, 0),
    0xF9: (0, 0, 1),
    0xFA: (0, 2, 0),
    0xFB: (2, 0, 0),
    0xFC: (0, 0, 8),
    0xFD: (0, 0, 4),
}
_MODULE, _DATABASE, _END = 0xF7, 0xFE, 0xFF
# The types of values: a list of so many strings and bytes each, or one that is packed.
_LISTS = {1: (1, 0), 2: (1, 0), 4: (2, 0), 5: (1, 8), 22: (2, 8)}
_PACKED: dict[int, Callable[[bytes], Iterator[bytes]]] = {
    9: lambda data: iter((data,)),
    10: ziplist,
    11: lambda _data: iter(()),
    12: ziplist,
    13: ziplist,
    16: listpack,
    17: listpack,
    20: listpack,
}
# From here on, the length of a number says that it is infinite, or none.
_NO_NUMBER = 253
_STREAMS = (15, 19, 21)
_NUMBERS = (1, 2, 4)
_COMPRESSED = 3


class _Dump:
    """Reads the parts of a dump. Raises Unreadable, OverLimit and OSError."""

    def __init__(self, source: ContainerBytes, level: Level) -> None:
        self._source = source
        self._level = level
        self.database = 0
        self.values: list[bytes] = []
        self.keys: list[tuple[bytes, int]] = []
        self.size = 0
        self._key = b""

    def entries(self) -> Iterator[None]:
        """Read all entries, and yield after each."""
        # REDIS and four digits, or VALKEY and three
        self.bytes(9)
        while (kind := self.bytes(1)[0]) != _END:
            if kind == _DATABASE:
                self.database = self.length()
            elif kind in _BETWEEN:
                lengths, strings, size = _BETWEEN[kind]
                self._key = b""
                self._parts(lengths, strings, size)
            elif kind == _MODULE:
                self._module()
            else:
                self._key = self.string()
                self._add(self._key)
                self._value(kind)
            yield

    def _parts(self, lengths: int, strings: int, size: int) -> None:
        for _ in range(lengths):
            self.length()
        for _ in range(strings):
            self._add(self.string())
        self.bytes(size)

    def _value(self, kind: int) -> None:
        if kind in _LISTS:
            strings, size = _LISTS[kind]
            for _ in range(self.length()):
                self._parts(0, strings, size)
        elif kind in _PACKED:
            self._unpacked(_PACKED[kind])
        elif kind in _STREAMS:
            self._stream(_STREAMS.index(kind))
        else:
            others = {
                0: lambda: self._add(self.string()),
                3: self._sorted,
                7: self._module,
                14: self._lists,
                18: self._lists_or_strings,
                24: self._hash_with_times,
                25: self._packed_hash_with_times,
            }
            if kind not in others:
                raise Unreadable(f"it is not read further, a value has type {kind}")
            others[kind]()

    def _sorted(self) -> None:
        """Read a sorted set of the first kind, whose numbers are texts."""
        for _ in range(self.length()):
            self._add(self.string())
            size = self.bytes(1)[0]
            self.bytes(size if size < _NO_NUMBER else 0)

    def _lists(self) -> None:
        for _ in range(self.length()):
            self._unpacked(ziplist)

    def _lists_or_strings(self) -> None:
        for _ in range(self.length()):
            if self.length() == 1:
                self._add(self.string())
            else:
                self._unpacked(listpack)

    def _hash_with_times(self) -> None:
        """Read a hash whose fields expire."""
        self.bytes(8)
        for _ in range(self.length()):
            self._parts(1, 2, 0)

    def _packed_hash_with_times(self) -> None:
        self.bytes(8)
        self._unpacked(listpack)

    def _stream(self, version: int) -> None:
        for _ in range(self.length()):
            self.string()
            self._unpacked(listpack)
        self._parts(8 if version else 3, 0, 0)
        for _ in range(self.length()):
            self._add(self.string())
            self._parts(3 if version else 2, 0, 0)
            for _ in range(self.length()):
                self.bytes(16 + 8)
                self.length()
            for _ in range(self.length()):
                self._add(self.string())
                self.bytes(16 if version > 1 else 8)
                for _ in range(self.length()):
                    self.bytes(16)

    def _module(self) -> None:
        """Read what a module wrote: each part begins with its kind, 0 is the end."""
        self.length()
        while kind := self.length():
            if kind in (1, 2):
                self.length()
            elif kind in (3, 4):
                self.bytes(4 if kind == 3 else 8)  # noqa: PLR2004 - a float, or a double
            else:
                self._add(self.string())

    def _unpacked(self, strings: Callable[[bytes], Iterator[bytes]]) -> None:
        for value in strings(self.string()):
            self._add(value)

    def _add(self, value: bytes) -> None:
        if value:
            self.values.append(value)
            self.keys.append((self._key, self.database))
            self.size += len(value) + 1
        self._level.check()

    def length(self) -> int:
        """Read a length; that of a number in a string's place is an error."""
        number, encoding = self._length()
        if encoding:
            raise Unreadable(f"damaged near byte {self._source.offset}")
        return number

    def _length(self) -> tuple[int, bool]:
        first = self.bytes(1)[0]
        match first >> 6:
            case 0:
                return first, False
            case 1:
                return (first & 0x3F) << 8 | self.bytes(1)[0], False
            case 2:
                return int.from_bytes(self.bytes(8 if first & 1 else 4), "big"), False
        return first & 0x3F, True

    def string(self) -> bytes:
        """Read a string; a number in its place is no text."""
        size, is_encoded = self._length()
        if not is_encoded:
            return self.bytes(size)
        if size < _COMPRESSED:
            self.bytes(_NUMBERS[size])
            return b""
        if size > _COMPRESSED:
            raise Unreadable(f"damaged near byte {self._source.offset}")
        size, expanded = self.length(), self.length()
        if expanded > _VALUE_BYTES:
            raise Unreadable(f"a value of more than {_VALUE_BYTES >> 20} MiB, it is not read further")
        self._level.spend(expanded)
        return lzf(self.bytes(size), expanded)

    def bytes(self, size: int) -> bytes:
        """Read so many bytes."""
        if size > _VALUE_BYTES:
            raise Unreadable(f"a value of more than {_VALUE_BYTES >> 20} MiB, it is not read further")
        data = self._source.read(size)
        if len(data) < size:
            raise Unreadable(f"truncated at byte {self._source.offset}")
        return data

    def member(self) -> Member:
        """Return a member of the values that were read, and forget them."""
        values, keys = self.values, self.keys
        self.values, self.keys, self.size = [], [], 0

        def label(index: int) -> str:
            key, database = keys[index]
            name = key.decode("utf-8", "backslashreplace")
            return f"{name if 0 < len(name) <= _NAME_LENGTH else 'value'}[database {database}]"

        self._level.member()
        return member_of("rdb", values, label)


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the entries, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    dump = _Dump(source, level)
    problem = ""
    try:
        for _ in dump.entries():
            if dump.size >= _MEMBER_BYTES:
                yield dump.member()
    except Unreadable as error:
        problem = str(error)
    if dump.values:
        yield dump.member()
    if problem:
        yield Flaw(f"{_TITLE}: {problem}")
        return
    source.read(_CHECKSUM_BYTES)
    if source.peek(1):  # commands follow in an append only file
        level.member()
        yield Member("rdb:after its end", pieces=_rest(source))


def _rest(source: ContainerBytes) -> Iterator[bytes]:
    while data := source.read(PIECE_BYTES):
        yield data
