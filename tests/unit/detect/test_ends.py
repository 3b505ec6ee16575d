"""Where credentials end in what binary formats' own writers make: any credential, any neighbours."""

from __future__ import annotations

import marshal
import pickle
import plistlib
import sqlite3
import struct
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.detect.keywords import WORDS, Clue
from akpatrol.model.scan import Confidence, End, Kind
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.scan import Match

_ENGINE = Engine(load(), "automaton")
# Without words such as "mock", which make a neighbour less sure.
_WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=24).filter(
    lambda text: not any(word in text for word in WORDS[Clue.PLACEHOLDER])
)
_settings = settings(max_examples=60, deadline=None)


@st.composite
def _credentials(draw: st.DrawFn) -> str:
    rng = Random(draw(st.integers(0, 1 << 32)))
    if draw(st.booleans()):
        return organization_key(rng, secret_length=draw(st.integers(24, 120)))
    return personal_access_token(rng, length=draw(st.integers(28, 200)))


def _found(data: bytes, credential: str) -> list[Match]:
    """Return what is found at the credential's places, all of which have to be found."""
    wanted = credential.encode()
    starts = {place for place in range(len(data)) if data.startswith(wanted, place)}
    found = [match for match in _ENGINE.scan(data) if match.start in starts]
    assert {match.start for match in found} == starts != set()
    return found


def _whole(data: bytes, credential: str) -> None:
    """Check that the credential is found as it is, for certain."""
    for match in _found(data, credential):
        assert (match.secret.reveal(), match.ending) == (credential.encode(), End.CERTAIN)
        assert match.confidence is Confidence.HIGH


def _rows(*columns: str | int, encoding: str = "UTF-8") -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"pragma encoding = '{encoding}'")
        database.execute("create table rows (id integer primary key, a, b, c, d)")
        database.execute("insert into rows (a, b, c, d) values (?, ?, ?, ?)", columns)
        return database.serialize()


@_settings
@given(_credentials(), _WORDS, _WORDS, st.integers(0, 5))
def test_pickle(credential: str, name: str, other: str, protocol: int) -> None:
    _whole(pickle.dumps({name: credential, "more": [other, 5]}, protocol), credential)
    _whole(pickle.dumps([name, credential, other], protocol), credential)


@_settings
@given(_credentials(), _WORDS, _WORDS, st.integers(0, 4))
def test_marshal(credential: str, name: str, other: str, version: int) -> None:
    _whole(marshal.dumps([5, {name: credential}, other], version), credential)


@_settings
@given(_credentials(), _WORDS, _WORDS)
def test_compiled_python(credential: str, name: str, other: str) -> None:
    code = compile(f"x{name} = {other!r}\nKEY = {credential!r}\nLAST = [{name!r}, {other!r}]", "keys.py", "exec")
    _whole(marshal.dumps(code), credential)


@_settings
@given(_credentials(), _WORDS, _WORDS)
def test_binary_property_list(credential: str, name: str, other: str) -> None:
    _whole(plistlib.dumps({name: credential, "z": other}, fmt=plistlib.FMT_BINARY), credential)


@_settings
@given(_credentials(), _WORDS, _WORDS, st.integers(0, 3))
def test_sqlite(credential: str, name: str, other: str, column: int) -> None:
    columns: list[str | int] = [name, 7, other]
    columns.insert(column, credential)
    _whole(_rows(*columns), credential)


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_sqlite_in_wide_text(encoding: str) -> None:
    from akpatrol import Scanner  # noqa: PLC0415 - decodes, as the engine alone does not

    for seed in range(20):
        key = organization_key(Random(seed))
        (hit,) = Scanner(min_confidence=Confidence.LOW).scan(_rows("name", key, "other", 3, encoding=encoding))
        assert (hit.match.secret.reveal(), hit.match.ending) == (key.encode(), End.CERTAIN)


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes((low | 0x80, high)) if high else bytes((low,))


def _items(marker_of: Callable[[int], bytes]) -> Callable[[list[str]], bytes]:
    return lambda texts: b"".join(marker_of(len(text)) + text.encode() for text in texts)


def _cbor(size: int) -> bytes:
    short = 24
    return bytes((0x60 | size,)) if size < short else bytes((0x78, size))


def _message_pack(size: int) -> bytes:
    short = 32
    return bytes((0xA0 | size,)) if size < short else bytes((0xD9, size))


