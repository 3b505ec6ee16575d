"""Where escapes are escaped again: how the seam of two layers reads, for each family that the outer one may be of.

Where a layer escapes all characters its escapes stand densely, and nothing else is needed. Where it escapes only what
is neither letter nor digit, each inner escape is an outer one, for what introduces the inner, with the inner's code
behind it. Text that is escaped throughout has these in a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.encodings import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.unwrap.encodings.spelling import Characters, Part

_HEX = b"0123456789ABCDEFabcdef"
_CODE = (b"234567", _HEX)  # of a character that is text
_OCTAL = (b"01", b"01234567", b"01234567")
_BY_CODE = "%="  # what introduces two hexadecimal digits
_NAMES = {"%": "percnt", "=": "equals", "\\": "bsol", "&": "amp", "#": "num", ";": "semi", "{": "lcub"}


class _Outer(NamedTuple):
    """How a layer escapes a mark: what an escape of it ends with, and begins with where it follows another.

    ``start`` are the characters with which any of its escapes begins.
    """

    ends: Callable[[str], list[Characters]]
    begins: Callable[[str], list[Characters]]
    start: bytes


def percent() -> Iterator[Part]:
    """Yield the seams where the outer layer is of percent escapes, once or more."""
    return _seams(
        _Outer(lambda mark: [_text("%", _code(mark))], lambda mark: [_text("%", _code(mark))], b"%"),
        _Outer(lambda mark: [_text("25", _code(mark))], lambda mark: [_text("%25", _code(mark)), _text("%2525")], b"%"),
    )


def quoted() -> Iterator[Part]:
    """Yield the seams where the outer layer is quoted-printable, once or more."""
    return _seams(
        _Outer(lambda mark: [_text("=", _code(mark))], lambda mark: [_text("=", _code(mark))], b"="),
        _Outer(lambda mark: [_text("3D", _code(mark))], lambda mark: [_text("=3D", _code(mark)), _text("=3D3D")], b"="),
    )


def html() -> Iterator[Part]:
    """Yield the seams where the outer layer is of character references, once or more."""

    def references(mark: str) -> list[Characters]:
        code = ord(mark)
        return [_text("#%d;" % code), _text("#", b"Xx", _code(mark), ";"), _text(_NAMES[mark], ";")]

    def begins(mark: str) -> list[Characters]:
        return [_text("&", *reference) for reference in references(mark)]

    yield from _seams(_Outer(references, begins, b"&"))
    # Only the ampersand itself may be escaped, as it is for HTML.
    yield rb"(?:amp|#38|#[xX]26);#[xX]?[0-9A-Fa-f]{2,5};&", b";#"
    for some in ("percnt;", "equals;", "37;", "61;"):
        yield from _parts(_text(some, *_CODE, "&"))
    yield rb"amp;bsol;(?:[xu]|[01][0-7]{2})", b"amp;bsol;"


def backslash() -> Iterator[Part]:
    """Yield the seams where the outer layer is of escapes with a backslash, once or more."""

    def ends(mark: str) -> list[Characters]:
        texts = [_text("u00", _code(mark)), _text("U000000", _code(mark)), _text("x", _code(mark))]
        texts += [_text("\\%03o" % ord(mark)), _text("134%03o" % ord(mark)), _text("{", _code(mark), "}")]
        return texts if mark == "\\" else [*texts, _text("\\", mark)]

    yield from _seams(_Outer(ends, lambda _: [_text("\\")], b"\\"))
    # Only the backslash itself may be escaped, as it is in JSON.
    for body, needs in ((rb"u00[0-7]%b", b"u00"), (rb"U000000[0-7]%b", b"U000000"), (rb"x[0-7]%b", b"x")):
        escape = body % b"[0-9A-Fa-f]"
        yield rb"\\%b(?:\\+%b){2}" % (escape, escape), b"\\" + needs
    yield rb"\\[01][0-7]{2}(?:\\+[01][0-7]{2}){2}", b"\\"
    yield rb"[xu]\{0{0,6}[2-7][0-9A-Fa-f]\}\\+[xu]\{", b"}\\"
    yield rb"\\[xu]\\+\{", b"\\"
    yield rb"\\#\d", b"\\#"


def _seams(*outers: _Outer) -> Iterator[Part]:
    for outer in outers:
        for text in (*_by_code(outer), *_by_backslash(outer), *_by_reference(outer)):
            yield from _parts(text)


def _by_code(outer: _Outer) -> Iterator[Characters]:
    for mark in _BY_CODE:
        for end in outer.ends(mark):
            yield (*end, *_CODE, outer.start)
            yield (*end, *_text("u00", *_CODE))


def _by_backslash(outer: _Outer) -> Iterator[Characters]:
    for end in outer.ends("\\"):
        for body in (_text("u00", *_CODE), _text("U000000", *_CODE), _text("x", *_CODE), _OCTAL):
            yield (*end, *body, outer.start)
        for brace in outer.begins("{"):
            yield (*end, b"Uux", *brace)


def _by_reference(outer: _Outer) -> Iterator[Characters]:
    for end in outer.ends("&"):
        for number in outer.begins("#"):
            yield (*end, *number)
    for semicolon in outer.begins(";"):
        for name in ("percnt", "equals", "bsol", "num", "semi", "lcub"):
            yield (*_text(name), *semicolon)
        for behind in (*outer.begins("#"), *map(_text, ("amp", "percnt", "equals", "bsol", "num", "semi", "lcub"))):
            yield (*_text("amp"), *semicolon, *behind)


def _code(mark: str) -> tuple[bytes, ...]:
    return tuple(spelling.either_case(b"%02x" % ord(mark)))


def _text(*pieces: str | bytes | Sequence[bytes]) -> Characters:
    """Return a text of what is written out, of classes of characters, and of other texts."""
    found: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, str):
            found += (bytes([byte]) for byte in piece.encode())
        elif isinstance(piece, bytes):
            found.append(piece)
        else:
            found += piece
    return tuple(found)


def _parts(text: Characters) -> list[Part]:
    return [(spelling.pattern(text), spelling.longest(text))]
