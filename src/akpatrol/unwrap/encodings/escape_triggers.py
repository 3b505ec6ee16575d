"""Spell the end of a rule's literal in each family of escapes, whichever of its characters are escaped.

Either the last character is escaped, and the one before is escaped or raw. Or an earlier one is the last that is
escaped, and the rest is raw. The last character may also be an escape of another family whose first character is
escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.encodings import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.unwrap.encodings.spelling import Part

    # A literal: for each place, the bytes allowed there.
    Places = Sequence[bytes]

_TOGETHER = 16  # alternatives in one pattern
_NAMES = {
    "_": "lowbar|UnderBar",
    ".": "period",
    "/": "sol",
    ":": "colon",
    "+": "plus",
    "=": "equals",
    ";": "semi",
    "!": "excl",
    "#": "num",
    "$": "dollar",
    "%": "percnt",
    "&": "amp",
    "*": "ast",
    "?": "quest",
    "@": "commat",
    "^": "Hat",
    "{": "lcub|lbrace",
    "|": "vert|verbar",
    "}": "rcub|rbrace",
    "~": "tilde",
}
_ALPHANUMERIC = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def percent(literals: Sequence[Places]) -> Iterator[Part]:
    """Yield patterns for the end of a literal in percent escapes, also escaped again or as ``%u00``."""
    for last, before, raw in _ends(literals, _hex_digits):
        code = _hexadecimal(last)
        digit = _first_digit(last)
        yield before + b"%" + code, b"%" + digit
        yield before + rb"%25(?:25){0,3}" + code, b"%25"
        yield rb"(?:25){5}" + code, b"25" * 5 + digit
        yield before + b"%u00" + code, b"%u00" + digit
        if mark := _marks(last):
            yield raw + rb"%3[dD]" + _codes(mark, "{:02X}"), b"%3"
    for rest in _rests(literals, _hexadecimal):
        yield rb"%(?:25){0,4}(?:u00)?" + rest, b"%"
        yield rb"(?:25){5}(?:u00)?" + rest, b"25" * 5
    for raw in _before_marks(literals):
        yield raw + b"%26", b"%26"
        yield raw + rb"%25(?:2[56]|3[dD]|5[cC])", b"%25"
        yield raw + rb"%5[cC]", b"%5"


def backslash(literals: Sequence[Places]) -> Iterator[Part]:
    r"""Yield patterns for the end of a literal in backslash escapes: hexadecimal, octal, and escaped punctuation."""
    for last, before, raw in _ends(literals, _hex_digits, _octal_digit, lambda _: b"}\\"):
        code = _hexadecimal(last)
        digit = _first_digit(last)
        yield before + rb"\\x" + code, rb"\x" + digit
        yield before + rb"\\u00" + code, rb"\u00" + digit
        yield before + rb"\\U000000" + code, rb"\U000000" + digit
        yield rb"\{0{0,6}" + code + rb"\}", b"{"
        yield before + rb"\\" + _octal(last), b"\\" + (_octal(last) if len(last) == 1 else b"")
        if mark := _marks(last):
            yield raw + rb"\\+" + spelling.character(mark), b"\\" + mark[: len(mark) == 1]
    for rest in _rests(literals, _hexadecimal):
        yield rb"\\(?:x|u00|U000000)" + rest, b"\\"
    for rest in _rests(literals, _octal):
        yield rb"\\" + rest, b"\\"
    for rest in _rests(literals, lambda place: _hexadecimal(place) + rb"\}"):
        yield rb"\{0{0,6}" + rest, b"{"
    for raw in _before_marks(literals, b"\\"):
        yield raw + rb"\\u00(?:2[56]|3[dD]|5[cC])", rb"\u00"
        yield raw + rb"\\U000000(?:2[56]|3[dD]|5[cC])", rb"\U000000"
        yield raw + rb"\\x(?:2[56]|3[dD]|5[cC])", rb"\x"
        yield raw + rb"\\[xu]\{0{0,6}(?:2[56]|3[dD]|5[cC])\}", (rb"\x{", rb"\u{")
        yield raw + rb"\\(?:04[56]|075|134)", (rb"\04", rb"\075", rb"\134")
        yield raw + rb"\\[%&=]", (rb"\%", rb"\&", rb"\=")
    for places in literals:
        for index, place in enumerate(places[:-1]):
            if mark := _marks(place):
                raw = spelling.pattern(places[:index][-1:])
                yield raw + rb"\\+" + spelling.pattern([mark, *places[index + 1 :]]), b"\\"


def html(literals: Sequence[Places]) -> Iterator[Part]:
    """Yield patterns for the end of a literal in character references: decimal, hexadecimal and by name."""
    for last, _, _ in _ends(literals):
        decimal = b"%d" % last[0] if len(last) == 1 else b""
        yield rb"[#0]" + _codes(last, "{}") + b";", decimal + b";"
        yield rb"[&;]#" + _codes(last, "{}"), b"#" + decimal
        yield (
            rb"[xX0]" + _hexadecimal(last) + b";",
            tuple(b"%b;" % code for character in last for code in (b"%02x" % character, b"%02X" % character)),
        )
        for name in _names(last):
            yield name, name
    for raw in _before_marks(literals):
        introduced = rb"&(?:#0{0,6}(?:3[78]|61|92)|#[xX]0{0,6}(?:2[56]|3[dD]|5[cC])|amp|percnt|equals|bsol);"
        yield raw + introduced, (b"&#", b"&amp;", b"&percnt;", b"&equals;", b"&bsol;")
    for rest in _rests(literals, lambda place: _codes(place, "{}") + b";?"):
        yield rb"[#0]" + rest, b""  # the semicolon may be missing
    for rest in _rests(literals, lambda place: _hexadecimal(place) + b";?"):
        yield rb"#[xX]0{0,6}" + rest, b"#"
    for places in literals:
        for index, place in enumerate(places[:-1]):
            for name in _names(place):
                yield name + spelling.pattern(places[index + 1 :]), name


def quoted(literals: Sequence[Places]) -> Iterator[Part]:
    """Yield patterns for the end of a literal in quoted-printable, with a soft break before any character."""
    for last, before, _ in _ends(literals, _hex_digits, lambda _: b"\n"):
        code = _codes(last, "{:02X}")
        yield (b"=" if _marks(last) else before + b"=") + code, b"=" + _first_digit(last)
    for places in literals:
        for index in range(1, len(places)):
            raw = places[index:]
            yield rb"=\r?\n" + spelling.pattern(raw), b"\n" + spelling.longest(raw[:1])
    for rest in _rests(literals, lambda place: _codes(place, "{:02X}")):
        yield b"=" + rest, b"="
    for pairs in _pairs_before_marks(literals):
        second, last = (spelling.character(spelling.union(*characters)) for characters in zip(*pairs, strict=True))
        yield second + rb"(?:=\r?\n)?" + last + rb"(?:=\r?\n)?=(?:25|26|3D|5C)", (b"=25", b"=26", b"=3D", b"=5C")


def hidden(places: Places) -> Iterator[Places]:
    """Yield a literal, and its beginnings up to a punctuation mark that is an escape of another family."""
    yield places
    for index, place in enumerate(places[1:], 1):
        if mark := _marks(place):
            yield [*places[:index], b"%&=\\"]
            yield from (
                [*places[:index], b"=", *(bytes([digit]) for digit in b"%02X" % character)] for character in mark
            )


def _ends(literals: Sequence[Places], *codes: Callable[[bytes], bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the last character of literals with patterns for the one before it: raw or escaped, and raw only."""
    before: dict[bytes, list[bytes]] = {}
    for places in literals:
        before.setdefault(places[-1], []).append(places[-2])
    for last, characters in before.items():
        raw = spelling.union(*characters)
        yield last, spelling.character(spelling.union(raw, *(code(raw) for code in codes))), spelling.character(raw)


