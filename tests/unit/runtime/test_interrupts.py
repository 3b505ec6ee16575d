"""Ctrl-C at a moment of one's own, with real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from akpatrol.runtime.interrupts import child_started, first_noted, put_off

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
