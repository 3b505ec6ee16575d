"""Processes that die while they work."""

from __future__ import annotations

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
