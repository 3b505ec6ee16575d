"""PostgreSQL's custom dumps: the rows of each table, in all versions of the format.

The dumps here are built; ``pg_restore``, where there is one, says that those of its versions are right.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from tests.corpus.postgres_dump import dump_bytes
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found, places, secrets
from tests.unit.unwrap.opening import WAYS, as_content, open_

if sys.version_info >= (3, 14):
    pass
else:
    pass

if TYPE_CHECKING:
    from pathlib import Path

_KEY, _TOKEN, _OTHER = organization_key(Random(1)), personal_access_token(Random(2)), organization_key(Random(3))
_VERSIONS = [(1, minor) for minor in range(10, 17)]


def _dump(version: tuple[int, int] = (1, 14), method: str = "gzip", rows: int = 3000) -> bytes:
    return dump_bytes(_TOKEN, _KEY, _OTHER, version=version, method=method, rows=rows)


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
