"""The measurement of the page, with a small one; nothing here looks at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_page_is_measured_and_the_run_kept(browser: Browser, tmp_path: Path) -> None:
    size = ("--credentials", "12", "--places", "2400", "--rounds", "1")
    command = [sys.executable, "-m", "bench.page", *size, "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("12 credentials, 2400 places: ")
    (row,) = json.loads(next(tmp_path.iterdir()).read_text())["rows"]
    assert row["browser"] == browser.version
    assert {"load", "filter by author", "search", "sort by places", "show more places"} <= set(row["seconds"])
    assert all(len(seconds) == 1 for seconds in row["seconds"].values())


@pytest.mark.slow
def test_an_index_is_measured_and_the_run_kept(browser: Browser, tmp_path: Path) -> None:
    size = ("--repositories", "300", "--runs", "3", "--rounds", "1")
    command = [sys.executable, "-m", "bench.index_page", *size, "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("300 repositories, 3 runs: ")
    (row,) = json.loads(next(tmp_path.iterdir()).read_text())["rows"]
    assert row["browser"] == browser.version
    assert {"open", "filter by owner", "rows by owner", "search", "show more"} <= set(row["seconds"])
    assert row["making_resident_kb"][0] > 0
