"""Build patterns for texts whose characters have alternatives, in the syntax that ``re`` and hyperscan share."""

from __future__ import annotations

from itertools import chain, product
from math import prod
from typing import TYPE_CHECKING

from akpatrol.model.trigger import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.trigger import Needs

    # For each character, the bytes that it may be.
    Characters = Sequence[bytes]
    Part = tuple[bytes, Needs]

_PLAIN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz%/&#;=,:<>@ !\"'~`")
_ESCAPED = tuple(bytes([byte]) if byte in _PLAIN else rb"\x%02x" % byte for byte in range(256))
_escaped = _ESCAPED.__getitem__
_byte = tuple(bytes([byte]) for byte in range(256)).__getitem__
_SURE = 3  # consecutive bytes that make a pattern quick to search for
_MOST_WRITTEN_OUT = 256


def trigger(parts: Iterable[Part], *, each: bool = True) -> Trigger:
    """Return a trigger that any of the parts fires; a part is a pattern and the bytes that it needs."""
    distinct = tuple(dict.fromkeys(parts))
    if len(distinct) == 1:
        return Trigger(distinct[0][0], each, distinct[0][1])
    return Trigger(b"|".join(pattern for pattern, _ in distinct), each, parts=distinct)


def character(alternatives: bytes) -> bytes:
    """Return a pattern for one character."""
    spelled = b"".join(map(_escaped, alternatives))
    return spelled if len(alternatives) == 1 else b"[" + _ranged(alternatives) + b"]"


def pattern(characters: Characters, between: bytes = b"") -> bytes:
    """Return a pattern for a text, with the bytes ``between`` its characters."""
    return b"".join(map(_escaped, between)).join(map(character, characters))


def parts(characters: Characters, between: bytes = b"") -> list[Part]:
    """Return patterns for a text, each with the bytes it needs; spelled out where one pattern would need too few."""
    needs = longest(characters, between)
    number = prod(map(len, characters))
    if len(needs) >= _SURE or number == 1 or number > _MOST_WRITTEN_OUT:
        return [(pattern(characters, between), needs)]
    spelled = (between.join(map(_byte, choice)) for choice in product(*characters))
    return [(b"".join(map(_escaped, text)), text) for text in spelled]


def longest(characters: Characters, between: bytes = b"") -> bytes:
    """Return the longest text that every spelling contains."""
    best = run = b""
    for alternatives in characters:
        run = run + between + alternatives if run else alternatives
        run = run if len(alternatives) == 1 else b""
        best = max(best, run, key=len)
    return best


def any_of(texts: Iterable[Characters]) -> bytes:
    """Return a pattern for any of several texts, grouped by common prefixes, so that many texts stay quick."""
    branches: dict[bytes, list[Characters]] = {}
    for text in texts:
        branches.setdefault(text[0] if text else b"", []).append(text[1:])
    # An empty branch matches before any longer one.
    if b"" in branches:
        return b""
    spelled = [character(first) + any_of(rest) for first, rest in branches.items()]
    return spelled[0] if len(spelled) == 1 else b"(?:" + b"|".join(spelled) + b")"


def either_case(text: bytes) -> Characters:
    """Return a text in any mix of cases."""
    return [bytes(sorted({*bytes([byte]).lower(), *bytes([byte]).upper()})) for byte in text]


def union(*alternatives: bytes) -> bytes:
    """Return the bytes of several alternatives, sorted and without duplicates."""
    return bytes(sorted(set(chain.from_iterable(alternatives))))


def _ranged(alternatives: bytes) -> bytes:
    """Return the inside of a bracket expression, with a range for three or more consecutive bytes."""
    spelled, index = [], 0
    while index < len(alternatives):
        last = index
        while last + 1 < len(alternatives) and alternatives[last + 1] == alternatives[last] + 1:
            last += 1
        first, end = _escaped(alternatives[index]), _escaped(alternatives[last])
        spelled.append(first if last == index else first + end if last == index + 1 else first + b"-" + end)
        index = last + 1
    return b"".join(spelled)
