r"""Decode base64 in both alphabets, padded or not, wrapped or not: RFC 4648 sections 4 and 5.

Runs may be wrapped as in mail (RFC 2045 section 6.8), PEM (RFC 7468 section 3), a YAML block, quoted or commented
text, lines that end in an escaped ``\n`` or an XML character reference, concatenated string literals, and as the words
that a shell makes of lines.
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import partial
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers, exact
from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings import encoded_literals, encoded_magics, spelling
from akpatrol.unwrap.encodings.encoded_run import Beginning, RunFinder, RunPatterns
from akpatrol.unwrap.encodings.encoding import Alphabet, Decoded
from akpatrol.unwrap.encodings.lazy_pattern import lazy
from akpatrol.unwrap.encodings.run_memory import DecodedPart, RunMemory

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.encoded_run import EncodedRun

_CHARACTER = rb"[0-9A-Za-z+/_-]"
# The output of base64(1) as a shell's words.
_SHELL_SEPARATOR = rb"(?<=(?<![0-9A-Za-z+/])[0-9A-Za-z+/]{76}) "
_SEPARATOR = (
    rb"(?:[ \t]*+\\?+(?:\r|&#13;|&#xD;)?+\n[ \t>#*]*+"
    rb"|(?:(?:\\++r)?+\\++n)?+[\"'][ \t]*+[+.&\\]?+[ \t]*+\r?+\n[ \t]*+[+.&]?+[ \t]*+b?+[\"']"
    rb"|(?:\\++r)?+\\++n[ \t]*+|" + _SHELL_SEPARATOR + rb")"
)
_COMPRESSED = rb"H4sI|[/_]Td6WFo|Qlpo[MNO]|KLUv[/_]"
# A line that begins like a credential continues nothing: it is one of a list, or follows something else. A line that
# begins like a zip may continue one, because each member of a zip begins so. Five dashes belong to PEM.
_NEXT = rb"(?<!-----)" + _SEPARATOR + rb"(?!-----|%b)" + _CHARACTER
# Padding, unless something is assigned: then a name comes before the sign.
_PADDING = rb"={1,2}+(?![\"']?[0-9A-Za-z+/_$-])"
_LINE_END = rb"(?=[ \t]*+(?:[\"'`<&\\\r\n,;)}\]]|" + _PADDING + rb"|\Z)|" + _SHELL_SEPARATOR + rb")"
_RUN = _CHARACTER + rb"++(?:%b{4,}+" + _LINE_END + rb")*+(?:%b{1,3}+" + _LINE_END + rb")?+"
_PLAIN = lazy(rb"[0-9A-Za-z+/\r\n \t]*+")
# All that the pattern of a run may pass behind the end of one, before it gives up: separators, the characters of a line
# that ends in no line end, and padding.
_BEYOND = lazy(rb"[0-9A-Za-z+/_ \t\r\n\\&#;>*\"'.=-]*+")
_KEPT_BYTES = 16 << 10  # of a run; less is decoded as fast
_BEFORE = rb"(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=%%[0-9A-F]{2}))(?:%b)"
_BEGIN_LENGTH = 8
_ASCII = [
    lazy(rb"(?:" + encoded_literals.ASCII_GROUP + rb"){%d}" % number)
    for number in range(encoded_literals.SURE_GROUPS + 1)
]
_SHAPE = lazy(encoded_literals.LONG_BASE64.pattern)
_SHAPE_LENGTH = 24
_NO_TEXT = lazy(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# An escaped character of the alphabet: a container's beginning is complete only once it is resolved.
_ESCAPED_SIGN = lazy(
    rb"(?:\\++(?:[/+]|u00(?:2[fFbB])|x2[fFbB])|%(?:25)*2[fFbB]|&(?:amp;)*#(?:4[37]|[xX]2[fFbB]);)[0-9A-Za-z+/]"
)
_STANDARD = bytes.maketrans(b"-_", b"+/")
_GROUP = 4  # characters, for three bytes
_NEAR = 48  # characters
# The same shape, after some whole groups.
_SHAPED_GROUP = lazy(rb"(?s:.{4}){0,23}?" + encoded_literals.LONG_BASE64.pattern)
_MAGIC, _TAR, _SHAPED = -1, -2, -3
_ALPHABET = Alphabet(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/_-", _GROUP, is_padded=True)


class Base64:
    """The encoding ``base64``, or ``base64url`` where that alphabet's characters occur and the others do not."""

    def __init__(self, literals: Sequence[Literal] | None = None) -> None:
        """Set the triggers for containers, for the shape of text, and for the literals."""
        literals = shipped() if literals is None else literals
        literal_triggers, magics = encoded_literals.base64_triggers(literals), encoded_magics.in_base64()
        self.triggers = (
            *magics.triggers,
            encoded_literals.BASE64_TAR,
            *literal_triggers.values(),
            magics.short,
            encoded_literals.LONG_BASE64,
        )
        self._kinds = (*(_MAGIC for _ in magics.triggers), _TAR, *literal_triggers)
        begins = [encoded_literals.base64_beginning(literal) for literal in literals if literal.leading]
        known = b"|".join(filter(None, (spelling.any_of(begins), _COMPRESSED)))
        following = _NEXT % known
        self._form = RunPatterns(lazy(_RUN % (following, following)), lazy(_SEPARATOR), _PLAIN)
        self._begin = lazy(_BEFORE % (known + b"|" + magics.begins))
        self._short = Beginning(lazy(_BEFORE % magics.short_begins), magics.short_length)
        self._memory = RunMemory(_BEYOND)

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode each run around a trigger, once for each alignment that makes ASCII of the bytes after a trigger."""
        finder = RunFinder(data, self._form, work, self._memory)

        def alignment_of(run: EncodedRun, end: int, trigger: int) -> int | None:
            if self._kinds[trigger] == _MAGIC and _ESCAPED_SIGN.match(data, run.end):
                return None
            return self._first(run, end, self._kinds[trigger])

        fired = FiredTriggers(ends[: len(self._kinds)], work)
        for run, first in finder.around_triggers(
            fired, partial(self._begins, data), alignment_of, range(_GROUP), known
        ):
            yield from self._decoded(run, first)
        for run in finder.from_beginnings(exact(ends[-2]), self._short):
            if run.key not in known and not _ESCAPED_SIGN.match(data, run.end):
                yield from self._decoded(run, 0)
        for run, shape_start in finder.from_shapes(
            exact(ends[-1]), lambda end: encoded_literals.shaped_run(data, end, _SHAPE)
        ):
            if run.key not in known:
                for first in _shaped(run, run.index(shape_start)):
                    yield from self._decoded(run, first)

    def _decoded(self, run: EncodedRun, first: int) -> Iterator[Decoded]:
        known = run.known if run.end - run.start >= _KEPT_BYTES else None
        parts = known.decoded.get(first) if known else None
        if parts is None:
            parts = _parts(run, first)
            if known:
                self._memory.keep(known, first, parts)
        for encoding, begin, data, start, end in parts:
            span = partial(_span, run, begin)
            yield Decoded(encoding, data, run.start + start, run.start + end, span, run.key, _ALPHABET)

    def _begins(self, data: bytes, end: int) -> int | None:
        """Return where the match of a trigger certainly begins: no byte that matters is encoded before it."""
        matches = self._begin.search(data, max(0, end - _BEGIN_LENGTH), end)
        return matches.start() if matches else None

    def _first(self, run: EncodedRun, end: int, kind: int) -> int | None:
        """Return how many characters come before the first whole group, by a trigger; None for a coincidence."""
        if kind == _MAGIC:
            return 0 if self._begin.match(run.characters) else None
        index = run.index(end)
        if kind == _TAR:
            first = index - encoded_literals.BASE64_TAR_END
            return first if 0 <= first < _GROUP else None
        text, behind = divmod(kind, _GROUP)
        index += -behind % _GROUP
        return index % _GROUP if _ASCII[text].match(run.characters, index) else None


def _shaped(run: EncodedRun, index: int) -> list[int]:
    """Return each alignment that has the shape of text; data with zeros may look like text at more than one."""
    first, last, match, characters = max(0, index - _NEAR), index + _NEAR, _SHAPED_GROUP.match, run.characters
    matches = [match(characters, place) for place in range(first, first + _GROUP)]
    return sorted({match.end() % _GROUP for match in matches if match and match.end() - _SHAPE_LENGTH < last})


def _parts(run: EncodedRun, first: int) -> list[DecodedPart]:
    """Decode a run, in two parts if its text ends where a line starts: then that line continues nothing."""
    characters = run.characters
    data = _bytes(characters[first:])
    if data.isascii() and not _NO_TEXT.search(data):
        return [_part(run, first, data)]
    text = _text_length(data)
    index = first + (text * 8 + 7) // 6
    line = run.line_start(index) if text < len(data) else 0
    if line <= first or index >= line + 2 * _GROUP or run.is_wrapped(index, _GROUP):
        return [_part(run, first, data)]
    rest = line + (first - line) % _GROUP
    return [_part(run, first, _bytes(characters[first:line])), _part(run, rest, _bytes(characters[rest:]))]


def _part(run: EncodedRun, first: int, data: bytes) -> DecodedPart:
    start, end = _span(run, first, 0, len(data)) if data else (run.start, run.start)
    return DecodedPart(_name(run.characters), first, data, start - run.start, end - run.start)


def _span(run: EncodedRun, first: int, begin: int, end: int) -> tuple[int, int]:
    return run.span(first + begin * 8 // 6, first + (end * 8 + 5) // 6)


def _name(characters: bytes) -> str:
    url = b"-" in characters or b"_" in characters
    return "base64url" if url and b"+" not in characters and b"/" not in characters else "base64"


def _bytes(characters: bytes) -> bytes:
    """Decode the whole bytes and leave out the rest."""
    length = len(characters) - (len(characters) % _GROUP == 1)
    if not length % _GROUP and characters.isalnum():
        return a2b_base64(characters[:length])
    return a2b_base64(characters[:length].translate(_STANDARD) + b"=" * (-length % _GROUP))


def _text_length(data: bytes) -> int:
    """Return how many bytes come before the first that is not UTF-8 (RFC 3629) or is a control code no text has."""
    control = _NO_TEXT.search(data)
    end = control.start() if control else len(data)
    try:
        data[:end].decode()
    except UnicodeDecodeError as error:
        return error.start
    return end


def encodings(literals: Sequence[Literal]) -> tuple[Base64, ...]:
    """Return the encoding, with triggers for these literals."""
    return (Base64(literals),)
