"""The table of encodings, and the triggers that the prefilter searches for on their behalf."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.rules.literals import shipped

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.encoding import Decoded, Encoding, EncodingModule

# The modules of this package that define encodings, in order; they are imported only to decode.
MODULES = (
    "base64",
    "hexadecimal",
    "escapes",
    "utf16_32",
    "decimal",
    "joined",
)


class Decoder(NamedTuple):
    """Several encodings together; those with equal triggers share them."""

    triggers: tuple[Trigger, ...]
    # Each with the places of the triggers among its own.
    members: tuple[tuple[Encoding, Mapping[int, int]], ...]

    def find(
        self,
        data: bytes,
        fired: Mapping[int, TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode the encoded runs in ``data``; ``fired`` has, for each trigger that fires, where its matches end.

        Runs whose key is ``known`` may be left out, and so may those that exceed the ``work`` that is left.
        """
        for encoding, places in self.members:
            if shared := fired.keys() & places.keys():
                ends: list[TriggerEnds | Sequence[int]] = [()] * len(places)
                for index in shared:
                    ends[places[index]] = fired[index]
                yield from encoding.find(data, ends, known, work)


def decoder(literals: Sequence[Literal] | None = None, encodings: Sequence[Encoding] | None = None) -> Decoder:
    """Return a decoder of these encodings, by default all, for these literals, by default the shipped rules'."""
    chosen = tuple(_all(literals) if encodings is None else encodings)
    triggers = tuple(dict.fromkeys(trigger for encoding in chosen for trigger in encoding.triggers))
    place = {trigger: index for index, trigger in enumerate(triggers)}
    return Decoder(
        triggers,
        tuple((encoding, {place[trigger]: at for at, trigger in enumerate(encoding.triggers)}) for encoding in chosen),
    )


def _all(literals: Sequence[Literal] | None) -> Iterator[Encoding]:
    literals = shipped() if literals is None else literals
    for name in MODULES:
        module: EncodingModule = import_module(f"akpatrol.unwrap.encodings.{name}")
        yield from module.encodings(literals)
