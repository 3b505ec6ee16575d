"""The measurement against peers, with programs that stand in for them; nothing here looks at a time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.repositories import Repository

    Run = Callable[..., "Table"]

_ROOT = Path(__file__).parents[1]
_AKPATROL = "from akpatrol.__main__ import entry; entry()"
# Reads files or objects, and reports what looks like a credential, without as many as it is told to miss.
_PEER = r"""
import json, pathlib, re, subprocess, sys
words = sys.argv[1:]
if len(words) == 1:
    print(VERSION)
    sys.exit()
report = next(words[place + 1] for place, word in enumerate(words) if word in ("--output", "--report-path"))
place = pathlib.Path(words[1])
if (place / "objects").exists():
    command = ["git", "-C", place, "cat-file", "--batch-all-objects", "--batch"]
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode(errors="replace")
else:
    text = "".join(path.read_text() for path in place.rglob("*.py"))
found = sorted(set(re.findall(r"ak_\w+[.]\w+|pat_\w+", text)))[MISSED:]
pathlib.Path(report).write_text(json.dumps([{"secret": secret} for secret in found]))
print(SAID, file=sys.stderr)
sys.exit(CODE)
"""


class Table:
    """What the command printed and kept."""

    def __init__(self, code: int, text: str, kept: Path) -> None:
        self.code = code
        self.text = text
        self.kept = json.loads(next(kept.iterdir()).read_text())

    def __getitem__(self, tool: str) -> list[str]:
        """The cells after a tool's name."""
        match = re.search(rf"^one +{tool}  +(.*)$", self.text, re.MULTILINE)
        assert match, self.text
        return match[1].split()


@pytest.fixture
def peers(tmp_path: Path) -> Path:
    (tmp_path / "peers/bin").mkdir(parents=True)
    _script(tmp_path / "peers/akpatrol", _AKPATROL)
    _peer(tmp_path / "peers", "kingfisher", code=200)
    _peer(tmp_path / "peers", "gitleaks")
    return tmp_path / "peers"


@pytest.fixture
def repository(repo: Repository) -> Path:
    repo.commit_file("a.py", "print(1)\n")
    return repo.path


@pytest.fixture
def measure(tmp_path: Path, peers: Path) -> Run:
    def run(kind: str, target: Path) -> Table:
        what = (kind, f"one={target}", "--rounds", "1", "--save", tmp_path / "kept")
        who = ("--peers", peers, "--akpatrol", peers / "akpatrol")
        done = subprocess.run(
            [sys.executable, "-m", "bench.peers", *what, *who], cwd=_ROOT, capture_output=True, text=True, check=False
        )
        assert not done.stderr
        return Table(done.returncode, done.stdout, tmp_path / "kept")

    return run


@pytest.mark.slow
def test_history_is_measured_with_everyone_who_is_there(repository: Path, measure: Run) -> None:
    before = _state(repository)
    table = measure("history", repository)
    assert table.code == 0
    assert _state(repository) == before
    for tool in ("akpatrol", "kingfisher", "kingfisher turbo", "gitleaks"):
        assert table[tool][5] == "24/24"
    assert table["kingfisher"][6:8] == [">=", "2"]
    assert table["kingfisher turbo"][6:8] == [">=", "1.5"]
    for floor in ("git cat-file", "isal inflate"):
        assert table[floor][5] == "-"
    assert "betterleaks is not installed: left out" in table.text


@pytest.mark.slow
def test_a_program_of_another_version_is_no_peer(tmp_path: Path, peers: Path, measure: Run) -> None:
    """A package may bring another program under a peer's name."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text("print(1)\n")
    _peer(peers, "gitleaks", version="2.0.0-rc.4")
    assert "gitleaks is not installed: left out" in measure("scan", tmp_path / "tree").text


@pytest.mark.slow
def test_a_directory_is_measured_and_stays_as_it_is(tmp_path: Path, measure: Run) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/a.py").write_text("print(1)\n")
    before = _state(tmp_path / "tree")
    table = measure("scan", tmp_path / "tree")
    assert table.code == 0
    assert _state(tmp_path / "tree") == before
    assert table["akpatrol"][5] == table["gitleaks"][5] == "24/24"


@pytest.mark.slow
def test_who_misses_a_plant_is_marked(repository: Path, peers: Path, measure: Run) -> None:
    _peer(peers, "gitleaks", missed=1)
    table = measure("history", repository)
    assert table["gitleaks"][5] == "!23/24"
    assert table["kingfisher"][5] == "24/24"
    assert table.code == 0


@pytest.mark.slow
@pytest.mark.parametrize(("code", "said"), [(1, ""), (0, "fatal: unable to read an object")])
def test_the_time_of_who_stopped_early_does_not_count(
    repository: Path, peers: Path, measure: Run, code: int, said: str
) -> None:
    _peer(peers, "gitleaks", code=code, said=said)
    table = measure("history", repository)
    assert "gitleaks stopped early" in table.text
    assert table["gitleaks"][:2] == ["stopped", "-"]
    assert table.kept["rows"][0]["runs"]["gitleaks"]["seconds"] == []


@pytest.mark.slow
def test_what_is_kept_names_no_path(repository: Path, measure: Run) -> None:
    kept = measure("history", repository).kept
    (row,) = kept["rows"]
    assert row["target"] == "one"
    assert row["runs"]["kingfisher"]["version"] == "kingfisher 2.0"
    assert row["runs"]["kingfisher"]["codes"] == [200]
    assert len(row["runs"]["akpatrol"]["seconds"]) == row["rounds"] == 1
    assert "/" not in json.dumps(kept["rows"])


@pytest.mark.slow
def test_the_parts_of_a_history_scan_are_measured_beside_gitleaks(
    repository: Path, peers: Path, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 'one'\nregex = 'one_[a-z]{8}'\n")
    _script(peers / "bin/gitleaks", "print('8.0')")
    what = (tmp_path / "rules.toml", f"one={repository / '.git'}", "--rounds", "2", "--save", tmp_path / "kept")
    done = subprocess.run(
        [sys.executable, "-m", "bench.rules_floor", *what, "--peers", peers],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ((row,),) = (json.loads(file.read_text())["rows"] for file in (tmp_path / "kept").iterdir())
    parts = {"gitleaks", "git: objects", "git: changes", "inflate", "start", "hyperscan"}
    assert row["processor_seconds"].keys() == parts
    assert {len(seconds) for seconds in row["processor_seconds"].values()} == {2}
    assert done.stdout.startswith("history one: gitleaks ")


def _peer(peers: Path, name: str, *, missed: int = 0, code: int = 0, said: str = "", version: str = "") -> None:
    version = version or {"kingfisher": "kingfisher 2.0", "gitleaks": "8.0"}[name]
    values = {"MISSED": missed, "CODE": code, "SAID": said, "VERSION": version}
    _script(peers / "bin" / name, "\n".join(f"{key} = {value!r}" for key, value in values.items()) + _PEER)


def _script(path: Path, code: str) -> None:
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)


def _state(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [directory, *directory.rglob("*")]
    }
