"""The workers of a scan: this process, processes of this machine, or a cluster. A task does not know which one runs it.

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
    """Does ``workers`` tasks at a time."""

    @property
    def is_local(self) -> bool:
        """Whether all workers are on this machine."""

    @property
    def workers(self) -> int:
        """The number of workers now, at least one."""

    @property
    def ready(self) -> bool:
        """Whether a task begins at once; processes take a moment to start."""

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:
        """Submit a task; ``at`` is the address of a worker that it is best done by, where workers have one.

        The future raises BrokenExecutor when every worker that tried it died, and the pool's own error when no worker
        is left.
        """


class InlinePool:
    """This process: a task is done when ``submit`` returns."""

    workers = 1
    ready = is_local = True

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:  # noqa: ARG002
        """Do a task."""
        future: Future[_T] = Future()
        try:
            future.set_result(task(*arguments))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future


@contextmanager
def local_pool(jobs: int) -> Iterator[WorkerPool]:
    """Open a pool on this machine: ``jobs`` processes, or for one job this process itself."""
    if jobs == 1:
        yield InlinePool()
        return
    from akpatrol.runtime.process_pool import ProcessPool  # noqa: PLC0415 - one process does without

    processes = ProcessPool(jobs)
    try:
        yield processes
    finally:
        processes.close()
