"""What every encoding is: alarms for the gate, and a finder of encoded stretches round them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work


class Alphabet(NamedTuple):
    """The characters of an encoding, how many of them are a whole group, and whether "=" fills up the last."""

    characters: bytes
    group: int
    is_padded: bool = False


class Decoded(NamedTuple):
    """What ``data[start:end]`` of the encoded text says; ``span(first, last)`` maps decoded offsets back to encoded.

    Where ``key`` is equal, the same alarm rang at the same place of the same text: all that it says is equal.
    Text in an ``alphabet`` may go on in the next line. An ASCII character of wide text takes ``width`` bytes.
    """

    encoding: str
    data: bytes
    start: int
    end: int
    span: Callable[[int, int], tuple[int, int]]
    key: int | None = None
    alphabet: Alphabet | None = None
    width: int = 1


class Encoding(Protocol):
    """One family of encodings."""

    @property
    def alarms(self) -> tuple[Trigger, ...]:
        """What to look for; a finder is asked only when one of them rings."""

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Yield the encoded stretches; ``ends`` has, for each alarm, where it rang in ``data``.

        What has one of the ``known`` keys may be left out; what is beyond the ``work`` that is left, too.
        """


class EncodingModule(Protocol):
    """A module of the table; one alone is all that a further encoding takes."""

    def encodings(self, literals: Sequence[Literal]) -> tuple[Encoding, ...]:
        """Return the encodings of a family, to look for these literals of rules."""
