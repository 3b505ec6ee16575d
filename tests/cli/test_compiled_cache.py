"""What commands keep of their compiled patterns in the user's cache directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import ExitCode

if TYPE_CHECKING:
    from tests.conftest import Run

pytest.importorskip("hyperscan")


def _kept() -> list[Path]:
    return list((Path(os.environ["XDG_CACHE_HOME"]) / "akpatrol").glob("patterns-*"))


@pytest.fixture
def much(tmp_path: Path, key: str) -> Path:
    """Return a directory with enough in it to compile for."""
    (tmp_path / "much").mkdir()
    (tmp_path / "much" / "text").write_text("".join(f"{n * n}\n" for n in range(1 << 18)) + f"KEY={key}\n")
    return tmp_path / "much"


def test_the_second_run_takes_them_from_there(run: Run, much: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("scan", much)
    assert len(_kept()) == 1
    monkeypatch.setattr("akpatrol.detect.hyperscan_patterns.database", pytest.fail)
    second = run("scan", much)
    assert second.found(key) == first.found(key) != []


def test_little_is_not_compiled_for(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "text").write_text(key)
    run("scan", tmp_path)
    assert not _kept()


def test_no_cache(run: Run, much: Path, key: str) -> None:
    assert run("scan", much, "--no-cache").found(key)
    assert not _kept()


def test_damaged(run: Run, much: Path, key: str) -> None:
    run("scan", much)
    (file,) = _kept()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert run("scan", much).found(key)
    assert file.read_bytes() == whole


def test_no_place_for_it(run: Run, much: Path, key: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = run("scan", much, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert found.code == ExitCode.FINDINGS
    assert found.found(key)
    assert not found.err
