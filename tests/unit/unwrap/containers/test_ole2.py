"""OLE2 documents: their streams, put together from sectors, and what is compressed in these."""

from __future__ import annotations

import zlib
from random import Random

import pytest

from akpatrol import Scanner
from akpatrol.unwrap.containers.ole2_text import is_encrypted, macro, rich_text
from tests.credentials import personal_access_token
from tests.unit.unwrap.opening import WAYS, open_

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_IN_HEADER = 109  # sectors of the table that the header names


def _numbers(*numbers: int, size: int = 4) -> bytes:
    return b"".join(number.to_bytes(size, "little") for number in numbers)


class _Sectors:
    """Sectors of a document, in an order of their own, and the table that joins them."""

    def __init__(self) -> None:
        self.data: dict[int, bytes] = {}
        self.table: dict[int, int] = {}

    def add(self, data: bytes, *, backwards: bool = False) -> int:
        """Add a stream, its sectors from back to front if so asked, and return its first sector."""
        parts = [data[start : start + _SECTOR].ljust(_SECTOR, b"\0") for start in range(0, len(data), _SECTOR)]
        places = list(range(len(self.data), len(self.data) + len(parts)))
        places = places[::-1] if backwards else places
        self.data.update(zip(places, parts, strict=True))
        self.table.update(zip(places, [*places[1:], _END][: len(places)], strict=True))
        return places[0] if places else _END


def _entry(name: str, kind: int, first: int, size: int, *, right: int = _FREE, child: int = _FREE) -> bytes:
    spelled = name.encode("utf-16-le") + b"\0\0"
    pointers = _numbers(_FREE, right, child)
    rest = bytes(36) + _numbers(first, size, 0)
    return spelled.ljust(64, b"\0") + _numbers(len(spelled), size=2) + bytes((kind, 1)) + pointers + rest


