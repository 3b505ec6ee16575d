"""Decode UTF-16 and UTF-32 of either byte order, whole files and islands in other data.

Unicode 16.0 sections 3.9 and 3.10. An island begins at any offset. Triggers match characters with zero bytes between
them, as both byte orders have them. In one order, a further zero byte precedes the first character; in the other, it
follows the last. Both are tried.
"""

from __future__ import annotations

import codecs
import re
from functools import cached_property
from itertools import accumulate, islice, pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.fired_triggers import FiredTriggers
from akpatrol.model.trigger import Trigger
from akpatrol.rules.literals import shipped
from akpatrol.unwrap.encodings import encoded_literals, spelling
from akpatrol.unwrap.encodings.encoding import Decoded

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.rules.literals import Literal
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.spelling import Characters, Part

_LEFT_BYTES, _LEAST_LEFT_BYTES = 4096, 64
_LEAST_BYTES, _MOST_BYTES = 64, 1 << 20
_BLOCK = 4096
_TEXT = rb"[\t\r\n -~]"
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_NAME = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-.+/=%"
# RFC 3629 section 3: bytes that continue a character, and bytes that begin one outside the basic plane.
_CONTINUING = bytes(range(0x80, 0xC0))
_BEGINNING_FOUR = bytes(range(0xF0, 0xF5))


class _Form(NamedTuple):
    """A codec without a byte order mark; ``width`` bytes an ASCII character; the ``mark`` as a pattern."""

    codec: str
    width: int
    little: bool
    mark: bytes

    @property
    def place(self) -> int:
        """The index of the non-zero byte of an ASCII character."""
        return 0 if self.little else self.width - 1

    def opening(self, number: int) -> bytes:
        """Return a pattern for the mark, or for that many ASCII characters."""
        zeros = rb"\x00" * (self.width - 1)
        character = _TEXT + zeros if self.little else zeros + _TEXT
        return b"%b|(?:%b){%d}" % (self.mark, character, number)


# The mark of UTF-32 begins with that of UTF-16.
_FORMS = (
    _Form("utf-32-le", 4, little=True, mark=rb"\xff\xfe\x00\x00"),
    _Form("utf-32-be", 4, little=False, mark=rb"\x00\x00\xfe\xff"),
    _Form("utf-16-le", 2, little=True, mark=rb"\xff\xfe"),
    _Form("utf-16-be", 2, little=False, mark=rb"\xfe\xff"),
)
# A longer opening takes the prefilter several times longer to compile, and few other files fire it.
_OPENING_CHARACTERS, _SURE = 3, 8
# Wide text that was read byte by byte and written wide again, once or more: its characters are further apart, and the
# former byte order mark may come before them.
_WIDENED = (
    rb"(?:\xc3[\xbe\xbf]){2}|\x00{0,3}[\xfe\xff]\x00{1,3}[\xfe\xff]|\x00{1,2}%b\x00{3}%b|\x00{0,7}%b\x00{7}|\x00{8}"
    % ((_TEXT,) * 3)
)
_WIDENED_BYTES = 1 << 20
# A mark that was read byte by byte, as the outer layer leaves it.
_READ_MARKS = ("\xff\xfe".encode(), "\xfe\xff".encode())
_MARK_BYTES = 4
_MARK_CHARACTERS = ("\xfe", "\xff")
_NO_MARK = str.maketrans("", "", "".join(_MARK_CHARACTERS))
_NOT_ZERO = re.compile(rb"[^\0]")


class _WideLiteral(NamedTuple):
    """A trigger for texts of ``length`` characters of ``width`` bytes, in both byte orders."""

    width: int
    length: int
    trigger: Trigger

    @property
    def size(self) -> int:
        """The length of its match in bytes: all characters, without the zeros at one end."""
        return (self.length - 1) * self.width + 1

    def start(self, form: _Form, end: int) -> int:
        """Return where the first character of the match that ends at ``end`` begins."""
        return end - self.size - (0 if form.little else self.width - 1)

    def alignment(self, form: _Form, end: int) -> int:
        """Return the alignment of the match, the same for all places of an island; -1 in a form of another width."""
        return self.start(form, end) % self.width if form.width == self.width else -1


def _fixed(width: int, text: str) -> _WideLiteral:
    """Return the trigger for characters and classes that are written as a pattern."""
    zeros = width - 1
    characters = re.findall(rb"\[.*?\]|.", text.encode(), re.DOTALL)
    plain = list(takewhile(lambda character: len(character) == 1, characters))
    spelled = (re.escape(character) if len(character) == 1 else character for character in characters)
    needs = bytes(zeros).join([*plain, b""][: len(characters)])
    return _WideLiteral(width, len(characters), Trigger((rb"\x00" * zeros).join(spelled), needs=needs))


def _derived(width: int, texts: Iterable[Characters]) -> Iterator[_WideLiteral]:
    """Yield the triggers for texts, one for each length."""
    parts: dict[int, list[Part]] = {}
    for text in texts:
        parts.setdefault(len(text), []).extend(spelling.parts(text, bytes(width - 1)))
    for length, length_parts in parts.items():
        yield _WideLiteral(width, length, spelling.trigger(length_parts))


