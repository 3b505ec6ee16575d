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
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Confidence, End
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token, random_text

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
        (finding,) = Scanner(min_confidence=Confidence.LOW).scan(_rows("name", key, "other", 3, encoding=encoding))
        assert (finding.match.secret.reveal(), finding.match.ending) == (key.encode(), End.CERTAIN)


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
    """Programs whose compilers put literals next to one another: a credential counts at low, its end is not known."""
    key, token = organization_key(Random(4)), personal_access_token(Random(5))
    pool = ("unexpected end of input" + key + "invalid argument" + token + "not found").encode()
    data = bytes(600) + pool + bytes(600)
    found = _ENGINE.scan(data)
    assert [match.kind for match in found] == [ORGANIZATION_KEY, PERSONAL_ACCESS_TOKEN]
    assert {(match.confidence, match.ending) for match in found} == {(Confidence.LOW, End.UNCERTAIN)}
    assert all(match.secret.reveal().startswith(one.encode()) for match, one in zip(found, (key, token), strict=True))


def test_tokens_in_literal_pools() -> None:
    """Sorted by length, as Go's linker does: the token stands anywhere among the words."""
    found = 0
    for seed in range(100):
        rng = Random(seed)
        token = personal_access_token(rng, length=rng.randrange(28, 65)).encode()
        words = [random_text(rng, "lower", rng.randrange(3, 90)).encode() for _ in range(20)]
        literals = sorted([*words, token], key=len)
        pool = b"".join(literals)
        matches = [one for one in _ENGINE.scan(bytes(32) + pool + bytes(32)) if one.start == 32 + pool.index(token)]
        found += any(one.secret.reveal().startswith(token) for one in matches)
        assert all(one.ending is End.UNCERTAIN and one.confidence is Confidence.LOW for one in matches)
    assert found >= 99


@pytest.mark.parametrize("before", [b"github_", b"dckr_", b"sh"])
def test_other_vendors_tokens_in_literal_pools_are_not_found(before: bytes) -> None:
    token = before + b"pat_" + random_text(Random(6), "hex", 32).encode()
    assert _ENGINE.scan(bytes(32) + b"literal pool " + token + b"GHIJ another literal" + bytes(32)) == []


@pytest.mark.parametrize(
    "name",
    [
        *(b"compat_set_default_configuration_of_window", b"pat_index_by_name_and_account_0123", b"pat_" + b"ab" * 20),
        # As compilers make them: random parts tell crates apart.
        b"_RNvNtCsgEmfK2I1SDS_4core3ops9visit_" + b"pat_" + b"field0E0Cshb4CxotJIr4_15rustc_interface",
        b"_ZN4core3ops11pat_is_wild17h3f9ab4412c7d0e65E",
    ],
)
def test_names_in_literal_pools_are_not_found(name: bytes) -> None:
    if not name.startswith(b"_"):
        assert _ENGINE.scan(bytes(32) + b"literalpool" + name + b"another" + bytes(32)) == []
    assert _ENGINE.scan(bytes(32) + b"\0" + name + b"\0another" + bytes(32)) == []


def test_mangled_names_with_random_parts_are_not_found() -> None:
    for prefix in (b"_RNv", b"_ZN", b"__ZN"):
        name = prefix + b"Cs3LkjhiSDCX4_12clippy11pat_" + random_text(Random(8), "base62", 40).encode()
        assert _ENGINE.scan(bytes(32) + name + b"\0another" + bytes(32)) == []


def test_a_string_that_begins_with_a_word_holds_no_token() -> None:
    """Where a length proves that the word belongs to it, it is a name."""
    name = b"com" + personal_access_token(Random(7), length=40).encode()
    assert _ENGINE.scan(bytes(8) + b"\x8c" + bytes((len(name),)) + name + b"\x94" + bytes(8)) == []


def test_one_byte_by_chance_makes_no_end_certain() -> None:
    """Random bytes before a credential and a word behind it: hardly ever the end that a byte happens to say."""
    wrong = 0
    for seed in range(400):
        rng = Random(seed)
        key = organization_key(rng, secret_length=24 + seed % 40).encode()
        word = rng.choice((b"production", b"key", b"createElement", b"user7", b"staging_api"))
        noise = [rng.randbytes(600) for _ in range(2)]
        data = noise[0] + key + word + b"\xff" + noise[1]
        ends = [(one.secret.reveal(), one.ending) for one in _ENGINE.scan(data) if one.start == 600]
        wrong += any(secret != key and ending is End.CERTAIN for secret, ending in ends)
    assert wrong <= 12


_BYTES: dict[str, Callable[[int], int]] = {
    "plain": lambda size: size,
    "Avro": lambda size: 2 * size,
    "PostgreSQL": lambda size: 2 * size + 3,
}


@pytest.mark.parametrize("name", _BYTES)
@pytest.mark.parametrize("shape", ["before", "behind", "row", "alone"])
def test_a_byte_that_something_else_bears_out_is_a_length(name: str, shape: str) -> None:
    """A string before or behind it, or the next row, has its length in the same way."""
    of = _BYTES[name]

    def counted(text: bytes) -> bytes:
        return bytes((of(len(text)),)) + text

    right = 0
    for seed in range(20):
        rng = Random(seed)
        keys = [organization_key(rng, secret_length=40).encode() for _ in range(3)]
        number = bytes(rng.choices(range(0x80, 0x100), k=3)) + b"\1"
        data = {
            "before": b"\x80" + counted(b"name") + counted(keys[0]) + number,
            "behind": number + counted(keys[0]) + counted(b"other") + number,
            "row": b"".join(number + counted(key) for key in keys) + number,
            "alone": number + counted(keys[0]) + number,
        }[shape]
        found = [one for one in _ENGINE.scan(bytes(8) + data) if one.secret.reveal() in keys]
        right += bool(found) and all(one.ending is End.CERTAIN for one in found)
    assert right >= 19 if shape != "alone" or name == "plain" else right == 0


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
