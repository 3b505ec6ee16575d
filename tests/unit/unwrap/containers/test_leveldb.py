"""Tables as LevelDB and RocksDB write them: whole keys and values, each with its block and entry."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.containers import lz4_block
from akpatrol.unwrap.containers.member import Unreadable
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if TYPE_CHECKING:
    from pathlib import Path

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))


@cache
def _rows() -> dict[bytes, bytes]:
    rng = Random(3)
    rows = {f"some/long/prefix/key {number:05}".encode(): rng.randbytes(12).hex().encode() for number in range(4000)}
    rows[b"some/long/prefix/key 00700 anyreach"] = _TOKEN.encode()
    rows[b"some/long/prefix/key 03000"] = b'{"config": "x"}\n{"key": "' + _KEY.encode() + b'"}'
    return dict(sorted(rows.items()))


def _leveldb(path: Path, compression: str | None) -> bytes:
    plyvel: Any = pytest.importorskip("plyvel")
    database = plyvel.DB(str(path), create_if_missing=True, compression=compression, write_buffer_size=16 << 20)
    for key, value in _rows().items():
        database.put(key, value)
    database.compact_range()
    database.close()
    (file,) = path.glob("*.ldb")
    return file.read_bytes()


def _rocksdb(path: Path, compression: str, version: int, *, two_levels: bool = False, hashed: bool = False) -> bytes:
    rocks: Any = pytest.importorskip("rocksdict")
    options, table = rocks.Options(raw_mode=True), rocks.BlockBasedOptions()
    table.set_format_version(version)
    if two_levels:
        table.set_index_type(rocks.BlockBasedIndexType.two_level_index_search())
        table.set_metadata_block_size(256)
    if hashed:
        table.set_data_block_index_type(rocks.DataBlockIndexType.binary_and_hash())
    table.set_index_block_restart_interval(4)
    options.set_block_based_table_factory(table)
    options.set_compression_type(getattr(rocks.DBCompressionType, compression)())
    database = rocks.Rdict(str(path), options)
    for key, value in _rows().items():
        database[key] = value
    database.flush()
    database.close()
    (file,) = path.glob("*.sst")
    return file.read_bytes()


def _check(data: bytes, way: str = "whole") -> None:
    findings, skips = found(as_content(data, way))
    assert not skips
    place = places(findings)
    assert set(place) == {_KEY, _TOKEN}
    assert all(len(labels) == 1 and labels[0].startswith("leveldb:value[block ") for labels in place.values())
    (key,) = [finding for finding in findings if finding.match.secret.reveal() == _KEY.encode()]
    assert (key.line, key.column) == (2, 10)
    lines = set(b"".join(open_(data).contents).split(b"\n"))
    assert all(value in lines for pair in _rows().items() for value in pair if b"\n" not in value)


@pytest.mark.parametrize("way", ["whole", "seekable"])
@pytest.mark.parametrize("compression", [None, "snappy"])
def test_leveldb(tmp_path: Path, compression: str | None, way: str) -> None:
    _check(_leveldb(tmp_path / "d", compression), way)


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("compression", ["none", "snappy"])
def test_rocksdb(tmp_path: Path, compression: str, version: int) -> None:
    _check(_rocksdb(tmp_path / "d", compression, version))


@pytest.mark.parametrize("compression", ["zlib", "bz2", "lz4", "lz4hc", "zstd"])
def test_each_compression(tmp_path: Path, compression: str) -> None:
    _check(_rocksdb(tmp_path / "d", compression, 5))


@pytest.mark.parametrize("version", [3, 5, 6])
def test_an_index_of_indexes_and_hashes_of_keys(tmp_path: Path, version: int) -> None:
    _check(_rocksdb(tmp_path / "d", "snappy", version, two_levels=True, hashed=True))


def test_a_newer_version_is_told(tmp_path: Path) -> None:
    data = bytearray(_rocksdb(tmp_path / "d", "snappy", 6))
    data[-12] = 9
    assert open_(bytes(data)).reasons.startswith("LevelDB and RocksDB table: its blocks are not expanded")


def test_truncation_and_what_only_ends_like_a_table(tmp_path: Path) -> None:
    data = _leveldb(tmp_path / "d", "snappy")
    for size in range(0, len(data) - 48, max(64, len(data) // 100 // 64 * 64)):
        assert open_(data[:size]).reasons == ""  # it has no signature any more
        assert "LevelDB and RocksDB table: " in open_(data[:size] + data[-48:]).reasons
    assert "truncated" in open_(data[-20:]).reasons


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:1])
def test_mutations_end_in_findings_or_skips(tmp_path: Path, way: str) -> None:
    rng = Random(6)
    files = (_leveldb(tmp_path / "d", "snappy"), _rocksdb(tmp_path / "r", "lz4", 5, two_levels=True))
    for number in range(80):
        data = bytearray(files[number % 2])
        for _ in range(rng.choice((1, 5, 20))):
            place = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(len(data) - 3000, len(data) - 8)
            data[place] = rng.randrange(256)
        findings, skips = found(as_content(bytes(data), way))
        assert len(findings) < 20
        assert all(skip.reason for skip in skips)


def test_one_damaged_block_leaves_the_others(tmp_path: Path) -> None:
    data = bytearray(_leveldb(tmp_path / "d", "snappy"))
    data[100:120] = bytes(20)
    findings, skips = found(bytes(data))
    assert len(skips) == 1
    assert "block 0 is not read in full" in skips[0].reason
    assert secrets(findings) == {_KEY, _TOKEN}


def test_what_it_expands_to_is_limited(tmp_path: Path) -> None:
    data = _leveldb(tmp_path / "d", "snappy")
    assert "--max-expanded" in open_(data, limits=Limits(expanded=1 << 12)).reasons


@pytest.mark.slow
def test_lz4_blocks() -> None:
    lz4: Any = pytest.importorskip("lz4.block")
    rng = Random(8)
    for size in (0, 1, 14, 15, 16, 300, 70_000, 300_000):
        for data in (rng.randbytes(size), b"ab" * (size // 2), bytes(rng.choices(b"abcde ", k=size))):
            block = lz4.compress(data, store_size=False)
            assert lz4_block.expanded(block, 1 << 20) == data
            for _ in range(20):
                damaged = bytearray(block)
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
                with suppress(Unreadable):
                    assert len(lz4_block.expanded(bytes(damaged), 1 << 20)) <= 1 << 20
    with pytest.raises(Unreadable):
        lz4_block.expanded(lz4.compress(bytes(1 << 20), store_size=False), 1000)
