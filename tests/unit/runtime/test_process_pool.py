"""Processes that work, that die while they work, and that cannot start."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import BrokenExecutor, CancelledError, wait
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.runtime import process_pool
from akpatrol.runtime.process_pool import ProcessPool
from akpatrol.sweep.worker_pool import open_pool
from tests.unit.runtime import worker_tasks
from tests.unit.sweep import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    made = ProcessPool(2)
    yield made
    made.close()


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


@pytest.mark.slow
@settings(deadline=None)
@given(sizes=st.lists(st.sampled_from([0, 1, 1000, 70_000, 2_000_000]), max_size=8))
def test_every_answer_is_that_of_its_task(pool: ProcessPool, sizes: list[int]) -> None:
    """Of whatever size the arguments and the answers are, beyond what pipes hold."""
    futures = [pool.submit(worker_tasks.repeated, bytes([number]) * size, 2) for number, size in enumerate(sizes)]
    assert [future.result(60) for future in futures] == [
        bytes([number]) * size * 2 for number, size in enumerate(sizes)
    ]


def test_both_processes_work_at_once(pool: ProcessPool, tmp_path: Path) -> None:
    one, other = (pool.submit(worker_tasks.meeting, str(tmp_path), name) for name in ("one", "other"))
    assert {one.result(60), other.result(60)} == {"one", "other"}


def test_what_a_task_raises_is_raised(pool: ProcessPool) -> None:
    with pytest.raises(LookupError, match="as it should"):
        pool.submit(tasks.failing).result(60)
    with pytest.raises(TypeError, match="cannot be sent"):
        pool.submit(worker_tasks.unsendable).result(60)
    with pytest.raises(LookupError, match="unreadable"):
        pool.submit(tasks.doubled, worker_tasks.Unreadable()).result(60)
    assert pool.submit(tasks.doubled, 4).result(60) == 8


def test_what_a_task_prints_is_no_answer(pool: ProcessPool) -> None:
    assert pool.submit(worker_tasks.printing).result(60) == "printed"


def test_closing_a_pool_cancels_what_is_left_and_leaves_other_pools_alone() -> None:
    before = {*process_pool._running}
    one, other = ProcessPool(1), ProcessPool(1)
    other.start().result(60)
    left = [one.submit(sleep, 60) for _ in range(5)]
    one.close()
    for future in (*left, one.submit(sleep, 60)):
        with pytest.raises(CancelledError):
            future.result(30)
    assert other.submit(tasks.doubled, 4).result(60) == 8
    other.close()
    assert process_pool._running == before


def test_a_task_that_was_cancelled_is_not_done(tmp_path: Path) -> None:
    pool = ProcessPool(1)
    first = pool.submit(sleep, 0.2)
    later = [pool.submit(worker_tasks.marked, str(tmp_path), str(number)) for number in range(3)]
    assert later[-1].cancel()
    wait([first, *later[:-1]], 60)
    assert pool.submit(tasks.doubled, 4).result(60) == 8
    pool.close()
    assert sorted(os.listdir(tmp_path)) == ["0", "1"]


def test_what_no_process_has_is_taken_back(tmp_path: Path) -> None:
    pool = ProcessPool(1)
    pool.start().result(60)
    futures = [pool.submit(sleep, 0.2), *(pool.submit(worker_tasks.marked, str(tmp_path), str(n)) for n in range(5))]
    taken = [future for future in futures if pool.take_back(future)]
    wait({*futures} - {*taken}, 60)
    assert 3 <= len(taken) <= 5
    assert len(os.listdir(tmp_path)) == 5 - len(taken)
    assert not pool.take_back(futures[0])
    pool.close()


def test_what_may_have_killed_a_process_is_not_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ProcessPool(1)
    pool.start().result(60)
    monkeypatch.setattr(pool, "_hand_out", lambda: None)  # it stays where it is
    monkeypatch.setattr(pool, "_is_wanted", lambda: False)
    deadly = pool.submit(tasks.dying)
    (waiting,) = pool._waiting
    assert pool._died_with(deque([pool._waiting.popleft()])) is None
    assert [*pool._waiting] == [waiting]
    assert not pool.take_back(deadly)
    pool.close()


def test_a_process_begins_with_a_call() -> None:
    pool = ProcessPool(1, worker_tasks.begin, "begun")
    assert pool.submit(worker_tasks.begun).result(60) == "begun"
    pool.close()


@pytest.mark.slow
def test_a_process_that_cannot_begin_does_nothing() -> None:
    pool = ProcessPool(1, tasks.failing)
    with pytest.raises(BrokenExecutor):
        pool.submit(tasks.doubled, 4).result(60)
    pool.close()


def test_no_process_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ProcessPool(1)
    pool.start().result(60)
    monkeypatch.setattr(sys, "executable", "/nothing/here")
    for last in (pool.submit(tasks.dying), pool.submit(tasks.doubled, 4)):
        with pytest.raises(OSError, match="nothing"):
            last.result(60)
    pool.close()


@pytest.mark.parametrize("most", [0, 1])
def test_no_thread_can_start(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Neither the one that has a process, nor the one that writes to it."""
    start, started = Thread.start, list[Thread]()

    def refused(thread: Thread) -> None:
        if len(started) == most:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    pool = ProcessPool(1)
    monkeypatch.setattr(Thread, "start", refused)
    with pytest.raises(RuntimeError, match="thread"):
        pool.submit(tasks.doubled, 4).result(60)
    pool.close()


@pytest.mark.parametrize("place", ["in the parent", "in the worker"])
def test_no_memory_for_a_message(place: str) -> None:
    """The process is out of order, and replaced."""
    pool = ProcessPool(1)
    pool.start().result(60)
    call = (1 << 62).to_bytes(8)
    if place == "in the parent":
        lost = pool.submit(worker_tasks.answering, call)
        with pytest.raises(BrokenExecutor):
            lost.result(60)
    else:
        (process,) = pool._processes
        process._calls.write(call)
        process._calls.flush()
    assert pool.submit(tasks.doubled, 4).result(60) == 8
    pool.close()


def test_nothing_is_imported_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("linecache", "pickle", "akpatrol", "re", "encodings"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    pool = ProcessPool(1)
    assert pool.submit(tasks.doubled, 4).result(60) == 8
    pool.close()
    assert not (tmp_path / "run").exists()


def test_a_signal_while_a_process_starts_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exception of its handler may come anywhere in the main thread."""
    pool = ProcessPool(1)
    begin = Thread.start

    def interrupted(thread: Thread) -> None:
        begin(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pool.submit(sleep, 60)
    monkeypatch.undo()
    pool.close()
    assert not pool._processes


def test_all_processes_are_killed(tmp_path: Path) -> None:
    pool = ProcessPool(1)
    future = pool.submit(tasks.stuck, str(tmp_path / "begun"))
    tasks.wait_for(tmp_path / "begun")
    killed = {*process_pool._running}
    process_pool.kill_all()
    while killed & process_pool._running:
        sleep(0.01)
    pool.close()
    assert future.cancelled()
