"""What a wheel holds, and what the repository may not hold."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from akpatrol.report import as_html

_ROOT = Path(__file__).parents[1]
_LONGEST_MODULE = 350
_SHAPED = re.compile(rb"ak_[A-Za-z0-9]{6,}\.[A-Za-z0-9_-]{20,}|pat_[A-Za-z0-9]{28,}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(directory.glob("*.whl"))) as archive:
        return set(archive.namelist())


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, check=True, capture_output=True).stdout
    return [_ROOT / name.decode() for name in listed.split(b"\0") if name]


def test_the_wheel_holds_every_module_the_rules_and_the_schema(wheel: set[str]) -> None:
    modules = {str(path.relative_to(_ROOT / "src")) for path in (_ROOT / "src").rglob("*.py")}
    data = {"akpatrol/py.typed", "akpatrol/rules/shipped/anyreach.toml", "akpatrol/report/schema.json"}
    page = {f"akpatrol/report/html/{path.name}" for path in (_ROOT / "src/akpatrol/report/html").iterdir()}
    assert modules | data | page <= wheel
    assert {
        f"akpatrol/report/html/{name}" for name in ("page.html", "early.js", *as_html.STYLES, *as_html.SCRIPTS)
    } <= page


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"akpatrol"}
    assert not any("tests" in name or "__pycache__" in name for name in wheel)


def test_no_tracked_file_holds_a_token_shaped_literal() -> None:
    assert [path.name for path in _tracked() if path.is_file() and _SHAPED.search(path.read_bytes())] == []


def test_no_module_is_too_long() -> None:
    modules = [path for path in (_ROOT / "src").rglob("*") if path.suffix in {".py", ".js", ".css", ".html"}]
    assert modules
    assert [path for path in modules if path.read_text().count("\n") > _LONGEST_MODULE] == []
