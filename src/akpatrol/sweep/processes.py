"""Processes of this machine.

None of their tasks is lost with one that dies: it is done again, at last by a process of its own, so that what kills
its worker takes no other task with it.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import active_children, get_context, parent_process
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class Processes:
    """A pool of processes, and another whenever one of them died."""

    def __init__(self, hands: int) -> None:
        self.hands = hands
        self._lock = Lock()
        self._pool: Executor = _pool(hands)
        self._careful = ThreadPoolExecutor(1)
        self._closed = False

    def submit(self, task: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Have a task done by a process."""
        outer: Future[_T] = Future()
        with self._lock:
            pool = self._pool
            try:
                inner = pool.submit(task, *arguments)
            except BrokenExecutor:
                inner = self._renewed(pool).submit(task, *arguments)
                pool = self._pool
        inner.add_done_callback(lambda done: self._settle(done, outer, pool, task, arguments))
        return outer

    def close(self) -> None:
        """Give up what was not done yet."""
        self._closed = True
        # What they found was taken in, or is no longer wanted; without them the shutdown has nothing to wait for.
        for child in active_children():
            child.terminate()
        self._pool.shutdown(cancel_futures=True)
        self._careful.shutdown(cancel_futures=True)

    def _settle(
        self, inner: Future[_T], outer: Future[_T], pool: Executor, task: Callable[..., _T], arguments: tuple[Any, ...]
    ) -> None:
        if inner.cancelled() or self._closed:
            outer.cancel()
        elif isinstance(inner.exception(), BrokenExecutor):
            with self._lock:
                if pool is self._pool:
                    self._renewed(pool)
            # Which of the tasks in flight it was is not known.
            with suppress(RuntimeError):
                self._careful.submit(_carefully, outer, task, arguments)
        else:
            _pass_on(inner, outer)

    def _renewed(self, broken: Executor) -> Executor:
        broken.shutdown(wait=False)
        self._pool = _pool(self.hands)
        return self._pool


def _carefully(outer: Future[_T], task: Callable[..., _T], arguments: tuple[Any, ...]) -> None:
    """Do a task in a process of its own, and once more in another when it dies."""
    for _ in range(2):
        with _pool(1) as pool:
            inner = pool.submit(task, *arguments)
            if not isinstance(inner.exception(), BrokenExecutor):
                break
    _pass_on(inner, outer)


def _pass_on(inner: Future[_T], outer: Future[_T]) -> None:
    if error := inner.exception():
        outer.set_exception(error)
    else:
        outer.set_result(inner.result())


def _pool(hands: int) -> Executor:
    return ProcessPoolExecutor(hands, get_context("spawn"), _start)


def _start() -> None:
    # Ctrl-C reaches the whole group, and the parent ends the workers; one that was killed cannot.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