_FORMATS: dict[str, Callable[[list[str]], bytes]] = {
    "CBOR": lambda texts: b"\xa4" + _items(_cbor)(texts),
    "MessagePack": lambda texts: b"\x84" + _items(_message_pack)(texts),
    "protocol buffer": lambda texts: b"\x08\x05" + _items(lambda size: b"\x0a" + _varint(size))(texts),
    "varints": lambda texts: b"\x00\x01" + _items(_varint)(texts),
    "Avro": lambda texts: b"\x00\x01" + _items(lambda size: _varint(2 * size))(texts),
    "4 bytes, little": lambda texts: b"\x02" + _items(lambda size: struct.pack("<I", size))(texts),
    "8 bytes, little": lambda texts: b"\x02" + _items(lambda size: struct.pack("<Q", size))(texts),
    "2 bytes, big": lambda texts: b"\x02" + _items(lambda size: struct.pack(">H", size))(texts),
    "4 bytes, big": lambda texts: b"\x02" + _items(lambda size: struct.pack(">I", size))(texts),
    "8 bytes, big": lambda texts: b"\x02" + _items(lambda size: struct.pack(">Q", size))(texts),
    "BSON": lambda texts: b"".join(
        b"\x02k\x00" + struct.pack("<i", len(text) + 1) + text.encode() + b"\x00" for text in texts
    ),
    "class file": lambda texts: _items(lambda size: b"\x01" + struct.pack(">H", size))(texts) + b"\x0c\x00\x07",
    "COPY binary": lambda texts: b"PGCOPY\n\xff\r\n\x00" + _items(lambda size: struct.pack(">i", size))(texts),
    "journal export": lambda texts: b"".join(b"X\n" + struct.pack("<Q", len(t)) + t.encode() + b"\n" for t in texts),
}


@pytest.mark.parametrize("name", _FORMATS)
@_settings
@given(credential=_credentials(), before=_WORDS, after=_WORDS)
def test_formats(name: str, credential: str, before: str, after: str) -> None:
    """Never a wrong end for certain; where a length before the string tells, the right one."""
    data = _FORMATS[name]([before, credential, after, "last"])
    for match in _ENGINE.scan(data):
        if match.ending is End.CERTAIN:
            assert match.secret.reveal() == credential.encode()
        else:
            assert match.secret.reveal().startswith(credential.encode())
            assert match.confidence <= Confidence.MEDIUM


@pytest.mark.parametrize("name", _FORMATS)
def test_formats_are_read(name: str) -> None:
    right = sum(
        any(one.secret.reveal() == key.encode() and one.ending is End.CERTAIN for one in _ENGINE.scan(data))
        for seed in range(100)
        for key in [organization_key(Random(seed), secret_length=24 + seed % 60)]
        for data in [_FORMATS[name](["name", key, "other", "last"])]
    )
    assert right >= 90


def test_arrow_columns() -> None:
    texts = [organization_key(Random(1)), "other", personal_access_token(Random(2)), "z"]
    ends = [sum(map(len, texts[:number])) for number in range(5)]
    offsets = struct.pack("<5i", *ends) + bytes(4)
    data = b"\xff" * 8 + b"\0" * 8 + offsets + "".join(texts).encode() + bytes(16)
    _whole(data, texts[0])
    _whole(data, texts[2])


@pytest.mark.parametrize("between", [b"\x07\xff", b"\x80\x00\x00\x01"])
def test_what_no_length_ends_is_uncertain(between: bytes) -> None:
    """Rows as InnoDB's: columns stand next to one another, their lengths elsewhere."""
    key = organization_key(Random(3))
    data = b"\x00\x10" + between + key.encode() + b"productionkey" + between
    (match,) = _found(data, key)
    assert (match.ending, match.confidence) == (End.UNCERTAIN, Confidence.MEDIUM)
    assert match.secret.reveal() == key.encode() + b"productionkey"


def test_literal_pools() -> None:
    """Programs whose compilers put literals next to one another: a key counts at low, a token does not."""
    key, token = organization_key(Random(4)), personal_access_token(Random(5))
    pool = ("unexpected end of input" + key + "invalid argument" + token + "not found").encode()
    data = bytes(600) + pool + bytes(600)
    (match,) = _ENGINE.scan(data)
    assert (match.kind, match.confidence, match.ending) == (Kind.ORGANIZATION_KEY, Confidence.LOW, End.UNCERTAIN)


def test_a_long_pool_far_from_what_is_no_text() -> None:
    key = organization_key(Random(6))
    pool = b"unexpected end of input, " * 400 + b"limit" + key.encode() + b"invalid argument, " * 400
    assert not _ENGINE.scan(pool)
    (match,) = _ENGINE.scan(bytes(16) + pool)
    assert (match.confidence, match.ending) == (Confidence.LOW, End.UNCERTAIN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"PATH=/bin\0KEY=", b"\0HOME=/\0"),
        (b"\0\1\2 ", b"\n"),
        (b'\0\1{"key": "', b'", "more": 1}\0'),
        (b"\0\1\x1f", b"\x1fmore"),
        (b"\0\1first string\0", b"\0second\0"),
        (b"\0\1a, ,", b",more"),
    ],
)
def test_text_amid_binary_data_ends_as_text(before: bytes, after: bytes) -> None:
    _whole(before + organization_key(Random(7)).encode() + after, organization_key(Random(7)))


@pytest.mark.parametrize("before", [b"0", b"x0", b" ,", b"\n,", b"\xc3\x98,", b"8", b"z8", b"U8", b"X8"])
def test_text_is_not_counted(before: bytes) -> None:
    token = personal_access_token(Random(8), length=56).encode()
    found = [match.secret.reveal() for match in _ENGINE.scan(b"text " + before + token + b" text\n")]
    assert found in ([], [token])
