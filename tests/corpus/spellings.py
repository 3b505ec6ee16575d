"""Encodings that also return where the encoded bytes are."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from html.entities import codepoint2name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.corpus.artifact import Artifact

_BOMS = {
    "utf-16-le": BOM_UTF16_LE,
    "utf-16-be": BOM_UTF16_BE,
    "utf-32-le": BOM_UTF32_LE,
    "utf-32-be": BOM_UTF32_BE,
}
WIDE = tuple(_BOMS)
# HTML's names for what a credential holds, beyond those that HTML 4 had.
_NAMES = {ord("_"): "lowbar", ord("."): "period", ord("%"): "percnt"}


def base64(
    what: Artifact, *, url: bool = False, padded: bool = True, width: int = 0, line_break: bytes = b"\n"
) -> Artifact:
    """Return it in base64, in lines of ``width`` characters if that is not 0."""
    text = urlsafe_b64encode(what.data) if url else b64encode(what.data)
    text = text if padded else text.rstrip(b"=")
    name = "base64url" if b"-" in text or b"_" in text else "base64"
    return _wrapped(what, name, text, what.at * 8 // 6, width, line_break)


def hexadecimal(what: Artifact, *, upper: bool = False, width: int = 0) -> Artifact:
    """Return it as hexadecimal digits."""
    text = what.data.hex().encode()
    return _wrapped(what, "hex", text.upper() if upper else text, 2 * what.at, width, b"\n")


def _wrapped(what: Artifact, name: str, text: bytes, at: int, width: int, line_break: bytes) -> Artifact:
    if not width:
        return what.encoded(name, text, at)
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    return what.encoded(name, line_break.join(lines), at + at // width * len(line_break))


def wide(what: Artifact, codec: str, *, mark: bool = False) -> Artifact:
    """Return UTF-8 text in one of ``WIDE``, with a byte order mark or without."""
    bom = _BOMS[codec] if mark else b""
    at = len(bom) + len(what.data[: what.at].decode().encode(codec))
    return what.encoded(codec, bom + what.data.decode().encode(codec), at)


def escaped(
    what: Artifact, name: str, spell: Callable[[int], str], chosen: Callable[[int], bool] = lambda _: True
) -> Artifact:
    """Return it with each byte that is ``chosen`` spelled as an escape."""
    parts = [spell(byte).encode() if chosen(byte) else bytes([byte]) for byte in what.data]
    return what.encoded(name, b"".join(parts), len(b"".join(parts[: what.at])))


def percent(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    """Return it percent-encoded."""
    return escaped(what, "percent", "%{:02X}".format, chosen)


def unicode_escaped(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    r"""Return ASCII as ``\uXXXX``."""
    return escaped(what, "backslash", "\\u{:04x}".format, chosen)


def hex_escaped(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    r"""Return it as ``\xXX``."""
    return escaped(what, "backslash", "\\x{:02x}".format, chosen)


def octal_escaped(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    """Return it as three octal digits behind a backslash."""
    return escaped(what, "backslash", "\\{:03o}".format, chosen)


def html_decimal(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    """Return ASCII as decimal character references."""
    return escaped(what, "html", "&#{};".format, chosen)


def html_hexadecimal(what: Artifact, chosen: Callable[[int], bool] = lambda _: True) -> Artifact:
    """Return ASCII as hexadecimal character references."""
    return escaped(what, "html", "&#x{:X};".format, chosen)


def html_named(what: Artifact) -> Artifact:
    """Return ASCII with references by name, where there is a name."""
    names = codepoint2name | _NAMES
    return escaped(what, "html", lambda byte: f"&{names[byte]};", names.__contains__)


def quoted_printable(what: Artifact, chosen: Callable[[int], bool] = lambda _: True, width: int = 0) -> Artifact:
    """Return it in quoted-printable, with soft line breaks behind every ``width`` characters if that is not 0."""
    parts: list[bytes] = []
    at = size = 0
    for index, byte in enumerate(what.data):
        part = f"={byte:02X}".encode() if chosen(byte) or byte == ord("=") else bytes([byte])
        if width and size + len(part) > width:
            parts.append(b"=\n")
            size = 0
        if index == what.at:
            at = len(b"".join(parts))
        parts.append(part)
        size += len(part)
    return what.encoded("quoted-printable", b"".join(parts), at)


def joined(what: Artifact) -> Artifact:
    """Return it as two string literals, of which the first may end within the prefix."""
    cut = 2 + len(what.data) % 20
    return what.encoded("joined", b'"' + what.data[:cut] + b'" + "' + what.data[cut:] + b'"', 1)


def is_mark(byte: int) -> bool:
    """Return whether a byte is neither a letter nor a digit of ASCII."""
    return byte >= 0x80 or not chr(byte).isalnum()
