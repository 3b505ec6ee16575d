"""The tasks that workers have in hand: each is settled once, and one that takes too long is tried elsewhere."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from akpatrol.runtime.worker_pool import WorkerPool

# A task is late after this time; reading takes less than this for each byte.
_LATE_SECONDS, _SECONDS_A_BYTE = 120.0, 1e-6


class _Flight:
    """A task in hand; ``copies`` are its futures that are not done."""

    def __init__(self, settle: Callable[[Future[Any]], None], counts: dict[str, int], *, optional: bool) -> None:
        self.settle = settle
        self.counts = counts
        self.optional = optional
        self.copies = 0
        self.late = float("inf")
        self.again: Callable[[], Future[Any]] | None = None


class Flights:
    """All tasks in hand, by kind: ``checked`` targets, ``clones``, and ``reading`` tasks."""

    def __init__(self) -> None:
        self.checked = self.clones = self.reading = 0
        self._flights: dict[_Flight, None] = {}
        self._done: SimpleQueue[tuple[_Flight, Future[Any]]] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._flights)

    def is_pending(self, *, stopped: bool) -> bool:
        """Return whether there are tasks to wait for: all, or those alone that a sweep that was stopped finishes."""
        return any(not (stopped and flight.optional) for flight in self._flights)

    def submit(  # noqa: PLR0913 - what is counted is named
        self,
        pool: WorkerPool,
        settle: Callable[[Future[Any]], None],
        task: Callable[..., Any],
        *arguments: Any,
        at: str = "",
        size: int = 0,
        checks: int = 0,
        clones: int = 0,
        reading: int = 0,
        optional: bool = False,
    ) -> None:
        """Submit a task; ``settle`` is called with its future from ``settle``. ``size`` is in bytes, as stored."""
        flight = self._begun(settle, optional=optional or not reading, checked=checks, clones=clones, reading=reading)
        if pool.workers > 1 and not clones:
            flight.late = monotonic() + _LATE_SECONDS + size * _SECONDS_A_BYTE
            flight.again = lambda: pool.submit(task, *arguments)
        self._follow(flight, pool.submit(task, *arguments, at=at) if at else pool.submit(task, *arguments))

    def add(self, future: Future[Any], settle: Callable[[Future[Any]], None], *, clones: int) -> None:
        """Add a task that was submitted."""
        self._follow(self._begun(settle, optional=True, clones=clones), future)

    def settle(self, seconds: float = 0.0) -> None:
        """Wait for a task to be done, for so many seconds at most, and settle all that are."""
        try:
            if seconds:
                self._land(*self._done.get(timeout=seconds))
            while True:
                self._land(*self._done.get_nowait())
        except Empty:
            return

    def hasten(self, workers: int) -> None:
        """Try late tasks elsewhere, once each, as long as there are workers without one."""
        now, free = monotonic(), workers - len(self._flights)
        for flight in self._flights:
            if free > 0 and flight.again and now > flight.late:
                again, flight.again = flight.again, None
                free -= 1
                self._follow(flight, again())

    def _begun(self, settle: Callable[[Future[Any]], None], *, optional: bool, **counts: int) -> _Flight:
        flight = _Flight(settle, counts, optional=optional)
        self._flights[flight] = None
        self._count(flight, 1)
        return flight

    def _follow(self, flight: _Flight, future: Future[Any]) -> None:
        flight.copies += 1
        future.add_done_callback(lambda done: self._done.put((flight, done)))

    def _land(self, flight: _Flight, future: Future[Any]) -> None:
        flight.copies -= 1
        if flight not in self._flights:  # another copy was faster
            return
        if flight.copies and not future.cancelled() and isinstance(future.exception(), BrokenExecutor):
            return
        del self._flights[flight]
        self._count(flight, -1)
        flight.settle(future)

    def _count(self, flight: _Flight, sign: int) -> None:
        for name, number in flight.counts.items():
            setattr(self, name, getattr(self, name) + sign * number)
