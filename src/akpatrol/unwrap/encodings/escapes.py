"""Decode text with escaped characters: percent, backslash, HTML and quoted-printable.

A credential in such text fires a trigger in one of three ways:

- A character of its rule's literal is escaped.
- The literal is raw. An escape ends the run of raw characters after it, or begins the run before it.
- The credential is encoded once more inside escapes, which are then dense.

A literal in base64 or hexadecimal counts as a literal, since escaped line breaks may cut it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from functools import cached_property
from itertools import chain, product
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.fired_triggers import FiredTriggers
from akpatrol.model.trigger import Trigger
from akpatrol.unwrap.encodings import encoded_literals, encoded_magics, spelling
from akpatrol.unwrap.encodings.encoding import Decoded
from akpatrol.unwrap.encodings.escape_families import FAMILIES, Family
from akpatrol.unwrap.encodings.escape_triggers import hidden
from akpatrol.unwrap.encodings.lazy_pattern import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.escape_triggers import Places

_LITERAL_BYTES = 96  # the longest one with each character escaped
_LITERAL_ESCAPES = 5  # more than it has; each may be long, where it was escaped over and over
_ESCAPE_BYTES = 16 << 10
# The characters of base64 and credentials; an escape ends a run of them.
_RUN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.+/:~"
_GOES_ON = rb"(?:[0-9A-Za-z_.+/:~-]{4}|[0-9A-Za-z_.+/:~-]{0,3}[%\\&=])"
_TOKEN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-."
# Neither blanks nor delimiters: quotes, brackets, commas. Braces belong to escapes.
_TEXT = _TOKEN + b"!#$%&*+/:;=?@\\^{|}~"
_TOGETHER = 32  # parts of a trigger; without hyperscan, each of more parts would be searched for everywhere
_LEFT_BYTES = 1024
_LEFT_RUN_BYTES = 256


class _Shared(NamedTuple):
    """The triggers that all families share: literals with raw text after them, also in base64 or in hexadecimal.

    The last of ``raw`` matches short magic bytes with a long run after them. The triggers ``inner`` are for literals
    before which a part of the match may be escaped. ``ends`` are the last characters of all literals.
    """

    raw: tuple[Trigger, ...]
    inner: tuple[Trigger, ...]
    literals: tuple[Places, ...]
    ends: frozenset[bytes]


class Escapes:
    """The encoding of one family of escapes."""

    def __init__(self, family: Family, shared: _Shared) -> None:
        self._family = family
        self._ends = shared.ends
        self._lengths = sorted({len(end) for end in shared.ends})
        near = [spelling.trigger(family.near(shared.literals))] if shared.literals else []
        dense = (Trigger(pattern, needs=needs) for pattern, needs in family.dense)
        seams = list(family.nested())
        nested = (spelling.trigger(seams[at : at + _TOGETHER]) for at in range(0, len(seams), _TOGETHER))
        self.triggers = (*shared.raw, *shared.inner, *near, *dense, *nested)
        self._inner = len(shared.raw)
        self._short = self._inner - 1
        self._near = self._inner + len(shared.inner)
        self._dense = self._near + len(near)

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),  # noqa: ARG002 - these take no time to decode
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode the text around triggers that has an escape in it, each from blank to blank."""
        fired, end = FiredTriggers(ends, work), -1
        while fired:
            fired_at, trigger = fired.first
            place, passed = self._place(data, fired_at, trigger) if fired_at > end else (None, end)
            if place is not None:
                start, end = max(0, end, self._text_start(data, place)), self._text_end(data, place)
                text = _Text(self._resolver, data, start, end)
                resolved = text.resolved()
                if resolved != data[start:end]:
                    yield Decoded(self._family.name, resolved, start, end, text.span)
            fired.advance(max(passed, end))

    def _place(self, data: bytes, fired_at: int, trigger: int) -> tuple[int | None, int]:
        """Return a place in escaped text, if the trigger shows one, and the offset up to which it shows no other."""
        if trigger >= self._dense:
            return fired_at, fired_at
        if trigger >= self._near:
            return (fired_at - 1 if self._ends_a_literal(data, fired_at) else None), fired_at
        if trigger >= self._inner:
            return self._escaped_before(data, fired_at)
        if trigger == self._short:
            fired_at -= encoded_magics.in_base64().short_length - 1  # the rest of the match may hold an escape
        # A match that an introducer ends is one byte too long.
        stop = data.find(self._family.introducer, fired_at - 1)
        if stop < 0:
            return None, len(data)
        run = stop - len(data[fired_at - 1 : stop]) + len(data[fired_at - 1 : stop].rstrip(_RUN))
        if run >= fired_at:
            return None, run
        return (stop if self._escape.match(data, stop) else None), stop

    def _ends_a_literal(self, data: bytes, end: int) -> bool:
        """Return whether a partly escaped literal ends there."""
        start = self._escape_start(data, end)
        match = self._escape.match(data, start, end) if start is not None else None
        longest = match.end() - match.start() if match and match.end() > end - _LITERAL_ESCAPES else 0
        text = _Text(
            self._resolver, data, max(0, end - max(_LITERAL_BYTES, _LITERAL_ESCAPES * longest)), end
        ).resolved()
        return any(text[-length:] in self._ends for length in self._lengths)

    def _escape_start(self, data: bytes, end: int) -> int | None:
        """Return where the last escape before ``end`` may begin; None where none is near."""
        introducer = self._family.introducer
        start = data.rfind(introducer, max(0, end - _LEFT_RUN_BYTES), end)
        if start >= 0 and self._family.guard:
            window = data[max(0, start - _ESCAPE_BYTES) : start]
            start -= len(window) - len(window.rstrip(introducer))
        return start if start >= 0 else None

    def _escaped_before(self, data: bytes, end: int) -> tuple[int | None, int]:
        """Return a place in escaped text, if an escape comes before a raw literal, and where the next may be."""
        start = self._escape_start(data, end)
        if start is None:
            following = data.find(self._family.introducer, end)
            return None, following if following >= 0 else len(data)
        match = self._escape.match(data, start)
        return (end - 1 if match and not data[match.end() : end].strip(_RUN) else None), end

    @cached_property
    def _escape(self) -> re.Pattern[bytes]:
        return compiled(self._family.escape)

    @cached_property
    def _resolver(self) -> _EscapePatterns:
        family = self._family
        escape = family.guard + family.escape
        either = compiled(b"((?:%b){2,}+)|%b" % (family.guard + family.plain, escape))
        return _EscapePatterns(compiled(escape), either, family.resolve, family.resolve_plain, b"(?<" in escape)

    @cached_property
    def _text(self) -> re.Pattern[bytes]:
        return re.compile(b"[%b]*" % re.escape(_TEXT))

    def _text_end(self, data: bytes, position: int) -> int:
        while True:
            match = self._text.match(data, position)
            position = match.end() if match else position
            soft_break = next((end for end in self._family.soft_breaks if data.startswith(end, position - 1)), b"")
            if not soft_break:
                return position
            position += len(soft_break) - 1

    def _text_start(self, data: bytes, position: int) -> int:
        """Return where the text up to ``position`` begins, at most 2 KiB before; no name or escape is cut."""
        for characters in (_TEXT, _TOKEN):
            first = max(0, position - _LEFT_BYTES)
            while True:
                position = first + len(data[first:position].rstrip(characters))
                soft_break = next((end for end in self._family.soft_breaks if data.endswith(end, first, position)), b"")
                if not soft_break:
                    break
                position -= len(soft_break)
            if position > first:
                break
            if self._family.guard:
                window = data[max(0, position - _ESCAPE_BYTES) : position]
                position -= len(window) - len(window.rstrip(self._family.introducer))
        return position


