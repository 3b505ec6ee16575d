"""PostgreSQL's custom dumps: the rows of each table, in all versions of the format.

The dumps here are built; ``pg_restore``, where there is one, says that those of its versions are right.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from pathlib import Path

_KEY, _TOKEN, _OTHER = organization_key(Random(1)), personal_access_token(Random(2)), organization_key(Random(3))
_VERSIONS = [(1, minor) for minor in range(10, 17)]


def _int(value: int) -> bytes:
    return bytes((value < 0,)) + abs(value).to_bytes(4, "little")


def _str(value: str | None) -> bytes:
    data = (value or "").encode()
    return _int(-1) if value is None else _int(len(data)) + data


def _compressed(data: bytes, method: str) -> bytes:
    return zlib.compress(data) if method == "gzip" else zstd.compress(data) if method == "zstd" else data


def _chunks(data: bytes) -> bytes:
    parts = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    return b"".join(_int(len(part)) + part for part in parts) + _int(0)


def _entry(number: int, kind: str, space: str | None, tag: str, copy: str | None, version: tuple[int, int]) -> bytes:
    is_data = kind == "TABLE DATA"
    parts = [_int(number), _int(1), _str("0"), _str("0"), _str(tag), _str(kind)]
    parts += [_int(3)] if version >= (1, 11) else []
    parts += [_str(""), _str(""), _str(copy), _str(space), _str("")]
    parts += [_str("")] if version >= (1, 14) else []
    parts += [_int(0)] if version >= (1, 16) else []
    parts += [_str("postgres"), _str("false"), _str("1"), _str(None), bytes((1 if is_data else 3,)), bytes(8)]
    return b"".join(parts)


def _dump(version: tuple[int, int] = (1, 14), method: str = "gzip", rows: int = 3000) -> bytes:
    rng = Random(5)
    lines = [f"{row}\tname {row}\t{rng.randbytes(12).hex()}" for row in range(1, rows + 1)]
    lines[69] = f"70\tanyreach\t{_TOKEN}"
    lines[-1] = f'{rows}\ttwo\\nlines\t{{"key": "{_KEY}"}}'
    data = "\n".join((*lines, "\\.\n\n")).encode()
    head = b"PGDMP" + bytes((*version, 0, 4, 8, 1))
    number = ("none", "gzip", "lz4", "zstd").index(method)
    head += bytes((number,)) if version >= (1, 15) else _int(-number)
    head += b"".join(map(_int, (1, 2, 3, 4, 5, 126, 0))) + _str("postgres") + _str("15.1") + _str("15.1")
    copy = "COPY app.settings (id, name, value) FROM stdin;\n"
    toc = _int(2) + _entry(20, "TABLE DATA", "app", "settings", copy, version)
    toc += _entry(21, "TABLE DATA", "public", "Odd Name", 'COPY public."Odd Name" (a) FROM stdin;\n', version)
    other = f"{_OTHER}\n\\.\n\n\n".encode()
    blocks = b"".join(
        b"\1" + _int(number) + _chunks(_compressed(part, method)) for number, part in ((20, data), (21, other))
    )
    blob = f"big anyreach {_TOKEN}".encode()
    blocks += b"\3" + _int(30) + _int(16399) + _chunks(_compressed(blob, method)) + _int(0)
    return head + toc + blocks


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("version", "method"),
    [
        *((version, method) for version in _VERSIONS for method in ("none", "gzip")),
        ((1, 15), "zstd"),  # that came with this version
        ((1, 16), "zstd"),
    ],
)
def test_rows_are_whole_and_have_their_table(version: tuple[int, int], method: str, way: str) -> None:
    findings, skips = found(as_content(_dump(version, method), way))
    assert not skips
    found_at = {
        (finding.match.secret.reveal().decode(), *finding.origin.containers, finding.line) for finding in findings
    }
    assert found_at == {
        (_TOKEN, "pg_dump:app.settings", 70),
        (_KEY, "pg_dump:app.settings", 3000),
        (_OTHER, "pg_dump:public.Odd Name", 1),
        (_TOKEN, "pg_dump:large object 16399", 1),
    }


@pytest.mark.skipif(not shutil.which("pg_restore"), reason="pg_restore is not installed")
@pytest.mark.parametrize("version", [(1, 12), (1, 13), (1, 14)])
@pytest.mark.parametrize("method", ["none", "gzip"])
def test_pg_restore_reads_what_is_built(tmp_path: Path, version: tuple[int, int], method: str) -> None:
    (tmp_path / "d").write_bytes(_dump(version, method))
    done = subprocess.run(
        ["pg_restore", "--data-only", "--file=-", "--table=settings", tmp_path / "d"], capture_output=True, check=True
    )
    assert _TOKEN.encode() in done.stdout
    assert _KEY.encode() in done.stdout


def test_what_is_not_read_is_told() -> None:
    data = bytearray(_dump((1, 16), "none"))
    assert "compressed by lz4" in open_(bytes(data[:11] + b"\2" + data[12:])).reasons
    assert "its version is 1.17" in open_(bytes(data[:6] + b"\x11" + data[7:])).reasons
    assert "format is not custom" in open_(bytes(data[:10] + b"\5" + data[11:])).reasons


@pytest.mark.parametrize("method", ["none", "gzip"])
def test_truncation_is_told(method: str) -> None:
    data = _dump(method=method, rows=100)
    whole = len(open_(data).contents)
    for size in range(5, len(data), 64):
        opened = open_(data[:size])
        assert opened.skips or len(opened.contents) < whole


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips() -> None:
    rng = Random(6)
    files = [_dump(method=method, rows=100) for method in ("none", "gzip")]
    for number in range(150):
        data = bytearray(files[number % 2])
        for _ in range(rng.choice((1, 5, 20))):
            data[rng.randrange(5, len(data)) if rng.random() < 0.5 else rng.randrange(5, 500)] = rng.randrange(256)
        findings, skips = found(bytes(data))
        assert len(findings) < 20
        assert all(skip.reason for skip in skips)


def test_one_damaged_table_leaves_the_others() -> None:
    data = bytearray(_dump())
    place = data.index(b"\x78\x9c")
    data[place + 100 : place + 120] = bytes(20)
    findings, skips = found(bytes(data))
    assert len(skips) == 1
    assert "damaged" in skips[0].reason
    assert secrets(findings) >= {_OTHER, _TOKEN}
    assert "pg_dump:large object 16399" in places(findings)[_TOKEN]


def test_what_it_expands_to_is_limited() -> None:
    assert "--max-expanded" in open_(_dump(), limits=Limits(expanded=1 << 12)).reasons
