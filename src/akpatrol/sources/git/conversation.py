"""A running git that is asked by lines and answers each before the next."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import finalize

from akpatrol.sources.git.stream import Stream

if TYPE_CHECKING:
    import subprocess


class Conversation:
    """One git; its answers are read from ``stream``. It ends with this object, if nobody closes that before."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.stream = Stream(process)
        self._process = process
        self._end = finalize(self, _ended, process, self.stream)

    def ask(self, lines: bytes) -> None:
        """Send whole lines, less than a pipe holds: git does not read on while nobody reads. Raises OSError."""
        if self._process.stdin:
            self._process.stdin.write(lines)
            self._process.stdin.flush()

    def close(self) -> None:
        """End git."""
        self._end()


def _ended(process: subprocess.Popen[bytes], stream: Stream) -> None:
    process.kill()
    process.wait()
    stream.close()
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
