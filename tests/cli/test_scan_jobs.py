"""Several processes: the same report as one, and a process that dies is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.detect.prefilter import Prefilter
from akpatrol.model.scan import Counted
from akpatrol.rules.rule_file import load
from akpatrol.scan import execute
from akpatrol.scan.examine import Examiner
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import Amount
from akpatrol.sources.git import history
from tests.credentials import organization_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from random import Random

    from akpatrol.sources.base import Item
    from tests.conftest import Run
    from tests.repositories import Repository

_FILES = 3000


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start worker processes after the first unit, however little work there is, and leave the rest to them."""
    monkeypatch.setattr(execute, "_LITTLE_WORK_SECONDS", 0)
    monkeypatch.setattr(execute, "_MUCH_WORK_SECONDS", 0)
    monkeypatch.setattr(execute._Workers, "are_ready", lambda workers: workers.first.result() is None)


@pytest.fixture
def tree(tmp_path: Path, rng: Random) -> Path:
    """3,000 files in 30 directories; every hundredth holds a credential of its own and one that all share."""
    shared = organization_key(rng)
    for number in range(_FILES):
        file = tmp_path / "tree" / f"d{number % 30:02}" / f"f{number:04}"
        file.parent.mkdir(parents=True, exist_ok=True)
        found = f"\nA={organization_key(rng)}\nB={shared}\n" if number % 100 == 0 else ""
        file.write_text(f"file {number}{found}")
    (tmp_path / "tree" / "link").symlink_to("nowhere")
    return tmp_path / "tree"


def _comparable(report: dict[str, Any]) -> str:
    report["scan"].pop("started_at")
    report["scan"].pop("duration_seconds")
    return json.dumps(report, indent=1)


@pytest.mark.parametrize(("seconds", "processes"), [(0, [1, 1]), (60, [1])])
@pytest.mark.usefixtures("at_once")
def test_same_report_with_any_number_of_processes(
    run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, processes: list[int]
) -> None:
    """This process reads, too, until there was much to read."""
    started = []
    original = execute._workers

    def workers(jobs: int, examiner: Examiner) -> AbstractContextManager[Any]:
        started.append(jobs)
        return original(jobs, examiner)

    monkeypatch.setattr(execute, "_workers", workers)
    monkeypatch.setattr(execute, "_MUCH_WORK_SECONDS", seconds)
    alone, together = run("scan", tree, "--jobs", "1"), run("scan", tree, "--jobs", "2")
    assert started == processes
    assert alone.code == together.code == 1
    assert together.json["coverage"]["counts"] == {"files": _FILES}
    assert len(together.json["credentials"]) == 31
    assert _comparable(alone.json) == _comparable(together.json)
    assert not _children()


@pytest.mark.parametrize(
    ("jobs", "very_many", "expected"), [("2", 0, [2]), ("2", 100, [1, "read"]), ("9", 100, [3, "read"])]
)
def test_processes_start_before_a_history_of_known_size_is_read(
    run: Run,
    repo: Repository,
    rng: Random,
    monkeypatch: pytest.MonkeyPatch,
    jobs: str,
    very_many: int,
    expected: list[object],
) -> None:
    """Of many objects a few; of very many, this process reads none."""
    repo.commit_file("f", f"A={organization_key(rng)}\n")
    alone = run("history", repo.path, "--jobs", "1", "--no-cache")
    events: list[object] = []
    workers, read_here = execute._workers, execute._read_here

    def started(jobs: int, examiner: Examiner) -> AbstractContextManager[Any]:
        events.append(jobs)
        return workers(jobs, examiner)

    def read(*arguments: Any) -> None:
        events.append("read")
        read_here(*arguments)

    monkeypatch.setattr(execute, "_workers", started)
    monkeypatch.setattr(execute, "_read_here", read)
    monkeypatch.setattr(history, "_MANY", 0)
    monkeypatch.setattr(history, "_VERY_MANY", very_many)
    monkeypatch.setattr(Prefilter, "is_kept", lambda _: True)
    together = run("history", repo.path, "--jobs", jobs, "--no-cache")
    assert events[: len(expected)] == expected
    assert ("read" in events) is ("read" in expected)
    assert _comparable(alone.json) == _comparable(together.json)


class _Dying:
    """A unit in which the worker that reads it is killed, as when memory runs out."""

    title = "the heavy file"

    def read(self) -> Iterator[Item]:
        os.kill(os.getpid(), signal.SIGKILL)
        yield Counted("files")


class _Failing:
    """A unit that shows a bug."""

    title = "a file"

    def read(self) -> Iterator[Item]:
        yield Counted("files", 1 // len(self.title[:0]))


class _Fine:
    """A unit without trouble."""

    title = "a fine file"

    def read(self) -> Iterator[Item]:
        yield Counted("files", 1, 10)


class _Source:
    parallel = True

    def __init__(self, *units: Any) -> None:
        self._units = units

    def amount(self) -> Amount:
        return Amount.UNKNOWN

    def plan(self) -> Iterator[Any]:
        return iter(self._units)


def _read(*units: Any) -> ScanResult:
    tally = ScanResult()
    source: Any = _Source(*units)
    execute.read(source, Examiner(load()), tally, 2, lambda _: None)
    return tally


def test_a_process_that_starts_has_units_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait until this process has read one. In the end this one reads those that are still waiting."""
    given = []
    submit = execute._Workers.submit

    def submitted(workers: execute._Workers, unit: Any) -> None:
        given.append(unit)
        submit(workers, unit)

    monkeypatch.setattr(execute._Workers, "submit", submitted)
    monkeypatch.setattr(execute, "_LITTLE_WORK_SECONDS", 0)
    monkeypatch.setattr(execute._Workers, "are_ready", lambda _: False)
    assert _read(*[_Fine()] * 10).counts["files"] == 10
    assert len(given) == execute._UNITS_FOR_A_START


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_dead_worker_is_a_skip() -> None:
    """What the worker was reading is skipped by name, and what it was not is read."""
    fine = [_Fine()] * 40
    tally = _read(*fine[:20], _Dying(), *fine[20:])
    assert "the heavy file" in [skip.item for skip in tally.skipped]
    assert all("died" in skip.reason for skip in tally.skipped)
    assert tally.counts["files"] + len(tally.skipped) == 41
    assert not _children()


@pytest.mark.usefixtures("at_once")
def test_bug_in_a_worker_is_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        _read(_Fine(), _Fine(), _Failing())
    assert not _children()


@pytest.mark.usefixtures("at_once")
def test_interrupt_keeps_what_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(several: list[Any], _sink: Any) -> None:
        wait([future for workers in several for future in workers.running])
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "_wait_for_one", interrupted)
    tally, source = ScanResult(), _Source(*[_Fine()] * 40)
    with pytest.raises(KeyboardInterrupt):
        execute.read(source, Examiner(load()), tally, 2, lambda _: None)  # type: ignore[arg-type]
    assert tally.counts["files"] == 1 + 2 * execute._UNITS_BESIDE_A_JOB  # one was read here
    assert not _children()


def test_little_work_starts_no_process(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_workers", None)
    (tmp_path / "f").write_text("clean\n")
    assert run("scan", tmp_path, "--jobs", "2").code == 0


def _children() -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return [line for line in listed.stdout.splitlines() if "worker_process" in line]
