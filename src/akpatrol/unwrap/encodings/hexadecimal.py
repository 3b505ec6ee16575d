"""Decode hex (RFC 4648 section 8): consecutive digits, separate pairs as in arrays, and dumps of xxd and hexdump."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.model.fired_triggers import FiredTriggers, exact
from akpatrol.model.trigger import Trigger
from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings import encoded_literals, encoded_magics, spelling
from akpatrol.unwrap.encodings.encoded_run import Beginning, RunFinder, RunPatterns
from akpatrol.unwrap.encodings.encoding import Alphabet, Decoded
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.encoded_literals import Pairs
    from akpatrol.unwrap.encodings.encoded_run import EncodedRun
    from akpatrol.unwrap.encodings.spelling import Part

# Separators of pairs in arrays and lists; hexdump's gap in the middle of a row is two blanks.
_BETWEEN_PAIRS = (b"[ :,-]", b",? ?0[xX]")
# UTF-16, as registry files and dumps write it; in either byte order, since only the first or the last zeros differ.
_ZEROS = (b",00,", b" 00 ")
# The second row of a dump: xxd's, hexdump's and od's. Nothing else shows a prefix that the end of a row or of a group
# splits.
_ROWS = (Trigger(rb"000000[12]0(?:: |  )", needs=b"000000"), Trigger(rb"\n00000[12]0 ", needs=b"\n00000"))

_DIGIT = rb"[0-9A-Fa-f]"
_COMPRESSED = rb"1[fF]8[bB]08|504[bB]0304|[fF][dD]377[aA]585[aA]00|425[aA]683[1-9]|28[bB]52[fF][fF][dD]"
_OFFSET = rb"[0-9A-Fa-f]{6,8}+(?::[ \t]++|[ \t]{1,2}(?=(?:[0-9A-Fa-f]{2}){1,2}+[ \r\n]))"
_SEPARATOR = (
    rb"(?:(?:[ ]{2,}+[ -~]{1,34})?+[ \t]*+[,:-]?+[ \t]*+\\?+\r?+\n[ \t>#*]*+(?:" + _OFFSET + rb")?+"
    rb"|[\"'][ \t]*+[+.&\\]?+[ \t]*+\r?+\n[ \t]*+[+.&]?+[ \t]*+b?+[\"']"
    rb"|(?:\\++r)?+\\++n[ \t]*+"
    rb"|(?<![0-9A-Fa-f]{17})(?:[:-]|,?[ \t]{1,2}|,))(?:0[xX])?+"
)
_RUN = rb"(?m:^)" + _OFFSET + rb"|" + _DIGIT + rb"++(?:" + _SEPARATOR + rb"(?!%b)" + _DIGIT + rb"++(?![G-Zg-z_]))*+"
_PLAIN = lazy(rb"[0-9A-Fa-f\r\n]*+")  # an offset may follow a blank
_BEFORE = rb"(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=0[xX])|(?<=%%[0-9A-F]{2}))(?:%b)"
_BEGIN_LENGTH = 12
# Pairs of text, or of the zeros and line ends in it: a part of what the trigger matches.
_SHAPE = lazy(rb"(?:[2-7][0-9A-Fa-f]|0[09AaDd]){12}")
_PAIR = 2  # digits, for a byte
_ALPHABET = Alphabet(b"0123456789ABCDEFabcdef", _PAIR)
_MAGIC, _TAR, _LITERAL, _SHAPED = range(4)


class Hexadecimal:
    """The encoding ``hex``."""

    def __init__(self, literals: Sequence[Literal] | None = None) -> None:
        """Set the triggers for containers, for the shape of text, and for the literals."""
        literals = shipped() if literals is None else literals
        texts = [text for literal in literals for text in encoded_literals.hexadecimal(literal)]
        written = zip(*map(_spelled, texts), strict=True)
        literal_triggers = (*encoded_literals.hexadecimal_triggers(literals), *map(_trigger, written), *_ROWS)
        magics = encoded_magics.in_hexadecimal()
        self.triggers = (
            *magics.triggers,
            encoded_literals.HEXADECIMAL_TAR,
            *literal_triggers,
            magics.short,
            encoded_literals.LONG_HEXADECIMAL,
        )
        self._kinds = (*(_MAGIC for _ in magics.triggers), _TAR, *(_LITERAL for _ in literal_triggers))
        leading = (text for literal in literals if literal.leading for text in encoded_literals.hexadecimal(literal))
        begins = spelling.any_of([digit for pair in text for digit in pair] for text in leading)
        known = b"|".join(filter(None, (begins, _COMPRESSED)))
        self._form = RunPatterns(lazy(_RUN % known), lazy(_SEPARATOR), _PLAIN)
        self._begin = lazy(_BEFORE % (known + b"|" + magics.begins))
        self._short = Beginning(lazy(_BEFORE % magics.short_begins), magics.short_length)

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode each run around a trigger, from its first digit or its second, as the trigger asks for."""
        finder = RunFinder(data, self._form, work)

        def alignment_of(run: EncodedRun, end: int, trigger: int) -> int | None:
            return self._phase(run, end, self._kinds[trigger])

        fired = FiredTriggers(ends[: len(self._kinds)], work)
        for run, phase in finder.around_triggers(fired, partial(self._begins, data), alignment_of, range(_PAIR), known):
            yield _decoded(run, phase)
        for run in finder.from_beginnings(exact(ends[-2]), self._short):
            if run.key not in known:
                yield _decoded(run, 0)
        for run, shape_start in finder.from_shapes(
            exact(ends[-1]), lambda end: encoded_literals.shaped_run(data, end, _SHAPE)
        ):
            if run.key not in known:
                yield _decoded(run, run.index(shape_start) % _PAIR)

    def _begins(self, data: bytes, end: int) -> int | None:
        """Return where the match of a trigger certainly begins."""
        match = self._begin.search(data, max(0, end - _BEGIN_LENGTH), end)
        return match.start() if match else None

    def _phase(self, run: EncodedRun, end: int, kind: int) -> int | None:
        """Return how many digits come before the first pair, by a trigger; None for a coincidence."""
        if kind == _MAGIC and not self._begin.match(run.characters):
            return None
        index = run.index(end)
        if kind == _TAR:
            phase = index - encoded_literals.HEXADECIMAL_TAR_END
            return phase if 0 <= phase <= _PAIR else None
        return index % _PAIR


