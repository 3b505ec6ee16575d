"""systemd's journals: each compression, damage, and what systemd itself writes."""

from __future__ import annotations

import lzma
import os
import shutil
import struct
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from tests.corpus.journal_export import exported
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))
_HEADER = 208
_COMPACT, _KEYED = 16, 4
_LONG = b"MESSAGE=" + b"text " * 200 + b"\nsecond line " + _TOKEN.encode() + b"\nthird"


def _lz4(data: bytes) -> bytes:
    """Return one block of LZ4 that holds only literals."""
    rest = len(data) - 15
    return struct.pack("<Q", len(data)) + b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + data


_COMPRESSIONS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, lambda data: data),
    "xz": (1, lambda data: lzma.compress(data, check=lzma.CHECK_NONE)),
    "lz4": (2, _lz4),
    "zstd": (4, zstd.compress),
}


def _object(kind: int, flags: int, body: bytes) -> bytes:
    data = struct.pack("<2B6xQ", kind, flags, 16 + len(body)) + body
    return data + bytes(-len(data) % 8)


def _journal(*values: bytes, compression: str = "none", flags: int = _KEYED, rest: bytes = bytes(512)) -> bytes:
    """Return a journal of one entry with these fields."""
    flag, compress = _COMPRESSIONS[compression]
    entry = _object(3, 0, struct.pack("<4Q", 41, 1_764_000_000_000_000, 5, 0) + bytes(24))
    objects = entry
    for value in values:
        head = struct.pack("<6Q", 0, 0, 0, _HEADER, 0, 1) + (bytes(8) if flags & _COMPACT else b"")
        objects += _object(1, flag, head + compress(value))
        objects += _object(2, 0, bytes(24) + value.partition(b"=")[0])
    arena = objects + rest
    header = b"LPKSHHRH" + struct.pack("<2I", 0, flags) + bytes(72) + struct.pack("<2Q", _HEADER, len(arena))
    return header.ljust(_HEADER, b"\0") + arena


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("flags", [_KEYED, _KEYED | _COMPACT])
@pytest.mark.parametrize("compression", _COMPRESSIONS)
def test_each_compression(compression: str, flags: int, way: str) -> None:
    data = _journal(b"MESSAGE=key " + _KEY.encode(), _LONG, compression=compression, flags=flags)
    findings, skips = found(as_content(data, way))
    assert not skips
    when = "" if way == "stream" else "[entry 41, 2025-11-24T16:00:00Z]"
    assert places(findings) == {secret: [f"journal:MESSAGE{when}"] for secret in (_KEY, _TOKEN)}
    assert {finding.line for finding in findings} == {1, 2}


def test_a_name_that_is_none() -> None:
    findings, _ = found(_journal(b"x" * 100 + b"=1\n" + _KEY.encode()))
    assert places(findings) == {_KEY: ["journal:field[entry 41, 2025-11-24T16:00:00Z]"]}


def test_a_cut_end_is_told() -> None:
    data = _journal(b"MESSAGE=key " + _KEY.encode(), _LONG, compression="zstd", rest=b"")
    for size in range(24, len(data), 16):
        assert open_(data[:size]).skips


def test_damage_is_told_and_the_rest_is_read() -> None:
    data = _journal(_LONG, compression="zstd").replace(b"\x28\xb5\x2f\xfd", b"\0\0\0\0")
    assert "is not read: damaged" in open_(data).reasons
    newer = _journal(_LONG, flags=64)
    assert open_(newer).reasons == "journal: it is not read, it is of a newer version"
    assert secrets(found(newer)[0]) == {_TOKEN}  # in its own bytes
    backwards = _journal(_LONG)
    backwards = backwards[: _HEADER + 8] + struct.pack("<Q", 3) + backwards[_HEADER + 16 :]
    assert "damaged near byte 208" in open_(backwards).reasons


def test_what_it_expands_to_is_limited() -> None:
    data = _journal(*(bytes([65 + number]) * 500_000 for number in range(9)), compression="zstd")
    assert "--max-expanded" in open_(data, limits=Limits(expanded=1 << 20)).reasons


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have systemd-journal-remote make a journal of an export."""
    program = shutil.which("systemd-journal-remote", path="/usr/lib/systemd:/lib/systemd:" + os.environ["PATH"])
    if not program:
        pytest.skip("systemd-journal-remote is not installed")
    directory = tmp_path_factory.mktemp("journal")
    export, journal = directory / "export", directory / "x.journal"
    export.write_bytes(exported({"MESSAGE": b"key " + _KEY.encode()}, {"MESSAGE": _LONG.partition(b"=")[2]}))
    subprocess.run([program, "-o", journal, export], check=True, capture_output=True)
    return journal


def test_what_systemd_writes(written: Path) -> None:
    data = written.read_bytes()
    assert b"\x28\xb5\x2f\xfd" in data
    findings, skips = found(data)
    assert not skips
    assert {secret: sorted(labels) for secret, labels in places(findings).items()} == {
        _KEY: ["journal:MESSAGE[entry 1, 2025-11-24T16:00:00Z]"],
        _TOKEN: ["journal:MESSAGE[entry 2, 2025-11-24T16:00:01Z]"],
    }


@pytest.mark.parametrize("form", ["export", "json", "json-pretty", "json-seq", "cat", "verbose", "short"])
def test_what_journalctl_writes(written: Path, form: str) -> None:
    program = shutil.which("journalctl")
    if not program:
        pytest.skip("journalctl is not installed")
    run = subprocess.run([program, "--file", written, "--all", "-o", form], check=True, capture_output=True)
    findings, skips = found(run.stdout)
    assert not skips
    assert secrets(findings) == {_KEY, _TOKEN}
