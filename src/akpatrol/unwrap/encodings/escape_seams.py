"""Spell the seam of two layers where escapes are escaped again, for each family of the outer layer.

A layer that escapes all characters has dense escapes, which other triggers find. A layer that escapes only punctuation
escapes the introducer of each inner escape, and leaves its code as it is. Text that is escaped throughout has these one
after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.encodings.spelling import Part

# The code of a character of text, or of a zero before one.
_CODE = rb"(?:[2-7][0-9A-Fa-f]|00[0-9A-Za-z_])"
# The rest of an escape after its backslash.
_BODY = rb"(?:u00|U000000|x[0-7]|[01][0-7]{2})"
_NAMES = (b"percnt", b"equals", b"bsol", b"num", b"semi", b"lcub")
_NAMED = b"(?:%b)" % b"|".join(_NAMES)
_BEHIND_AMP = b"(?:#|amp|%b)" % b"|".join(_NAMES)


def percent() -> Iterator[Part]:
    """Yield the seams where the outer layer has percent escapes, once or more."""
    return _by_two_digits(b"%", b"%(?:25|3[Dd])")


def quoted() -> Iterator[Part]:
    """Yield the seams where the outer layer is quoted-printable, once or more."""
    return _by_two_digits(b"=", b"=(?:25|3[Dd])")


def _by_two_digits(sign: bytes, again: bytes) -> Iterator[Part]:
    """Yield the seams for escapes of a sign and two digits; ``again`` begins the next escape of the same kind."""
    # The sign itself, or its code in a layer between.
    for before, begins in ((sign, (sign,)), (b"(?:25|3[Dd])", (b"25", b"3D", b"3d"))):
        percents, equals, reverses = (
            tuple(beginning + digits for beginning in begins) for digits in (b"25", b"3", b"5")
        )
        yield before + b"25" + _CODE + again, percents
        yield before + b"3[Dd]" + _CODE + again, equals
        yield before + b"5[Cc]" + _BODY, reverses
        yield before + b"5[Cc][ux]" + sign + b"(?:25|3[Dd]|7[Bb])", reverses
        yield before + b"5[Cc]" + sign + b"(?:2[56]|3[Dd])", reverses
    yield sign + b"26" + sign + b"23", sign + b"26" + sign + b"23"
    yield b"(?:25|3[Dd])26" + sign + b"(?:25|3[Dd])", b"26" + sign
    yield _NAMED + sign + b"(?:25|3[DdBb])", tuple(name + sign for name in _NAMES)
    yield b"amp" + sign + b"3[Bb](?:" + sign + b"23|" + _BEHIND_AMP + b")", b"amp" + sign
    yield b"amp" + sign + b"(?:25|3[Dd]){1,12}3[Bb](?:" + sign + b"|" + _BEHIND_AMP + b")", b"amp" + sign


def html() -> Iterator[Part]:
    """Yield the seams where the outer layer has character references, once or more."""
    for percent_sign in (b"#37;", b"25;", b"percnt;"):
        yield percent_sign + _CODE, percent_sign
    for equals in (b"#61;", b"3d;", b"3D;", b"equals;"):
        yield equals + b"(?:" + _CODE + b"&|25|3[Dd]|5[Cc]|26" + _BEHIND_AMP + b")", equals
    for reverse in (b"#92;", b"5c;", b"5C;", b"bsol;"):
        behind = b"&(?:#3[78]|#61|#[Xx](?:2[56]|3[Dd])|percnt|equals|amp);"
        yield reverse + b"(?:[uUx]|[01][0-7]{2}|" + behind + b")", reverse
    for ampersand in (b"#38;", b"x26;", b"X26;", b"amp;"):
        # Only the ampersand itself may be escaped, as it is for HTML.
        yield (
            ampersand + rb"(?:&(?:#35|#[Xx]23|num);|\\[#\\]|#[Xx]?[0-9A-Fa-f]{2,5};&|#[xX]?0{1,4};[0-9A-Za-z_]&)",
            ampersand,
        )
        yield ampersand + _NAMED + b";", ampersand
        # Of wide text.
        yield ampersand + b"(?:[%=]00){1,3}[#A-Za-z]", ampersand
    yield b"[#xX0]0;[0-9A-Za-z_]&#[xX]?0", b"0;"
    semicolon = b"&(?:#59|#[Xx]3[Bb]|semi|#38|#[Xx]26|amp);"
    yield _NAMED + semicolon, tuple(name + b"&" for name in _NAMES)
    yield b"amp" + semicolon + b"(?:&|" + _BEHIND_AMP + b")", b"amp&"


def backslash() -> Iterator[Part]:
    """Yield the seams where the outer layer has backslash escapes, once or more."""
    introduced = rb"\\(?:u00|U000000|x|[ux]\{)(?:2[56]|3[Dd])"
    for before, behind, begins, ends in (
        (b"u00", b"", (b"u00",), b""),
        (b"U000000", b"", (b"U000000",), b""),
        (rb"(?:\\|5[Cc])x", b"", (b"x",), b""),
        (rb"[0{]", rb"\}", (b"0", b"{"), b"}"),
    ):

        def needs(*digits: bytes, begins: tuple[bytes, ...] = begins, ends: bytes = ends) -> tuple[bytes, ...]:
            return tuple(begin + two + ends for begin in begins for two in digits)

        yield before + b"25" + behind + _CODE, needs(b"25")
        yield before + b"3[Dd]" + behind + rb"(?:" + _CODE + rb"\\|25|3[Dd]|5[Cc])", needs(b"3D", b"3d")
        yield before + b"5[Cc]" + behind + b"(?:[uUx]|[01][0-7]{2}|" + introduced + b")", needs(b"5C", b"5c")
        yield before + b"26" + behind + rb"\\(?:u0023|U00000023|x23|[ux]\{|043|#|\\)", needs(b"26")
    for before in (rb"\\", b"134"):
        yield before + b"045" + _CODE, b"045"
        yield before + rb"075(?:" + _CODE + rb"\\|25|3[Dd]|5[Cc])", b"075"
        yield before + rb"134(?:[uUx]|[01][0-7]{2}|\\(?:04[56]|075))", b"134"
        yield before + rb"046\\", rb"046" + b"\\"
    yield rb"\\%(?:" + _CODE + rb"|00[\\%])", rb"\%"
    yield rb"\\=(?:" + _CODE + rb"\\|00[\\=]|25|3[Dd]|5[Cc])", rb"\="
    yield rb"\\&\\[#\\]", rb"\&" + b"\\"
    yield _NAMED + rb"\\[uUx0;\\]", tuple(name + b"\\" for name in _NAMES)
    yield rb"amp\\(?:\\[uUx0;\\]|(?:u003[Bb]|U0000003[Bb]|x3[Bb]|[ux]\{3[Bb]\}|073|;)(?:\\|%b))" % _BEHIND_AMP, b"amp\\"
    yield from _doubled()


def _doubled() -> Iterator[Part]:
    """Yield patterns for text that is escaped throughout, with its backslashes escaped again, as in JSON, or not."""
    for escape, needs in ((rb"\\u00[0-7][0-9A-Fa-f]", b"\\u00"), (rb"\\U000000[0-7][0-9A-Fa-f]", b"\\U000000")):
        yield escape * 3, needs
        yield escape + rb"\\\\[uU\\]", needs
    yield rb"(?:\\x[0-7][0-9A-Fa-f]){3}", rb"\x"
    yield rb"\\x[2-7][0-9A-Fa-f]\\\\[x\\]", rb"\x"
    yield rb"(?:\\[01][0-7]{2}){3}", (rb"\0", rb"\1")
    yield rb"\\[01][0-7]{2}\\\\(?:[01][0-7]{2}|\\\\)", (rb"\0", rb"\1")
    yield rb"\\[ux]\{0{0,6}[2-7][0-9A-Fa-f]\}\\[ux\\]", b"}\\"
    yield rb"\}\\[ux]\{0{1,6}\}\\", b"}\\"
    yield rb"\{0{1,6}\}[0-9A-Za-z_]\\[ux\\]", b"0}"
    yield rb"\\[ux]\\[{\\]", (b"u\\", b"x\\")
    # Of wide text there is a zero beside each character.
    for zero in (b"u0000", b"U00000000", b"x00", b"000"):
        yield rb"\\" + zero + rb"[0-9A-Za-z_]\\[uUx0\\]", b"\\" + zero
    yield rb"\\\\(?:[%=]00){1,3}[!-~]", (rb"\\%00", rb"\\=00")
