"""The bytes of a pack: in memory, mapped, or read in parts from something larger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    from collections.abc import Callable

# Entries that follow one another are read at once; a delta elsewhere costs one more read of so many bytes.
_WINDOW_BYTES = 32 << 10


class PackBytes(Protocol):
    """The bytes of a pack, by their offsets from its first."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, place: int, /) -> int: ...

    @overload
    def __getitem__(self, place: slice, /) -> bytes | memoryview: ...


class PartsRead:
    """The ``size`` bytes from ``start`` of what ``at(offset, number)`` returns any part of, through one window."""

    def __init__(self, at: Callable[[int, int], bytes], start: int, size: int) -> None:
        self._at = at
        self._start = start
        self._size = size
        self._window = b""
        self._begin = 0

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int, /) -> int: ...

    @overload
    def __getitem__(self, place: slice, /) -> bytes: ...

    def __getitem__(self, place: int | slice, /) -> int | bytes:
        """Return one byte, or those of a slice with a start and a stop. Raises OSError, and IndexError at the end."""
        if isinstance(place, int):
            offset = place - self._begin
            if not 0 <= offset < len(self._window):
                self._fill(place, 1)
                offset = 0
            return self._window[offset]
        start, stop = place.start or 0, min(place.stop, self._size)
        if not self._begin <= start <= stop <= self._begin + len(self._window):
            self._fill(start, max(0, stop - start))
        return self._window[start - self._begin : max(start, stop) - self._begin]

    def _fill(self, start: int, number: int) -> None:
        wanted = min(max(number, _WINDOW_BYTES), max(0, self._size - start))
        self._window, self._begin = self._at(self._start + start, wanted) if wanted else b"", start
