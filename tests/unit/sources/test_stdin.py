"""Standard input on a pipe: all of it, and no signal is lost while it says nothing."""

from __future__ import annotations

import os
import signal
from _thread import interrupt_main
from threading import Thread, Timer
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.stdin import _reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import BinaryIO


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reading, writing = os.pipe()
    with open(reading, "rb") as out, open(writing, "wb", buffering=0) as into:
        yield out, into


def test_what_comes_in_pieces_is_read_in_full(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    out, into = pipe
    data = os.urandom(300_000)

    def write() -> None:
        for start in range(0, len(data), 7000):
            into.write(data[start : start + 7000])
        into.close()

    writer = Thread(target=write)
    writer.start()
    read = _reader(out)
    assert [read(100_000), read(150_000), read(100_000), read(1)] == [
        data[:100_000],
        data[100_000:250_000],
        data[250_000:],
        b"",
    ]
    writer.join()


class _ArrivedError(Exception):
    pass


def _arrived(_number: int, _frame: FrameType | None) -> None:
    raise _ArrivedError


def test_a_signal_that_ends_no_wait_is_noticed(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    """One that arrives just before the wait does not end it; ``interrupt_main`` never does."""
    out, _ = pipe
    before = signal.signal(signal.SIGUSR1, _arrived)
    timer = Timer(0.05, interrupt_main, [signal.SIGUSR1])
    try:
        timer.start()
        with pytest.raises(_ArrivedError):
            _reader(out)(10)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
