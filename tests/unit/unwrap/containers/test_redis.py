"""Redis dumps: each kind of value, with its key and database.

The dumps here are built from src/rdb.c's description; the reader was tried on those that Redis 2.4 to 7.4 wrote for the
tests of redis-rdb-tools and HDT3213/rdb.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.redis_values import listpack, lzf, ziplist
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))
_END = b"\xff" + bytes(8)


def _length(number: int) -> bytes:
    if number < 64:
        return bytes((number,))
    if number < 1 << 14:
        return (0x4000 | number).to_bytes(2, "big")
    return b"\x80" + number.to_bytes(4, "big")


def _string(value: bytes) -> bytes:
    return _length(len(value)) + value


@cache
def _lzf(data: bytes) -> bytes:
    """Compress by the nearest repetition of four bytes or more."""
    out, literal, at = bytearray(), bytearray(), 0
    while at < len(data) or literal:
        before = data.rfind(data[at : at + 4], max(0, at - 8000), at) if at + 4 <= len(data) else -1
        if before >= 0 or len(literal) == 32 or at == len(data):
            if literal:
                out += bytes((len(literal) - 1,)) + literal
                literal.clear()
            if before >= 0:
                size = 4
                while size < 200 and at + size < len(data) and data[before + size] == data[at + size]:
                    size += 1
                offset, code = at - before - 1, size - 2
                out += bytes((min(code, 7) << 5 | offset >> 8,)) + (bytes((code - 7,)) if code >= 7 else b"")
                out += bytes((offset & 0xFF,))
                at += size
        else:
            literal.append(data[at])
            at += 1
    return bytes(out)


def _compressed(value: bytes) -> bytes:
    packed = _lzf(value)
    return b"\xc3" + _length(len(packed)) + _length(len(value)) + packed


def _listpack(*values: bytes | int) -> bytes:
    entries = b""
    for value in values:
        if isinstance(value, int):
            entry = b"\xf3" + value.to_bytes(4, "little") if value > 127 else bytes((value,))
        elif len(value) < 64:
            entry = bytes((0x80 | len(value),)) + value
        elif len(value) < 4096:
            entry = (0xE000 | len(value)).to_bytes(2, "big") + value
        else:
            entry = b"\xf0" + len(value).to_bytes(4, "little") + value
        back = 1 + sum(len(entry) > limit for limit in (127, 16383, 2097151))
        entries += entry + bytes(back)
    return (len(entries) + 7).to_bytes(4, "little") + len(values).to_bytes(2, "little") + entries + b"\xff"


def _ziplist(*values: bytes | int) -> bytes:
    entries, before = b"", 0
    for value in values:
        if isinstance(value, int):
            entry = b"\xd0" + value.to_bytes(4, "little") if value > 12 else bytes((0xF1 + value,))
        elif len(value) < 64:
            entry = bytes((len(value),)) + value
        else:
            entry = (0x4000 | len(value)).to_bytes(2, "big") + value
        entry = (bytes((before,)) if before < 254 else b"\xfe" + before.to_bytes(4, "little")) + entry
        entries, before = entries + entry, len(entry)
    return (len(entries) + 11).to_bytes(4, "little") + bytes(4) + len(values).to_bytes(2, "little") + entries + b"\xff"


def _values(first: bytes, second: bytes) -> dict[str, bytes]:
    """Return each kind of value with two texts; the type comes first, the key is to be put behind it."""
    two = _string(first) + _string(second)
    stream = _length(1) + _string(bytes(16)) + _string(_listpack(1, 0, first, second))
    group = _length(1) + _string(b"group") + _length(1) * 2
    pending = _length(1) + bytes(24) + _length(1)
    consumer = _length(1) + _string(b"consumer") + bytes(8)
    newer = b"".join((stream, _length(1) * 8, group, _length(1), pending, consumer))
    texts = b"\5" + _string(first) + b"\5" + _string(second)
    return {
        "list": b"\1" + _length(2) + two,
        "set": b"\2" + _length(2) + two,
        "sorted set": b"\3" + _length(2) + _string(first) + b"\3" + b"1.5" + _string(second) + b"\xfd",
        "hash": b"\4" + _length(1) + two,
        "sorted set 2": b"\5" + _length(2) + _string(first) + bytes(8) + _string(second) + bytes(8),
        "module": b"\7\x81" + bytes(8) + b"\2\5\3" + bytes(4) + b"\4" + bytes(8) + texts + b"\0",
        "ziplist": b"\x0a" + _string(_ziplist(first, 5, 70_000, second)),
        "sorted ziplist": b"\x0c" + _compressed(_ziplist(first, 1, second, 2)),
        "hash ziplist": b"\x0d" + _string(_ziplist(first, second)),
        "quicklist": b"\x0e" + _length(2) + _string(_ziplist(first)) + _compressed(_ziplist(second)),
        "stream": b"\x0f" + stream + _length(1) * 3 + group + pending + consumer + _length(1) + bytes(16),
        "hash listpack": b"\x10" + _string(_listpack(first, 3, 70_000, second)),
        "sorted listpack": b"\x11" + _compressed(_listpack(first, 1, second, 2)),
        "quicklist 2": b"\x12" + _length(2) + _length(1) + _string(first) + _length(2) + _string(_listpack(second)),
        "stream 2": b"\x13" + newer + _length(1) + bytes(16),
        "set listpack": b"\x14" + _string(_listpack(first, second)),
        "stream 3": b"\x15" + newer + bytes(8) + _length(0),
        "hash with times": b"\x18" + bytes(8) + _length(1) + _length(7) + two,
        "packed hash with times": b"\x19" + bytes(8) + _string(_listpack(first, second, 0)),
        "Valkey's hash with times": b"\x16" + _length(1) + two + bytes(8),
    }


def _dump(*entries: bytes, magic: bytes = b"REDIS0011") -> bytes:
    head = magic + b"\xfa" + _string(b"redis-ver") + _string(b"7.2.5") + b"\xfa" + _string(b"redis-bits") + b"\xc0\x40"
    module = b"\xf7\x81" + bytes(8) + b"\2\2\0"
    return head + module + b"\xfe\3\xfb" + _length(len(entries)) + _length(0) + b"".join(entries) + _END


def _entry(kind: bytes, key: bytes) -> bytes:
    return kind[:1] + _string(key) + kind[1:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _values(b"", b""))
def test_each_kind_of_value(kind: str, way: str) -> None:
    value = _values(b"Bearer " + _KEY.encode(), b"x" * 300 + b"\n" + _TOKEN.encode())[kind]
    data = _dump(
        _entry(b"\0" + _string(b"before"), b"first"),
        b"\xfc" + bytes(8) + b"\xf8\5" + _entry(value, b"anyreach:config"),
        b"\xfd" + bytes(4) + b"\xf9\7" + _entry(b"\0\xc1\1\2", b"last"),
    )
    findings, skips = found(as_content(data, way))
    assert not skips
    assert places(findings) == {secret: ["rdb:anyreach:config[database 3]"] for secret in (_KEY, _TOKEN)}
    assert b"".join(open_(data).contents).endswith(b"last\n")


def test_a_value_that_is_compressed_and_one_of_valkey() -> None:
    value = b"{" + b'"setting": "value", ' * 50 + b'"key": "' + _KEY.encode() + b'"}'
    for magic in (b"REDIS0009", b"VALKEY080"):
        data = _dump(_entry(b"\0" + _compressed(value), b"k" * 300), magic=magic)
        assert value not in data
        findings, skips = found(data)
        assert not skips
        assert places(findings) == {_KEY: ["rdb:value[database 3]"]}


def test_commands_after_its_end_are_read() -> None:
    data = _dump() + b"*3\r\n$3\r\nSET\r\n$8\r\nanyreach\r\n$44\r\n" + _TOKEN.encode() + b"\r\n"
    assert places(found(data)[0]) == {_TOKEN: ["rdb:after its end"]}


def test_a_type_that_is_not_known_is_told() -> None:
    data = _dump(_entry(b"\0" + _string(_KEY.encode()), b"a"), _entry(b"\x1f", b"b"))
    findings, skips = found(data)
    assert secrets(findings) == {_KEY}
    assert skips[0].reason == "Redis dump (.rdb): it is not read further, a value has type 31"


def test_truncation_is_told() -> None:
    data = _dump(*(_entry(value, b"a") for value in _values(b"some text", b"t" * 100).values()))
    for size in range(60, len(data) - 9, 16):
        assert "truncated" in open_(data[:size]).reasons


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips() -> None:
    rng = Random(6)
    data = _dump(*(_entry(value, b"a") for value in _values(_KEY.encode(), b"anyreach " + _TOKEN.encode()).values()))
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 5, 20))):
            damaged[rng.randrange(9, len(data))] = rng.randrange(256)
        findings, skips = found(bytes(damaged))
        assert len(findings) < 200
        assert all(skip.reason for skip in skips)


def test_what_it_expands_to_is_limited() -> None:
    data = _dump(*(_entry(b"\0" + _compressed(bytes(100_000)), b"k") for _ in range(40)))
    assert "--max-expanded" in open_(data, limits=Limits(expanded=1 << 20)).reasons


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_packed_lists(values: list[bytes]) -> None:
    wanted = [value for value in values if value]
    assert list(listpack(_listpack(*values))) == wanted
    assert list(ziplist(_ziplist(*values))) == wanted


@given(st.binary(max_size=2000), st.integers(0, 8), st.data())
def test_lzf(part: bytes, repetitions: int, data: st.DataObject) -> None:
    value = part * repetitions
    packed = _lzf(value)
    assert lzf(packed, len(value)) == value
    damaged = bytearray(packed or b"\0")
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unreadable):
        assert len(lzf(bytes(damaged), len(value))) == len(value)
