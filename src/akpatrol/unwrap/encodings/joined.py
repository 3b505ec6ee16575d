"""Join the pieces of a token that a program, a terminal or an export wrote apart.

It begins with a literal of a rule, whole in its first piece or with marks in it, and goes on behind joints of one kind.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers
from akpatrol.unwrap.encodings import spelling
from akpatrol.unwrap.encodings.escapes import raw_trigger
from akpatrol.unwrap.encodings.lazy_pattern import lazy
from akpatrol.unwrap.encodings.token_text import JOINT_BYTES, LONGEST, NOISE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.encoding import Decoded
    from akpatrol.unwrap.encodings.escape_triggers import Places
    from akpatrol.unwrap.encodings.spelling import Part

_PIECE = lazy(TOKEN + rb"{1,%d}" % LONGEST)
_BEHIND = 4  # characters of a literal's trigger after the literal
_WINDOW = 160  # bytes in which a literal with marks in it lies
_SEARCHED = 20  # steps of work for a search in it
_PART = 48  # the same for a part of a literal
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_BACKSPACE = 8
_MARK = lazy(rb"(?:(?:\x1b|\\(?:u001[bB]|x1[bB]|033|e))\[[0-9;:]{0,24}[mK]|\x1b\(B|\\[nrt])\Z")
# A literal whose piece ends soon; where it goes on, or a backslash follows, the trigger that escapes share fires.
_AT_JOINT = rb"[0-9A-Za-z_.-]{0,3}[\"'`\x1b\x08\x0f\xe2\xc2\xef<\r\n^]"


class Joined:
    """The encoding of tokens in pieces."""

    def __init__(self, literals: Sequence[Places], raw: tuple[Trigger, ...]) -> None:
        marks = [part for literal in literals for part in _with_marks(literal)]
        short = [(spelling.pattern(literal) + _AT_JOINT, spelling.longest(literal)) for literal in literals]
        split = [part for literal in literals for part in (*_split(literal), *_in_literals(literal))]
        self.triggers = (*raw, spelling.trigger(short), spelling.trigger(marks), spelling.trigger(split))
        self._marked = len(raw) + 1
        self._near = max(map(len, literals)) + _BEHIND
        between = NOISE + rb"{0,6}"
        self._begin = lazy(b"|".join(between.join(map(spelling.character, literal)) for literal in literals))
        self._literal = lazy(b"|".join(map(spelling.pattern, literals)))
        starts = dict.fromkeys(literal[:size] for literal in literals for size in range(len(literal) - 1, 0, -1))
        self._started = lazy(rb"(?<![0-9A-Za-z_])(?:" + b"|".join(map(spelling.pattern, starts)) + rb")(?=[\"'])")

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),  # noqa: ARG002 - these take no time to decode
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode the tokens in pieces around the places where triggers fired."""
        fired, least, searched = FiredTriggers(ends, work), 0, 0
        while fired:
            fired_at, trigger = fired.first
            begin = least
            if trigger == self._marked:
                begin, searched = max(least, searched), fired_at
                if work:
                    work.left -= _SEARCHED
            for start in self._starts(data, fired_at, begin, trigger):
                token = self._token(data, start, work) if start >= least else None
                least = max(least, token.end if token else start + 1)
                if token:
                    yield token
            fired.advance(fired_at)

    def _starts(self, data: bytes, fired_at: int, least: int, trigger: int) -> Iterator[int]:
        """Yield where literals, or parts of one, begin near the place where a trigger fired, outside a word."""
        pattern, before, after = self._literal, self._near, 0
        if trigger >= self._marked:
            is_marked = trigger == self._marked
            pattern, before, after = (self._begin, _WINDOW, _WINDOW) if is_marked else (self._started, _PART, 0)
        for match in pattern.finditer(data, max(least, fired_at - before), min(len(data), fired_at + after)):
            if _stands_free(data, match.start()):
                yield match.start()

    def _token(self, data: bytes, start: int, work: Work | None) -> Decoded | None:
        run = _PIECE.match(data, start)
        if not run or data[run.end() : run.end() + 1] not in JOINT_BYTES:
            return None
        from akpatrol.unwrap.encodings.token_pieces import joined_token  # noqa: PLC0415 - most runs have no token

        return joined_token(data, start, self._literal, work)


def _stands_free(data: bytes, start: int) -> bool:
    before = data[start - 1] if start else 0
    if before == _BACKSPACE:
        return start < 3 or data[start - 3] not in _WORD  # noqa: PLR2004 - the character struck over, and the one before
    return before not in _WORD or bool(_MARK.search(data, max(0, start - 30), start))


def _with_marks(literal: Places) -> Iterator[Part]:
    """Yield patterns for a literal with marks in it: struck over, underlined, coloured, with spaces of no width."""
    spelled = list(map(spelling.character, literal))
    yield spelled[0] + rb"\x08" + spelled[0] + spelled[1] + rb"\x08", b"\b"
    yield rb"_\x08" + spelled[0] + rb"_\x08" + spelled[1], b"_\b"
    for index in range(1, len(spelled)):
        before = b"".join(spelled[:index])
        yield before + rb"\x1b\[[0-9;:mK\x1b\[]{0,48}" + spelled[index], b"\x1b["
        yield before + rb"\xe2\x80\x8b" + spelled[index], b"\xe2\x80\x8b"
        yield before + rb"\xc2\xad" + spelled[index], b"\xc2\xad"
        if index > 1:
            yield before + rb"<[/a-z]", spelling.longest((*literal[:index], b"<"))


def _split(literal: Places) -> Iterator[Part]:
    """Yield patterns for a part of a stream that ends within a literal."""
    first = spelling.character(literal[0])
    for event, blank in product((b"o", b"i"), (b"", b" ")):
        before = [bytes([byte]) for byte in event + b'",' + blank + b'"']
        needs = spelling.longest((*before, literal[0], b'"', b"]"))
        yield event + rb"\"," + blank + rb"\"" + first + rb"\"\]", needs
    for size in range(2, len(literal)):
        spelled = spelling.pattern(literal[:size])
        yield rb"[ \"=:]" + spelled + rb"\"[}\]]", spelling.longest((*literal[:size], b'"'))


def _in_literals(literal: Places) -> Iterator[Part]:
    """Yield patterns for a literal in two string literals: the first, or behind a single letter the second."""
    for quote in (b'"', b"'"):
        for size in range(2, len(literal)):
            spelled = quote + spelling.pattern(literal[:size]) + quote
            yield spelled, spelling.longest((quote, *literal[:size], quote))
        yield quote + spelling.pattern(literal[1:]), spelling.longest((quote, *literal[1:]))


def encodings(literals: Sequence[Literal]) -> tuple[Joined, ...]:
    """Return the encoding, with triggers for the literals that a secret begins with: it alone is in pieces."""
    prefixes = [literal for literal in literals if literal.begins_secret]
    places = tuple(dict.fromkeys(literal.places for literal in prefixes))
    return (Joined(places, raw_trigger(prefixes)),) if prefixes else ()
