"""Run libarchive in a process of its own, and talk with it: whatever it does, this process goes on.

It gets bytes of the archive and no file; it starts in no directory of the scan, without the environment. Messages are
bounded and checked, and both silence and a message that does not belong there end it.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
from time import monotonic
from typing import TYPE_CHECKING, Self

from akpatrol.unwrap.containers import libarchive_worker as worker
from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.unwrap.budget import Level

    _Message = tuple[bytes, bytes]

PROGRAM = worker.__file__
_BODY_BYTES = worker.PIECE_BYTES + (64 << 10)
# How often the bounds are checked, and how long the process may be silent: some archives make libarchive loop.
_GLANCE_MILLISECONDS, SILENT_SECONDS = 500, 30
# Where the library is, for who has it elsewhere.
_ENVIRONMENT = ("LIBARCHIVE", "LD_LIBRARY_PATH")


class StoppedError(Unreadable):
    """The process has ended, is silent, or sends what it would not send: in a member, the rest of it is missing."""

    def __init__(self) -> None:
        super().__init__("libarchive stopped while reading it")


class LibarchiveProcess:
    """The process, started with ``arguments``; ``given(offset, number)`` returns bytes of the archive.

    Raises OSError where it does not start.
    """

    def __init__(self, arguments: tuple[str, ...], level: Level, given: Callable[[int, int], bytes]) -> None:
        self._level = level
        self._given = given
        self._has_stopped = False
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", PROGRAM, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={**environment, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        self._pipes = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe]
        self._into, self._out = (pipe.fileno() for pipe in self._pipes)
        os.set_blocking(self._into, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in self._pipes:
            pipe.close()

    def message(self) -> _Message:
        """Return the next message: its letter and its body. Raises StoppedError and OverLimit."""
        if self._has_stopped:
            raise StoppedError
        try:
            return self._message()
        except StoppedError:
            self._has_stopped = True
            raise

    def _message(self) -> _Message:
        """Return the next message, after giving the process what it asks for."""
        while True:
            head = self._received(5)
            letter, number = head[:1], int.from_bytes(head[1:], "little")
            if number > _BODY_BYTES:
                raise StoppedError
            body = self._received(number)
            if letter != worker.WANT:
                return letter, body
            if len(body) != worker.WANTED.size:
                raise StoppedError
            self._level.check()
            offset, wanted = worker.WANTED.unpack(body)
            data = self._given(offset, min(wanted, worker.PIECE_BYTES))
            self._give(struct.pack("<I", len(data)) + data)

    def _received(self, number: int) -> bytes:
        parts = []
        while number:
            self._wait(self._out, select.POLLIN)
            part = os.read(self._out, number)
            if not part:
                raise StoppedError
            parts.append(part)
            number -= len(part)
        return b"".join(parts)

    def _give(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self._wait(self._into, select.POLLOUT)
            try:
                left = left[os.write(self._into, left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise StoppedError from None

    def _wait(self, descriptor: int, event: int) -> None:
        """Wait for the process, within the bounds on time."""
        poll = select.poll()
        poll.register(descriptor, event)
        until = monotonic() + SILENT_SECONDS
        while not poll.poll(_GLANCE_MILLISECONDS):
            self._level.check()
            if monotonic() > until:
                raise StoppedError
