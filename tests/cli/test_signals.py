"""Ctrl-C and SIGTERM in the middle of a scan: exit 130 and 143, one line, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import Terminated
from tests.program import SAYS_GO, SECONDS, finish, start, until
from tests.sweeps import children, wait_for_group

if TYPE_CHECKING:
    from tests.conftest import Run

_NO_WAITING = "from akpatrol.scan import execute as execution; execution._LITTLE_WORK_SECONDS = 0"
# Says so when a unit is to be read, by this process or by another.
_SAYS_READING = """
import os
def say_and_read(*arguments, read=execution.read):
    os.write(2, b"go")
    return read(*arguments)
execution.read = say_and_read
"""
_STARTED_TICKS = 20


def _started_reading(process: subprocess.Popen[bytes], jobs: int) -> bool:
    """Return whether workers, or with one job the process itself, are at work."""
    if jobs == 1:
        return _ticks(process.pid) > _STARTED_TICKS
    workers = children(process)
    return len(workers) >= jobs and all(_ticks(pid) > _STARTED_TICKS for pid in workers)


def _ticks(pid: int) -> int:
    """Return how long a process has worked."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


@pytest.fixture
def big_tree(tmp_path: Path) -> Path:
    """Files without blocks on disk that take minutes to read."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(600):
        with (tree / f"f{number}").open("wb") as stream:
            stream.truncate(80 << 20)
    return tree


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "group"])
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_in_the_middle(big_tree: Path, number: int, code: int, *, jobs: int, whole_group: bool) -> None:
    """It ends at once, leaves no process and no file of its own behind, and says so in one line."""
    small_units = "from akpatrol.sources import files; files._BATCH = 1"
    report = big_tree.parent / "report.json"
    arguments = ["scan", str(big_tree), "--jobs", str(jobs), "-o", str(report), "-f", "json"]
    process = start(*arguments, patch=f"{_NO_WAITING}\n{small_units}\n{_SAYS_READING}")
    assert until(process, b"go") == b"go"
    while not _started_reading(process, jobs):
        assert process.poll() is None
        time.sleep(0.02)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    done = finish(process)
    assert done.code == code
    assert done.out == b""
    if number == signal.SIGINT:
        assert done.err == b"akpatrol: interrupted: reporting what was found; Ctrl-C again ends at once\n"
        assert json.loads(report.read_bytes())["scan"]["interrupted"]
        report.unlink()
    else:
        assert done.err == b"akpatrol: terminated; no report was written\n"
    assert os.listdir(big_tree.parent) == ["tree"]
    wait_for_group(process.pid)  # no worker may outlive it: the test's time-out is the limit


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_interrupt_while_processes_start(big_tree: Path, delay: float) -> None:
    """Ctrl-C reaches the whole group; a process that is just starting shows no traceback either."""
    small_units = "from akpatrol.sources import files; files._BATCH = 1"
    process = start("scan", big_tree, "--jobs", "2", patch=f"{_NO_WAITING}\n{small_units}\n{SAYS_GO}")
    assert until(process, b"go") == b"go"
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert b"Traceback" not in done.err
    assert done.code == 130


def test_interrupt_during_a_stream() -> None:
    process = start("scan", "-", stdin=subprocess.PIPE, patch=f"{_NO_WAITING}\n{_SAYS_READING}")
    assert until(process, b"go") == b"go"
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 130  # while nothing closes the stream
    finish(process)


@pytest.mark.parametrize(("signalled", "code"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_a_signal_while_a_class_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signalled: BaseException, code: int
) -> None:
    class Field:
        def __set_name__(self, *_: object) -> None:
            raise signalled

    monkeypatch.setattr("akpatrol.pipeline.scan.run", lambda *_: type("Made", (), {"field": Field()}))
    assert run("scan", cwd=tmp_path).code == code
