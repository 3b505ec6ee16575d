"""A worker process: it does the tasks that its parent sends in one pipe, and answers in another.

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
from subprocess import DEVNULL, Popen
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from akpatrol.runtime.interrupts import child_started

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    Call = tuple[Callable[..., Any], tuple[Any, ...]]

_MAIN = "import sys; sys.path[:] = sys.argv[3:]; from akpatrol.runtime.worker_process import main; main()"
# As https://docs.python.org/3/library/sys.html#sys.flags names them.
_OPTIONS = {
    "isolated": "-I",
    "ignore_environment": "-E",
    "no_user_site": "-s",
    "no_site": "-S",
    "dont_write_bytecode": "-B",
    "utf8_mode": "-Xutf8",
}
# An answer of this size arrives at once: for each piece the parent would wait until its main thread pauses.
_PIPE_BYTES = 1 << 20
_SIZE_BYTES = 8
_FIRST_FREE = 3  # standard input, output and error may be closed, but are never pipes


class TaskAnswer(NamedTuple):
    """What a task returned, or the ``error`` that it raised."""

    value: Any = None
    error: BaseException | None = None


class WorkerProcess:
    """The parent's end of a worker process. It ignores Ctrl-C; what a library prints there is discarded."""

    def __init__(self, start: bytes) -> None:
        """``start`` is the pickled call that it begins with. Raises OSError or RuntimeError when none can start."""
        (its_calls, calls), (answers, its_answers) = _pipe(), _pipe()
        self._calls, self._answers = open(calls, "wb"), open(answers, "rb")  # noqa: SIM115 - as long as the process
        # Never from the current directory, where a scan reads what anybody wrote.
        flags = ["-P", *(option for name, option in _OPTIONS.items() if getattr(sys.flags, name))]
        command = [sys.executable, *flags, "-c", _MAIN, str(its_calls), str(its_answers), *sys.path]
        try:
            with child_started():
                self._process = Popen(command, stdin=DEVNULL, stdout=DEVNULL, pass_fds=(its_calls, its_answers))
        except OSError:
            self._calls.close()
            self._answers.close()
            raise
        finally:
            os.close(its_calls)
            os.close(its_answers)
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._outbox.put(start)
        try:
            # A pipe holds little, and no submitting thread is to wait for a process that starts.
            Thread(target=self._send, daemon=True).start()
        except RuntimeError:
            self._process.kill()
            self.wait()
            self._calls.close()
            raise

    def send(self, call: bytes) -> None:
        """Send a pickled call. A process that has died says so when its answer is asked for."""
        self._outbox.put(call)

    def answer(self) -> TaskAnswer | None:
        """Wait for the answer to the oldest call; None once the process has died, or is out of order."""
        try:
            message = _message(self._answers)
        except (MemoryError, OverflowError):
            return None
        try:
            return None if message is None else _loaded(message)
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            return TaskAnswer(error=error)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process, which is ended, is gone."""
        self._outbox.put(None)
        self._process.wait()
        self._answers.close()

    def _send(self) -> None:
        with suppress(OSError), self._calls as calls:  # it has died
            while (message := self._outbox.get()) is not None:
                calls.write(len(message).to_bytes(_SIZE_BYTES))
                calls.write(message)
                calls.flush()


def _pipe() -> tuple[int, int]:
    """Return the two ends of a pipe, that to read from first."""
    ends = os.pipe()
    free = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE) for end in ends]
    for end in ends:
        os.close(end)
    # Linux has it: https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html
    if request := getattr(fcntl, "F_SETPIPE_SZ", None):
        with suppress(OSError):  # the system allows less
            fcntl.fcntl(free[0], request, _PIPE_BYTES)
    return free[0], free[1]


def main() -> NoReturn:
    """Do tasks until the parent ends."""
    calls, answers = int(sys.argv[1]), int(sys.argv[2])
    for pipe in (calls, answers):  # no program that a task starts is to hold them
        fcntl.fcntl(pipe, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    inbox: SimpleQueue[Call | BaseException] = SimpleQueue()
    Thread(target=_receive, args=(calls, inbox), daemon=True).start()
    if _done(inbox.get()).error:
        os._exit(1)
    while True:
        _write(answers, _pickled(_done(inbox.get())))


def _receive(pipe: int, inbox: SimpleQueue[Call | BaseException]) -> None:
    try:
        with open(pipe, "rb") as calls:
            while (message := _message(calls)) is not None:
                try:
                    inbox.put(_loaded(message))
                except BaseException as error:  # noqa: BLE001 - a task that cannot be read is one that fails
                    inbox.put(error)
    finally:
        os._exit(1)


def _message(pipe: IO[bytes]) -> bytes | None:
    """Return the next message; None where there is no whole one any more."""
    try:
        size = int.from_bytes(pipe.read(_SIZE_BYTES))
        message = pipe.read(size)
    except OSError:
        return None
    return message if message and len(message) == size else None


def _loaded(message: bytes) -> Any:
    return pickle.loads(message)  # noqa: S301 - the process at the other end is this program


def _done(call: Call | BaseException) -> TaskAnswer:
    if isinstance(call, BaseException):
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
