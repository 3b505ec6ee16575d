"""Spell a rule's literals in base64 and in hex (RFC 4648 sections 4, 5 and 8).

A literal that is encoded twice has no spelling worth searching for. It is in a long run of characters, which has the
shape of base64 or hex of text.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.trigger import CharacterRun, Trigger
from akpatrol.unwrap.encodings import spelling

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from akpatrol.rules.literals import Literal
    from akpatrol.unwrap.encodings.spelling import Characters, Part

    # For each byte, its two digits.
    Pairs = Sequence[tuple[bytes, bytes]]

_ALPHABET = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "+-", "/_"]  # both alphabets
_ANY = bytes(range(256))
_MOST_AT_THE_END = 8
SURE_GROUPS = 3  # so many groups of text after a literal are no coincidence
# Fewer bytes are searched for where letters have both cases, or there would be too many spellings.
_MOST_SPELLED = 3

# The magic of a tar (POSIX.1-2024, pax) is at byte 257; beside it, the number of characters up to its end.
BASE64_TAR, BASE64_TAR_END = Trigger(rb"1c3Rhc[gi]", needs=b"1c3Rhc"), 350
HEXADECIMAL_TAR, HEXADECIMAL_TAR_END = Trigger(rb"7573746172[02]0", needs=b"7573746172"), 526

_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The base64 of a short credential's base64 has as many characters, and lines have 64 or 76.
_LONG_RUN = CharacterRun(_CHARACTERS, 44)

# Bytes below 128, whose highest bits are bit 5 of a group's first character, 3 of the second, 1 of the third.
ASCII_GROUP = rb"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][0-9A-Za-z+/_-]"
# ASCII text in base64, up to where the characters end; and the same when it began on the line before: with all but the
# last character of a group, or with the last characters and padding that quoted-printable escapes.
BEGINS_AS_TEXT = rb"(?:(?:" + ASCII_GROUP + rb"){4}|(?:" + ASCII_GROUP + rb"){1,3}[0-9A-Za-z+/]{0,3}(?![0-9A-Za-z+/]))"
GOES_ON_AS_TEXT = rb"[0-9A-Za-z+/](?:" + BEGINS_AS_TEXT + rb"|[0-9A-Za-z+/]{0,6}=3D)"
LONG_BASE64 = Trigger(rb"(?:" + ASCII_GROUP + rb"){6}", run=_LONG_RUN)
# Pairs of text, with zeros and ends of lines in it. To exclude the other control codes takes ten times as long to
# compile.
LONG_HEXADECIMAL = Trigger(rb"(?:[02-7][0-9A-Fa-f]){12}", run=_LONG_RUN)


def shaped_run(data: bytes, end: int, shape: re.Pattern[bytes]) -> tuple[int, int] | None:
    """Return where the long run that ends at ``end`` begins, and where ``shape`` begins in it; None without it."""
    start = _LONG_RUN.start(data, end)
    match = shape.search(data, start, end)
    if not match:
        return None
    # A path before the run is not base64, yet a byte order mark in base64 begins with slashes or underscores.
    before = data[max(0, start - 2) : start]
    lead = len(before) - len(before.rstrip(b"/_"))
    free = start <= lead or data[start - lead - 1] not in _CHARACTERS
    return start - lead if lead and free else start, match.start()


class EncodedLiteral(NamedTuple):
    """A literal in base64; ``behind`` of its characters follow the last whole group."""

    characters: Characters
    behind: int


@lru_cache(1024)
def base64(literal: Literal) -> list[EncodedLiteral]:
    """Return a literal in base64 at each of the three alignments, with the bits that the next byte adds."""
    return [_aligned(literal, alignment, literal.behind or _ANY) for alignment in range(3)]


def base64_triggers(literals: Sequence[Literal]) -> dict[int, Trigger]:
    """Return the triggers of literals in base64, by a number that says what follows.

    The number modulo 4 is how many characters of the literal follow the last whole group; the number divided by 4 is
    how many groups of text come next.
    """
    parts: dict[int, list[Part]] = {}
    for literal in literals:
        groups = min(SURE_GROUPS, max(0, literal.text - 2) // 3)
        for encoded in base64(literal):
            parts.setdefault(encoded.behind + 4 * groups, []).extend(spelling.parts(encoded.characters))
    return {kind: spelling.trigger(kind_parts) for kind, kind_parts in parts.items()}


def hexadecimal_triggers(literals: Sequence[Literal]) -> list[Trigger]:
    """Return the triggers of literals as consecutive hex digits; none without literals."""
    texts = [text for literal in literals for text in hexadecimal(literal)]
    parts = [part for text in texts for part in spelling.parts([digit for pair in text for digit in pair])]
    return [spelling.trigger(parts)] if parts else []


def base64_beginning(literal: Literal) -> Characters:
    """Return how base64 begins when the encoded data begins with a literal."""
    return _aligned(literal, 0, b"").characters


def _aligned(literal: Literal, alignment: int, behind: bytes) -> EncodedLiteral:
    places = [*[_ANY] * alignment, *literal.places, behind]
    first, last = -(-8 * alignment // 6), 8 * (len(places) - 1)
    characters = [_sextet(places, index) for index in range(first, last // 6)]
    if last % 6 and behind and len(ending := _sextet(places, last // 6)) <= _MOST_AT_THE_END:
        characters.append(ending)
    return EncodedLiteral(characters, (first + len(characters)) % 4)


def _sextet(places: list[bytes], index: int) -> bytes:
    """Return the characters that can encode six bits; where they span two bytes, any pair of alternatives counts."""
    byte, bit = divmod(6 * index, 8)
    rest = places[byte + 1] if bit > 2 else b"\0"  # noqa: PLR2004 - the byte holds all six
    values = {((high << 8 | low) >> (10 - bit)) & 63 for high in set(places[byte]) for low in set(rest)}
    return bytes(sorted("".join(_ALPHABET[value] for value in values).encode()))


@lru_cache(1024)
def hexadecimal(literal: Literal) -> list[Pairs]:
    """Return the spellings of a literal as pairs of hex digits."""
    cased = any(len(place) > 1 for place in literal.places)
    return [*product(*map(_pairs, literal.places[: _MOST_SPELLED if cased else None]))]


def _pairs(place: bytes) -> list[tuple[bytes, bytes]]:
    """Return the pairs of digits of several alternative bytes; bytes with the same second digit share a pair."""
    firsts: dict[int, list[int]] = {}
    for byte in place:
        firsts.setdefault(byte & 15, []).append(byte >> 4)
    return [(_digits(values), _digits([second])) for second, values in firsts.items()]


def _digits(values: list[int]) -> bytes:
    return bytes(sorted({*b"".join(b"%x%X" % (value, value) for value in values)}))
