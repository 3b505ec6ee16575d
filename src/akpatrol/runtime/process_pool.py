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
_PATIENCE_SECONDS = 5.0  # an exception from a signal may have left a future locked, for which its thread would wait

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
    """A pool of processes, each replaced when it dies; each begins with ``start(*arguments)``.

    Threads start them: an exception that a signal's handler raises, as in the main thread, loses none.
    """

    is_local = True

    def __init__(self, workers: int, start: Callable[..., None] | None = None, *arguments: Any) -> None:
        self.workers = workers
        self.ready = False
        self._start = pickle.dumps((start or _nothing, arguments))
        self._lock = RLock()
        self._waiting: deque[_Task] = deque()
        self._processes: dict[WorkerProcess, deque[_Task]] = {}
        self._threads: list[Thread] = []
        self._serving = 0  # threads that have a process, or start one
        self._closed = False

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:  # noqa: ARG002
        """Submit a task to a process. Its future raises OSError or RuntimeError when no process can start."""
        submitted = _Task(pickle.dumps((task, arguments)))
        with self._lock:
            self.ready = True
            if self._closed:
                submitted.future.cancel()
                return submitted.future
            self._waiting.append(submitted)
            self._hand_out()
            if self._waiting and self._serving < self.workers:
                self._begin()
        return submitted.future

    def take_back(self, future: Future[Any]) -> bool:
        """Return whether the task of a future was not yet with a process; if so, none does it any more.

        One whose process died may have killed it, and would kill this one.
        """
        with self._lock:
            task = next((task for task in self._waiting if task.future is future and not task.tries), None)
            if task:
                self._waiting.remove(task)
        return task is not None

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
            if thread.ident:  # a signal may have come before it began
                thread.join(_PATIENCE_SECONDS)

    def _hand_out(self) -> None:
        """Give waiting tasks to processes that have none, and then to those that have one."""
        for process, tasks in self._processes.items():
            if not tasks:
                self._give(process, tasks)
        for process, tasks in self._processes.items():
            # The last ones wait for whoever is free first.
            if len(self._waiting) > self.workers and len(tasks) < _AHEAD:
                self._give(process, tasks)

    def _give(self, process: WorkerProcess, tasks: deque[_Task]) -> None:
        while self._waiting:
            task = self._waiting.popleft()
            if not task.future.cancelled():
                tasks.append(task)
                process.send(task.call)
                return

    def _begin(self) -> None:
        thread = Thread(target=self._serve, daemon=True)
        self._threads.append(thread)
        self._serving += 1
        try:
            thread.start()
        except RuntimeError as error:  # the system allows no more
            self._cannot_serve(error)

    def _serve(self) -> None:
        """Keep a process as long as there are tasks for it."""
        while self._is_wanted():
            try:
                process = WorkerProcess(self._start)
            except (OSError, RuntimeError) as error:
                self._cannot_serve(error)
                return
            self._follow(process)

    def _is_wanted(self) -> bool:
        with self._lock:
            is_wanted = bool(self._waiting) and not self._closed
            self._serving -= not is_wanted
        return is_wanted

    def _cannot_serve(self, error: Exception) -> None:
        """Leave the tasks to the other processes; without any, none can be done."""
        with self._lock:
            self._serving -= 1
            lost = [] if self._serving else [*self._waiting]
            if lost:
                self._waiting.clear()
        for task in lost:
            _settle(task, TaskAnswer(error=error))

    def _follow(self, process: WorkerProcess) -> None:
        """Settle the tasks of a process until it ends."""
        tasks = deque[_Task]()
        with self._lock:
            _running.add(process)
            self._processes[process] = tasks
            if self._closed:
                process.end()
            self._hand_out()
        while answer := process.answer():
            with self._lock:
                task = tasks.popleft() if tasks else None
                self._hand_out()
            if task:
                _settle(task, answer)
            del answer, task  # they may be large, and the next one may take long
        process.kill()
        process.wait()
        _running.discard(process)
        with self._lock:
            del self._processes[process]
            dead = None if self._closed else self._died_with(tasks)
        if dead:
            _settle(dead, TaskAnswer(error=BrokenExecutor("a process died")))

    def _died_with(self, tasks: deque[_Task]) -> _Task | None:
        """Have the tasks of a process that died done again; return one that no process does."""
        if not tasks:
            return None
        culprit = tasks.popleft()
        self._waiting.extendleft(reversed(tasks))
        culprit.tries += 1
        if culprit.tries < _TRIES:
            self._waiting.append(culprit)
        self._hand_out()
        return culprit if culprit.tries == _TRIES else None


def _settle(task: _Task, answer: TaskAnswer) -> None:
    with suppress(InvalidStateError):  # it was cancelled
        if answer.error:
            task.future.set_exception(answer.error)
        else:
            task.future.set_result(answer.value)


def _nothing() -> None:
    pass
