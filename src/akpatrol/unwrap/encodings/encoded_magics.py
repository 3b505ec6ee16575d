"""Spell the magic bytes of containers in base64 and in hex, from the table of forms.

Some forms are left out: text is found by the shape of its encoded form, a wholly encrypted file is not a gap, and the
two bytes of old cpio archives are in any text.
"""

from __future__ import annotations

from binascii import b2a_base64
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.trigger import CharacterRun, Trigger
from akpatrol.unwrap.containers.forms import ENCRYPTED, MAGICS
from akpatrol.unwrap.encodings import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.unwrap.encodings.spelling import Part

_NOT_SPELLED = frozenset(("document", "old cpio"))
# So common that short lines are searched for them too.
_COMMON_BASE64 = (
    *(Trigger(magic, needs=magic[:4]) for magic in (rb"H4sI", rb"UEsDB", rb"Qlpo[MNO]", rb"KLUv[/_]")),
    Trigger(rb"[/_]Td6WFo", needs=b"Td6WFo"),
)
_COMMON_HEXADECIMAL = (
    Trigger(rb"1[fF]8[bB]08", needs=b"08"),
    Trigger(rb"504[bB]0304", needs=b"0304"),
    Trigger(rb"[fF][dD]377[aA]585[aA]00", needs=b"377"),
    Trigger(rb"425[aA]683[1-9]", needs=b"683"),
    Trigger(rb"28[bB]52[fF][fF][dD]", needs=b"28"),
)
_EITHER = {ord("+"): b"+-", ord("/"): b"/_"}  # in both alphabets
_COMMON = frozenset(("gzip", "zip", "bzip2", "xz", "zstd"))
_FEWEST_BYTES, _MOST_BYTES = 3, 6
_TOGETHER = 32  # parts that the prefilter's automaton searches for one by one
# Without the characters of base64url, of which names and horizontal rules are made.
_BASE64_RUN = CharacterRun(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/", 40)
_DIGIT_RUN = CharacterRun(b"0123456789ABCDEFabcdef", 56)


class EncodedMagics(NamedTuple):
    """Triggers for the magic bytes of containers, and patterns of what they match.

    ``common`` triggers are for compressed data; ``rare`` ones are for the other forms and need a run of the alphabet. A
    ``short`` magic, of two bytes, occurs in any text: it counts only with more of the encoding after it, and its
    matches take ``short_length`` characters.
    """

    common: tuple[Trigger, ...]
    rare: tuple[Trigger, ...]
    short: Trigger
    begins: bytes
    short_begins: bytes
    short_length: int

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """All triggers but the short one."""
        return self.common + self.rare


@cache
def in_base64() -> EncodedMagics:
    """Return the magics in base64 that begins with them."""
    return _encoded(_in_base64, _COMMON_BASE64, rb"[0-9A-Za-z+/_&#;\\-]{40}", 3 + 40, _BASE64_RUN)


@cache
def in_hexadecimal() -> EncodedMagics:
    """Return the magics as consecutive hex digits, with letters of one case."""
    magics = _encoded(_in_hexadecimal, _COMMON_HEXADECIMAL, rb"[0-9A-Fa-f]{80}", 4 + 80, _DIGIT_RUN)
    return magics._replace(short=magics.short._replace(needs=_DIGIT_RUN))


def _encoded(
    spelled: Callable[[bytes], Iterable[Part]],
    common: tuple[Trigger, ...],
    rest: bytes,
    short_length: int,
    run: CharacterRun,
) -> EncodedMagics:
    parts = list(dict.fromkeys(part for magic in _magics() for part in spelled(magic)))
    short = [part for magic in _magics(short=True) for part in spelled(magic)]
    rare = (spelling.trigger(parts[at : at + _TOGETHER]) for at in range(0, len(parts), _TOGETHER))
    return EncodedMagics(
        common,
        tuple(trigger._replace(needs=run) for trigger in rare),
        spelling.trigger((pattern + rest, needs) for pattern, needs in short),
        b"|".join((*(trigger.pattern for trigger in common), *(pattern for pattern, _ in parts))),
        b"|".join(pattern for pattern, _ in short),
        short_length,
    )


def _magics(*, short: bool = False) -> Iterator[bytes]:
    """Yield the magic bytes of each form, up to the length that is searched for."""
    left_out = ENCRYPTED | _NOT_SPELLED | _COMMON
    for magics in MAGICS.values():
        for magic, kind in magics:
            if kind not in left_out and short == (len(magic) < _FEWEST_BYTES):
                yield magic[:_MOST_BYTES]


def _in_base64(magic: bytes) -> Iterator[Part]:
    """Yield a pattern of the characters that a magic determines, in both alphabets, and the bytes it needs."""
    sure = 8 * len(magic) // 6
    # This is faster than what literals of rules need: a hook encodes two hundred of these on every commit.
    characters = [_EITHER.get(byte, bytes((byte,))) for byte in b2a_base64(magic)[:sure]]
    if len(magic) % 3 == 2:  # noqa: PLR2004 - then two bits of the last character are free
        last = {b2a_base64(magic + bytes((bits << 6,)))[sure] for bits in range(4)}
        characters.append(bytes(sorted(b"".join(_EITHER.get(byte, bytes((byte,))) for byte in last))))
    yield spelling.pattern(characters), spelling.longest(characters)


def _in_hexadecimal(magic: bytes) -> Iterator[Part]:
    digits = magic.hex().encode()
    for text in dict.fromkeys((digits, digits.upper())):
        yield text, text
