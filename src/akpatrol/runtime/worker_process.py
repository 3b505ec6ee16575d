"""A worker process: it does the tasks that its parent sends in standard input, and answers in standard output.

Each message is a pickle after its size; the first one is what to start with. The process ends when its parent does,
whatever it is doing.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import sys
from contextlib import suppress
from queue import SimpleQueue
from subprocess import PIPE, Popen
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from akpatrol.runtime.collection import collect_seldom
from akpatrol.runtime.interrupts import child_started

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    Call = tuple[Callable[..., Any], tuple[Any, ...]]

_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from akpatrol.runtime.worker_process import main; main()"
# As https://docs.python.org/3/library/sys.html#sys.flags names the options that say where modules come from.
_OPTIONS = {"isolated": "-I", "ignore_environment": "-E", "no_user_site": "-s", "no_site": "-S", "safe_path": "-P"}
# An answer of this size arrives at once: for each piece the parent would wait until its main thread pauses.
_PIPE_BYTES = 1 << 20
_SIZE_BYTES = 8


class TaskAnswer(NamedTuple):
    """What a task returned, or the ``error`` that it raised."""

    value: Any = None
    error: BaseException | None = None


class WorkerProcess:
    """The parent's end of a worker process. It ignores Ctrl-C."""

    def __init__(self, start: bytes) -> None:
        """``start`` is the pickled call that it begins with. Raises OSError when no process can start."""
        flags = [option for name, option in _OPTIONS.items() if getattr(sys.flags, name)]
        with child_started():
            command = [sys.executable, *flags, "-c", _MAIN, *sys.path]
            self._process: Popen[bytes] = Popen(command, stdin=PIPE, stdout=PIPE)
        _widen(_opened(self._process.stdout))
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._outbox.put(start)
        # A pipe holds little, and no submitting thread is to wait for a process that starts.
        Thread(target=self._send, daemon=True).start()

    def send(self, call: bytes) -> None:
        """Send a pickled call. A process that has died says so when its answer is asked for."""
        self._outbox.put(call)

    def answer(self) -> TaskAnswer | None:
        """Wait for the answer to the oldest call; None once the process has died."""
        message = _message(_opened(self._process.stdout))
        if message is None:
            return None
        try:
            answer: TaskAnswer = pickle.loads(message)  # noqa: S301 - this program wrote it
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            return TaskAnswer(error=error)
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._outbox.put(None)
        self._process.terminate()

    def kill(self) -> None:
        """End the process if nothing else does."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process has ended."""
        self._outbox.put(None)
        self._process.wait()
        _opened(self._process.stdout).close()

    def _send(self) -> None:
        inbox = _opened(self._process.stdin)
        with suppress(OSError):  # it has died
            while (message := self._outbox.get()) is not None:
                inbox.write(len(message).to_bytes(_SIZE_BYTES))
                inbox.write(message)
                inbox.flush()
        with suppress(OSError):
            inbox.close()


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe  # noqa: S101 - it was asked for
    return pipe


def _widen(pipe: IO[bytes]) -> None:
    # Linux has it: https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html
    if request := getattr(fcntl, "F_SETPIPE_SZ", None):
        with suppress(OSError):  # the system allows less
            fcntl.fcntl(pipe, request, _PIPE_BYTES)


def main() -> NoReturn:
    """Do tasks until the parent ends."""
    calls, answers = open(os.dup(0), "rb"), os.dup(1)  # noqa: SIM115 - as long as the process
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a library prints is no answer
    inbox: SimpleQueue[Call | Exception] = SimpleQueue()
    Thread(target=_receive, args=(calls, inbox), daemon=True).start()
    collect_seldom()
    if _done(inbox.get()).error:
        os._exit(1)
    while True:
        _write(answers, _pickled(_done(inbox.get())))


def _receive(calls: IO[bytes], inbox: SimpleQueue[Call | Exception]) -> None:
    while (message := _message(calls)) is not None:
        try:
            inbox.put(pickle.loads(message))  # noqa: S301 - the parent process wrote it
        except Exception as error:  # noqa: BLE001 - a task that cannot be read is one that fails
            inbox.put(error)
    os._exit(1)


def _message(pipe: IO[bytes]) -> bytes | None:
    """Return the next message; None where there is no whole one any more."""
    try:
        size = int.from_bytes(pipe.read(_SIZE_BYTES))
        message = pipe.read(size)
    except OSError:
        return None
    return message if message and len(message) == size else None


def _done(call: Call | Exception) -> TaskAnswer:
    if isinstance(call, Exception):
        return TaskAnswer(error=call)
    task, arguments = call
    try:
        return TaskAnswer(task(*arguments))
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
        return TaskAnswer(error=error)


def _pickled(answer: TaskAnswer) -> bytes:
    try:
        return pickle.dumps(answer)
    except Exception as error:  # noqa: BLE001
        return pickle.dumps(TaskAnswer(error=TypeError(f"a task gave what cannot be sent: {type(error).__name__}")))


def _write(pipe: int, data: bytes) -> None:
    left = memoryview(len(data).to_bytes(_SIZE_BYTES) + data)
    try:
        while left:
            left = left[os.write(pipe, left) :]
    except OSError:
        os._exit(1)
