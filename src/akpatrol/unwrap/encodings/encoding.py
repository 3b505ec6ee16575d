"""The protocol of an encoding: triggers for the prefilter, and a function that decodes the runs around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work


class Alphabet(NamedTuple):
    """An encoding's characters, how many of them make a group, and whether "=" pads the last group."""

    characters: bytes
    group: int
    is_padded: bool = False


class Decoded(NamedTuple):
    """The decoded ``data[start:end]`` of a text; ``span(first, last)`` maps decoded offsets back to encoded ones.

    Equal ``key``s mean that the same trigger fired at the same place of the same text, so the decoded data is equal.
    A run in an ``alphabet`` may continue on the next line. An ASCII character of wide text takes ``width`` bytes.
    Joined text has the offsets of its ``joints``; ``is_guess`` says that the pieces may not belong together.
    """

    encoding: str
    data: bytes
    start: int
    end: int
    span: Callable[[int, int], tuple[int, int]]
    key: int | None = None
    alphabet: Alphabet | None = None
    width: int = 1
    joints: tuple[int, ...] = ()
    is_guess: bool = False


class Encoding(Protocol):
    """One family of encodings."""

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers to search for; ``find`` is called only when one of them fires."""

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode the encoded runs; ``ends`` has, for each trigger, where it fired in ``data``.

        Runs whose key is ``known`` may be left out, and so may those that exceed the ``work`` that is left.
        """


class EncodingModule(Protocol):
    """A module of the table. A further encoding takes one module and no other change."""

    def encodings(self, literals: Sequence[Literal]) -> tuple[Encoding, ...]:
        """Return the encodings of a family, with triggers for these literals."""
