"""The table of encodings, and what the gate must listen for on their behalf."""

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

# The modules of this package that have encodings, in their order; who does not decode imports none.
MODULES = (
    "base64",
    "hexadecimal",
    "escapes",
    "utf16_32",
)


class Decoder(NamedTuple):
    """All encodings of a table together; equal alarms of several are one."""

    alarms: tuple[Trigger, ...]
    members: tuple[tuple[Encoding, tuple[int, ...]], ...]

    def find(
        self,
        data: bytes,
        rung: Mapping[int, TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Yield what is encoded in ``data``; ``rung`` has, for each alarm that rings, where its matches end.

        What has one of the ``known`` keys may be left out; what is beyond the ``work`` that is left, too.
        """
        for encoding, indexes in self.members:
            if not rung.keys().isdisjoint(indexes):
                yield from encoding.find(data, [rung.get(index, ()) for index in indexes], known, work)


def decoder(literals: Sequence[Literal] | None = None, encodings: Sequence[Encoding] | None = None) -> Decoder:
    """Return the decoder of these encodings, by default of all, for literals, by default the shipped rules'."""
    chosen = tuple(_all(literals) if encodings is None else encodings)
    alarms = tuple(dict.fromkeys(alarm for encoding in chosen for alarm in encoding.alarms))
    place = {alarm: index for index, alarm in enumerate(alarms)}
    return Decoder(alarms, tuple((one, tuple(place[alarm] for alarm in one.alarms)) for one in chosen))


def _all(literals: Sequence[Literal] | None) -> Iterator[Encoding]:
    literals = shipped() if literals is None else literals
    for name in MODULES:
        module: EncodingModule = import_module(f"akpatrol.unwrap.encodings.{name}")
        yield from module.encodings(literals)
