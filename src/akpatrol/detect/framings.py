"""How binary formats write the length of a string right before it: one table.

A row reads a number from the last bytes before a string, after the ``marker`` that a format puts before such a number,
and converts it to a length in bytes. With a marker the number is a length; without one it may be anything, and the
caller of ``read`` decides. Sources are noted beside the rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEAST = 24  # bytes; the shortest credential
REACH = 96  # bytes; the longest marker and number, and the bytes that may precede them

_MOST = 4096  # bytes of a string
_REMEMBERED = 1 << 10
_SHORT = 2  # bytes
_ANY, _ZERO, _HIGHEST = range(256), range(1), range(4 * _MOST // 256 + 1)
_CONTINUED, _SEVEN_BITS, _SIX_BITS = 0x80, 0x7F, 0x3F


class Claim(NamedTuple):
    """The result of a row: ``length`` in bytes, from a number of ``width`` bytes after the format's ``marker``.

    The number is ``scale`` times the length and ``more``; ``final`` has to follow the string. A ``fixed`` number always
    has this width, a varint the width that its value needs.
    """

    length: int
    width: int
    marker: bytes
    little: bool
    scale: int
    more: int
    final: bytes
    fixed: bool

    @property
    def plain(self) -> bool:
        """Whether the number is the length itself."""
        return self.scale == 1 and not self.more

    def written(self, length: int) -> tuple[bytes, ...]:
        """Return how the format may write another length."""
        value = length * self.scale + self.more
        if self.fixed:
            return (value.to_bytes(self.width, "little" if self.little else "big"),)
        byte = (bytes((value,)),) if value < 1 << 8 else ()
        return byte if value < _CONTINUED else (*byte, bytes((value & _SEVEN_BITS | _CONTINUED, value >> 7 & 0xFF)))

    def read(self, number: bytes) -> int:
        """Return the length that a number says, 0 where it says none."""
        length, rest = divmod(int.from_bytes(number, "little" if self.little else "big") - self.more, self.scale)
        return 0 if rest else length


class _Field(NamedTuple):
    """A number of ``width`` bytes; ``value`` is negative for bytes that are none.

    In the numbers of strings that are not too long, the first and the last byte are of these ranges.
    """

    width: int
    value: Callable[[bytes], int]
    little: bool = False
    fixed: bool = False
    first: range = _ANY
    last: range = _ANY


def _little(width: int) -> _Field:
    last = _HIGHEST if width == _SHORT else _ZERO
    return _Field(width, lambda field: int.from_bytes(field, "little"), little=True, fixed=True, last=last)


def _big(width: int) -> _Field:
    first = _HIGHEST if width == _SHORT else _ZERO
    return _Field(width, lambda field: int.from_bytes(field, "big"), fixed=True, first=first)


def _leb128(field: bytes) -> int:
    low, high = field
    return (low & _SEVEN_BITS) | high << 7 if low >= _CONTINUED > high > 0 else -1


def _big_endian_varint(field: bytes) -> int:
    high, low = field
    return (high & _SEVEN_BITS) << 7 | low if high >= _CONTINUED > low else -1


def _fourteen_bits(first: int) -> Callable[[bytes], int]:
    """Return a reader of two bytes, the first of which begins with the two bits of ``first``."""
    return lambda field: (field[0] & _SIX_BITS) << 8 | field[1] if field[0] & ~_SIX_BITS == first else -1


_BYTE, _LE16, _LE32, _LE64 = _Field(1, lambda field: field[0]), _little(2), _little(4), _little(8)
_BE16, _BE32, _BE64 = _big(2), _big(4), _big(8)
_LEB = _Field(2, _leb128, first=range(0x80, 0x100))
_VARINT = _Field(2, _big_endian_varint, first=range(0x80, 0x100))
_RDB = _Field(2, _fourteen_bits(0x40), first=range(0x40, 0x51))
_US_HEAP = _Field(2, _fourteen_bits(0x80), first=range(0x80, 0x91))


class Framing(NamedTuple):
    """One row: the number is ``scale`` times the length and ``more``; ``final`` ends the string, which may be wide.

    ``least`` and ``most`` are the lengths, in bytes, that a format writes in this way.
    """

    format: str
    field: _Field
    marker: bytes = b""
    scale: int = 1
    more: int = 0
    final: bytes = b""
    is_wide: bool = False
    least: int = LEAST
    most: int = _MOST


FRAMINGS = (
    # CPython Lib/pickletools.py: SHORT_BINUNICODE, BINUNICODE, BINUNICODE8, SHORT_BINSTRING, BINSTRING,
    # SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8.
    Framing("pickle", _BYTE, b"\x8c"),
    Framing("pickle", _LE32, b"X"),
    Framing("pickle", _LE64, b"\x8d"),
    Framing("pickle", _BYTE, b"U"),
    Framing("pickle", _LE32, b"T"),
    Framing("pickle", _BYTE, b"C"),
    Framing("pickle", _LE32, b"B"),
    Framing("pickle", _LE64, b"\x8e"),
    Framing("pickle", _LE64, b"\x96"),
    # CPython Python/marshal.c: short ASCII, plain and interned, each also with the mark that it is referred to.
    Framing("marshal", _BYTE, b"z"),
    Framing("marshal", _BYTE, b"Z"),
    Framing("marshal", _BYTE, b"\xfa"),
    Framing("marshal", _BYTE, b"\xda"),
    *(Framing("marshal", _LE32, bytes([kind | mark])) for kind in b"utaAs" for mark in (0, 0x80)),
    # MessagePack specification, "str" and "bin" families.
    Framing("MessagePack", _BYTE, b"\xd9", least=32),
    Framing("MessagePack", _BE16, b"\xda", least=32),
    Framing("MessagePack", _BE32, b"\xdb"),
    Framing("MessagePack", _BYTE, b"\xc4"),
    Framing("MessagePack", _BE16, b"\xc5"),
    Framing("MessagePack", _BE32, b"\xc6"),
    Framing("MessagePack fixstr", _BYTE, more=0xA0, most=31),
    # RFC 8949 section 3: major types 2 (bytes) and 3 (text) with a length of one, two or four bytes.
    Framing("CBOR", _BYTE, b"x"),
    Framing("CBOR", _BE16, b"y"),
    Framing("CBOR", _BE32, b"z"),
    Framing("CBOR", _BYTE, b"X"),
    Framing("CBOR", _BE16, b"Y"),
    Framing("CBOR", _BE32, b"Z"),
    # Apple CFBinaryPList.c: data, ASCII and UTF-16 strings, of 15 or more, with an integer object as the count.
    *(Framing("binary property list", _BYTE, kind + b"\x10") for kind in (b"\x4f", b"\x5f", b"\x6f")),
    *(Framing("binary property list", _BE16, kind + b"\x11") for kind in (b"\x4f", b"\x5f", b"\x6f")),
    *(Framing("binary property list", _BE32, kind + b"\x12") for kind in (b"\x4f", b"\x5f", b"\x6f")),
    # Java object serialization 6.4.2: TC_STRING, TC_LONGSTRING. JVM specification 4.4.7: CONSTANT_Utf8.
    Framing("Java", _BE16, b"\x74"),
    Framing("Java", _BE64, b"\x7c"),
    Framing("class file", _BE16, b"\x01"),
    # Erlang external term format: BINARY_EXT.
    Framing("Erlang", _BE32, b"m"),
    # BSON 1.1: string, with its final NUL. Lua 5.1 and 5.2 bytecode likewise.
    Framing("BSON", _LE32, more=1, final=b"\0"),
    Framing("Lua", _LE64, more=1, final=b"\0"),
    # Ruby marshal.c, w_long: 5 more than the number, or a byte that says how many follow.
    Framing("Ruby", _BYTE, b'"', more=5),
    Framing("Ruby", _BYTE, b'"\x01'),
    Framing("Ruby", _LE16, b'"\x02'),
    # X.690 section 8.1.3.5, the long form of a length; section 8.1.3.4, the short form, after the tag of a string.
    Framing("ASN.1", _BYTE, b"\x81", least=128),
    Framing("ASN.1", _BE16, b"\x82", least=256),
    *(Framing("ASN.1", _BYTE, tag, most=127) for tag in (b"\x04", b"\x0c", b"\x13", b"\x16", b"\x1a")),
    # RFC 7541 section 5.1: what a prefix of seven bits does not hold.
    Framing("HPACK", _BYTE, b"\x7f", more=-0x7F),
    # MySQL client/server protocol, length-encoded integer.
    Framing("MySQL", _LE16, b"\xfc"),
    # Protocol Buffers, Thrift's compact protocol, LevelDB's log, Parquet's statistics, .NET's BinaryWriter.
    Framing("varint", _LEB),
    # Avro 1.11 "Binary Encoding": zig-zag, so twice the length.
    Framing("Avro", _BYTE, scale=2),
    Framing("Avro", _LEB, scale=2),
    # SQLite "Record Format": the serial type of text, where nothing else is left of a record.
    Framing("SQLite", _BYTE, scale=2, more=13),
    Framing("SQLite", _VARINT, scale=2, more=13),
    # PostgreSQL postgres.h: varlena with a header of one byte, or of four on a little-endian machine.
    Framing("PostgreSQL", _BYTE, scale=2, more=3),
    Framing("PostgreSQL", _LE32, scale=4, more=16),
    # ECMA-335 II.24.2.4: the #US heap, wide text and a last byte; and compressed unsigned integers of two bytes.
    Framing(".NET", _BYTE, more=1, is_wide=True),
    Framing(".NET", _US_HEAP, more=1, is_wide=True),
    Framing(".NET", _US_HEAP),
    # Redis RDB "Length Encoding", 14 bits, and 32 bits.
    Framing("Redis", _RDB),
    Framing("Redis", _BE32, b"\x80"),
    # Plain numbers: Parquet PLAIN and other rows of 4 little-endian bytes, Rust's bincode, PostgreSQL's COPY binary and
    # wire format, Thrift's binary protocol, Kafka, Cassandra, SSH, Erlang, .NET's BSTR, Pascal, systemd's journal.
    *(Framing("length", field) for field in (_BYTE, _LE16, _LE32, _LE64, _BE16, _BE32, _BE64)),
)


class _Rows(NamedTuple):
    """The rows of a field: those without a marker, and those with one by its last byte."""

    field: _Field
    plain: tuple[Framing, ...]
    marked: dict[int, tuple[Framing, ...]]


def _grouped() -> Iterator[_Rows]:
    for field in dict.fromkeys(framing.field for framing in FRAMINGS):
        rows = [framing for framing in FRAMINGS if framing.field is field]
        plain = tuple(row for row in rows if not row.marker)
        lasts = {row.marker[-1] for row in rows if row.marker}
        marked = {last: tuple(row for row in rows if row.marker.endswith(bytes((last,)))) for last in lasts}
        yield _Rows(field, plain, marked)


_ROWS = tuple(_grouped())
_BY_LAST = tuple(tuple(rows for rows in _ROWS if last in rows.field.last) for last in range(256))


@lru_cache(_REMEMBERED)
def read(before: bytes, *, is_wide: bool = False) -> Sequence[Claim]:
    """Return each row's reading of the bytes ``before`` a string of ``LEAST`` to 4096 bytes.

    A shorter string holds no credential.
    """
    if not before:
        return ()
    size = len(before)
    claims = [*_BYTES[is_wide][before[-1]]]
    for field, plain, marked in _BY_LAST[before[-1]]:
        width = field.width
        if size < width or before[-width] not in field.first:
            continue
        known = marked.get(before[-width - 1]) if size > width else None
        if width > 1 or known:
            rows = (*(known or ()), *(plain if width > 1 else ()))
            claims += _claims(field, rows, field.value(before[-width:]), before[:-width], is_wide=is_wide)
    return claims


def _claims(field: _Field, rows: Sequence[Framing], value: int, head: bytes, *, is_wide: bool) -> Iterator[Claim]:
    if value < 0:
        return
    for row in rows:
        length, rest = divmod(value - row.more, row.scale)
        if rest or not row.least <= length <= row.most or (row.is_wide and not is_wide):
            continue
        if head.endswith(row.marker):
            numbers = field.little, row.scale, row.more
            yield Claim(length, field.width, row.marker, *numbers, row.final, field.fixed)


# The results of the one-byte rows without a marker, for each byte: the most frequent queries.
_OF_A_BYTE = [row for row in FRAMINGS if row.field is _BYTE and not row.marker]
_BYTES = [
    [tuple(_claims(_BYTE, _OF_A_BYTE, byte, b"", is_wide=is_wide)) for byte in range(256)] for is_wide in (False, True)
]
