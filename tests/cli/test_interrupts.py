"""Ctrl-C: what was found is told, a process that just starts says nothing, and a second one ends at once."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.program import Done, finish, start
from tests.sweeps import wait_for_group

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.repositories import Repository

_GO = "import sys; sys.stderr.write('go'); sys.stderr.flush()"
# Workers start with the first unit, and what is read takes as long as it is let.
_AT_ONCE = f"import akpatrol.__main__; from akpatrol.scan import execute; execute._LITTLE_WORK_SECONDS = 0; {_GO}"
_SAYS_WHERE = """
import os, time
from akpatrol.scan import execute as execution
from akpatrol.sources.git import history
def stuck(word):
    os.write(2, word + b"\\n")
    for _ in range(600):
        time.sleep(0.1)
"""
# Placing goes on after a first Ctrl-C, for so many tenths of a second.
_PLACING = """
original = history.HistorySource.place
def place(self, hits):
    os.write(2, b"stuck\\n")
    for _ in range(TENTHS):
        time.sleep(0.1)
    yield from original(self, hits)
history.HistorySource.place = place
"""
_AT = {
    "placing": _PLACING.replace("TENTHS", "10"),
    # While it reads, when something was found already.
    "reading": """
original = execution._read_here
def slow(unit, examiner, sink):
    original(unit, examiner, sink)
    if sink.tally.hits:
        stuck(b"stuck")
execution._read_here = slow
""",
    # While it looks for what is missing.
    "checking": """
def check(self):
    stuck(b"stuck")
    yield
history.HistorySource.check = check
""",
}


@pytest.fixture
def history(repo: Repository, key: str) -> Repository:
    for number in range(3):
        repo.commit_file(f"f{number}", f"{number} {key}\n")
    repo.pack()
    repo.commit_file("last", "x\n")
    return repo


def _until(process: subprocess.Popen[bytes], word: bytes) -> bytes:
    assert process.stderr
    said = b""
    while word not in said:
        block = os.read(process.stderr.fileno(), 1024)
        assert block, said
        said += block
    return said


def _report(done: Done, file: Path) -> dict[str, Any]:
    assert b"Traceback" not in done.err
    report: dict[str, Any] = json.loads(file.read_bytes())
    return report


@pytest.mark.parametrize("where", ["reading", "checking", "placing"])
def test_what_was_found_is_kept(history: Repository, tmp_path: Path, where: str) -> None:
    patch = _SAYS_WHERE + _AT[where]
    files = {name: tmp_path / f"report.{name}" for name in ("json", "sarif", "text")}
    options = [word for name, file in files.items() for word in ("--report", f"{name}:{file}")]
    process = start("history", "--no-cache", "--jobs", "1", *options, history.path, patch=patch)
    _until(process, b"stuck")
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    report = _report(done, files["json"])
    assert done.code == 130
    assert done.err == b"akpatrol: interrupted: what was found is told; Ctrl-C again ends at once\n"
    assert report["scan"]["interrupted"]
    assert [one["item"] for one in report["coverage"]["skipped"]] == ["the rest"]
    (found,) = report["credentials"]
    assert {place["path"] for place in found["occurrences"]} <= {"f0", "f1", "f2"}
    assert files["text"].read_text().startswith("INCOMPLETE")
    (run,) = json.loads(files["sarif"].read_bytes())["runs"]
    assert not run["invocations"][0]["executionSuccessful"]


def test_a_second_one_ends_at_once(history: Repository, tmp_path: Path) -> None:
    """Placing what was found may take long."""
    file = tmp_path / "report"
    process = start(
        "history", "--no-cache", history.path, "-o", file, patch=_SAYS_WHERE + _PLACING.replace("TENTHS", "600")
    )
    _until(process, b"stuck")
    os.killpg(process.pid, signal.SIGINT)
    _until(process, b"again ends at once")
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert (done.code, done.err, file.exists()) == (130, b"akpatrol: interrupted; no report was written\n", False)


def test_nothing_is_asked_any_more(history: Repository, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ("--jobs", "1", "--verify", "--api-url", "https://127.0.0.1:9")
    process = start(
        "history", "--no-cache", "-f", "json", "-o", file, *options, history.path, patch=_SAYS_WHERE + _AT["reading"]
    )
    _until(process, b"stuck")
    process.send_signal(signal.SIGINT)
    done = finish(process)
    (found,) = _report(done, file)["credentials"]
    assert (done.code, found["verification"]["status"]) == (130, "not_sent")


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])
def test_while_processes_start(history: Repository, tmp_path: Path, delay: float) -> None:
    """Each process that there is gets it from the terminal, and none says anything of its own."""
    small = "from akpatrol.sources.git import history; history._MUCH = 0"
    master, slave = pty.openpty()
    process = start(
        "history",
        "--no-cache",
        "--jobs",
        "3",
        "-o",
        tmp_path / "report",
        history.path,
        patch=f"{small}\n{_AT_ONCE}",
        stdin=slave,
        stderr=slave,
    )
    os.close(slave)
    screen = bytearray()
    while b"go" not in screen:
        screen += os.read(master, 1024)
    time.sleep(delay)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    code = process.wait(60)
    with suppress(OSError):  # how a terminal whose other side is closed ends
        while block := os.read(master, 65536):
            screen += block
    os.close(master)
    finish(process)
    told = bytes(screen).partition(b"go")[2].replace(b"\r\n", b"\n")
    assert re.fullmatch(rb"(\nakpatrol: interrupted: [^\n]*\n|akpatrol: interrupted; [^\n]*\n)?", told)
    assert code in {1, 130}
    wait_for_group(process.pid)
