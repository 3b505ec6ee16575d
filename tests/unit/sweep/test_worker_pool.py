"""Who does the work: the same results and errors, whoever does it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from akpatrol.sweep.worker_pool import open_pool
from tests import cluster
from tests.unit.sweep import tasks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("who", ["this process", "processes", "cluster"])
def test_results_and_errors_come_back(who: str, tmp_path: Path) -> None:
    with ExitStack() as opened:
        workers = 1 if who == "this process" else 2
        address = opened.enter_context(cluster.running(tmp_path, workers)).address if who == "cluster" else None
        pool = opened.enter_context(open_pool(workers, address))
        futures = [pool.submit(tasks.doubled, number) for number in range(20)]
        wrong = pool.submit(tasks.failing)
        assert [future.result() for future in futures] == [2 * number for number in range(20)]
        assert isinstance(wrong.exception(), LookupError)
        assert pool.workers == workers
