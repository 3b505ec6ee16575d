"""Sweeps that are processes, what they keep while they run, and how they are ended."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from akpatrol.pipeline import sweep as pipeline_sweep
from akpatrol.sweep import run as sweep_run
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.target_queue import TargetParts
from tests.program import Done, finish, start

if TYPE_CHECKING:
    import subprocess

    import pytest

    from tests.organization import Organization

_ROOT = Path(__file__).parents[1]
_PROCESSES = Path("/proc")
# These organizations are little work, which a sweep does without processes.
_AT_WORK = "import akpatrol.sweep.run; akpatrol.sweep.run._LITTLE_BYTES = 0"
_STUCK = "import akpatrol.sweep.tasks; from tests import tasks; akpatrol.sweep.tasks.read = tasks.endless"


def divide(monkeypatch: pytest.MonkeyPatch, part_bytes: int) -> list[int]:
    """Have the sweeps of this process divide what is larger, and return how many parts each target had."""
    numbers: list[int] = []
    planned = pipeline_sweep._scan_spec

    def counted(*parts: Any) -> TargetParts:
        numbers.append(parts[-1])
        return TargetParts(*parts)

    monkeypatch.setattr(sweep_run, "_LITTLE_BYTES", 0)
    monkeypatch.setattr(sweep_run, "TargetParts", counted)
    monkeypatch.setattr(pipeline_sweep, "_scan_spec", lambda *how: planned(*how)._replace(part_bytes=part_bytes))
    return numbers


class Sweeps:
    """Sweeps of one organization into one store, each a process."""

    def __init__(self, acme: Organization, store: Path | str, jobs: int = 2, report: Path | None = None) -> None:
        self.acme = acme
        self.store = store
        self._report = report or Path(store).with_suffix(".json")
        self._arguments = ("sweep", acme.root, "--store", store, "--jobs", str(jobs), "-f", "json")

    def start(self, *, patch: str = "", **how: Any) -> subprocess.Popen[bytes]:
        return start(*self._arguments, "-o", self._report, patch=f"{_AT_WORK}\n{patch}", **how)

    def stuck(self, directory: Path, workers: int) -> subprocess.Popen[bytes]:
        """Start one whose workers never come to an end, and wait until all are at work."""
        process = self.start(patch=_STUCK, cwd=directory, variables={"PYTHONPATH": str(_ROOT)})
        while len([*directory.glob("at-work-*")]) < workers:
            time.sleep(0.01)
        return process

    def whole(self) -> dict[str, Any]:
        """Sweep to the end and return the report."""
        done = finish(self.start())
        assert done.code == 1, done.err.decode()
        return self.report()

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._report.read_bytes())
        return found

    def count(self, query: str) -> int:
        """Return a number from the store while it is written to, 0 when there is nothing yet."""
        if isinstance(self.store, str):
            return self._counted(self.store, query)
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])
        return 0

    def _counted(self, address: str, query: str) -> int:
        from psycopg import Error, connect  # noqa: PLC0415 - an extra

        with suppress(Error), connect(address) as connection:
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0
        return 0

    def wait(self, process: subprocess.Popen[bytes], runs: int, targets: int = 0) -> None:
        """Wait until the store has so many runs, and so many targets were read in the last; or for the end."""
        while process.poll() is None and (
            self.count("SELECT count(*) FROM run") < runs
            or self.count("SELECT count(*) FROM coverage WHERE run = (SELECT max(id) FROM run)") < targets
        ):
            time.sleep(0.005)

    def told(self) -> dict[str, set[tuple[Any, ...]]]:
        """Return the credentials in the store, by target."""
        if isinstance(self.store, str) and not self.count("SELECT count(*) FROM run"):
            return {}
        with SweepStore(str(self.store), create=False) as store:
            if not store.runs():
                return {}
            document = store.document()
        found: dict[str, set[tuple[Any, ...]]] = {
            self.acme.name(one["path"]): set() for one in document["scan"]["targets"]
        }
        for place in self.acme.found(document):
            found[place[1]].add(place)
        return found

    def check(self) -> None:
        """See that each target in the store is there with all that is in it."""
        expected = self.acme.expected
        for name, places in self.told().items():
            assert places == {place for place in expected if place[1] == name}, name


def end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> Done:
    """Send a signal to a whole group, as a terminal does, and wait for the end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    return finish(process)


def interrupted(process: subprocess.Popen[bytes]) -> bytes:
    """Interrupt a whole group once, wait until the sweep says that it is stopping, and return what it said."""
    os.killpg(process.pid, signal.SIGINT)
    assert process.stderr
    said = b""
    while b"stopping" not in said:
        block = os.read(process.stderr.fileno(), 1024)
        assert block, said
        said += block
    return said


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the worker processes of a sweep."""
    # Each thread has its own.
    listed = Path(f"/proc/{process.pid}/task").glob("*/children")
    try:
        found = [int(word) for file in listed for word in file.read_text().split()]
        return [one for one in found if b"worker_process" in Path(f"/proc/{one}/cmdline").read_bytes()]
    except OSError:
        return []


def wait_for_group(leader: int) -> None:
    """Wait until no process of a group runs."""
    with suppress(ProcessLookupError):
        while True:
            os.killpg(leader, 0)
            # Who took over an orphan may take a second to notice its end.
            if _PROCESSES.exists() and not any(_runs(file, leader) for file in _PROCESSES.glob("[0-9]*/stat")):
                return
            time.sleep(0.01)


def _runs(file: Path, leader: int) -> bool:
    try:
        state, _, group, *_ = file.read_text().rpartition(")")[2].split()
    except OSError:  # it ended just now
        return False
    return int(group) == leader and state != "Z"
