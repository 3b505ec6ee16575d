"""Ctrl-C at a moment of one's own, with real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import import_module
from threading import Event, Thread
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from akpatrol.runtime.interrupts import broken_off, child_started, first_noted, put_off

if TYPE_CHECKING:
    from pathlib import Path

_MASK = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_put_off_to_the_end() -> None:
    done = []

    def work() -> None:
        with put_off():
            _interrupt()
            _interrupt()
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_put_off_though_it_fails() -> None:
    def fail() -> None:
        with put_off():
            _interrupt()
            raise ValueError

    with pytest.raises(KeyboardInterrupt):
        fail()


def test_a_child_does_not_hear_of_it() -> None:
    with child_started():
        started = subprocess.run([sys.executable, "-c", _MASK], capture_output=True, check=True)
    assert started.stdout == b"True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_the_first_is_noted_and_the_second_heeded() -> None:
    told: list[int] = []
    with first_noted(lambda: told.append(1)) as noted:
        _interrupt()
        assert noted.interrupted
        with pytest.raises(KeyboardInterrupt):
            _interrupt()
    assert told == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_put_off_within_what_is_noted() -> None:
    with first_noted(lambda: None) as noted:
        with put_off():
            _interrupt()
            before = noted.interrupted
        assert (before, noted.interrupted) == (False, True)


def test_other_threads_set_no_handlers() -> None:
    handlers = []

    def work() -> None:
        with child_started(), first_noted(lambda: None):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_only_what_is_broken_off_hears_of_the_first() -> None:
    done = []

    def work() -> None:
        done.append("begun")
        _interrupt()
        done.append("ended")

    with first_noted(lambda: None) as noted:
        assert broken_off(work)
        assert noted.interrupted
        assert broken_off(work)
    assert done == ["begun"]


def test_an_error_that_a_signal_became_is_that_signal() -> None:
    def work() -> None:
        try:
            _interrupt()
        except KeyboardInterrupt as error:
            raise RuntimeError from error

    with first_noted(lambda: None):
        assert broken_off(work)


def test_an_error_is_an_error() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with first_noted(lambda: None), pytest.raises(ZeroDivisionError):
        broken_off(fail)


class _Interrupted:
    def __del__(self) -> None:
        _interrupt()


def _lost() -> None:
    """Interrupt where Python ignores what a handler raises."""
    _Interrupted()


def _in_import(directory: Path) -> None:
    """Interrupt while a module is imported."""
    (directory / "interrupted_module.py").write_text(
        "import os, signal; os.kill(os.getpid(), signal.SIGINT); WHOLE = 1"
    )
    with patch.object(sys, "path", [str(directory), *sys.path]):
        module = import_module("interrupted_module")
    del sys.modules["interrupted_module"]
    assert module.WHOLE


@pytest.mark.parametrize("where", ["lost", "import"])
def test_what_python_would_lose_is_raised_a_moment_later(where: str, tmp_path: Path) -> None:
    def work() -> None:
        _lost() if where == "lost" else _in_import(tmp_path)
        Event().wait()

    with first_noted(lambda: None):
        assert broken_off(work)
