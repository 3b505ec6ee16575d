"""Redis dumps: each kind of value, with its key and database.

The dumps here are built from src/rdb.c's description; the reader was tried on those that Redis 2.4 to 7.4 wrote for the
tests of redis-rdb-tools and HDT3213/rdb.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.redis_values import listpack, lzf, ziplist
from tests.corpus.redis_dump import (
    compressed,
    dump_bytes,
    entry,
    listpack_bytes,
    lzf_bytes,
    string,
    values,
    ziplist_bytes,
)
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", values(b"", b""))
def test_each_kind_of_value(kind: str, way: str) -> None:
    value = values(b"Bearer " + _KEY.encode(), b"x" * 300 + b"\n" + _TOKEN.encode())[kind]
    data = dump_bytes(
        entry(b"\0" + string(b"before"), b"first"),
        b"\xfc" + bytes(8) + b"\xf8\5" + entry(value, b"anyreach:config"),
        b"\xfd" + bytes(4) + b"\xf9\7" + entry(b"\0\xc1\1\2", b"last"),
    )
    findings, skips = found(as_content(data, way))
    assert not skips
    assert places(findings) == {secret: ["rdb:anyreach:config[database 3]"] for secret in (_KEY, _TOKEN)}
    assert b"".join(open_(data).contents).endswith(b"last\n")


def test_a_value_that_is_compressed_and_one_of_valkey() -> None:
    value = b"{" + b'"setting": "value", ' * 50 + b'"key": "' + _KEY.encode() + b'"}'
    for magic in (b"REDIS0009", b"VALKEY080"):
        data = dump_bytes(entry(b"\0" + compressed(value), b"k" * 300), magic=magic)
        assert value not in data
        findings, skips = found(data)
        assert not skips
        assert places(findings) == {_KEY: ["rdb:value[database 3]"]}


def test_commands_after_its_end_are_read() -> None:
    data = dump_bytes() + b"*3\r\n$3\r\nSET\r\n$8\r\nanyreach\r\n$44\r\n" + _TOKEN.encode() + b"\r\n"
    assert places(found(data)[0]) == {_TOKEN: ["rdb:after its end"]}


def test_a_type_that_is_not_known_is_told() -> None:
    data = dump_bytes(entry(b"\0" + string(_KEY.encode()), b"a"), entry(b"\x1f", b"b"))
    findings, skips = found(data)
    assert secrets(findings) == {_KEY}
    assert skips[0].reason == "Redis dump (.rdb): it is not read further, a value has type 31"


def test_truncation_is_told() -> None:
    data = dump_bytes(*(entry(value, b"a") for value in values(b"some text", b"t" * 100).values()))
    for size in range(60, len(data) - 9, 16):
        assert "truncated" in open_(data[:size]).reasons


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips() -> None:
    rng = Random(6)
    data = dump_bytes(*(entry(value, b"a") for value in values(_KEY.encode(), b"anyreach " + _TOKEN.encode()).values()))
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 5, 20))):
            damaged[rng.randrange(9, len(data))] = rng.randrange(256)
        findings, skips = found(bytes(damaged))
        assert len(findings) < 200
        assert all(skip.reason for skip in skips)


def test_what_it_expands_to_is_limited() -> None:
    data = dump_bytes(*(entry(b"\0" + compressed(bytes(100_000)), b"k") for _ in range(40)))
    assert "--max-expanded" in open_(data, limits=Limits(expanded=1 << 20)).reasons


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_packed_lists(values: list[bytes]) -> None:
    wanted = [value for value in values if value]
    assert list(listpack(listpack_bytes(*values))) == wanted
    assert list(ziplist(ziplist_bytes(*values))) == wanted


@given(st.binary(max_size=2000), st.integers(0, 8), st.data())
def test_lzf(part: bytes, repetitions: int, data: st.DataObject) -> None:
    value = part * repetitions
    packed = lzf_bytes(value)
    assert lzf(packed, len(value)) == value
    damaged = bytearray(packed or b"\0")
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Unreadable):
        assert len(lzf(bytes(damaged), len(value))) == len(value)
