"""Clusters that break, or cannot be used: a clear end, and nothing lost before it."""

from __future__ import annotations

import logging
import os
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

import pytest

from akpatrol import __version__
from akpatrol.errors import UsageError, WorkersLostError
from akpatrol.sweep import cluster as cluster_
from akpatrol.sweep.cluster import Terms
from akpatrol.sweep.worker_pool import open_pool
from tests import cluster
from tests.unit.sweep import tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.slow
def test_a_worker_that_dies_and_a_scheduler_that_goes_away(
    tmp_path: Path, new_key: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A dead worker takes no other task with it; without a scheduler everything ends at once, and says why."""
    taps = tmp_path / "taps"
    taps.mkdir()
    secret = new_key()
    with cluster.running(tmp_path, 2, TAP=str(taps)) as running, open_pool(1, running.address) as pool:
        deadly = pool.submit(tasks.dying)
        unlucky = pool.submit(tasks.dying_once, str(tmp_path / "died"))
        others = [pool.submit(tasks.doubled, number) for number in range(20)]
        assert [future.result() for future in others] == [2 * number for number in range(20)]
        assert unlucky.result() == "done"
        assert isinstance(deadly.exception(), BrokenExecutor)

        # What a task raises says nothing but its type: neither here nor on the way.
        file = tmp_path / "secret"
        file.write_text(secret)
        assert repr(pool.submit(tasks.telling, str(file)).exception()) == "LookupError()"
        sent = b"".join(one.read_bytes() for one in taps.iterdir())
        assert b"LookupError" in sent
        assert secret.encode() not in sent

        stuck = [pool.submit(tasks.stuck, str(tmp_path / "stuck")) for _ in range(5)]
        tasks.wait_for(tmp_path / "stuck")
        running.kill()
        for error in [future.exception() for future in stuck] + [pool.submit(tasks.doubled, 4).exception()]:
            assert isinstance(error, WorkersLostError)
            assert "the scheduler stopped" in str(error)
            assert "run the sweep again to continue" in error.hint
    assert capfd.readouterr() == ("", "")


def test_a_task_that_a_worker_fails_to_load_is_tried_once_more(tmp_path: Path) -> None:
    with cluster.running(tmp_path) as running, open_pool(1, running.address) as pool:
        assert pool.submit(tasks.doubled, tasks.LoadedAtLast(str(tmp_path / "flag"), failures=1)).result() == 8
        with pytest.raises(WorkersLostError, match="could not load a task"):
            pool.submit(tasks.doubled, tasks.LoadedAtLast(str(tmp_path / "other"), failures=2)).result()


def test_a_cluster_that_loses_its_last_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_, "_GLANCE_SECONDS", 0.05)
    monkeypatch.setattr(cluster_, "_WORKERS_SECONDS", 0.0)
    with cluster.running(tmp_path) as running, open_pool(1, running.address) as pool:
        running.retire()
        with pytest.raises(WorkersLostError, match="no workers are left"):
            pool.submit(tasks.doubled, 4).result()


@pytest.mark.parametrize(
    ("installed", "reason"),
    [("0.0.1", rf"has akpatrol 0\.0\.1, not {__version__}"), ("", "has no usable akpatrol")],
)
def test_workers_that_are_not_fit(installed: str, reason: str, tmp_path: Path) -> None:
    with (
        cluster.running(tmp_path, AKPATROL=installed) as running,
        pytest.raises(UsageError, match=reason),
        open_pool(1, running.address),
    ):
        pass


def test_a_worker_that_joins_later_and_is_not_fit(tmp_path: Path) -> None:
    with cluster.running(tmp_path) as running, open_pool(1, running.address) as pool:
        assert pool.submit(tasks.aged).exception() is None
        with pytest.raises(UsageError, match=r"has akpatrol 0\.0\.1"):
            pool.submit(tasks.doubled, 4).result()


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (("1.0", "3.11", "tls://worker:1"), ""),
        (("1.1", "3.11", "tls://worker:1"), "has akpatrol 1.1, not 1.0"),
        (("1.0", "3.12", "tls://worker:1"), "has Python 3.12, not 3.11"),
        (("1.0", "3.11", "tcp://worker:1"), "does not use TLS"),
    ],
)
def test_what_a_worker_must_agree_with(own: tuple[str, str, str], reason: str) -> None:
    refusal = Terms("1.0", "3.11", tls=True).refusal(*own)
    assert refusal.endswith(reason)
    assert bool(refusal) == bool(reason)
    assert not Terms("1.0", "3.11", tls=False).refusal("1.0", "3.11", "tcp://worker:1")


def test_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_, "_ANSWER_SECONDS", 2.0)
    with (
        cluster.running(tmp_path, 0) as running,
        pytest.raises(UsageError, match="the scheduler has no workers"),
        open_pool(1, running.address),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "tls://127.0.0.1:9", "carrier-pigeon://coop"])
def test_no_scheduler(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_, "_ANSWER_SECONDS", 0.5)
    with pytest.raises(UsageError, match="no scheduler answers") as error, open_pool(2, address):
        pass
    assert str(error.value).isprintable()


def test_dask_is_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError), open_pool(1, "nowhere"):
        pass
    for name in ("distributed.client", "distributed.of.later", "tornado.application", "asyncio"):
        logging.getLogger(name).error("%s", os.fspath(tmp_path))
    assert capfd.readouterr() == ("", "")
