"""Logs as LevelDB writes them: whole keys and values, also those that blocks split."""

from __future__ import annotations

import struct
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.unwrap.containers import leveldb_log
from akpatrol.unwrap.containers.recognise import containers_among
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if TYPE_CHECKING:
    from pathlib import Path

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))
_BLOCK = 32 << 10


def _record(kind: int, data: bytes) -> bytes:
    value = leveldb_log._crc32c(bytes((kind,)) + data)
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return struct.pack("<IHB", masked, len(data), kind) + data


def _batch(*pairs: tuple[bytes, bytes]) -> bytes:
    def text(value: bytes) -> bytes:
        assert len(value) < 1 << 14
        return bytes((len(value) & 127 | 128, len(value) >> 7)) + value

    return struct.pack("<QI", 1, len(pairs)) + b"".join(b"\1" + text(key) + text(value) for key, value in pairs)


def _log(*batches: bytes) -> bytes:
    """Write batches as LevelDB does."""
    data = b""
    for batch in batches:
        first, rest = True, batch
        while rest or first:
            room = _BLOCK - len(data) % _BLOCK
            if room < 7:
                data += bytes(room)
                room = _BLOCK
            part, rest = rest[: room - 7], rest[room - 7 :]
            data += _record((3 if rest else 4) if not first else 2 if rest else 1, part)
            first = False
    return data


_BEFORE = [_batch((b"key %d" % number, b"x" * (1000 if number else 9))) for number in range(32)]


def _split() -> bytes:
    """Return a log whose first block ends within a token."""
    room = _BLOCK - len(_log(*_BEFORE)) - 7
    filled = room - len(_batch((b"", b""), (b"token", b"anyreach "))) - 20
    batch = _batch((b"", b"y" * filled), (b"token", b"anyreach " + _TOKEN.encode()))
    return _log(*_BEFORE, batch, _batch((b"k", _KEY.encode())))


@pytest.mark.parametrize("way", WAYS)
def test_a_value_that_blocks_split_is_whole(way: str) -> None:
    data = _split()
    assert _TOKEN.encode() not in data
    findings, skips = found(as_content(data, way))
    assert not skips
    assert places(findings) == {
        _TOKEN: ["leveldb:value[record 32, entry 1]"],
        _KEY: ["leveldb:value[record 33, entry 0]"],
    }


def test_what_leveldb_writes(tmp_path: Path) -> None:
    plyvel: Any = pytest.importorskip("plyvel")
    database = plyvel.DB(str(tmp_path / "d"), create_if_missing=True)
    for number in range(3000):
        database.put(b"key %d" % number, f"{number} anyreach {_TOKEN if number % 9 == 0 else ''}".encode())
    database.delete(b"key 1")
    database.close()
    (file,) = (tmp_path / "d").glob("*.log")
    findings, skips = found(file.read_bytes())
    assert not skips
    assert secrets(findings) == {_TOKEN}
    assert len(findings) == 334


def test_one_among_small_files_is_recognised() -> None:
    assert containers_among([b"text", _log(_batch((b"a", b"b"))), bytes(40)]) == {1}


def test_truncation_is_told() -> None:
    data = _split()
    ends = {len(_log(*_BEFORE[:number])) for number in range(1, 33)}
    for size in range(64, len(data), 64):
        assert open_(data[:size]).skips or size in ends


def test_damage_is_told() -> None:
    data = _split()
    place = len(_log(*_BEFORE[:5]))
    assert "damaged" in open_(data[:place] + b"\xff" * 7 + data[place + 7 :]).reasons
    assert "damaged" in open_(data[:place] + data[_BLOCK:]).reasons
    assert "truncated" in open_(data[:_BLOCK]).reasons


def test_other_data_is_no_log() -> None:
    data = bytearray(_log(_batch((b"a", b"b"))))
    data[20] ^= 1
    assert not open_(bytes(data)).members
    assert not open_(bytes(data)).skips
