"""Processes that die while they work."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

import pytest

from akpatrol.sweep.worker_pool import open_pool
from tests.unit.sweep import tasks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_worker_that_dies_takes_no_other_task_with_it(tmp_path: Path) -> None:
    """Neither those in flight when it died, nor one that only died once."""
    with open_pool(2, None) as pool:
        deadly = [pool.submit(tasks.dying) for _ in range(2)]
        unlucky = pool.submit(tasks.dying_once, str(tmp_path / "died"))
        others = [pool.submit(tasks.doubled, number) for number in range(20)]
        assert [future.result() for future in others] == [2 * number for number in range(20)]
        assert unlucky.result() == "done"
        assert all(isinstance(future.exception(), BrokenExecutor) for future in deadly)
        assert pool.submit(tasks.doubled, 4).result() == 8


_COPIED = """
import os, signal, sys, time
from akpatrol.runtime import interrupts
from akpatrol.runtime.process_pool import ProcessPool

known = []

def facts():
    return known, os.getpid(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

def dying():
    os.kill(os.getpid(), signal.SIGKILL)

def main():
    interrupts.install()
    known.append("before it starts")
    pool = ProcessPool(2, may_fork=True)
    told, process, is_default = pool.submit(facts).result()
    assert process != os.getpid()
    assert is_default, "a signal must end it"
    assert told == (["before it starts"] if sys.platform == "linux" else []), told
    error = pool.submit(dying).exception()
    assert error, "it died each time"
    assert pool.submit(facts).result()[0] == [], "the next ones start anew, beside threads"
    pool.close()

if __name__ == "__main__":
    main()
"""


def test_a_copy_of_this_process_ends_like_any_other(tmp_path: Path) -> None:
    """It knows what this process knew, and it is replaced by a new process when it dies."""
    program = tmp_path / "program.py"
    program.write_text(_COPIED)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
