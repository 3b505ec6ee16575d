"""Read a running git's output in a thread, so that git need not wait until somebody asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from akpatrol.sources.git.stream import split_parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from akpatrol.sources.git.stream import Stream

_BLOCK_BYTES = 1 << 16
_MOST_BYTES = 64 << 20
_LOOK_SECONDS = 0.2


class StreamReader(ABC):
    """Reads a stream in a thread, and ends git when it is left early."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._left = Event()
        self._thread = Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self.stream.kill()
        self._thread.join()

    @abstractmethod
    def _read(self) -> None:
        """Read the stream to its end, or until it is left."""


class ReadAhead(StreamReader):
    """Reads a stream, at most 64 MiB ahead."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._blocks: Queue[bytes] = Queue(_MOST_BYTES // _BLOCK_BYTES)

    def parts(self) -> Iterator[bytes]:
        """Yield the parts between NULs."""
        return split_parts(iter(self._blocks.get, b""), b"\0")

    def _read(self) -> None:
        try:
            while block := self.stream.read(_BLOCK_BYTES):
                self._put(block)
        finally:
            self._put(b"")  # or who waits for a block would wait without end

    def _put(self, block: bytes) -> None:
        while not self._left.is_set():
            with suppress(Full):
                self._blocks.put(block, timeout=_LOOK_SECONDS)
                return
