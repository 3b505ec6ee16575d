"""Run processes that read files (``worker``), and take their answers: whatever one does, this process goes on.

A process gets bytes of a file and no file. It starts in no directory of the scan, with nothing of it to import and
almost no environment. Answers are bounded and checked; its end, silence, and what does not belong there are a skip.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers import worker
from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from akpatrol.unwrap.budget import Level

    _Message = tuple[bytes, bytes]

_PROGRAM = "import sys, importlib; sys.path += sys.argv[2:]; importlib.import_module(sys.argv[1]).main()"
# How often the bounds are checked.
_GLANCE_MILLISECONDS = 500
# Where libarchive is, for who has it elsewhere.
_ENVIRONMENT = ("LIBARCHIVE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# One allocator's memory, all of which can be returned.
_SETTINGS = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}


class Program(NamedTuple):
    """A kind of process: the ``module`` whose ``main`` it runs, and the packages that this imports, where installed.

    It reads file after file where it is ``reused``, and may be silent for so many seconds.
    """

    module: str
    libraries: tuple[str, ...]
    reused: bool = True
    silent_seconds: float = 600.0


class StoppedError(Unreadable):
    """The process has ended, is silent, or sends what it would not send: in a member, the rest of it is missing."""

    def __init__(self) -> None:
        super().__init__("the process that reads it stopped")


class Answers:
    """The answers for one file, of which ``at(offset, number)`` returns parts."""

    def __init__(
        self, process: subprocess.Popen[bytes], program: Program, at: Callable[[int, int], bytes], level: Level
    ) -> None:
        self._silent_seconds = program.silent_seconds
        self._into, self._out = (pipe.fileno() for pipe in (process.stdin, process.stdout) if pipe)
        os.set_blocking(self._into, False)
        self._at = at
        self._level = level
        self._next: _Message | None = None
        self._has_stopped = False
        self.is_ready = False  # for another file

    def request(self, facts: Mapping[str, object]) -> None:
        """Ask for a file to be read; where the process has stopped, the first answer says so."""
        body = json.dumps(facts).encode()
        try:
            self._give(worker.LENGTH.pack(len(body)) + body)
        except StoppedError:
            self._has_stopped = True

    def peek(self) -> _Message:
        """Return the next answer, its letter and its body, without consuming it. Raises StoppedError and OverLimit."""
        self._next = self._next or self._answer()
        return self._next

    def next(self) -> _Message:
        """Return the next answer. Raises StoppedError and OverLimit."""
        message, self._next = self.peek(), None
        return message

    def pieces(self) -> Iterator[bytes]:
        """Yield the data that comes next, counted at the level."""
        while self.peek()[0] == worker.DATA:
            data = self.next()[1]
            self._level.spend(len(data))
            if data:
                yield data

    def outcome(self) -> str:
        """Return why the file could not be read in full, nothing where it was. Raises StoppedError and OverLimit."""
        (letter, body), reason = self.next(), ""
        if letter == worker.FAILED:
            reason = worker.REASONS.get(body, "damaged")
            letter, _ = self.next()
        if letter != worker.END:
            raise StoppedError
        return reason

    def _answer(self) -> _Message:
        if self._has_stopped:
            raise StoppedError
        try:
            letter, body = self._received_answer()
        except StoppedError:
            self._has_stopped = True
            raise
        self.is_ready = letter == worker.END and body == worker.READY
        return letter, body

    def _received_answer(self) -> _Message:
        """Return the next answer, after giving the process what it asks for."""
        while True:
            letter, number = worker.HEAD.unpack(self._received(worker.HEAD.size))
            if number > worker.BODY_BYTES:
                raise StoppedError
            body = self._received(number)
            if letter != worker.WANT:
                return letter, body
            if len(body) != worker.WANTED.size:
                raise StoppedError
            self._level.check()
            offset, wanted = worker.WANTED.unpack(body)
            data = self._at(offset, min(wanted, worker.PIECE_BYTES))
            self._give(worker.LENGTH.pack(len(data)) + data)

    def _received(self, number: int) -> bytes:
        parts = []
        while number:
            self._wait(self._out, select.POLLIN)
            data = os.read(self._out, number)
            if not data:
                raise StoppedError
            parts.append(data)
            number -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

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
        until = monotonic() + self._silent_seconds
        while not poll.poll(_GLANCE_MILLISECONDS):
            self._level.check()
            if monotonic() > until:
                raise StoppedError


@contextmanager
def asked(
    program: Program, facts: Mapping[str, object], at: Callable[[int, int], bytes], level: Level
) -> Iterator[Answers]:
    """Ask a process to read a file. Raises Unreadable where none can be started, and StoppedError."""
    process = _taken(program) or _started(program)
    answers = Answers(process, program, at, level)
    try:
        answers.request(facts)
        yield answers
    finally:
        # After anything but the end, its answers would be those to this file.
        if answers.is_ready and program.reused:
            _idle.setdefault((os.getpid(), program), process)
        if _idle.get((os.getpid(), program)) is not process:
            _end(process)


# One for each kind: a file in a file needs a second process, while the first one waits. A forked process must not share
# its parent's pipes.
_idle: dict[tuple[int, Program], subprocess.Popen[bytes]] = {}


def _taken(program: Program) -> subprocess.Popen[bytes] | None:
    process = _idle.pop((os.getpid(), program), None)
    if process and process.poll() is not None:  # something else has ended it
        _end(process)
        return None
    return process


def _started(program: Program) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return subprocess.Popen(
            command(program),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={**environment, **_SETTINGS},
            # An interrupt is for the scan, which then ends it.
            start_new_session=True,
        )
    except OSError as error:
        raise Unreadable(f"no process could be started to read it: {error.strerror}") from None


def command(program: Program) -> list[str]:
    """Return the words that start a process. Only akpatrol and the libraries can be imported there."""
    places = dict.fromkeys(filter(None, map(place, ("akpatrol", *program.libraries))))
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, program.module, *places]


def place(package: str) -> str | None:
    """Return the directory that a package is installed in, None without it."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if not spec or not spec.origin:
        return None
    return os.path.abspath(
        os.path.dirname(os.path.dirname(spec.origin) if spec.submodule_search_locations else spec.origin)
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


@atexit.register
def end_idle() -> None:
    """End the processes that wait for a file."""
    for key in [key for key in _idle if key[0] == os.getpid()]:
        _end(_idle.pop(key))
