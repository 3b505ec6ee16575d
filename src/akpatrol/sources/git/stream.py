"""The output of a running git: read with a time limit, with its error output and a limit on its memory."""

from __future__ import annotations

import select
import sys
from contextlib import suppress
from itertools import takewhile
from threading import Event, Thread
from time import monotonic
from typing import IO, TYPE_CHECKING

from akpatrol.errors import GitError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator

_OUT_OF_MEMORY = b"out of memory"  # https://github.com/git/git/blob/master/wrapper.c
_SILENCE_SECONDS = 600
_STDERR_BYTES = 65536
_READ_BYTES = 1 << 20


class SilentError(GitError):
    """Git printed nothing for too long, or took too much memory."""


class Stream:
    """The output of a running git."""

    def __init__(self, process: subprocess.Popen[bytes], patience: float | None = None) -> None:
        self._process = process
        self._patience = _SILENCE_SECONDS if patience is None else patience
        self._output: IO[bytes] = process.stdout  # type: ignore[assignment]
        self._stderr = bytearray()
        self._waiting: float | None = None
        self._silent = False
        self._closed = Event()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        Thread(target=self._watch, daemon=True).start()

    def read(self, number: int = -1) -> bytes:
        """Return ``number`` bytes, fewer only at the end."""
        if number <= _READ_BYTES:
            return self._read(number)
        # A damaged object may declare any size, and a buffer of that size is allocated before anything is read.
        data = bytearray()
        while len(data) < number and (block := self._read(min(_READ_BYTES, number - len(data)))):
            data += block
        return bytes(data)

    def _read(self, number: int) -> bytes:
        self._waiting = monotonic()
        data = self._output.read(number)
        self._waiting = None
        return data

    def readline(self) -> bytes:
        """Return one line with its end, or nothing at the end."""
        self._waiting = monotonic()
        data = self._output.readline()
        self._waiting = None
        return data

    def parts(self, separator: bytes = b"\0") -> Iterator[bytes]:
        """Yield the parts between separators."""
        return split_parts(iter(lambda: self.read(1 << 16), b""), separator)

    def finish(self) -> None:
        """Wait for the end. Raises GitError when git failed."""
        code = self._process.wait()
        self._listener.join(1)
        if self._silent:
            raise SilentError(f"git was silent for {self._patience:.0f} seconds")
        if code and _OUT_OF_MEMORY in self._stderr.lower():
            raise SilentError("git needs more memory than its limit")
        if code:
            raise GitError(first_line(bytes(self._stderr)) or f"git exited with {code}")

    def kill(self) -> None:
        """End git."""
        self._process.kill()

    def answers_within(self, seconds: float) -> bool:
        """Return whether git prints its first byte or ends in that time, before anything was read of it."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        return bool(poll.poll(max(0, seconds) * 1000))

    def errors(self) -> tuple[str, ...]:
        """Return the distinct errors that git printed so far."""
        lines = self._stderr.decode("utf-8", "backslashreplace").splitlines()
        return tuple(dict.fromkeys(line.removeprefix("error: ") for line in lines if line.startswith("error: ")))

    def close(self) -> None:
        """Stop the watch; git has ended."""
        self._closed.set()
        self._listener.join(1)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def _listen(self) -> None:
        pipe = self._process.stderr
        while pipe and (data := pipe.read1(4096)):  # type: ignore[attr-defined]
            if len(self._stderr) < _STDERR_BYTES:
                self._stderr += data

    def _watch(self) -> None:
        while not self._closed.wait(min(5, self._patience / 4)):
            since = self._waiting
            if since is not None and monotonic() - since > self._patience:
                self._silent = True
                self._process.kill()
                return


def split_parts(blocks: Iterable[bytes], separator: bytes) -> Iterator[bytes]:
    """Yield the parts between separators of these blocks."""
    rest = b""
    for block in blocks:
        *complete, rest = (rest + block).split(separator)
        yield from complete
    if rest:
        yield rest


def limit_memory(process: subprocess.Popen[bytes], size: int) -> None:
    """Limit a process's data, in bytes, not counting mapped files; a no-op where the system does not support it."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not everywhere

        with suppress(OSError):  # it has ended
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (size, size))


def first_line(stderr: bytes) -> str:
    """Return git's first ``fatal:`` line, else its first ``error:`` line, else its first line, without the word.

    A line that ends in a colon continues in the indented lines below it.
    """
    lines = stderr.decode("utf-8", "backslashreplace").splitlines()
    for word in ("fatal: ", "error: ", ""):
        for number, line in enumerate(lines, 1):
            if line.startswith(word) and line:
                below = (
                    takewhile(lambda following: following.startswith("\t"), lines[number:])
                    if line.endswith(":")
                    else ()
                )
                return " ".join((line.removeprefix(word), ", ".join(map(str.strip, below)))).strip()
    return ""
