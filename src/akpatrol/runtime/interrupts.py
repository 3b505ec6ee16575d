"""Defer Ctrl-C and SIGTERM to a moment at which the run can take them.

The first Ctrl-C of a run that keeps its findings is recorded, and ends only what may be cut short. Any other raises
KeyboardInterrupt, or Terminated for SIGTERM, and what arrives after that ends the process at once. Python loses an
exception that a handler raises in a callback of its own, so one that arrives in an import or is lost is raised again
a moment later. Python runs handlers in the main thread alone; in any other thread nothing here changes them.
"""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from contextlib import contextmanager
from enum import IntEnum
from threading import current_thread, main_thread
from time import sleep
from typing import TYPE_CHECKING, Self

from akpatrol.errors import Terminated
from akpatrol.runtime import abrupt_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]

_ENDING = (signal.SIGINT, signal.SIGTERM)
# The signal that there is an exception to raise. By default it does nothing, and nothing else here uses it.
_AGAIN = signal.SIGURG
_MOMENT_SECONDS = 0.002
_IMPORT_SYSTEM = "<frozen importlib"


class _Level(IntEnum):
    """How signals have affected the run so far; ``CLOSED`` is a run whose report is written."""

    UNDISTURBED = 0
    NOTED = 1
    ENDING = 2
    CLOSED = 3


class _Signals:
    """The signal handling of this process; there is one."""

    def __init__(self) -> None:
        self.level = _Level.UNDISTURBED
        self.noted: Noted | None = None
        self.is_breakable = False
        self.held = 0
        self.code: int | None = None
        self._late: list[int] = []
        self._owed = 0
        self._users = 0
        self._before: dict[int, Handler | int] = {}
        self._hook = sys.unraisablehook

    def install(self) -> None:
        if not _is_heard():
            return
        self._users += 1
        if self._users > 1:
            return
        self.level, self._owed = _Level.UNDISTURBED, 0
        self._hook, sys.unraisablehook = sys.unraisablehook, self._unraisable
        self._before[_AGAIN] = _handle(_AGAIN, self._again)
        for number in _ENDING:
            # A Ctrl-C that is already ignored, as in a shell's background, stays ignored.
            if number != signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = _handle(number, self._arrived)

    def restore(self) -> None:
        if not _is_heard():
            return
        if self._users == 1:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            self._before, self._owed = {}, 0
            sys.unraisablehook = self._hook
        self._users -= 1

    def release(self) -> None:
        """Act on signals that arrived while they were held."""
        late, self._late = self._late, []
        for number in late:
            signal.raise_signal(number)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self.level is _Level.CLOSED:
            if self.code is not None:
                os._exit(self.code)
        elif self.held:
            self._late.append(number)
        elif self.level is _Level.ENDING:
            abrupt_end.end(number)
        elif number == signal.SIGINT and self.noted and self.level is _Level.UNDISTURBED:
            self.level = _Level.NOTED
            self.noted.note()
            self._raise(number, frame)
        else:
            self.level = _Level.ENDING
            self._raise(number, frame)

    def _again(self, _number: int, frame: FrameType | None) -> None:
        if self._owed and not self.held:
            self._raise(self._owed, frame)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        is_to_raise = self.is_breakable if self.level is _Level.NOTED else self.level is _Level.ENDING
        if is_to_raise and _in_import(frame):
            self._raise_later(number)
            return
        self._owed = 0
        if is_to_raise:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    def _raise_later(self, number: int) -> None:
        before, self._owed = self._owed, number
        if not before:
            # Not through threading, whose locks the main thread may hold.
            start_new_thread(self._remind, ())

    def _remind(self) -> None:
        # More than once: one that arrives just before the main thread waits for something does not wake it.
        while True:
            sleep(_MOMENT_SECONDS)
            if not self._owed:
                return
            signal.pthread_kill(main_thread().ident or 0, _AGAIN)

    def _unraisable(self, lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            self._raise_later(signal.SIGINT)
        elif issubclass(lost.exc_type, Terminated):
            self._raise_later(signal.SIGTERM)
        else:
            self._hook(lost)


_signals = _Signals()


def _is_heard() -> bool:
    return current_thread() is main_thread()


def _in_import(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            return True
        frame = frame.f_back
    return False


def _handle(number: int, handler: Handler) -> Handler | int:
    """Set a handler and return the one before."""
    before = signal.signal(number, handler)
    return signal.SIG_DFL if before is None else before  # None: one that was not set from Python


def install() -> None:
    """Handle signals from here on, until ``restore`` is called as often as this."""
    _signals.install()


def restore() -> None:
    """Restore the handlers from before ``install``."""
    _signals.restore()


def close() -> None:
    """Let no signal end the run any more: the report is written."""
    _signals.level = _Level.CLOSED


def leave_with(code: int) -> None:
    """Let a signal end the process with an exit code: the run is over, and closed."""
    _signals.code = code


class put_off:  # noqa: N801 - used as a function
    """Defer Ctrl-C and SIGTERM to the end of the block."""

    def __init__(self) -> None:
        self._is_heard = _is_heard()

    def __enter__(self) -> Self:
        if self._is_heard:
            _signals.held += 1
            _signals.install()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_heard:
            _signals.restore()
            _signals.held -= 1
            if not _signals.held:
                _signals.release()


@contextmanager
def child_started() -> Iterator[None]:
    """Start a child that ignores Ctrl-C, which a terminal sends to the whole group; no signal interrupts the start.

    During Python's own start Ctrl-C is a fatal error. A Ctrl-C that arrives meanwhile takes effect at the end.
    """
    with put_off():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Noted:
    """Whether there was a Ctrl-C."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self.interrupted = False
        self._notify = notify

    def note(self) -> None:
        """Record it, and notify."""
        self.interrupted = True
        self._notify()


@contextmanager
def first_noted(notify: Callable[[], None]) -> Iterator[Noted]:
    """Record the first Ctrl-C and call ``notify`` from the signal's handler; a second one acts at once.

    Nested in another one, it yields the outer one.
    """
    if _signals.noted or not _is_heard():
        yield _signals.noted or Noted(notify)
        return
    try:
        _signals.install()
        _signals.noted = Noted(notify)
        yield _signals.noted
    finally:
        _signals.noted = None
        _signals.restore()


def broken_off(work: Callable[[], None]) -> bool:
    """Run ``work``, which Ctrl-C cuts short even where it is only recorded; return whether there was a Ctrl-C."""
    noted = _signals.noted
    if not noted or not _is_heard():
        work()
        return False
    try:
        _signals.is_breakable = True
        if not noted.interrupted:
            work()
        _signals.is_breakable = False
    except KeyboardInterrupt:
        if _signals.level is _Level.ENDING:
            raise
        if not noted.interrupted:
            noted.note()
    except Exception:
        # Python and libraries may make another error of the one that a signal's handler raises.
        if _signals.level is _Level.ENDING or not noted.interrupted:
            raise
    finally:
        _signals.is_breakable = False
    return noted.interrupted
