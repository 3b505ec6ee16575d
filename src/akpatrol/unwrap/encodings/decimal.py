"""Decode lists of bytes as decimal numbers: ``[97, 107, 95]``, ``97,107,95``, ``[97 107 95]``.

So journalctl writes a field that is not printable text (``-o json``), Node.js a ``Buffer``, and Go, Rust and Python a
list of bytes that a program logs.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers
from akpatrol.rules.literals import shipped
from akpatrol.scan.work import IN_RUN
from akpatrol.unwrap.encodings import spelling
from akpatrol.unwrap.encodings.encoding import Decoded
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.spelling import Part

# Between two numbers; the last is that of a list over several lines.
_BETWEEN = (b",", b", ", b" ", rb",\r?\n[ \t]{0,64}")
_NUMBER = lazy(rb"[0-9]++")
_LIST = lazy(rb"[0-9]++(?:(?:[ \t]?,[ \t\r\n]*+|[ ])[0-9]++)*+")
_CHARACTERS = b"0123456789, \t\r\n"
_LEFT = 4096  # bytes read before a trigger: text before a credential says only whether it begins there
_SHORTEST = 16  # numbers
_LARGEST, _MOST_DIGITS = 255, 3
_MOST_AT_A_PLACE = 4


class Decimal:
    """The encoding ``decimal``."""

    def __init__(self, literals: Sequence[Literal] | None = None) -> None:
        """Set the triggers for the literals."""
        literals = shipped() if literals is None else literals
        parts = [part for literal in literals for between in _BETWEEN for part in _spelled(literal, between)]
        self.triggers: tuple[Trigger, ...] = (spelling.trigger(parts),) if parts else ()

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode each list around a trigger."""
        fired, passed = FiredTriggers(ends, work), 0
        while fired:
            end, _ = fired.first
            if end <= passed:
                fired.advance(passed)
                continue
            first = max(passed, end - _LEFT)
            start = first + len(data[first:end].rstrip(_CHARACTERS))
            # A number that is cut, or a list before this one that ends with a blank
            run = next((one for one in _LIST.finditer(data, start) if one.end() >= end), None)
            passed = run.end() if run and run.start() < end else end
            fired.advance(passed)
            if work:
                work.left -= IN_RUN
            key = hash((_LIST, data[run.start() : run.end()])) if run and run.start() < end else None
            if (
                run
                and key is not None
                and key not in known
                and (decoded := _decoded(data, run.start(), run.end(), key))
            ):
                yield decoded


def _spelled(literal: Literal, between: bytes) -> Iterator[Part]:
    """Yield the pattern for a literal's numbers, nothing where too many bytes may be in one place."""
    if any(len(place) > _MOST_AT_A_PLACE for place in literal.places):
        return
    numbers = [b"|".join(b"%d" % byte for byte in sorted(place)) for place in literal.places]
    is_plain = not any(b"|" in number for number in numbers)
    needs = between.join(numbers) if is_plain and between in _BETWEEN[:3] else between[:1]
    yield between.join(b"(?:%b)" % number if b"|" in number else number for number in numbers), needs


def _decoded(data: bytes, start: int, end: int, key: int) -> Decoded | None:
    starts, ends, values = array("Q"), array("Q"), bytearray()
    for number in _NUMBER.finditer(data, start, end):
        starts.append(number.start())
        ends.append(number.end())
        value = int(number[0]) if number.end() - number.start() <= _MOST_DIGITS else _LARGEST + 1
        values.append(value if value <= _LARGEST else 0)
    if len(values) < _SHORTEST:
        return None

    def span(first: int, last: int) -> tuple[int, int]:
        return starts[first], ends[last - 1]

    return Decoded("decimal", bytes(values), start, end, span, key)


def encodings(literals: Sequence[Literal]) -> tuple[Decimal, ...]:
    """Return the encoding, with triggers for these literals."""
    return (Decimal(literals),)
