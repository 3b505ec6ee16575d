r"""Judge whether a credential begins and ends at a boundary of the text around it.

A prefix inside a word (``compat_``, ``github_pat_``) is not a credential, but a letter that only ends an escape
is not part of a word: in ``"\npat_..."``, ``key%3Dpat_...`` or after a terminal's colour sequence the
credential is not part of a word. Escape forms: RFC 8259 section 7 (JSON), RFC 3986 section 2.1 (percent), RFC 2045
section 6.7 (quoted-printable), HTML 13.1.4 (character references), ECMA-48 section 5.4 (control sequences),
ISO/IEC 29500-1 (spreadsheets).
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_TOKEN = _WORD | frozenset(b"-")
_DOT, _DOLLAR, _UNDERSCORE, _SEMICOLON = b".$_;"
_REACH = 64  # bytes; the longest escape below: two colours of 24 bits, spelled out after a run of backslashes
# Up to three asterisks close Markdown emphasis; four are a mask.
_CALLS = (b"(", b"{", b"${", b"#{", b"%(", b"%s")
_CUTS = (b"...", b"[...", b"\xe2\x80\xa6", b"&hellip;", b"****", b"\xe2\x80\xa2", b"&bull;")
_EXTENSIONS = tuple(
    b".js .mjs .cjs .css .map .json .html .txt .py .ts .svg .png .jpg .jpeg .gif .webp .woff .woff2 .ttf "
    b".wasm .chunk .bundle .min".split()
)


class Edge(IntEnum):
    """The evidence from one side of a match."""

    INSIDE = 0  # the match is a piece of something longer
    CUT = 1  # masked or shortened for display
    DOUBTFUL = 2  # the surroundings look like program text
    CLEAN = 3


def left_edge(data: bytes, start: int) -> Edge:
    """Judge the text before ``start``; reads at most 64 bytes back."""
    if start == 0:
        return Edge.CLEAN
    before = data[start - 1]
    if before == _SEMICOLON and (reference := _reference().search(data[max(0, start - _REACH) : start])):
        return Edge.INSIDE if _refers_to_word(reference) else Edge.CLEAN
    if before not in _WORD:
        attribute = before == _DOT and start > 1 and (data[start - 2] in _WORD or data[start - 2] in b")]")
        variable = before == _DOLLAR or data[start - 2 : start] == b"${"
        return Edge.DOUBTFUL if attribute or variable else Edge.CLEAN
    return Edge.CLEAN if _ends_escape(data[max(0, start - _REACH) : start]) else Edge.INSIDE


def right_edge(data: bytes, end: int) -> Edge:
    """Judge the text from ``end`` on; reads at most 8 bytes ahead."""
    after = data[end : end + 8]
    if not after:
        return Edge.CLEAN
    if after[0] in _TOKEN:
        return Edge.INSIDE
    if after.startswith(_CUTS):
        return Edge.CUT
    return Edge.DOUBTFUL if after.startswith(_CALLS) else Edge.CLEAN


def emphasis(data: bytes, start: int, end: int) -> int:
    """Return how many underscores of Markdown emphasis (``_..._``) enclose the match, else 0."""
    for count in (1, 2, 3):
        if start < count or data[start - count] != _UNDERSCORE:
            return 0
        opened = start == count or data[start - count - 1] not in _WORD
        if opened and data[end - count : end] == b"_" * count:
            return count
    return 0


def comment_close(data: bytes, end: int) -> int:
    """Return 2 when the match's last two bytes begin the ``-->`` that closes an HTML comment, else 0."""
    return 2 if data[end - 2 : end + 1] == b"-->" else 0


def file_extension(data: bytes, end: int) -> bool:
    """Return whether a usual file extension follows, as it does after the content hash of a web asset."""
    after = data[end : end + 8]
    return after.startswith(b".") and any(
        after.startswith(extension) and after[len(extension) : len(extension) + 1] not in _WORD_BYTES
        for extension in _EXTENSIONS
    )


_WORD_BYTES = frozenset(bytes([byte]) for byte in _WORD)


def _ends_escape(text: bytes) -> bool:
    match = _escape().search(text) if _introducer().search(text) else None
    if match is None:
        return False
    octal = match["octal"]
    if octal is not None:
        return int(octal, 8) not in _WORD
    code = next((group for group in match.groups() if group is not None), None)
    return code is None or int(code, 16) not in _WORD


@cache
def _introducer() -> re.Pattern[bytes]:
    """Match the first character of any escape, in a tenth of the time: few texts have one."""
    return re.compile(rb"[\\`%=\x1b\x9b\^\[]|_x")


@cache
def _reference() -> re.Pattern[bytes]:
    return re.compile(rb"&(?:amp;)*(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|lowbar);\Z")


def _refers_to_word(reference: re.Match[bytes]) -> bool:
    decimal, hexadecimal = reference.groups()
    if decimal:
        return int(decimal) in _WORD
    return hexadecimal is None or int(hexadecimal, 16) in _WORD


@cache
def _escape() -> re.Pattern[bytes]:
    # Compiled at the first word character found before a match, so that most scans do not pay for it.
    return re.compile(
        rb"""(?:
            [\\`]+[abefnrtv]                                      # \n, \\n, and PowerShell's `n
          | \\+(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(?P<octal>[0-7]{1,3}))
          | %(?:25)*([0-9A-Fa-f]{2})|%u([0-9A-Fa-f]{4})            # %3D, %253D
          | =([0-9A-F]{2})                                        # quoted-printable
          | _x([0-9A-Fa-f]{4})_                                   # spreadsheets
          | (?:\x1b|\\+(?:e|0?33|x1[bB]|u001[bB]|u\{1[bB]\})|\^\[)(?:\[[0-?]*[A-Za-z]|[()][0-9A-Z])
          | \x9b[0-?]*[A-Za-z]
          | \[[0-9;:]*m                                            # a colour whose ESC byte a log dropped
        )\Z""",
        re.VERBOSE,
    )
