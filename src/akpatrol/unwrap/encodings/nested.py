"""Where escapes are escaped again: how the seam of two layers reads, for each family that the outer one may be of.

Where a layer escapes all characters its escapes stand densely, and nothing else is needed. Where it escapes only what
is neither letter nor digit, each inner escape is an outer one, for what introduces the inner, with the inner's code
behind it. Text that is escaped throughout has these in a row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.encodings import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.unwrap.encodings.spelling import Part

_MARKS = "%=\\"  # what introduces a code
_NAMES = {"%": "percnt", "=": "equals", "\\": "bsol", "&": "amp", "#": "num", ";": "semi", "{": "lcub"}
_NAMED = "(?:percnt|equals|bsol|num|semi|lcub)"
# The code of a character of text, or of a zero before one, behind those of what introduced it in layers further in.
_LAYERS = "(?:(?:u00|U000000|x)?(?:25|3[Dd]|5[Cc])|045|075|134){0,6}"
_CODE = "(?:(?:u00|U000000|x)?[2-7][0-9A-Fa-f]|[01][0-7]{2}|(?:u00|U000000|x|0)?00[0-9A-Za-z_])"


class _Outer(NamedTuple):
    """How a layer escapes a mark, as patterns: what its escapes end with, and begin with where one follows another."""

    ends: Callable[[str], list[str]]
    begins: Callable[[str], list[str]]


def percent() -> Iterator[Part]:
    """Yield the seams where the outer layer is of percent escapes, once or more."""
    return _seams(
        _Outer(lambda mark: [f"%{_code(mark)}"], lambda mark: [f"%{_code(mark)}"]),
        _Outer(lambda mark: [f"25{_code(mark)}"], lambda mark: [f"%25(?:25|{_code(mark)})"]),
    )


def quoted() -> Iterator[Part]:
    """Yield the seams where the outer layer is quoted-printable, once or more."""
    return _seams(
        _Outer(lambda mark: [f"={_code(mark)}"], lambda mark: [f"={_code(mark)}"]),
        _Outer(lambda mark: [f"3D{_code(mark)}"], lambda mark: [f"=3D(?:3D|{_code(mark)})"]),
    )


def html() -> Iterator[Part]:
    """Yield the seams where the outer layer is of character references, once or more."""

    def references(mark: str) -> list[str]:
        return [f"#{ord(mark)};", f"#[Xx]{_code(mark)};", f"{_NAMES[mark]};"]

    yield from _seams(_Outer(references, lambda mark: [f"&(?:amp;|{'|'.join(references(mark))})"]))
    # Only the ampersand itself may be escaped, as it is for HTML.
    yield rb"(?:amp|#38|#[Xx]26);#[Xx]?[0-9A-Fa-f]{2,5};&", b";#"


def backslash() -> Iterator[Part]:
    """Yield the seams where the outer layer is of escapes with a backslash, once or more."""

    def codes(mark: str) -> list[str]:
        return [
            f"u00{_code(mark)}",
            f"U000000{_code(mark)}",
            f"x{_code(mark)}",
            rf"[ux]\{{(?:0{{0,6}}){_code(mark)}\}}",
        ]

    def ends(mark: str) -> list[str]:
        octal = f"{ord(mark):03o}"
        return [*codes(mark), rf"\\{octal}", f"134{octal}", *([] if mark == "\\" else [rf"\\{_escaped(mark)}"])]

    def begins(mark: str) -> list[str]:
        return [rf"\\(?:\\|{'|'.join(codes(mark))}|{ord(mark):03o}|{_escaped(mark)})"]

    yield from _seams(_Outer(ends, begins))
    # Only the backslash itself may be escaped, as it is in JSON.
    for code in ("u00[0-7]%s", "U000000[0-7]%s", "x[0-7]%s", "[01][0-7]%s"):
        escape = code % ("{2}" if code.startswith("[") else "[0-9A-Fa-f]")
        yield _part(rf"\\{escape}(?:\\+{escape}){{2}}")
    yield _part(r"[ux]\{(?:0{0,6})[2-7][0-9A-Fa-f]\}\\+[ux]\{")
    yield _part(r"\\[ux]\\+\{")


def _seams(*outers: _Outer) -> Iterator[Part]:
    for outer in outers:
        for mark in _MARKS:
            following = _any(outer.begins(mark))
            for end in outer.ends(mark):
                yield _part(f"{end}{_LAYERS}{_CODE}{following}")
        for end in outer.ends("\\"):
            yield _part(f"{end}[Uux]{_any(outer.begins('{'))}")
        for end in outer.ends("&"):
            yield _part(f"{end}{_any(outer.begins('#'))}")
        number, semicolon = (_any(outer.begins(mark)) for mark in "#;")
        yield _part(f"{_NAMED}{semicolon}")
        yield _part(f"amp{semicolon}(?:{number}|#|amp|{_NAMED})")


def _any(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"


def _code(mark: str) -> str:
    return spelling.pattern(spelling.either_case(b"%02x" % ord(mark))).decode()


def _escaped(mark: str) -> str:
    return spelling.character(mark.encode()).decode()


def _part(pattern: str) -> Part:
    """Return a pattern with the longest text that is in each of its matches, as far as that is plain to see."""
    outside = re.sub(r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "\n", pattern)
    texts = re.split(r"\n|\[[^]]*\]|(?<!\\)(?:\{[^}]*\}|[+?*])", re.sub(r"(?<=[^\\]){[0-9,]+}|\+", "\n", outside))
    plain = (
        re.sub(r"\\x([0-9a-f]{2})|\\(.)", lambda one: chr(int(one[1], 16)) if one[1] else one[2], text)
        for text in texts
    )
    return pattern.encode(), max(plain, key=len).encode()
