"""The index of a store and of a report: by ``akpatrol report``, and by the sweep itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.program import inside
from tests.unit.sweep.looks import KEYS, found, look, sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_index_of_a_store_shows_its_runs(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite3"
    sweep(file, look("a", found(KEYS[0])), look("b"))
    sweep(file, look("a", found(KEYS[0])), look("b", found(KEYS[1])))
    done = inside("report", "s.sqlite3", "-f", "index", "-o", "index.html", cwd=tmp_path)
    assert done.code == 1
    page = (tmp_path / "index.html").read_text()
    assert "2 open credentials in 2 repositories" in page
    assert "2 now, 2 at most" in page
    assert "1 in the last run, 1 in all" in page
    inside("report", "s.sqlite3", "-f", "json", "--report", "index:again.html", "-o", "r.json", cwd=tmp_path)
    assert "2 now, 2 at most" in (tmp_path / "again.html").read_text()
    inside("report", "r.json", "-f", "index", "-o", "plain.html", cwd=tmp_path)
    plain = (tmp_path / "plain.html").read_text()
    assert "2 open credentials in 2 repositories" in plain
    assert "From run to run" not in plain


def test_a_sweep_writes_its_index(tmp_path: Path, new_key: Callable[[], str]) -> None:
    (tmp_path / "logs").mkdir()
    for _ in range(2):
        key = new_key()
        (tmp_path / "logs" / f"{key[3:9]}.log").write_text(f"API_KEY={key}\n")
        done = inside("sweep", "logs", "--quiet", "--jobs", "1", "--report", "index:index.html", cwd=tmp_path)
        assert done.code == 1
        page = (tmp_path / "index.html").read_text()
        assert key not in page
    assert "2 open credentials in 1 target" in page
    assert "1 in the last run, 1 in all" in page
