"""Processes of this machine.

No task is lost when a process dies. The one that it was doing is repeated; a task that kills its process takes no other
task with it.
"""

from __future__ import annotations

import pickle
from collections import deque
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from contextlib import suppress
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from akpatrol.runtime.worker_process import TaskAnswer, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_TRIES = 3
_AHEAD = 2  # tasks that a process has, so that it need not wait for the next

_running: set[WorkerProcess] = set()


def kill_all() -> None:
    """Kill all processes of all pools."""
    for process in tuple(_running):
        process.kill()


class _Task:
    """A task to be done: a pickled call, and who waits for its result."""

    __slots__ = ("call", "future", "tries")

    def __init__(self, call: bytes) -> None:
        self.call = call
        self.future: Future[Any] = Future()
        self.tries = 0


class ProcessPool:
    """A pool of processes, each replaced when it dies; each begins with ``start(*arguments)``."""

    is_local = True

    def __init__(self, workers: int, start: Callable[..., None] | None = None, *arguments: Any) -> None:
        self.workers = workers
        self.ready = False
        self._start = pickle.dumps((start or _nothing, arguments))
        self._lock = RLock()
        self._waiting: deque[_Task] = deque()
        self._processes: dict[WorkerProcess, deque[_Task]] = {}
        self._threads: list[Thread] = []
        self._closed = False

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:  # noqa: ARG002
        """Submit a task to a process. Raises OSError when no process can start."""
        submitted = _Task(pickle.dumps((task, arguments)))
        with self._lock:
            self.ready = True
            if self._closed:
                submitted.future.cancel()
            else:
                self._waiting.append(submitted)
                try:
                    self._hand_out()
                except OSError:
                    self._waiting.remove(submitted)
                    raise
        return submitted.future

    def start(self) -> Future[None]:
        """Start all of them now; the future completes when the first is ready."""
        first, *_ = [self.submit(_nothing) for _ in range(self.workers)]
        return first

    def close(self) -> None:
        """Cancel the tasks that are not done, and end the processes."""
        with self._lock:
            self._closed = True
            left = [*self._waiting, *(task for tasks in self._processes.values() for task in tasks)]
            self._waiting.clear()
            for process in self._processes:
                process.end()
        for task in left:
            task.future.cancel()
        for thread in self._threads:
            thread.join()

    def _hand_out(self) -> None:
        """Give waiting tasks to processes that have none, to new ones, and then to those that have one."""
        for process, tasks in self._processes.items():
            if not tasks and self._waiting:
                self._give(process, tasks)
        while self._waiting and len(self._processes) < self.workers:
            try:
                self._begin()
            except OSError:
                if not self._processes:
                    raise
                break  # those that there are do it
        for process, tasks in self._processes.items():
            # The last ones wait for whoever is free first.
            if len(self._waiting) >= self.workers and len(tasks) < _AHEAD:
                self._give(process, tasks)

    def _give(self, process: WorkerProcess, tasks: deque[_Task]) -> None:
        while self._waiting:
            task = self._waiting.popleft()
            if not task.future.cancelled():
                tasks.append(task)
                process.send(task.call)
                return

    def _begin(self) -> None:
        process, tasks = WorkerProcess(self._start), deque[_Task]()
        _running.add(process)
        self._processes[process] = tasks
        self._give(process, tasks)
        thread = Thread(target=self._follow, args=(process, tasks), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _follow(self, process: WorkerProcess, tasks: deque[_Task]) -> None:
        """Settle the tasks of a process until it ends."""
        while answer := process.answer():
            with self._lock:
                task = tasks.popleft() if tasks else None
                if not self._closed:
                    self._hand_out()
            if task:
                _settle(task, answer)
        process.wait()
        _running.discard(process)
        with self._lock:
            del self._processes[process]
            lost = [] if self._closed else self._lost_with(tasks)
        for task in lost:
            _settle(task, TaskAnswer(error=BrokenExecutor("a process died")))

    def _lost_with(self, tasks: deque[_Task]) -> list[_Task]:
        """Have the tasks of a process that died done by others; return those that none can do."""
        lost: list[_Task] = []
        if tasks:
            culprit = tasks.popleft()
            self._waiting.extendleft(reversed(tasks))
            culprit.tries += 1
            (lost if culprit.tries == _TRIES else self._waiting).append(culprit)
        try:
            self._hand_out()
        except OSError:
            lost += self._waiting
            self._waiting.clear()
        return lost


def _settle(task: _Task, answer: TaskAnswer) -> None:
    with suppress(InvalidStateError):  # it was cancelled
        if answer.error:
            task.future.set_exception(answer.error)
        else:
            task.future.set_result(answer.value)


def _nothing() -> None:
    pass