# The beginnings of escapes.
_ANYWHERE = (r"\[uU][0{]", r"\x[2-7]", "&#[0-9xX]")
_IN_UTF_16 = (*_ANYWHERE, "%[2-7][0-9A-Fa-f]", "=[2-7][0-9A-F]", r"\1[0-7][0-7]")
_IN_UTF_32 = (*_ANYWHERE, "%[2-7]", "=[2-7]", r"\1[0-7]")
# A line end may cut a literal in base64. Split, as escapes of line ends are.
_LINES_UTF_16 = tuple("\n" + first + "[0-9A-Za-z]" * 7 for first in ("[0-9A-Fa-f]", "[G-Pg-p]", "[Q-Zq-z]"))
_OPENING = Trigger(
    rb"^(?:" + b"|".join((*(form.opening(_OPENING_CHARACTERS) for form in _FORMS), _WIDENED)) + rb")", each=False
)
_LINE_ENDS = b"\n\r"
_SURE_CHARACTERS = 5
_MOST_CUTS = 256
_ALPHABET = bytes(sorted(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"))


def _texts(literals: Sequence[Literal]) -> Iterator[Characters]:
    """Yield the literals as they are, in base64 at each of the three alignments, and in hexadecimal."""
    for literal in literals:
        yield literal.places
        yield from _in_base64(literal)
        for text in encoded_literals.hexadecimal(literal):
            yield [digit for pair in text for digit in pair]


def _in_base64(literal: Literal) -> Iterator[Characters]:
    for encoded in encoded_literals.base64(literal):
        sure = len(encoded.characters) > _SURE_CHARACTERS
        yield encoded.characters[:_SURE_CHARACTERS] if sure else encoded.characters


def _cuts(literals: Sequence[Literal]) -> list[Characters]:
    """Return the characters beside a line end that cuts a literal in base64, with that line end."""
    texts = [text for literal in literals for text in _in_base64(literal)]
    behind: list[Characters] = [(b"\n", *text[at : at + 2]) for text in texts for at in range(1, len(text) - 1)]
    before: list[Characters] = [(*text[-3:-1], _LINE_ENDS) for text in texts]
    cuts = list(dict.fromkeys(behind + before))
    return cuts if len(cuts) <= _MOST_CUTS else [(b"\n", _ALPHABET, _ALPHABET), (_ALPHABET, _ALPHABET, _LINE_ENDS)]


class _LiteralStart(NamedTuple):
    """The offset of a literal's first character, read in one form."""

    form: _Form
    start: int


class _Island(NamedTuple):
    """``data[start:end]`` reads ``text``; ``inner`` characters of it precede the place where the trigger fired."""

    form: _Form
    start: int
    end: int
    text: str
    inner: int

    @property
    def name(self) -> str:
        """The characters around the place that may belong to a credential, encoded or not."""
        before, after = self.text[: self.inner], self.text[self.inner :]
        return self.text[len(before.rstrip(_NAME)) : len(self.text) - len(after.lstrip(_NAME))]


class WideText:
    """The encodings ``utf-16-le``, ``utf-16-be``, ``utf-32-le`` and ``utf-32-be``."""

    def __init__(self, literals: Sequence[Literal] | None = None) -> None:
        """Set the triggers for the beginning of wide text, for escapes and base64 lines in it, and for the literals."""
        literals = shipped() if literals is None else literals
        self._literals = (
            *_derived(2, _texts(literals)),
            *_derived(4, _texts(literals)),
            *_derived(4, _cuts(literals)),
            *(_fixed(2, text) for text in _IN_UTF_16 + _LINES_UTF_16),
            *(_fixed(4, text) for text in _IN_UTF_32),
        )
        self.triggers = (_OPENING, *(literal.trigger for literal in self._literals))

    def find(
        self,
        data: bytes,
        ends: Sequence[TriggerEnds | Sequence[int]],
        known: Container[int] = (),  # noqa: ARG002 - these take no time to decode
        work: Work | None = None,
    ) -> Iterator[Decoded]:
        """Decode all of the data if it begins like wide text, then the islands around the places left over."""
        # The end of the last island of each alignment.
        read: dict[tuple[_Form, int], int] = {}
        whole_form = (_opened(data) or _widened(data)) if ends[0] else None
        if whole_form:
            start = _MARK_BYTES if data.startswith(_READ_MARKS) else 0
            yield _decoded(whole_form, data[start:].decode(whole_form.codec, "replace"), start, len(data))
            read[whole_form, 0] = len(data)
        fired = FiredTriggers(ends[1:], work)
        while fired:
            end, literal = fired.first[0], self._literals[fired.first[1]]
            fired.advance(end)
            if any(end <= stop and literal.alignment(form, end) == rest for (form, rest), stop in read.items()):
                continue
            places = _places(data, end, literal)
            islands = [_island(data, place, max(read.values(), default=0)) for place in places]
            if len({island.name for island in islands}) == 1:
                del islands[1:]
            for place, island in zip(places, islands, strict=False):
                read[place.form, place.start % literal.width] = island.end
                yield _decoded(island.form, island.text, island.start, island.end)


def _opened(data: bytes) -> _Form | None:
    start = _MARK_BYTES if data.startswith(_READ_MARKS) else 0
    return next((form for form in _FORMS if re.compile(form.opening(_SURE)).match(data, start)), None)


def _widened(data: bytes) -> _Form | None:
    """Return the form of data that begins with wide text that was widened again, by the offsets of its bytes."""
    places = [match.start() for match in islice(_NOT_ZERO.finditer(data, 0, _WIDENED_BYTES), 2 * _SURE)]
    text = [place for place in places if data[place] not in b"\xfe\xff"]
    steps = {behind - before for before, behind in pairwise(text)}
    step = steps.pop() if len(steps) == 1 and len(text) >= _SURE else 0
    if step < _FORMS[0].width or step & (step - 1):
        return None
    # All of the outer layer's characters begin with zeros or end with them.
    return next((form for form in _FORMS if all(place % form.width == form.place for place in places)), None)


def _places(data: bytes, end: int, literal: _WideLiteral) -> list[_LiteralStart]:
    """Return the readings that hold the whole match, an aligned one first, because most files are aligned."""
    places = []
    for form in _FORMS:
        start = literal.start(form, end)
        stop = start + literal.width * literal.length
        zeros = data[end:stop] if form.little else data[start : end - literal.size]
        if form.width == literal.width and start >= 0 and zeros == bytes(literal.width - 1):
            places.append(_LiteralStart(form, start))
    return sorted(places, key=lambda place: place.start % literal.width != 0)


def _island(data: bytes, place: _LiteralStart, limit: int) -> _Island:
    """Return the text around a place: forwards to its end, back at most 4 KiB, and beyond ``limit`` only 64 bytes."""
    form, start = place
    before = _backwards(data, form, start, min(start, max(_LEAST_LEFT_BYTES, min(_LEFT_BYTES, start - limit))))
    after, end = _forwards(data, form, start)
    return _Island(form, start - len(before.encode(form.codec)), end, before + after, len(before))


def _backwards(data: bytes, form: _Form, start: int, most: int) -> str:
    """Return the text that ends at ``start``, at most ``most`` bytes; decoding is slow, and most text here is short."""
    back = min(most, _LEAST_LEFT_BYTES)
    while True:
        before = data[start - back + back % form.width : start].decode(form.codec, "replace")
        text = _NO_TEXT.split(before)[-1]
        # The first character may be the second half of one that is cut here.
        if back == most or len(text) < len(before) - 1:
            return text
        back = min(most, 4 * back)


def _forwards(data: bytes, form: _Form, start: int) -> tuple[str, int]:
    """Return the text that begins at ``start``, and its end."""
    decoder = codecs.getincrementaldecoder(form.codec)("replace")
    parts = []
    position, size = start, _LEAST_BYTES
    while position < len(data):
        part = decoder.decode(data[position : position + size])
        match = _NO_TEXT.search(part)
        parts.append(part[: match.start()] if match else part)
        if match:
            break
        position, size = position + size, min(2 * size, _MOST_BYTES)
    text = "".join(parts)
    return text, start + len(text.encode(form.codec))


def _decoded(form: _Form, text: str, start: int, end: int) -> Decoded:
    # Widened wide text is turned back into bytes; either way each character counts once.
    inner = text.removeprefix("\ufeff")
    widened = inner[:4].strip("\0")[:1] in _MARK_CHARACTERS and inner.translate(_NO_MARK).isascii()
    if widened and inner != text:
        start += form.width
    data = inner.encode("latin-1") if widened else text.encode()
    return Decoded(form.codec, data, start, end, _Offsets(data, form.width, start, end).span, width=form.width)


def encodings(literals: Sequence[Literal]) -> tuple[WideText, ...]:
    """Return the four encodings as one, with triggers for these literals."""
    return (WideText(literals),)


class _Offsets:
    """Maps offsets in UTF-8 to those in the wide form, block by block and on demand: few texts hold a match."""

    def __init__(self, data: bytes, width: int, start: int, end: int) -> None:
        self._data = data
        self._width = width
        self._start = start
        self._end = end

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span of the characters that ``data[first:last]`` is made of, or is a part of."""
        while 0 < first < len(self._data) and self._data[first] in _CONTINUING:
            first -= 1
        return self._offset(first), self._offset(last)

    def _offset(self, offset: int) -> int:
        block = offset // _BLOCK
        wide = self._blocks[block] + self._size(self._data[block * _BLOCK : offset])
        return min(self._end, self._start + wide)

    @cached_property
    def _blocks(self) -> list[int]:
        sizes = (self._size(self._data[place : place + _BLOCK]) for place in range(0, len(self._data), _BLOCK))
        return list(accumulate(sizes, initial=0))

    def _size(self, part: bytes) -> int:
        """Return the size in the wide form of the characters that begin in a part, in bytes."""
        characters = len(part.translate(None, _CONTINUING))
        pairs = 0 if self._width > 2 else len(part) - len(part.translate(None, _BEGINNING_FOUR))  # noqa: PLR2004
        return self._width * (characters + pairs)
