"""The worker pool of a sweep: this machine, or a Dask cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from akpatrol.runtime.worker_pool import local_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.runtime.worker_pool import WorkerPool


@contextmanager
def open_pool(jobs: int, scheduler: str | None) -> Iterator[WorkerPool]:
    """Open the pool. Raises UsageError for a scheduler that cannot be used."""
    if not scheduler:
        with local_pool(jobs) as pool:
            yield pool
        return
    from akpatrol.sweep.cluster import Cluster  # noqa: PLC0415 - half a second, and an extra

    cluster = Cluster(scheduler)
    try:
        yield cluster
    finally:
        cluster.close()
