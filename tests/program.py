"""Runs of the program as a process of its own, on pipes or on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import time
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Thread
from typing import TYPE_CHECKING, Any
from unittest import mock

from akpatrol.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECONDS = 60
_RUN = "from akpatrol.__main__ import entry; entry()"
# A patch: says "go" on standard error as soon as signals are the program's to handle, no longer Python's.
SAYS_GO = """
import os
from akpatrol import main
def say_and_run(arguments, run=main._run):
    os.write(2, b"go")
    return run(arguments)
main._run = say_and_run
"""


@dataclass(frozen=True)
class Done:
    """The result of a process; ``code`` is negative when a signal killed it."""

    code: int
    out: bytes
    err: bytes

    @property
    def written(self) -> bytes:
        """Everything that it wrote to standard output and standard error."""
        return self.out + self.err


def command(*arguments: str | bytes | Path, patch: str = "") -> list[str | bytes | Path]:
    """Return the command line; ``patch`` is Python that runs first, in the main process only."""
    return [sys.executable, "-c", f"{patch}\n{_RUN}" if patch else _RUN, *arguments]


def start(
    *arguments: str | bytes | Path,
    patch: str = "",
    cwd: Path | None = None,
    variables: dict[str, str] | None = None,
    **how: Any,
) -> subprocess.Popen[bytes]:
    """Start the program, the leader of a process group of its own; ``how`` is for ``Popen``."""
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    process: Any = subprocess.Popen(
        command(*arguments, patch=patch), cwd=cwd, env=os.environ | (variables or {}), start_new_session=True, **how
    )
    started: subprocess.Popen[bytes] = process
    return started


def execute(
    *arguments: str | bytes | Path,
    patch: str = "",
    cwd: Path | None = None,
    stdin: bytes = b"",
    variables: dict[str, str] | None = None,
    **how: Any,
) -> Done:
    """Run the program to its end; ``how`` is for ``subprocess.run``."""
    done = subprocess.run(
        command(*arguments, patch=patch),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env=os.environ | (variables or {}),
        **how,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def inside(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", variables: dict[str, str] | None = None
) -> Done:
    """Run the program in this process, which is quicker, on streams that it and its children have to themselves."""
    with ExitStack() as stack:
        if cwd:
            stack.enter_context(chdir(cwd))
        stack.enter_context(mock.patch.dict(os.environ, variables or {}))
        given, out, err = (stack.enter_context(TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        for name, file in (("stdin", given), ("stdout", out), ("stderr", err)):
            stack.enter_context(_standing_in(name, file.fileno()))
        code = main([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        out.seek(0)
        err.seek(0)
        return Done(int(code), out.read(), err.read())


@contextmanager
def _standing_in(name: str, handle: int) -> Iterator[None]:
    """Let a standard stream be an open file, for this process and for those that it starts."""
    number = ("stdin", "stdout", "stderr").index(name)
    before = os.dup(number)
    os.dup2(handle, number)
    errors = "backslashreplace" if name == "stderr" else "strict"
    stream = open(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
    try:
        with mock.patch.object(sys, name, stream):
            yield
    finally:
        stream.close()
        os.dup2(before, number)
        os.close(before)


def finish(process: subprocess.Popen[bytes], seconds: float = SECONDS) -> Done:
    """Wait for the end of a started program."""
    out, err = process.communicate(timeout=seconds)
    return Done(process.returncode, out or b"", err or b"")


def until(process: subprocess.Popen[bytes], word: bytes) -> bytes:
    """Return what a started program says on standard error up to a word, and what it said with that."""
    assert process.stderr
    said = b""
    while word not in said:
        block = os.read(process.stderr.fileno(), 1024)
        assert block, said
        said += block
    return said


def on_terminal(
    *arguments: str | Path,
    terminals: Sequence[str] = ("stdout", "stderr"),
    patch: str = "",
    cwd: Path | None = None,
    variables: dict[str, str] | None = None,
) -> Done:
    """Run the program with the named streams on a terminal each, the others on pipes."""
    written: dict[str, bytearray] = {name: bytearray() for name in ("stdout", "stderr")}
    ends = {name: pty.openpty() if name in terminals else os.pipe() for name in written}
    process = start(*arguments, patch=patch, cwd=cwd, variables=variables, **{name: ends[name][1] for name in ends})
    readers = [Thread(target=_drain, args=(ends[name][0], written[name])) for name in ends]
    for name in ends:
        os.close(ends[name][1])
    for reader in readers:
        reader.start()
    code = process.wait(SECONDS)
    for reader in readers:
        reader.join(SECONDS)
    return Done(code, bytes(written["stdout"]), bytes(written["stderr"]))


def at_prompt(*arguments: str | Path, typed: str, cwd: Path | None = None) -> Done:
    """Type on a terminal what the program asks for without echo; ``err`` is all that the terminal showed."""
    master, slave = pty.openpty()
    process = start(*arguments, cwd=cwd, stdin=slave, stderr=slave)
    os.close(slave)
    screen = bytearray()
    while b"not shown" not in screen:
        screen += os.read(master, 1024)
    while termios.tcgetattr(master)[3] & termios.ECHO:  # it goes off after this is written
        time.sleep(0.005)
    os.write(master, typed.encode())
    done = finish(process)
    _drain(master, screen)
    return Done(done.code, done.out, bytes(screen))


def _drain(handle: int, into: bytearray) -> None:
    try:
        while data := os.read(handle, 65536):
            into += data
    except OSError:
        pass  # how a terminal whose other side is closed ends
    os.close(handle)
