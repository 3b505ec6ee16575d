"""Processes of this machine.

No task is lost when a process dies. It is repeated, in the end in a separate process, where a task that kills its
worker takes no other task with it.
"""

from __future__ import annotations

import os
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import active_children, get_context, parent_process
from threading import Lock, Thread
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

from akpatrol.runtime.collection import collect_seldom
from akpatrol.runtime.interrupts import child_started

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_GLANCE_SECONDS = 0.01


class ProcessPool:
    """A pool of processes, replaced when one of them dies; each begins with ``start(*arguments)``."""

    is_local = True

    def __init__(self, workers: int, start: Callable[..., None] | None = None, *arguments: Any) -> None:
        self.workers = workers
        self.ready = False
        self._prepared = start, arguments
        self._lock = Lock()
        self._pool = self._made(workers)
        self._careful = ThreadPoolExecutor(1)
        self._closed = self._trying = False

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:  # noqa: ARG002
        """Submit a task to a process."""
        outer: Future[_T] = Future()
        self.ready = True
        with self._lock:
            pool = self._pool
            try:
                inner = _submitted(pool, task, *arguments)
            except BrokenExecutor:
                inner = _submitted(self._renewed(pool), task, *arguments)
                pool = self._pool
        inner.add_done_callback(lambda done: self._settle(done, outer, pool, task, arguments))
        return outer

    def start(self) -> Future[None]:
        """Start all of them now; the future completes when the first is ready."""
        first, *_ = [self.submit(_nothing) for _ in range(self.workers)]
        return first

    def give_up(self) -> None:
        """Repeat no task of a process that ends: closing any pool ends those of all."""
        self._closed = True

    def close(self) -> None:
        """Cancel the tasks that are not done."""
        self.give_up()
        self._careful.shutdown(wait=False, cancel_futures=True)
        # Their results are stored or no longer wanted; without them the shutdown does not wait.
        while _end_children() or self._trying:
            sleep(_GLANCE_SECONDS)
        self._pool.shutdown(cancel_futures=True)

    def _settle(
        self, inner: Future[_T], outer: Future[_T], pool: Executor, task: Callable[..., _T], arguments: tuple[Any, ...]
    ) -> None:
        if inner.cancelled() or self._closed:
            outer.cancel()
        elif isinstance(inner.exception(), BrokenExecutor):
            with self._lock:
                if pool is self._pool:
                    self._renewed(pool)
            # It is not known which task in flight killed the process.
            with suppress(RuntimeError):
                self._careful.submit(self._carefully, outer, task, arguments)
        else:
            _pass_on(inner, outer)

    def _carefully(self, outer: Future[_T], task: Callable[..., _T], arguments: tuple[Any, ...]) -> None:
        """Run a task in a separate process, and once more in another one if that dies."""
        self._trying = True
        inner: Future[_T] = Future()
        inner.set_exception(BrokenExecutor())
        for _ in range(2):
            if not self._closed and isinstance(inner.exception(), BrokenExecutor):
                with self._made(1) as pool:
                    inner = _submitted(pool, task, *arguments)
                    inner.exception()
        self._trying = False
        _pass_on(inner, outer)

    def _renewed(self, broken: Executor) -> Executor:
        broken.shutdown(wait=False)
        self._pool = self._made(self.workers)
        return self._pool

    def _made(self, workers: int) -> Executor:
        with child_started():  # a helper of Python's own
            return ProcessPoolExecutor(workers, get_context("spawn"), _start, self._prepared)


def _submitted(pool: Executor, task: Callable[..., _T], *arguments: Any) -> Future[_T]:
    """Submit a task; a process may start for it."""
    with child_started():
        return pool.submit(task, *arguments)


def _end_children() -> bool:
    """End the processes there are, and return whether there were any."""
    children = active_children()
    for child in children:
        child.terminate()
    return bool(children)


def _pass_on(inner: Future[_T], outer: Future[_T]) -> None:
    if error := inner.exception():
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())


def _start(start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    collect_seldom()
    # The parent ends its workers; one that was killed cannot.
    Thread(target=_follow_parent, daemon=True).start()
    if start:
        start(*arguments)


def _nothing() -> None:
    pass


def _follow_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
