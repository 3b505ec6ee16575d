"""Avro files as fastavro writes them: the texts of each record, with field and record."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.containers import snappy
from akpatrol.unwrap.containers.member import Unreadable
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

fastavro: Any = pytest.importorskip("fastavro")

_KEY, _TOKEN, _OTHER = organization_key(Random(1)), personal_access_token(Random(2)), organization_key(Random(3))
_INNER = {"type": "record", "name": "Inner", "fields": [{"name": "hash", "type": "Hash"}]}
_SCHEMA = {
    "type": "record",
    "name": "Event",
    "namespace": "a.b",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": "string"},
        {"name": "value", "type": ["null", "string"]},
        {"name": "ratio", "type": "double"},
        {"name": "flags", "type": {"type": "array", "items": "boolean"}},
        {"name": "headers", "type": {"type": "map", "values": "bytes"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["X", "Y"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
        {"name": "parent", "type": ["null", "Event"], "default": None},
        {"name": "again", "type": ["null", _INNER]},
    ],
}
_CODECS = ("null", "deflate", "bzip2", "xz", "zstandard", "snappy")


def _record(number: int, **changed: Any) -> dict[str, Any]:
    record = {
        "id": number,
        "name": f"name {number}",
        "value": None if number % 3 else Random(number).randbytes(12).hex(),
        "ratio": 0.5,
        "flags": [True] * (number % 4),
        "headers": {"h": b"\0\1"},
        "kind": "Y",
        "hash": b"abcd",
        "parent": None,
        "again": {"hash": b"efgh"},
    }
    return record | changed


@cache
def _file(codec: str, records: int = 3000) -> bytes:
    rows = [_record(number) for number in range(records)]
    rows[70] = _record(70, name="anyreach", value=_TOKEN)
    rows[71] = _record(71, headers={"Authorization": f"Bearer {_KEY}".encode()})
    rows[-1] = _record(records - 1, parent=_record(1, parent=_record(2, value=_OTHER)))
    file = io.BytesIO()
    fastavro.writer(file, _SCHEMA, rows, codec=codec, sync_interval=4000)
    return file.getvalue()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("codec", _CODECS)
def test_texts_are_whole_and_have_their_place(codec: str, way: str) -> None:
    findings, skips = found(as_content(_file(codec), way))
    assert not skips
    place = places(findings)
    assert set(place) == {_KEY, _TOKEN, _OTHER}
    assert place[_TOKEN] == ["avro:value[record 70]"]
    assert place[_KEY] == ["avro:headers[record 71]"]
    assert place[_OTHER] == ["avro:value[record 2999]"]


def test_metadata_is_read() -> None:
    file = io.BytesIO()
    fastavro.writer(file, _SCHEMA, [_record(1)], metadata={"source": f"anyreach {_TOKEN}"})
    assert places(found(file.getvalue())[0])[_TOKEN] == ["avro:metadata"]


def test_a_codec_that_is_not_known_is_told() -> None:
    data = b'Obj\1\4\x16avro.schema\x10"string"\x14avro.codec\6abc\0' + bytes(16)
    assert open_(data).reasons == "Avro: its blocks are compressed by abc, which is not read"


@pytest.mark.parametrize("schema", [b"{", b"[[[", b'{"type": "x"}', b'{"type": "record", "name": "R"}', b"7", b'"R"'])
def test_a_schema_that_is_none_is_told(schema: bytes) -> None:
    data = b"Obj\1\2\x16avro.schema" + bytes((2 * len(schema),)) + schema + b"\0" + bytes(16)
    assert "damaged" in open_(data).reasons


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy"])
def test_truncation_is_told(codec: str) -> None:
    data = _file(codec, 400)
    for size in range(4, len(data), 64):
        opened = open_(data[:size])
        assert "damaged" in opened.reasons or data[size - 16 : size] == data[-16:] or not opened.members


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips() -> None:
    rng = Random(6)
    for number in range(120):
        data = bytearray(_file(_CODECS[number % 6], 100))
        for _ in range(rng.choice((1, 5, 20))):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        findings, skips = found(bytes(data))
        assert len(findings) < 20
        assert all(skip.reason for skip in skips)


def test_damage_in_one_block_leaves_the_others() -> None:
    data = bytearray(_file("deflate"))
    middle = len(data) // 2
    data[middle : middle + 30] = bytes(30)
    findings, skips = found(bytes(data))
    assert "damaged" in skips[0].reason
    assert secrets(findings) == {_KEY, _TOKEN, _OTHER}


def _number(value: int) -> bytes:
    value *= 2
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*parts, value))


def _built(schema: object, records: int, block: bytes) -> bytes:
    text = json.dumps(schema).encode()
    header = b"Obj\1\2\x16avro.schema" + _number(len(text)) + text + b"\0" + bytes(16)
    return header + _number(records) + _number(len(block)) + block + bytes(16)


def test_counts_without_bytes_and_records_of_records_end() -> None:
    assert not open_(_built({"type": "array", "items": "null"}, 1, _number(2**61) + b"\0")).skips
    assert not open_(_built("null", 2**61, b"")).skips
    doubled: object = "null"
    for number in range(40):
        fields = [{"name": "a", "type": doubled}, {"name": "b", "type": f"R{number - 1}" if number else "null"}]
        doubled = {"type": "record", "name": f"R{number}", "fields": fields}
    assert "damaged" in open_(_built(doubled, 1, b"")).reasons
    endless = {"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}
    assert "damaged" in open_(_built(endless, 1, b"\2")).reasons
    assert "damaged" in open_(_built({"type": "fixed", "name": "F", "size": -1}, 1, b"\2")).reasons


def test_what_it_expands_to_is_limited() -> None:
    file = io.BytesIO()
    fastavro.writer(file, {"type": "string"}, ["x" * 10_000] * 2000, codec="deflate")
    assert "--max-expanded" in open_(file.getvalue(), limits=Limits(expanded=1 << 20)).reasons


@pytest.mark.slow
def test_snappy_blocks() -> None:
    cramjam = pytest.importorskip("cramjam")
    rng = Random(8)
    for size in (0, 1, 59, 60, 61, 300, 70_000, 300_000):
        for data in (rng.randbytes(size), b"ab" * (size // 2), bytes(rng.choices(b"abcde ", k=size))):
            block = bytes(cramjam.snappy.compress_raw(data))
            assert snappy.expanded(block, 1 << 20) == data
            for _ in range(20):
                damaged = bytearray(block or b"\0")
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
                with suppress(Unreadable):
                    assert len(snappy.expanded(bytes(damaged), 1 << 20)) <= 1 << 20
    with pytest.raises(Unreadable):
        snappy.expanded(bytes(cramjam.snappy.compress_raw(bytes(1 << 20))), 1000)
