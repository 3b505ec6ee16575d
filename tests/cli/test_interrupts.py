"""Ctrl-C: findings are reported, a process that just starts prints nothing, and a second Ctrl-C ends at once."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import akpatrol
from tests.program import SAYS_GO, Done, finish, start, until
from tests.sweeps import wait_for_group

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository

# Workers start with the first unit, and what is read takes as long as it is let.
_AT_ONCE = f"from akpatrol.scan import execute; execute._LITTLE_WORK_SECONDS = 0; {SAYS_GO}"
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
    if sink.result.findings:
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
    until(process, b"stuck")
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    report = _report(done, files["json"])
    assert done.code == 130
    assert done.err == b"akpatrol: interrupted: reporting what was found; Ctrl-C again ends at once\n"
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
    until(process, b"stuck")
    os.killpg(process.pid, signal.SIGINT)
    until(process, b"again ends at once")
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert (done.code, done.err, file.exists()) == (130, b"akpatrol: interrupted; no report was written\n", False)


def test_nothing_is_asked_any_more(history: Repository, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ("--jobs", "1", "--verify", "--api-url", "https://127.0.0.1:9")
    process = start(
        "history", "--no-cache", "-f", "json", "-o", file, *options, history.path, patch=_SAYS_WHERE + _AT["reading"]
    )
    until(process, b"stuck")
    process.send_signal(signal.SIGINT)
    done = finish(process)
    (found,) = _report(done, file)["credentials"]
    assert (done.code, found["verification"]["status"]) == (130, "not_sent")


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])
def test_while_processes_start(history: Repository, tmp_path: Path, delay: float) -> None:
    """Each process that there is gets it from the terminal, and none says anything of its own."""
    small = "from akpatrol.sources.git import history; history._MANY = 0"
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


_LOADED = """
import signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == MODULE:
            signal.raise_signal(NUMBER)
sys.meta_path.insert(0, Finder())
"""
_BEGINNINGS = (
    "from akpatrol.__main__ import entry; entry()",
    "import runpy; runpy.run_module('akpatrol', run_name='__main__', alter_sys=True)",
)
_BY_CLICK = ("click", "akpatrol.cli.scan")  # loaded for a command line that it has to read


def _signalled(module: str, number: int, beginning: str, *, stream: int) -> subprocess.CompletedProcess[bytes]:
    """Signal as a module is loaded, in a run that has to wait for a stream."""
    patch = _LOADED.replace("MODULE", repr(module)).replace("NUMBER", str(int(number)))
    words = ("scan", "--exclude=x", "-") if module in _BY_CLICK else ("scan", "-")
    command = [sys.executable, "-c", f"{patch}\n{beginning}", *words]
    return subprocess.run(command, stdin=stream, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("module", "beginning"),
    [
        ("akpatrol.main", _BEGINNINGS[0]),
        ("akpatrol.main", _BEGINNINGS[1]),
        ("akpatrol.errors", _BEGINNINGS[0]),
        ("click", _BEGINNINGS[1]),
        ("akpatrol.cli", _BEGINNINGS[0]),
        ("akpatrol.cli.scan", _BEGINNINGS[1]),
        ("akpatrol.cli.plain_scan", _BEGINNINGS[1]),
        ("akpatrol.scan.run", _BEGINNINGS[0]),
    ],
)
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_while_the_program_is_loaded(module: str, number: int, word: str, beginning: str) -> None:
    stream, held = os.pipe()
    done = _signalled(module, number, beginning, stream=stream)
    os.close(stream)
    os.close(held)
    assert (done.returncode, done.stdout) == (128 + number, b"")
    assert done.stderr.decode() == f"akpatrol: {word}; no report was written\n"


@pytest.mark.parametrize("module", ["akpatrol.main", "click", "akpatrol.scan.run"])
def test_an_ignored_ctrl_c_goes_on_being_ignored(module: str) -> None:
    ignored = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {_BEGINNINGS[0]}"
    done = _signalled(module, signal.SIGINT, ignored, stream=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (3, b"")  # the stream is empty


def test_nothing_is_loaded_before_signals_are_heeded() -> None:
    """What Python has not loaded for itself takes longer than all else that comes before."""
    source = os.path.dirname(os.path.dirname(akpatrol.__file__))
    code = f"import sys; sys.path.insert(0, {source!r}); import akpatrol.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True)
    assert not {"typing", "re", "enum", "signal", "click", "akpatrol.errors"} & {*done.stdout.decode().split()}


# Counts the calls of functions from where the program begins to its end, and sends a signal in some of them.
_IN_CALLS = """
import atexit, os, sys
from akpatrol.__main__ import entry
calls = 0
def count(frame, event, argument):
    global calls
    if event == "call":
        calls += 1
        if calls in CALLS:
            os.kill(os.getpid(), NUMBER)
def said():
    sys.setprofile(None)
    if not CALLS:
        os.write(2, b"%d" % calls)
atexit.register(said)
sys.setprofile(count)
entry()
"""


def _in_calls(
    arguments: list[str | Path], calls: set[int], number: int = signal.SIGINT
) -> subprocess.CompletedProcess[bytes]:
    code = _IN_CALLS.replace("CALLS", repr(calls or ())).replace("NUMBER", str(int(number)))
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment(history: Repository, tmp_path: Path, number: int) -> None:
    """Whatever the program is doing, from its first function to its last."""
    file = tmp_path / "report.json"
    arguments: list[str | Path] = ["history", "--no-cache", "--jobs", "1", "-f", "json", "-o", file, history.path]
    every = int(_in_calls(arguments, set(), number).stderr)
    moments = 6
    for moment in range(moments):
        file.unlink(missing_ok=True)
        at = 2 + every * moment // moments  # the first one sees to signals
        done = _in_calls(arguments, {at, at + 40} if moment % 2 else {at}, number)
        assert done.returncode in {128 + number, 1}, (at, done)
        assert re.fullmatch(rb"(akpatrol: (interrupted|terminated)[:;] [^\n]*\n){,2}", done.stderr), (at, done)
        assert file.exists() == (b"no report" not in done.stderr), (at, done)