def _before_marks(literals: Sequence[Places], other: bytes = b"") -> Iterator[bytes]:
    """Yield a pattern for the raw character, or ``other``, before the punctuation of literals; nothing without any."""
    characters = [places[index - 1] for places in literals for index in range(1, len(places)) if _marks(places[index])]
    if characters:
        yield spelling.character(spelling.union(other, *characters))


def _pairs_before_marks(literals: Sequence[Places]) -> Iterable[list[tuple[bytes, bytes]]]:
    """Return the two raw characters before each punctuation mark of the literals, grouped by mark."""
    before: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for places in literals:
        for index in range(2, len(places)):
            if mark := _marks(places[index]):
                before.setdefault(mark, []).append((places[index - 2], places[index - 1]))
    return before.values()


def _rests(literals: Sequence[Places], code: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield patterns for an escaped character that is not the last, and the raw ones after it."""
    spelled = dict.fromkeys(
        code(places[index]) + spelling.pattern(places[index + 1 :])
        for places in literals
        for index in range(len(places) - 1)
    )
    patterns = list(spelled)
    for at in range(0, len(patterns), _TOGETHER):
        yield b"(?:" + b"|".join(patterns[at : at + _TOGETHER]) + b")"


def _marks(place: bytes) -> bytes:
    return bytes(character for character in place if character not in _ALPHANUMERIC)


def _names(place: bytes) -> Iterable[bytes]:
    return (name.encode() + b";" for character in place for name in _NAMES.get(chr(character), "").split("|") if name)


def _first_digit(place: bytes) -> bytes:
    """Return the first of two hexadecimal digits if all characters share it."""
    digits = {b"%x" % (character >> 4) for character in place}
    return digits.pop() if len(digits) == 1 else b""


def _hex_digits(place: bytes) -> bytes:
    return b"".join(b"%x%X" % (character & 15, character & 15) for character in place)


def _octal_digit(place: bytes) -> bytes:
    return b"".join(b"%o" % (character & 7) for character in place)


def _octal(place: bytes) -> bytes:
    return _codes(place, "{:03o}")


def _codes(place: bytes, spelled: str) -> bytes:
    codes = [spelled.format(character) for character in place]
    return (codes[0] if len(codes) == 1 else f"(?:{'|'.join(codes)})").encode()


def _hexadecimal(place: bytes) -> bytes:
    """Return the code of a character in either case."""
    codes = (spelling.pattern(spelling.either_case(b"%02x" % character)) for character in place)
    return b"(?:" + b"|".join(codes) + b")" if len(place) > 1 else next(codes)
