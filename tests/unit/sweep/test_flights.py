"""Tasks in hand: each is settled once, and a late one is tried elsewhere."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.sweep import flights
from akpatrol.sweep.flights import Flights

if TYPE_CHECKING:
    from collections.abc import Callable


class Pool:
    """Workers whose tasks end when the test says so."""

    ready = is_local = True
    workers = 4

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, _task: Callable[..., Any], *_arguments: Any, at: str = "") -> Future[Any]:
        del at
        self.futures.append(Future())
        return self.futures[-1]


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def settled() -> list[Any]:
    return []


def submitted(pool: Pool, settled: list[Any], **how: Any) -> Flights:
    found = Flights()
    found.submit(pool, lambda future: settled.append(future.exception() or future.result()), int, reading=1, **how)
    return found


def test_a_task_is_settled_once_it_is_done(pool: Pool, settled: list[Any]) -> None:
    found = submitted(pool, settled)
    found.settle()
    assert (settled, len(found), found.reading) == ([], 1, 1)
    pool.futures[0].set_result("done")
    found.settle(1)
    assert (settled, len(found), found.reading) == (["done"], 0, 0)


def test_a_stopped_sweep_does_not_wait_for_what_is_of_no_use_alone(pool: Pool, settled: list[Any]) -> None:
    assert not submitted(pool, settled, optional=True).is_pending(stopped=True)
    assert submitted(pool, settled, optional=True).is_pending(stopped=False)
    assert submitted(pool, settled).is_pending(stopped=True)


@pytest.mark.parametrize("faster", [0, 1])
def test_a_late_task_is_tried_elsewhere_once(
    pool: Pool, settled: list[Any], monkeypatch: pytest.MonkeyPatch, faster: int
) -> None:
    monkeypatch.setattr(flights, "_LATE_SECONDS", -1.0)
    found = submitted(pool, settled)
    for _ in range(3):
        found.hasten(pool.workers)
    assert len(pool.futures) == 2
    pool.futures[faster].set_result(faster)
    pool.futures[1 - faster].set_result("too late")
    found.settle(1)
    assert settled == [faster]


def test_a_late_task_whose_worker_died_waits_for_the_other(
    pool: Pool, settled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights, "_LATE_SECONDS", -1.0)
    found = submitted(pool, settled)
    found.hasten(pool.workers)
    pool.futures[0].set_exception(BrokenExecutor())
    found.settle(1)
    assert settled == []
    pool.futures[1].set_result("done")
    found.settle(1)
    assert settled == ["done"]


def test_nothing_is_tried_again_in_time_or_without_a_free_worker(
    pool: Pool, settled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(pool, settled).hasten(pool.workers)
    monkeypatch.setattr(flights, "_LATE_SECONDS", -1.0)
    submitted(pool, settled).hasten(1)
    submitted(pool, settled, size=1 << 40).hasten(pool.workers)
    assert len(pool.futures) == 3
