"""Who does the work: this process, processes of this machine, or a Dask cluster. A task does not know which.

A task is a picklable function with picklable arguments, and none is lost with a worker that dies.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")


class WorkerPool(Protocol):
    """``hands`` tasks are done at a time."""

    @property
    def hands(self) -> int:
        """How many workers there are now, at least one."""

    @property
    def ready(self) -> bool:
        """Whether a task is begun at once; processes take a moment to start."""

    def submit(self, task: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Have a task done.

        The future raises BrokenExecutor when whoever tried died of it, and CrewLostError when the whole crew is gone.
        """


class InlinePool:
    """This process, at once."""

    hands = 1
    ready = True

    def submit(self, task: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Do a task."""
        future: Future[_T] = Future()
        try:
            future.set_result(task(*arguments))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future


@contextmanager
def hired(jobs: int, scheduler: str | None) -> Iterator[WorkerPool]:
    """Give whoever does the work. Raises UsageError for a scheduler that cannot be used."""
    if scheduler:
        from akpatrol.sweep.cluster import Cluster  # noqa: PLC0415 - half a second, and an extra

        cluster = Cluster(scheduler)
        try:
            yield cluster
        finally:
            cluster.close()
    elif jobs > 1:
        from akpatrol.runtime.process_pool import ProcessPool  # noqa: PLC0415 - one process does without

        processes = ProcessPool(jobs)
        try:
            yield processes
        finally:
            processes.close()
    else:
        yield InlinePool()
