"""Ask a process of ours to read a PDF, and take its answers as they come."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.runtime.interrupts import child_started
from akpatrol.unwrap.containers.member import PIECE_BYTES, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import IO

# It imports what this process would, and nothing from the directory that it stands in.
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from akpatrol.unwrap.containers.pdfs.worker import main; main()"
_GLANCE_SECONDS = 1.0
_HEADER_BYTES = 1 << 20
# A PDF in a PDF needs a second process, while the first one waits.
_idle: list[subprocess.Popen[bytes]] = []


class PartRead(NamedTuple):
    """A part of a PDF, as ``reading.PdfPart``: ``pieces`` are its bytes, valid until the next answer is requested."""

    label: str
    name: bytes
    flaw: str
    covered: tuple[int, ...]
    other: tuple[int, ...]
    encrypted: bool
    pieces: Iterator[bytes]


def answers(data: bytes, wanted: list[int] | None, check: Callable[[], None]) -> Generator[PartRead]:
    """Yield the parts of a PDF. ``check`` is called from time to time, and raises when that takes too long.

    Raises Unreadable when the process ends before its answer does.
    """
    process = _idle.pop() if _idle else _started()
    if process.poll() is not None:  # something else has ended it
        _end(process)
        process = _started()
    conversation = _Conversation(process, check)
    try:
        yield from conversation.answers(data, wanted)
    finally:
        if conversation.is_done and not _idle:
            _idle.append(process)
        else:
            _end(process)


class _Conversation:
    def __init__(self, process: subprocess.Popen[bytes], check: Callable[[], None]) -> None:
        self._process = process
        self._check = check
        self._buffer = b""
        self._left = 0
        self.is_done = False

    def answers(self, data: bytes, wanted: list[int] | None) -> Iterator[PartRead]:
        header = json.dumps({"size": len(data), "wanted": wanted}).encode() + b"\n"
        # It may begin to answer, or end, before it has read all.
        Thread(target=_send, args=(self._process.stdin, (header, data)), daemon=True).start()
        while True:
            for _ in self._pieces():
                pass
            values = json.loads(self._line())
            self._left = values["size"]
            if values.get("last"):
                if values.get("flaw"):
                    raise Unreadable(values["flaw"])
                self.is_done = not values["spent"]
                return
            covered, other = tuple(values["covered"]), tuple(values["other"])
            name, encrypted = values["name"].encode("latin-1"), bool(values["encrypted"])
            yield PartRead(values["label"], name, values["flaw"], covered, other, encrypted, self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        while self._left:
            piece = self._buffer[: self._left] or self._read(min(self._left, PIECE_BYTES))
            self._buffer = self._buffer[len(piece) :] if self._buffer else b""
            self._left -= len(piece)
            yield piece

    def _line(self) -> bytes:
        parts: list[bytes] = [self._buffer]
        while b"\n" not in parts[-1]:
            parts.append(self._read(_HEADER_BYTES))
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        return line

    def _read(self, number: int) -> bytes:
        output = self._process.stdout.fileno()  # type: ignore[union-attr]
        while not select.select([output], [], [], _GLANCE_SECONDS)[0]:
            self._check()
        if not (data := os.read(output, number)):
            raise Unreadable("PDF: reading it takes too much time or memory")
        return data


def _started() -> subprocess.Popen[bytes]:
    paths = [path for path in sys.path if path]
    try:
        # Ctrl-C is meant for akpatrol, which then ends the process itself.
        with child_started():
            return subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
    except OSError as error:
        raise Unreadable(f"PDF: no process could be started to read it: {error.strerror}") from None


def _send(stream: IO[bytes] | None, parts: tuple[bytes, ...]) -> None:
    with suppress(OSError, ValueError):  # it has ended
        for part in parts:
            stream.write(part)  # type: ignore[union-attr]
        stream.flush()  # type: ignore[union-attr]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            stream.close()  # type: ignore[union-attr]
    process.wait()


@atexit.register
def _end_idle() -> None:
    while _idle:
        _end(_idle.pop())
