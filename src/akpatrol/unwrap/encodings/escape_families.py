r"""The table of escape families: how each spells a character, and how an escape is resolved.

Percent: RFC 3986 section 2.1, and ECMA-262 annex B.2.1 (``%u0070``). Backslash: RFC 8259 section 7, ISO/IEC 9899
section 6.4.4.4 (octal, hexadecimal), ECMA-262 section 12.9.4 (``\u{70}``), CommonMark 0.31 section 2.4 (punctuation).
HTML: the standard's section 13.2.5.72 on. Quoted-printable: RFC 2045 section 6.7.

An escape whose first character is escaped by the same family, as in ``%2570``, ``\\u0070`` and ``&amp;#112;``, is
resolved at once: escaping twice gives it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.encodings import escape_seams, escape_triggers
from akpatrol.unwrap.encodings.encoded_literals import ASCII_GROUP, BEGINS_AS_TEXT, GOES_ON_AS_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.unwrap.encodings.escape_triggers import Places
    from akpatrol.unwrap.encodings.spelling import Part

_HEX = rb"[0-9A-Fa-f]"
_PERCENT = rb"%(?:25)*"
# An escaped backslash and, escaped as often, the percent sign that it escapes: the digits after it are not of its
# escape.
_REVERSED_PERCENT = rb"%(?P<again>(?:25)*)5[cC]%(?P=again)25(?=" + _HEX + rb"{2})"
# Each further level of quoting doubles the backslashes.
_BACKSLASH = rb"\\++"
# Backslashes of wide text: they do not escape the sign of the escaped zero after them.
_BACKSLASH_OF_WIDE = rb"(?:\\\\)++(?=\\?[%=]00)"
_AMPERSAND = rb"&(?:amp;)*"
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


class Family(NamedTuple):
    """One family of escapes. Patterns are sources for ``re``; ``near``, ``dense`` and ``nested`` serve hyperscan too.

    ``escape`` matches one escape, ``introducer`` begins it, and ``resolve`` returns its character. ``guard`` comes
    before a search for one, which is quadratic without it. ``near(literals)`` match the end of a literal of which some
    characters are escaped, ``dense`` where more may be encoded beneath escapes, and ``nested()`` where escapes are
    escaped again. Where all characters are escaped, base64 and hexadecimal have letters whose codes begin with 4 or 6.
    ``soft_breaks`` are line ends after which a line continues. ``plain`` matches escapes of one ASCII character that
    depend on nothing around them; ``resolve_plain`` resolves several of them at once.
    """

    name: str
    introducer: bytes
    escape: bytes
    resolve: Callable[[bytes], bytes]
    near: Callable[[Sequence[Places]], Iterator[Part]]
    dense: tuple[Part, ...]
    nested: Callable[[], Iterator[Part]]
    plain: bytes
    resolve_plain: Callable[[bytes], bytes]
    soft_breaks: tuple[bytes, ...] = ()
    guard: bytes = b""


def _utf8(code: int, otherwise: bytes) -> bytes:
    try:
        return chr(code).encode("utf-8", "replace")
    except (ValueError, OverflowError):  # beyond U+10FFFF
        return otherwise


def _resolve_percent(text: bytes) -> bytes:
    if text.rfind(b"%"):
        return rb"\%"
    if text[-5:-4] == b"u":
        return _utf8(int(text[-4:], 16), text)
    return bytes.fromhex(text[-2:].decode())


def _resolve_backslash(text: bytes) -> bytes:
    body = text.lstrip(b"\\")
    return _behind_backslash(body) if body else b"\\"


@lru_cache(4096)
def _behind_backslash(body: bytes) -> bytes:
    kind = body[:1]
    if kind.isdigit():
        return bytes([int(body, 8)])
    if len(body) == 1:
        return _CONTROLS.get(body, body)
    code = int(body[1:].strip(b"{}"), 16)
    return bytes([code]) if kind == b"x" and len(body) == len(rb"x70") else _utf8(code, b"\\" + body)


def _resolve_html(text: bytes) -> bytes:
    start = len(b"&")
    while text.startswith(b"amp;", start):
        start += len(b"amp;")
    return _behind_ampersand(text[start:])


@lru_cache(4096)
def _behind_ampersand(name: bytes) -> bytes:
    from html import unescape  # noqa: PLC0415 - a table of 2,231 names that few texts need

    if name.startswith(b"#") and not name.strip(b"#xX0;"):
        return b"\0"  # U+FFFD in the standard, but escaped binary data means a zero
    return unescape(f"&{name.decode()}" if name else "&").encode("utf-8", "replace")


def _resolve_plain_hexadecimal(text: bytes) -> bytes:
    return bytes.fromhex(text.translate(None, b"%=").decode())


def _resolve_plain_backslash(text: bytes) -> bytes:
    parts = text.split(b"\\")[1:]
    return bytes([int(code, 8) if code.isdigit() else int(code[1:], 16) for code in parts])


def _resolve_plain_html(text: bytes) -> bytes:
    return bytes(map(int, text[2:-1].split(b";&#")))


def _resolve_quoted(text: bytes) -> bytes:
    return b"" if text.endswith(b"\n") else bytes([int(text[1:], 16)])


# Probably base64 or hexadecimal, in which an escape may cut a literal.
_BASE = rb"[0-9A-Za-z+/]{8}"
# The same after a short escape. It is split by the first character, so that each part has literals of three bytes.
_BASES = tuple(rb"[%b][0-9A-Za-z+/]{7}" % first for first in (rb"0-9A-Fa-f", rb"G-Pg-p", rb"Q-Zq-z+/"))
# In wide text: a letter with the zeros before the next, twice.
_ZERO_PERCENT = rb"(?:(?:%[2-7][0-9A-Fa-f]|[0-9A-Za-z])%00(?:%00%00)?){2}"
_ZERO_QUOTED = rb"(?:(?:=[2-7][0-9A-F]|[0-9A-Za-z])=00(?:=00=00)?){2}"

# After base64, "=" is padding and no soft line break: one sign after base64 of ASCII text, or two after any. It is a
# break if the next line is base64 of text only as a continuation.
_PADDED = ASCII_GROUP * 6 + rb"[A-Za-f][A-HQ-Xg-nw-z0-3][AEIMQUYcgkosw048]="
_SOFT_BREAK = (
    rb"(?<=[^\n]{59}=)(?<![^\n]{78}=)(?<!==)"
    rb"(?:(?<!" + _PADDED + rb")\r?\n|\r?\n(?=" + GOES_ON_AS_TEXT + rb")(?!" + BEGINS_AS_TEXT + rb"))"
)

FAMILIES = (
    Family(
        "percent",
        b"%",
        _REVERSED_PERCENT + b"|" + _PERCENT + rb"(?:u" + _HEX + rb"{4}|" + _HEX + rb"{2})",
        _resolve_percent,
        escape_triggers.percent,
        (
            (rb"%[46][1-9A-Fa-f]%[2-7]", b"%"),
            (rb"%25%[37]", b"%25%"),
            (rb"%5[cC]%[37]", b"%5"),
            (rb"%26%(?:23|[67])", b"%26%"),
            (rb"%3[0-9]" * 6, b"%3"),
            (rb"%3[dD]%3[02-7]", b"%3"),
            (rb"KLUv%(?:2|5)[fF]|%(?:2|5)[fF](?:Td6WFo|wYAA)", (b"KLUv%", b"Td6WFo", b"wYAA")),
            (rb"%25(?:25){0,3}[2-7][0-9A-Fa-f]" * 2, b"%25"),
            (rb"%3[dD][2-7][0-9A-Fa-f]" * 2, b"%3"),
            (rb"%5[cC]x[0-7][0-9A-Fa-f]" * 2, b"%5"),
            (rb"(?:%5[cC][01][0-7]{2}){2}", b"%5"),
            (rb"%5[cC]u00", b"%5"),
            (rb"%26%23[0-9xX%]", b"%26%23"),
            (rb"%3[dD](?:%0[dD])?%0[aA]", b"%3"),
            (_ZERO_PERCENT, b"%00"),
            (rb"%(?:25|3[dD])00", (b"%25", b"%3")),
            (rb"%(?:2[bBfF]|3[dD]|0[aAdD])" + _BASE, b"%"),
        ),
        escape_seams.percent,
        rb"%(?!25|5[cC]%25)[0-7]" + _HEX,
        _resolve_plain_hexadecimal,
    ),
    Family(
        "backslash",
        b"\\",
        rb"(?:"
        + _BACKSLASH_OF_WIDE
        + rb"|"
        + _BACKSLASH
        + rb"(?:x"
        + _HEX
        + rb"{2}|u"
        + _HEX
        + rb"{4}|U"
        + _HEX
        + rb"{8}|[xu]\{"
        + _HEX
        + rb"{1,8}\}"
        + rb"|[0-3]?[0-7]{2}|[nrt]|[!-/:-@^_`{-~\[\]]))",
        _resolve_backslash,
        escape_triggers.backslash,
        (
            (rb"u0026#", b"u0026#"),
            # Base64 of a byte order mark, for an escaped slash cuts it.
            (rb"(?:\\/\\/|\\_\\_)[45][0-9A-Za-z+]{2}", (rb"\/", rb"\_")),
        ),
        escape_seams.backslash,
        rb"\\(?:u00[0-7]" + _HEX + rb"|x[0-7]" + _HEX + rb"|[01][0-7]{2})",
        _resolve_plain_backslash,
        guard=rb"(?<!\\)",
    ),
    Family(
        "html",
        b"&",
        _AMPERSAND + rb"(?:#[0-9]{1,10};?|#[xX]" + _HEX + rb"{1,8};?|[A-Za-z][0-9A-Za-z]{1,31};)",
        _resolve_html,
        escape_triggers.html,
        (
            (rb"(?:&#[xX]?[0-9A-Fa-f]{1,5};){3}", b"&#"),
            # Base64 of xz and of snappy, and of a byte order mark.
            (rb"&#(?:47|95|[xX](?:2|5)[fF]);(?:Td6WFo|wYAA)", (b";Td6WFo", b";wYAA")),
            (rb"&#(?:(?:47|95);&#(?:47|95)|[xX](?:2|5)[fF];&#[xX](?:2|5)[fF]);[45][0-9A-Za-z+]{2}", b";&#"),
        ),
        escape_seams.html,
        rb"&#(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6]);",
        _resolve_plain_html,
    ),
    Family(
        "quoted-printable",
        b"=",
        # A soft break ends a line of 60 to 78 characters, because encoders fill lines to 76. Any other "=" at an end is
        # none.
        rb"=(?:0[09AD]|2[0-9A-F]|[3-6][0-9A-F]|7[0-9A-E]|F[EF]|" + _SOFT_BREAK + rb")",
        _resolve_quoted,
        escape_triggers.quoted,
        (
            (rb"=[46][1-9A-F]=[2-7]", b"="),
            (rb"=25=[37]", b"=25="),
            (rb"=5C=[37]", b"=5C="),
            (rb"=26=(?:23|[67])", b"=26="),
            (rb"=3[0-9]" * 6, b"=3"),
            (rb"=3D=3[02-7]", b"=3D=3"),
            (rb"KLUv=(?:2|5)F|=(?:2|5)F(?:Td6WFo|wYAA)", (b"KLUv=", b"Td6WFo", b"wYAA")),
            (rb"(?:=(?:25|3D|5Cx)[2-7][0-9A-Fa-f]){2}", (b"=25", b"=3D", b"=5C")),
            (rb"(?:=5C(?:u00[0-7]|[01][0-7])[0-9A-Fa-f]){2}", b"=5C"),
            (rb"=26=23[0-9xX=]", b"=26=23"),
            (_ZERO_QUOTED, b"=00"),
            (rb"=(?:25|3D)00", (b"=25", b"=3D")),
            (rb"=\r\n" + _BASE, b"=\r\n"),
            *((rb"=\n" + base, b"=\n") for base in _BASES),
        ),
        escape_seams.quoted,
        rb"=(?:2[0-9A-F]|[3-6][0-9A-F]|7[0-9A-E])",
        _resolve_plain_hexadecimal,
        (b"=\n", b"=\r\n"),
    ),
)
