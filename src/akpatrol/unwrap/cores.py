"""How a credential's prefix, and the beginning of compressed data, read in base64 and in hex.

A prefix that is encoded twice has no literal that is worth looking for; what it has is a long run of characters, in
which the base64 or hex of text shows by its shape. RFC 4648 sections 4, 5 and 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model import Run
from akpatrol.unwrap.encoding import Alarm

if TYPE_CHECKING:
    import re

# A prefix at each of the three alignments; the class says what the first bits of the character behind it may be.
BASE64 = (
    *(Alarm(core, needs=core[:4]) for core in (rb"YWtf", rb"cGF0X[0-3yz]", rb"BhdF[89]", rb"wYXRf")),
    *(Alarm(core, needs=core[:3]) for core in (rb"FrX[0-3yz]", rb"ha1[89]")),
)
BASE64_BEHIND = (0, 2, 3, 0, 2, 3)  # characters of each that stand behind its last whole group
HEXADECIMAL = (Alarm(rb"616[bB]5[fF]", needs=b"616"), Alarm(rb"7061745[fF]", needs=b"706"))

# gzip, zip, xz, bzip2 and zstd.
BASE64_MAGICS = (
    *(Alarm(magic, needs=magic[:4]) for magic in (rb"H4sI", rb"UEsDB", rb"Qlpo[MNO]", rb"KLUv[/_]")),
    Alarm(rb"[/_]Td6WFo", needs=b"Td6WFo"),
)
HEXADECIMAL_MAGICS = (
    Alarm(rb"1[fF]8[bB]08", needs=b"08"),
    Alarm(rb"504[bB]0304", needs=b"0304"),
    Alarm(rb"[fF][dD]377[aA]585[aA]00", needs=b"377"),
    Alarm(rb"425[aA]683[1-9]", needs=b"683"),
    Alarm(rb"28[bB]52[fF][fF][dD]", needs=b"28"),
)

# The magic of a tar (POSIX.1-2024, pax) lies at byte 257; with it, the characters from the beginning to its end.
BASE64_TAR, BASE64_TAR_END = Alarm(rb"1c3Rhc[gi]", needs=b"1c3Rhc"), 350
HEXADECIMAL_TAR, HEXADECIMAL_TAR_END = Alarm(rb"7573746172[02]0", needs=b"7573746172"), 526

_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# So many has base64 of a short credential's base64, and lines have 64 or 76.
_LONG_RUN = Run(_CHARACTERS, 44)

# Bytes below 128, whose highest bits are bit 5 of a group's first character, 3 of the second, 1 of the third.
ASCII_GROUP = rb"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][0-9A-Za-z+/_-]"
LONG_BASE64 = Alarm(rb"(?:" + ASCII_GROUP + rb"){6}", run=_LONG_RUN)
# Pairs of text, with zeros and ends of lines in it; without more of the control codes it takes ten times as long to
# compile.
LONG_HEXADECIMAL = Alarm(rb"(?:[02-7][0-9A-Fa-f]){12}", run=_LONG_RUN)


def shaped_run(data: bytes, end: int, shape: re.Pattern[bytes]) -> tuple[int, int] | None:
    """Return where the long run begins that ends at ``end``, and where in it ``shape`` does; None without it."""
    start = _LONG_RUN.start(data, end)
    found = shape.search(data, start, end)
    if not found:
        return None
    # A path before it is no part of base64, yet a byte order mark begins with slashes.
    before = data[max(0, start - 2) : start]
    lead = len(before) - len(before.rstrip(b"/"))
    free = start <= lead or data[start - lead - 1] not in _CHARACTERS
    return start - lead if lead and free else start, found.start()
