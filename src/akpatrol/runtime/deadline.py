"""A deadline for a run: the run ends in time, whatever it is doing."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event, Thread
from typing import TYPE_CHECKING, NoReturn, Self

from akpatrol.errors import ExitCode, OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_RESERVE = 0.3  # of the time is left for placing and reporting what was found
_RESERVE_SECONDS = 5.0
_TRIES = 3


class Deadline:
    """``with Deadline(seconds, last_word) as deadline``: raises OutOfTime in good time, several times if need be.

    A run that has not reached ``settle`` when the time is up is ended by ``last_word``, which reports and
    returns the exit code. ``has_credentials`` is its argument: whether a credential was found by then.
    """

    def __init__(self, seconds: float | None, last_word: Callable[[bool], ExitCode]) -> None:
        self._seconds = seconds
        self._last_word = last_word
        self._over = Event()
        self.has_credentials = False

    def __enter__(self) -> Self:
        if self._seconds:
            reserve = min(_RESERVE * self._seconds, _RESERVE_SECONDS)
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, self._seconds - reserve, reserve / _TRIES)
            Thread(target=self._watch, args=(self._seconds,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
        self._over.set()

    def settle(self) -> None:
        """Finish the remaining work, which is little and interrupted only by the final deadline."""
        if self._seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _number: int, _frame: FrameType | None) -> NoReturn:
        raise OutOfTime(f"the --budget of {self._seconds:g} seconds ran out")

    def _watch(self, seconds: float) -> None:
        if not self._over.wait(seconds):
            code = self._last_word(self.has_credentials)
            _end_workers()
            os._exit(code)


def _end_workers() -> None:
    # Not imported for this: without it there are no workers.
    if module := sys.modules.get("akpatrol.runtime.process_pool"):
        module.kill_all()
