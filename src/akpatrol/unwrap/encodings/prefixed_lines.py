"""Encoded text whose lines also hold other text: a patch, a log, an array. It is decoded line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.rules.literals import Literal
from akpatrol.unwrap.encodings import spelling
from akpatrol.unwrap.encodings.encoded_literals import BEGINS_AS_TEXT, GOES_ON_AS_TEXT, base64_beginning
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from akpatrol.unwrap.encodings.encoding import Alphabet, Decoded

_LINE = 512  # bytes that are looked at of a line, on either side
# What parts the members of a list, and the end of a line spelled out; other than that all lines end alike.
_PARTING = lazy(rb"[\"'`\\,;. \t]{0,8}(?:\\[rn]){0,2}[\"'`,;. \t]{0,4}\Z")
_DIGIT = lazy(rb"[0-9]")
_PREFIXES = [kind.prefix.encode() for kind in KINDS if kind.prefix]
_IN_BASE64 = [spelling.pattern(base64_beginning(Literal.of(prefix))) for prefix in _PREFIXES]
_IN_HEXADECIMAL = [b"(?i:%b)" % prefix.hex().encode() for prefix in _PREFIXES]
# What begins like a credential continues none.
_BEGINS = lazy(b"|".join(_IN_BASE64 + _IN_HEXADECIMAL))
# A line of quoted-printable that may end in a soft break, and what then goes on in the next or begins there.
_SOFTLY_BROKEN = range(60, 80)
_EITHER = lazy(rb"(?=%b)%b" % (GOES_ON_AS_TEXT, BEGINS_AS_TEXT))
_WRAPPED = b" \t>#*"  # what a decoder takes for the margin of wrapped text


def is_cut(data: bytes, part: Decoded, end: int) -> bool:
    """Return whether what ends at the offset ``end`` of a decoded part may go on in the encoded text's next line.

    It ends with its line, and that one begins and ends as this one does, digits aside, is no longer, and holds whole
    groups of the alphabet. What lines may carry in wrapped text was left out before. Or its padding may be a soft break
    of quoted-printable.
    """
    alphabet = part.alphabet
    if not alphabet:
        return False
    place = part.span(end - 1, end)[1]
    place += len(data[place : place + alphabet.group]) - len(
        data[place : place + alphabet.group].lstrip(alphabet.characters)
    )
    stop = data.find(b"\n", place, place + _LINE)
    if stop < 0:
        return False
    begin = data.rfind(b"\n", max(0, place - _LINE), place) + 1
    following = data.find(b"\n", stop + 1, stop + 1 + _LINE)
    line = data[stop + 1 : following if following >= 0 else stop + 1 + _LINE].removesuffix(b"\r")
    behind = data[place:stop].removesuffix(b"\r")
    if alphabet.is_padded and behind == b"=" and stop - begin in _SOFTLY_BROKEN and _EITHER.match(line):
        return True
    if len(line) > stop - begin or behind.startswith(b"="):
        return False
    carried, more = _parted(line, behind, alphabet)
    if not carried.strip(_WRAPPED) or not more or len(more) % alphabet.group or _BEGINS.match(more):
        return False
    return _DIGIT.sub(b"0", data[begin:place]).startswith(_DIGIT.sub(b"0", carried))


def _parted(line: bytes, behind: bytes, alphabet: Alphabet) -> tuple[bytes, bytes]:
    """Return what a line carries and what it encodes; ``behind`` follows that in the line before."""
    if line.endswith(behind):
        line = line[: len(line) - len(behind)]
    elif _PARTING.match(behind):  # the last member of a list
        line = line.rstrip(b"\"'`\\,;. \t])")
    else:
        return b"", b""
    carried = line.rstrip(b"=").rstrip(alphabet.characters)
    more = line[len(carried) :]
    if more[:1] in (b"+", b"-") and len(more) % alphabet.group == 1:
        carried, more = carried + more[:1], more[1:]
    return carried, more
