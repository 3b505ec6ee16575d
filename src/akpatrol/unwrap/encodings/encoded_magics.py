"""How the beginnings of containers read in base64 and in hex, from the table of forms.

A form that is text shows by the shape of its encoded text, and one that is encrypted as a whole is no gap.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.forms import ENCRYPTED, MAGICS
from akpatrol.unwrap.encodings import encoded_literals, spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.model.trigger import Trigger
    from akpatrol.unwrap.encodings.spelling import Characters

    Places = tuple[bytes, ...]

_TEXT = frozenset(("document",))
_FEWEST_BYTES, _MOST_BYTES = 3, 6
# The prefilter's automaton looks for this many parts one by one.
_TOGETHER = 32


class EncodedMagics(NamedTuple):
    """Triggers of what begins a container, and patterns of what they hear.

    A ``short`` beginning, of two bytes, is in any text: it counts with more of the same encoding, and its trigger's
    matches take ``short_length`` characters.
    """

    triggers: tuple[Trigger, ...]
    begins: bytes
    short_trigger: Trigger
    short_begins: bytes
    short_length: int


@cache
def in_base64() -> EncodedMagics:
    """Return how magics read in base64 that begins with them."""
    # Some of the characters may be escaped.
    return _encoded(lambda places: [encoded_literals.base64_at_start(places)], rb"[0-9A-Za-z+/_&#;\\-]", 40)


@cache
def in_hexadecimal() -> EncodedMagics:
    """Return how magics read in digits in a row, of which all letters have one case."""
    return _encoded(encoded_literals.digits, rb"[0-9A-Fa-f]", 80)


def _encoded(spelled: Callable[[Places], Iterable[Characters]], character: bytes, more: int) -> EncodedMagics:
    texts = [text for places in _merged(_magics()) for text in spelled(places)]
    short = [text for places in _magics(short=True) for text in spelled(places)]
    parts = list(dict.fromkeys(part for text in texts for part in spelling.parts(text)))
    rest = b"%b{%d}" % (character, more)
    return EncodedMagics(
        tuple(spelling.alarm(parts[at : at + _TOGETHER]) for at in range(0, len(parts), _TOGETHER)),
        spelling.any_of(texts),
        spelling.alarm((spelling.pattern(text) + rest, spelling.longest(text)) for text in short),
        spelling.any_of(short),
        len(short[0]) + more,
    )


def _magics(*, short: bool = False) -> Iterator[Places]:
    """Yield the bytes that begin a form, as far as they are heard."""
    for magics in MAGICS.values():
        for magic, kind in magics:
            if kind not in ENCRYPTED and kind not in _TEXT and short == (len(magic) < _FEWEST_BYTES):
                yield tuple(bytes([byte]) for byte in magic[:_MOST_BYTES])


def _merged(texts: Iterable[Places]) -> Iterator[Places]:
    """Yield texts; of those that differ only in their fourth byte one with all of them."""
    merged: dict[tuple[Places, Places], list[bytes]] = {}
    for text in texts:
        merged.setdefault((text[:3], text[4:]), []).extend(text[3:4])
    for (before, behind), some in merged.items():
        yield (*before, *([spelling.union(*some)] if some else ()), *behind)
