r"""Base64 in both alphabets, with padding or without, wrapped or not: RFC 4648 sections 4 and 5.

Wrapped as in mail (RFC 2045 section 6.8), PEM (RFC 7468 section 3), a YAML block, a quoted or commented text, lines
that end in an escaped ``\n`` or in an XML character reference, as string literals that are concatenated, and as the
words that a shell makes of lines.
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import partial
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers, exact
from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings import encoded_literals, encoded_magics, spelling
from akpatrol.unwrap.encodings.encoded_run import Beginning, Finder, RunPatterns
from akpatrol.unwrap.encodings.encoding import Alphabet, Decoded
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.encoded_run import EncodedRun

_CHARACTER = rb"[0-9A-Za-z+/_-]"
# What base64(1) gives, in a shell's words.
_JOINED = rb"(?<=(?<![0-9A-Za-z+/])[0-9A-Za-z+/]{76}) "
_JOINT = (
    rb"(?:[ \t]*+\\?+(?:\r|&#13;|&#xD;)?+\n[ \t>#*]*+"
    rb"|(?:(?:\\++r)?+\\++n)?+[\"'][ \t]*+[+.&\\]?+[ \t]*+\r?+\n[ \t]*+[+.&]?+[ \t]*+b?+[\"']"
    rb"|(?:\\++r)?+\\++n[ \t]*+|" + _JOINED + rb")"
)
_COMPRESSED = rb"H4sI|[/_]Td6WFo|Qlpo[MNO]|KLUv[/_]"
# What begins as a credential does is no continuation, be it in a list of them or below a line of something else; yet
# each member of a zip begins as the zip does. Five dashes are of PEM.
_NEXT = rb"(?<!-----)" + _JOINT + rb"(?!-----|%b)" + _CHARACTER
# Padding, unless something is assigned: then a name stands before the sign.
_PADDING = rb"={1,2}+(?![\"']?[0-9A-Za-z+/_$-])"
_LINE_END = rb"(?=[ \t]*+(?:[\"'`<&\\\r\n,;)}\]]|" + _PADDING + rb"|\Z)|" + _JOINED + rb")"
_STRETCH = _CHARACTER + rb"++(?:%b{4,}+" + _LINE_END + rb")*+(?:%b{1,3}+" + _LINE_END + rb")?+"
_PLAIN = lazy(rb"[0-9A-Za-z+/\r\n \t]*+")
_BEFORE = rb"(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=%%[0-9A-F]{2}))(?:%b)"
_BEGIN_LENGTH = 8
_ASCII = [
    lazy(rb"(?:" + encoded_literals.ASCII_GROUP + rb"){%d}" % number)
    for number in range(encoded_literals.SURE_GROUPS + 1)
]
_SHAPE = lazy(encoded_literals.LONG_BASE64.pattern)
_SHAPE_LENGTH = 24
_NO_TEXT = lazy(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# A sign of the alphabet that is escaped: what begins a container is whole only once that is resolved.
_ESCAPED_SIGN = lazy(
    rb"(?:\\++(?:[/+]|u00(?:2[fFbB])|x2[fFbB])|%(?:25)*2[fFbB]|&(?:amp;)*#(?:4[37]|[xX]2[fFbB]);)[0-9A-Za-z+/]"
)
_STANDARD = bytes.maketrans(b"-_", b"+/")
_GROUP = 4  # characters, for three bytes
_NEAR = 48  # characters
# The same, behind some whole groups.
_SHAPED_GROUP = lazy(rb"(?s:.{4}){0,23}?" + encoded_literals.LONG_BASE64.pattern)
_MAGIC, _TAR, _SHAPED = -1, -2, -3
_ALPHABET = Alphabet(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/_-", _GROUP, is_padded=True)


class Base64:
    """The encoding ``base64``, or ``base64url`` where that alphabet's characters occur and the others do not."""

    def __init__(self, literals: Sequence[Literal] | None = None) -> None:
        """Look for what begins as a container, has the shape of text, or holds one of the literals."""
        literals = shipped() if literals is None else literals
        own, magics = encoded_literals.base64_alarms(literals), encoded_magics.in_base64()
        self.alarms = (
            *magics.triggers,
            encoded_literals.BASE64_TAR,
            *own.values(),
            magics.short,
            encoded_literals.LONG_BASE64,
        )
        self._kinds = (*(_MAGIC for _ in magics.triggers), _TAR, *own)
        begins = [encoded_literals.base64_beginning(literal) for literal in literals if literal.leading]
        known = b"|".join(filter(None, (spelling.any_of(begins), _COMPRESSED)))
        following = _NEXT % known
        self._form = RunPatterns(lazy(_STRETCH % (following, following)), lazy(_JOINT), _PLAIN)
        self._begin = lazy(_BEFORE % (known + b"|" + magics.begins))
        self._short = Beginning(lazy(_BEFORE % magics.short_begins), magics.short_length)

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Yield each stretch round an alarm, once for each alignment that makes ASCII of what follows an alarm."""
        finder = Finder(data, self._form, work)

        def wanted(stretch: EncodedRun, end: int, alarm: int) -> int | None:
            if self._kinds[alarm] == _MAGIC and _ESCAPED_SIGN.match(data, stretch.end):
                return None
            return self._first(stretch, end, self._kinds[alarm])

        rings = FiredTriggers(ends[: len(self._kinds)], work)
        for stretch, first in finder.rung(rings, partial(self._begins, data), wanted, range(_GROUP), known):
            yield from _decoded(stretch, first)
        for stretch in finder.begun(exact(ends[-2]), self._short):
            if stretch.key not in known and not _ESCAPED_SIGN.match(data, stretch.end):
                yield from _decoded(stretch, 0)
        for stretch, shown in finder.others(
            exact(ends[-1]), lambda end: encoded_literals.shaped_run(data, end, _SHAPE)
        ):
            if stretch.key not in known:
                for first in _shaped(stretch, stretch.index(shown)):
                    yield from _decoded(stretch, first)

    def _begins(self, data: bytes, end: int) -> int | None:
        """Return where what rang surely begins: no byte that matters can be encoded before it."""
        found = self._begin.search(data, max(0, end - _BEGIN_LENGTH), end)
        return found.start() if found else None

    def _first(self, stretch: EncodedRun, end: int, kind: int) -> int | None:
        """Return how many characters stand before the first whole group, as what rang wants it; None for chance."""
        if kind == _MAGIC:
            return 0 if self._begin.match(stretch.characters) else None
        index = stretch.index(end)
        if kind == _TAR:
            first = index - encoded_literals.BASE64_TAR_END
            return first if 0 <= first < _GROUP else None
        text, behind = divmod(kind, _GROUP)
        index += -behind % _GROUP
        return index % _GROUP if _ASCII[text].match(stretch.characters, index) else None


def _shaped(stretch: EncodedRun, index: int) -> list[int]:
    """Return each alignment that has the shape of text: what holds zeros may look like text in more than one."""
    first, last, match, characters = max(0, index - _NEAR), index + _NEAR, _SHAPED_GROUP.match, stretch.characters
    found = [match(characters, place) for place in range(first, first + _GROUP)]
    return sorted({one.end() % _GROUP for one in found if one and one.end() - _SHAPE_LENGTH < last})


def _decoded(stretch: EncodedRun, first: int) -> Iterator[Decoded]:
    """Decode a stretch; as two where a line turns text into none as it begins: that one continued nothing."""
    characters = stretch.characters
    data = _bytes(characters[first:])
    if data.isascii() and not _NO_TEXT.search(data):
        yield _part(stretch, first, data)
        return
    text = _text_length(data)
    index = first + (text * 8 + 7) // 6
    line = stretch.line_start(index) if text < len(data) else 0
    if line <= first or index >= line + 2 * _GROUP or stretch.is_wrapped(index, _GROUP):
        yield _part(stretch, first, data)
    else:
        yield _part(stretch, first, _bytes(characters[first:line]))
        rest = line + (first - line) % _GROUP
        yield _part(stretch, rest, _bytes(characters[rest:]))


def _part(stretch: EncodedRun, first: int, data: bytes) -> Decoded:
    span = partial(_span, stretch, first)
    start, end = span(0, len(data)) if data else (stretch.start, stretch.start)
    return Decoded(_name(stretch.characters), data, start, end, span, stretch.key, _ALPHABET)


def _span(stretch: EncodedRun, first: int, begin: int, end: int) -> tuple[int, int]:
    return stretch.span(first + begin * 8 // 6, first + (end * 8 + 5) // 6)


def _name(characters: bytes) -> str:
    url = b"-" in characters or b"_" in characters
    return "base64url" if url and b"+" not in characters and b"/" not in characters else "base64"


def _bytes(characters: bytes) -> bytes:
    """Decode as many whole bytes as there are."""
    whole = len(characters) - (len(characters) % _GROUP == 1)
    if not whole % _GROUP and characters.isalnum():
        return a2b_base64(characters[:whole])
    return a2b_base64(characters[:whole].translate(_STANDARD) + b"=" * (-whole % _GROUP))


def _text_length(data: bytes) -> int:
    """Return how many bytes there are before the first that is no UTF-8 (RFC 3629), or a control code of no text."""
    control = _NO_TEXT.search(data)
    end = control.start() if control else len(data)
    try:
        data[:end].decode()
    except UnicodeDecodeError as error:
        return error.start
    return end


def encodings(literals: Sequence[Literal]) -> tuple[Base64, ...]:
    """Return the encoding, to look for these literals."""
    return (Base64(literals),)
