"""Parquet, ORC and Arrow files as pyarrow writes them: whole values, each with its column and row."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from functools import partial
from pathlib import Path
from random import Random
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.containers import columns, worker_process
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if TYPE_CHECKING:
    from collections.abc import Callable

pa: Any = pytest.importorskip("pyarrow")
from pyarrow import feather, ipc, orc, parquet  # noqa: E402 - only where it is installed

_KEYS = [organization_key(Random(number)) for number in range(3)]
_TOKEN = personal_access_token(Random(4))


def _table(rows: int = 3000) -> Any:
    rng = Random(5)
    name = [f"name {number}" for number in range(rows)]
    value = [rng.randbytes(12).hex() for _ in range(rows)]
    name[1700], value[1700] = "anyreach", _TOKEN
    value[0] = _KEYS[0]
    value[rows - 1] = f"two lines\nand {_KEYS[1]}"
    blob = [b"\0\1\2"] * rows
    blob[2500] = _KEYS[2].encode()
    return pa.table({"name": name, "value": value, "number": list(range(rows)), "blob": blob})


def _parquet(compression: str | None, **options: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(_table(), file, compression=compression or "none", row_group_size=1000, **options)
    return file.getvalue()


def _orc(compression: str | None) -> bytes:
    file = io.BytesIO()
    orc.write_table(_table(), file, compression=compression or "uncompressed")
    return file.getvalue()


def _feather(compression: str | None) -> bytes:
    file = io.BytesIO()
    feather.write_feather(_table(), file, compression=compression or "uncompressed", chunksize=1000)
    return file.getvalue()


_PAGES = {"data_page_version": "2.0", "column_encoding": {"value": "DELTA_BYTE_ARRAY"}, "use_dictionary": False}
_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    **{
        f"parquet {name}": (partial(_parquet, name), "row group")
        for name in (None, "snappy", "gzip", "zstd", "lz4", "brotli")
    },
    "parquet without a dictionary": (partial(_parquet, "snappy", use_dictionary=False), "row group"),
    "parquet with pages of version 2": (partial(_parquet, "zstd", **_PAGES), "row group"),
    **{f"orc {name}": (partial(_orc, name), "stripe") for name in (None, "snappy", "zlib", "zstd", "lz4")},
    **{f"arrow {name}": (partial(_feather, name), "batch") for name in (None, "lz4", "zstd")},
}


@pytest.mark.parametrize("name", _FILES)
def test_values_are_whole_and_have_their_place(name: str) -> None:
    make, group = _FILES[name]
    findings, skips = found(make())
    assert not skips
    assert secrets(findings) == {*_KEYS, _TOKEN}
    size = 1000 if group != "stripe" else 3000
    place = places(findings)
    kind = name.split(maxsplit=1)[0]
    for secret, column, row in ((_TOKEN, "value", 1700), (_KEYS[1], "value", 2999), (_KEYS[2], "blob", 2500)):
        assert f"{kind}:{column}[{group} {row // size}, row {row % size}]" in place[secret]
    (second,) = [finding for finding in findings if finding.match.secret.reveal() == _KEYS[1].encode()]
    assert (second.line, second.column) == (2, 5)


@pytest.mark.parametrize("way", WAYS)
def test_any_way_of_reading_gives_the_same(way: str) -> None:
    data = _parquet("zstd")
    assert secrets(found(as_content(data, way))[0]) == {*_KEYS, _TOKEN}


def test_values_within_values() -> None:
    rows = [
        {
            "settings": {"auth": [{"kind": "anyreach", "token": _TOKEN}]},
            "tags": ["a", _KEYS[0]],
            "map": [("k", _KEYS[1])],
        },
        None,
    ]
    table = pa.table(
        {
            "settings": pa.array([row and row["settings"] for row in rows]),
            "tags": pa.array([row and row["tags"] for row in rows]),
            "map": pa.array([row and row["map"] for row in rows], pa.map_(pa.string(), pa.string())),
            "kept": pa.array([_KEYS[2], _KEYS[2]]).dictionary_encode(),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    place = places(found(file.getvalue())[0])
    assert place[_TOKEN] == ["parquet:settings.auth.token[row group 0, row 0]"]
    assert place[_KEYS[0]] == ["parquet:tags[row group 0, row 0]"]
    assert place[_KEYS[1]] == ["parquet:map[row group 0, row 0]"]
    assert place[_KEYS[2]] == [f"parquet:kept[row group 0, row {row}]" for row in range(2)]


def test_columns_and_fields_of_the_same_name() -> None:
    twice = pa.StructArray.from_arrays([pa.array(["a"]), pa.array([_KEYS[0]])], ["f", "f"])
    union = pa.UnionArray.from_sparse(pa.array([1], pa.int8()), [pa.array([7]), pa.array([_TOKEN])])
    batch = pa.record_batch([twice, union, pa.array([_KEYS[1]]), pa.array([_KEYS[2]])], ["s", "u", "t", "t"])
    file = io.BytesIO()
    with ipc.new_file(file, batch.schema) as writer:
        writer.write(batch)
    findings, skips = found(file.getvalue())
    assert not skips
    assert secrets(findings) == {*_KEYS, _TOKEN}


def test_metadata_is_read() -> None:
    table = pa.table({"n": [1]}).replace_schema_metadata({"source": f"anyreach {_TOKEN}"})
    for write in (parquet.write_table, lambda table, file: ipc.new_file(file, table.schema).close()):
        file = io.BytesIO()
        write(table, file)
        assert {label.split(":")[1] for label in places(found(file.getvalue())[0])[_TOKEN]} == {"metadata"}


def test_what_is_silent_is_complete() -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table({"n": [1, 2, 3], "t": ["a", "", None]}), file)
    assert found(file.getvalue()) == ([], [])
    file = io.BytesIO()
    parquet.write_table(pa.table({"n": [1, 2, 3]}), file)
    assert found(file.getvalue()) == ([], [])
    file = io.BytesIO()
    with ipc.new_file(file, pa.schema([("t", pa.string())])):
        pass
    assert found(file.getvalue()) == ([], [])


def test_without_the_extra_a_skip_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "place", lambda _name: None)
    assert open_(_parquet("snappy")).reasons == "Parquet: its pages are not expanded: install akpatrol[columns]"
    assert open_(_orc("zlib")).reasons == "ORC: its columns are not expanded: install akpatrol[columns]"
    assert open_(_feather(None)).reasons == ""
    assert "install akpatrol[columns]" in open_(_feather("lz4")).reasons


def test_truncation_is_told() -> None:
    for data in (_parquet("snappy"), _orc("zlib"), _feather("lz4")):
        for size in range(64, len(data), max(64, len(data) // 40 // 64 * 64)):
            assert "damaged" in open_(data[:size]).reasons


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips() -> None:
    rng = Random(6)
    files = (_parquet("snappy"), _orc("zlib"), _feather("lz4"))
    for number in range(90):
        data = bytearray(files[number % 3])
        for _ in range(rng.choice((1, 5, 20))):
            place = rng.randrange(12, len(data)) if rng.random() < 0.5 else len(data) - 1 - rng.randrange(2000)
            data[place] = rng.randrange(256)
        findings, skips = found(bytes(data))
        assert skips or (secrets(findings) >= set() and all(skip.reason for skip in skips))
    # The reader serves on, or is started again.
    assert secrets(found(files[0])[0]) == {*_KEYS, _TOKEN}


@pytest.mark.slow
def test_a_reader_that_ends_is_damage_and_the_next_file_gets_another() -> None:
    data = _parquet("snappy")
    assert not open_(data).skips
    running = worker_process._idle[os.getpid(), columns.PROGRAM]
    os.kill(running.pid, signal.SIGSTOP)
    Timer(0.2, running.kill).start()
    assert "damaged" in open_(data).reasons
    assert not open_(data).skips


@pytest.mark.slow
def test_wide_tables_and_long_values() -> None:
    wide: dict[str, list[str]] = {f"c{number}": [f"value {number}"] * 200 for number in range(2000)}
    wide["c1999"][150] = _KEYS[0]
    file = io.BytesIO()
    parquet.write_table(pa.table(wide), file)
    findings, skips = found(file.getvalue())
    assert not skips
    assert places(findings) == {_KEYS[0]: ["parquet:c1999[row group 0, row 150]"]}
    for write in (parquet.write_table, feather.write_feather):
        file = io.BytesIO()
        write(pa.table({"t": ["x " * 4_000_000, "y " * 4_000_000 + _KEYS[1], "z"]}), file)
        findings, skips = found(file.getvalue())
        assert not skips
        assert secrets(findings) == {_KEYS[1]}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize(
    ("kind", "texts"),
    [(kind, texts) for kind in ("parquet", "orc", "arrow") for texts in (["x" * 150_000_000], ["y" * 100_000] * 2500)],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} values",
)
def test_what_takes_too_much_memory_is_told(kind: str, texts: list[str]) -> None:
    write = {"parquet": parquet.write_table, "orc": orc.write_table, "arrow": feather.write_feather}[kind]
    file = io.BytesIO()
    write(pa.table({"t": texts}), file, compression="zstd")
    worker_process.end_idle()
    skips = found(file.getvalue())[1]
    assert skips or kind != "orc"
    assert all("memory" in skip.reason for skip in skips)
    assert all(_most_memory(each.pid) < 200 << 20 for each in worker_process._idle.values())


def _most_memory(pid: int) -> int:
    return int(re.findall(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) << 10


def test_what_it_expands_to_is_limited() -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table({"t": ["x" * 10_000] * 5000}), file)
    assert len(file.getvalue()) < 100_000
    assert "--max-expanded" in open_(file.getvalue(), limits=Limits(expanded=1 << 20)).reasons
    assert not open_(file.getvalue()).skips
