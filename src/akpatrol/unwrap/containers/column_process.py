"""Run the column reader: one process beside each that scans, started when the first such file is met."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from select import poll
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.column_reader import ANSWER, DONE, FAILED, PART, READ, REQUEST
from akpatrol.unwrap.containers.member import PIECE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level

_ANSWER_BYTES = 256 << 20
_GLANCE_MILLISECONDS = 1000


class Ended(Exception):  # noqa: N818 - the file ended it
    """The reader ended, or writes what it should not."""


def process() -> ColumnProcess | None:
    """Return this process's reader; None where pyarrow is not installed."""
    return _process(os.getpid()) if find_spec("pyarrow") else None


@cache
def _process(_pid: int) -> ColumnProcess:
    # A forked process must not share its parent's pipes, hence the number.
    made = ColumnProcess()
    atexit.register(made.close)
    return made


class ColumnProcess:
    """The process with pyarrow. It is started when needed, and again after a file that ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(
        self, kind: str, at: Callable[[int, int], bytes], size: int, level: Level
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield the reader's answers for a file, up to the first failure. Raises Ended, OverLimit and OSError."""
        # A file within a file, while this one is read, needs a reader of its own.
        running, self._process = self._process or _started(), None
        finished = False
        try:
            _send(running, REQUEST.pack(kind.encode(), size))
            while True:
                answer, length = ANSWER.unpack(_received(running, ANSWER.size, level))
                if length > _ANSWER_BYTES:
                    raise Ended
                data = _received(running, length, level)
                if answer == READ:
                    _serve(running, at, PART.unpack(data), level)
                    continue
                finished = answer in (DONE, FAILED)
                if answer != DONE:
                    yield answer, data
                if finished:
                    return
        finally:
            # After anything else its answers would be those to this file.
            if finished and self._process is None:
                self._process = running
            else:
                _end(running)

    def close(self) -> None:
        """End the process."""
        if self._process:
            _end(self._process)
            self._process = None


def _started() -> subprocess.Popen[bytes]:
    # Without -P a module of the directory that is scanned could be run in place of pyarrow.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "akpatrol.unwrap.containers.column_reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # An interrupt is for the scan, which closes the pipes.
        start_new_session=True,
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
    )


def _end(running: subprocess.Popen[bytes]) -> None:
    running.kill()
    running.wait()
    for pipe in (running.stdin, running.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()


def _serve(
    running: subprocess.Popen[bytes], at: Callable[[int, int], bytes], part: tuple[int, int], level: Level
) -> None:
    """Send a part of the file; what is missing at its end ends the reader."""
    start, number = part
    while number > 0:
        level.check()
        data = at(start, min(number, PIECE_BYTES))
        if not data:
            raise Ended
        _send(running, data)
        start += len(data)
        number -= len(data)


def _send(running: subprocess.Popen[bytes], data: bytes) -> None:
    view = memoryview(data)
    try:
        while view and running.stdin:
            view = view[running.stdin.write(view) or 0 :]
    except BrokenPipeError:
        raise Ended from None


def _received(running: subprocess.Popen[bytes], number: int, level: Level) -> bytes:
    parts = []
    ready = poll()
    if running.stdout:
        ready.register(running.stdout)
    while number > 0 and running.stdout:
        if not ready.poll(_GLANCE_MILLISECONDS):
            level.check()
            continue
        data = os.read(running.stdout.fileno(), min(number, PIECE_BYTES))
        if not data:
            raise Ended
        parts.append(data)
        number -= len(data)
    return b"".join(parts)
