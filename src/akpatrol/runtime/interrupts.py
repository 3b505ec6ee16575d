"""Ctrl-C at a moment of one's own: not while a process starts, and not in what would be lost with it.

Python runs handlers in the main thread alone; in any other thread nothing here changes when they run.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], None]

_ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def child_started() -> Iterator[None]:
    """Start a child that never hears of Ctrl-C, which a terminal sends to the whole group, and let nothing cut in.

    Python's own start is no place for it: it ends in a fatal error. What arrives meanwhile is heeded at the end.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        with put_off():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def put_off() -> Iterator[None]:
    """Heed Ctrl-C and SIGTERM only at the end."""
    if current_thread() is not main_thread():
        yield
        return
    arrived: list[int] = []
    before = {number: _handle(number, lambda number, _frame: arrived.append(number)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


class Noted:
    """Whether there was a Ctrl-C."""

    def __init__(self) -> None:
        self.interrupted = False


@contextmanager
def first_noted(tell: Callable[[], None]) -> Iterator[Noted]:
    """Only note the first Ctrl-C and ``tell`` of it; a second one is heeded at once."""
    noted = Noted()
    if current_thread() is not main_thread():
        yield noted
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        noted.interrupted = True
        tell()

    before = _handle(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _handle(number: int, handler: Handler) -> Handler | int:
    """Set a handler and return the one before."""
    before = signal.signal(number, handler)
    return signal.SIG_DFL if before is None else before  # None: one that was not set from Python
