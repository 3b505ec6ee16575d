"""What every encoding is: alarms for the gate, and a finder of encoded stretches round them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.model import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Alarm", "Decoded", "Encoding"]


class Decoded(NamedTuple):
    """What ``data[start:end]`` of the encoded text says; ``span(first, last)`` maps decoded offsets back to encoded."""

    encoding: str
    data: bytes
    start: int
    end: int
    span: Callable[[int, int], tuple[int, int]]


class Encoding(Protocol):
    """One family of encodings."""

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What to look for; a finder is asked only when one of them rings."""

    def find(self, data: bytes, ends: Sequence[Sequence[int]]) -> Iterator[Decoded]:
        """Yield the encoded stretches; ``ends`` has, for each alarm, where it rang in ``data``."""
