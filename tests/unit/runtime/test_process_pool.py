"""Processes that die while they work."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError
from multiprocessing import active_children
from time import sleep
from typing import TYPE_CHECKING

import pytest

from akpatrol.runtime.process_pool import ProcessPool
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


def test_closing_a_pool_repeats_nothing_of_another() -> None:
    """All processes are ended with it, and no other begins what they were doing."""
    one, other = ProcessPool(1), ProcessPool(1)
    one.start().result()
    other.start().result()
    left = one.submit(sleep, 60)
    one.give_up()
    other.close()
    with pytest.raises(CancelledError):
        left.result(30)
    one.close()
    assert not active_children()