def _spelled(text: Pairs) -> tuple[list[Part], ...]:
    """Return patterns for pairs of digits that are separate, in the groups of dumps, or with zeros between them."""
    pairs = [spelling.pattern(pair) for pair in text]
    first = spelling.longest(text[0])
    apart: list[list[Part]] = [[(between.join(pairs), first)] for between in _BETWEEN_PAIRS]
    zeros: list[Part] = [(zero.join(pairs), first + zero if len(first) == _PAIR else zero) for zero in _ZEROS]
    # xxd writes pairs of pairs.
    groups = {b"".join(pairs[:odd]): [pairs[at : at + 2] for at in range(odd, len(pairs), 2)] for odd in (0, 1)}
    grouped = [b" ".join(filter(None, (odd_pair, *map(b"".join, rest)))) for odd_pair, rest in groups.items()]
    grouped += [b" ".join(pairs[:at]) + b"  " + b" ".join(pairs[at:]) for at in range(1, len(pairs))]
    together: list[Part] = [(pattern, pattern.split(b"[")[0] or b" ") for pattern in grouped]
    return (*apart, together, zeros)


def _trigger(ways: Iterable[list[Part]]) -> Trigger:
    return spelling.trigger(part for way in ways for part in way)


def _decoded(run: EncodedRun, phase: int) -> Decoded:
    characters = run.characters
    data = bytes.fromhex(characters[phase : len(characters) - (len(characters) - phase) % 2].decode())

    def span(first: int, last: int) -> tuple[int, int]:
        return run.span(phase + 2 * first, phase + 2 * last)

    start, end = span(0, len(data))
    return Decoded("hex", data, start, end, span, run.key, _ALPHABET)


def encodings(literals: Sequence[Literal]) -> tuple[Hexadecimal, ...]:
    """Return the encoding, with triggers for these literals."""
    return (Hexadecimal(literals),)