class _EscapePatterns(NamedTuple):
    """The patterns of escapes and the functions that resolve them.

    ``escape`` matches one. ``either`` matches several plain ones in its group, or else one. ``looks_back`` says that an
    escape may depend on the bytes before it.
    """

    escape: re.Pattern[bytes]
    either: re.Pattern[bytes]
    resolve_one: Callable[[bytes], bytes]
    resolve_several: Callable[[bytes], bytes]
    looks_back: bool


class _Text:
    """``data[start:end]`` without escapes; offsets are computed on demand, since few texts hold a match."""

    def __init__(self, resolver: _EscapePatterns, data: bytes, start: int, end: int) -> None:
        self._escape, self._either, self._resolve, self._resolve_plain, self._looks_back = resolver
        self._data = data
        self._start = start
        self._end = end

    def resolved(self) -> bytes:
        """Return the text without escapes."""
        if not self._looks_back:
            return self._either.sub(self._resolved_of, self._data[self._start : self._end])
        resolved = bytearray()
        position = self._start
        for match in self._either.finditer(self._data, self._start, self._end):
            resolved += self._data[position : match.start()]
            resolved += self._resolved_of(match)
            position = match.end()
        resolved += self._data[position : self._end]
        return bytes(resolved)

    def _resolved_of(self, match: re.Match[bytes]) -> bytes:
        return self._resolve_plain(match[0]) if match[1] else self._resolve(match[0])

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span in the data from which ``[first, last)`` of the resolved text was made."""
        start, _ = self._byte(first)
        return (start, self._byte(last - 1)[1]) if last > first else (start, start)

    def _byte(self, offset: int) -> tuple[int, int]:
        ends, firsts, lasts = self._escapes
        index = bisect_right(ends, offset)
        place = lasts[index - 1] + offset - ends[index - 1] if index else self._start + offset
        if index < len(firsts) and place >= firsts[index]:
            return firsts[index], lasts[index]
        return place, min(place + 1, self._end)

    @cached_property
    def _escapes(self) -> tuple[array[int], array[int], array[int]]:
        """For each escape, its end in the resolved text, and its start and end in the data."""
        ends, firsts, lasts = array("q"), array("q"), array("q")
        shift = -self._start
        for match in self._matches():
            shift += len(self._resolve(match[0])) - len(match[0])
            ends.append(match.end() + shift)
            firsts.append(match.start())
            lasts.append(match.end())
        return ends, firsts, lasts

    def _matches(self) -> Iterator[re.Match[bytes]]:
        # Not in a slice: an escape may depend on the bytes before the text.
        return self._escape.finditer(self._data, self._start, self._end)


def raw_trigger(literals: Sequence[Literal]) -> tuple[Trigger, ...]:
    """Return the trigger for a raw literal and what may go on after it; nothing without literals."""
    places = dict.fromkeys(literal.places for literal in literals)
    raw = [(spelling.pattern(literal) + _GOES_ON, spelling.longest(literal)) for literal in places]
    return (spelling.trigger(raw),) if raw else ()


def encodings(literals: Sequence[Literal]) -> tuple[Escapes, ...]:
    """Return the encodings of all families, with triggers for these literals."""
    places = tuple(dict.fromkeys(literal.places for literal in literals))
    inner = dict.fromkeys(literal.places for literal in literals if not literal.leading)
    ends = (product(*text) for literal in places for text in hidden(literal))
    shared = _Shared(
        (
            *raw_trigger(literals),
            *encoded_literals.base64_triggers(literals).values(),
            *encoded_literals.hexadecimal_triggers(literals),
            *encoded_magics.in_base64().triggers,
            encoded_magics.in_base64().short,
        ),
        (spelling.trigger((spelling.pattern(literal), spelling.longest(literal)) for literal in inner),)
        if inner
        else (),
        places,
        frozenset(map(bytes, chain.from_iterable(ends))),
    )
    return tuple(Escapes(family, shared) for family in FAMILIES)