def _document(streams: dict[str, bytes], storage: str = "") -> bytes:
    """Return a document with these streams, all in a ``storage`` if it is given."""
    sectors, small, small_table = _Sectors(), b"", list[int]()
    places: list[tuple[str, int, int]] = []
    for name, data in streams.items():
        if len(data) >= _CUTOFF:
            places.append((name, sectors.add(data, backwards=True), len(data)))
            continue
        first, number = len(small_table), -(-len(data) // _SMALL)
        small += data.ljust(number * _SMALL, b"\0")
        small_table += [*range(first + 1, first + number), _END]
        places.append((name, first, len(data)))
    smalls = sectors.add(small, backwards=True)
    smalls_table = sectors.add(_numbers(*small_table))
    first = 2 if storage else 1
    entries = [_entry("Root Entry", 5, smalls, len(small), child=1)]
    entries += [_entry(storage, 1, 0, 0, child=2)] if storage else []
    for number, (name, place, size) in enumerate(places, first):
        last = number == len(places) + first - 1
        entries.append(_entry(name, 2, place, size, right=_FREE if last else number + 1))
    directory = sectors.add(b"".join(entries))
    at, number, more = len(sectors.data), 1, 0
    while number * (_SECTOR // 4) < at + number + more:
        number += 1
        more = -(-max(0, number - _IN_HEADER) // (_SECTOR // 4 - 1))
    where = list(range(at, at + number))
    sectors.table.update(dict.fromkeys(where, _FAT))
    table = [sectors.table.get(index, _FREE) for index in range(number * (_SECTOR // 4))]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + _numbers(0x3E, 3, 0xFFFE, 9, 6, size=2) + bytes(6)
    header += _numbers(0, number, directory, 0, _CUTOFF, smalls_table, 1, at + number if more else _END, more)
    header += _numbers(*where[:_IN_HEADER]).ljust(436, b"\xff")
    tail = b""
    for index in range(more):
        start = _IN_HEADER + index * (_SECTOR // 4 - 1)
        following = at + number + index + 1 if index + 1 < more else _END
        tail += _numbers(*where[start : start + _SECTOR // 4 - 1]).ljust(_SECTOR - 4, b"\xff") + _numbers(following)
    return header + b"".join(sectors.data[index] for index in range(at)) + _numbers(*table) + tail


_STREAMS = {"small": b"text", "another": b"x" * 200, "large": bytes(range(256)) * 40, "last": b"y" * 70}


@pytest.mark.parametrize("way", WAYS)
def test_streams_are_members(way: str) -> None:
    opened = open_(_document(_STREAMS), way)
    assert opened.skips == []
    assert opened.members == [(f"ole2:{name}", data) for name, data in _STREAMS.items()]
    assert open_(_document(_STREAMS, "__attach"), way).members[2][0] == "ole2:__attach/large"


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_told(way: str) -> None:
    data = _document(_STREAMS)
    assert "truncated" in open_(data[:300], way).reasons
    assert "damaged" in open_(data[:30] + b"\x07" + data[31:], way).reasons
    for place in range(0, len(data), 97):
        open_(data[:place], way)
        open_(data[:place] + b"\0\0\0\0" + data[place + 4 :], way)


def test_a_circle_of_sectors_ends() -> None:
    data = _document(_STREAMS)
    at = len(data) - _SECTOR  # the table, here one sector
    for number in range(12):
        circle = b"".join(_numbers(number) for _ in range(_SECTOR // 4))
        open_(data[:at] + circle)
        open_(data[:44] + b"\xff" * 4 + data[48:at] + circle)


def test_a_stream_larger_than_a_block() -> None:
    for size in (5 << 20, 17 << 20):  # the header names the table of sectors in full, and in part
        large = Random(1).randbytes(size)
        opened = open_(_document({"large": large}))
        assert (opened.contents, opened.skips) == ([large], [])


def _packed(text: bytes) -> bytes:
    """Return text as a module holds it: after other bytes, in a chunk without references but one."""
    body = b"\0" + text[:8]
    body += b"".join(b"\0" + text[start : start + 8] for start in range(8, len(text), 8))
    return b"\xff" * 99 + b"\x01" + _numbers(0xB000 | (len(body) - 1), size=2) + body


def test_macros_are_expanded() -> None:
    source = b'Attribute VB_Name = "M"\r\nKey = "something"\r\n'
    opened = open_(_document({"M": _packed(source), "dir": b"\x01abc"}, "VBA"))
    assert opened.members[1] == ("ole2:VBA/M, expanded", source)
    assert macro(b"nothing") == b""
    # "aaaaaaaa": a byte, and seven by a reference to it
    referring = b"\x01" + _numbers(0xB000 | 14, size=2) + b"\0Attribut" + b"\x02a" + _numbers(4, size=2)
    assert macro(referring).startswith(b"Attributa" + b"a" * 3)


def _rich(literal: bytes) -> bytes:
    """Return compressed rich text: its first ten bytes are those of the dictionary, the others stand for themselves."""
    body = b"\x01" + _numbers(8 << 8, size=2) + literal[:7]
    body += b"".join(b"\0" + literal[start : start + 8] for start in range(7, len(literal), 8))
    return _numbers(len(body) + 12, len(literal) + 10) + b"LZFu" + bytes(4) + body


def test_rich_text_is_expanded() -> None:
    text = b" a message that holds something"
    opened = open_(_document({"__substg1.0_10090102": _rich(text)}))
    assert opened.contents[1] == b"{\\rtf1\\ans" + text
    assert rich_text(bytes(8) + b"MELA" + bytes(4) + b"plain") == b"plain"
    for size in range(len(_rich(text))):
        rich_text(_rich(text)[:size])


def test_objects_in_slides_are_expanded() -> None:
    packed = zlib.compress(b"an object" * 9)
    record = b"\x10\0\x11\x10" + _numbers(len(packed) + 4, 81) + packed
    assert open_(_document({"PowerPoint Document": b"abc" + record + b"def"})).contents[1] == packed


def test_encryption_is_told() -> None:
    assert open_(_document({"EncryptedPackage": b"x" * 99})).reasons == "OLE2: it is encrypted"
    assert is_encrypted("WordDocument", bytes(10) + b"\0\1" + bytes(20))
    assert is_encrypted("Workbook", b"\x09\x08\x04\0abcd\x2f\0\x02\0\0\0")
    assert not is_encrypted("Workbook", b"\x09\x08\x04\0abcd\x30\0\x02\0\0\0" + bytes(200))


def test_a_token_across_sectors_is_found() -> None:
    token = personal_access_token(Random(5))
    text = "x" * 490 + f" key: {token} " + "y" * 6000
    streams = {"__substg1.0_1000001F": text.encode("utf-16-le"), "WordDocument": text.encode()}
    hits = list(Scanner().scan(_document(streams)))
    assert {hit.match.secret.reveal() for hit in hits} == {token.encode()}
    assert {hit.origin.containers for hit in hits} == {(f"ole2:{name}",) for name in streams}
