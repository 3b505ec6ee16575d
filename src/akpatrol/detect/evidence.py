"""Which of the clues near a match say something of it.

A word anywhere in the 512 bytes on either side is too weak: in a file of settings each line is about something else.
A secret-like or a browser's name counts when the match is what is assigned to it, Bearer when it stands just before,
a placeholder word when it is no further than the line above is. Only names of the whole, Anyreach's and those of MCP
configuration, count at any distance at which they were looked for.
"""

from __future__ import annotations

import re
from functools import cache

from akpatrol.detect.keywords import WORDS, Clue

NEAR, FAR = 128, 512  # bytes on either side: where a word bears on a match, and where words were looked for

_OF_THE_WHOLE = frozenset((Clue.ANYREACH, Clue.MCP))
_ASSIGNED = frozenset((Clue.SECRET_NAME, Clue.BROWSER))

# From a name to its value: the same statement, or the next argument, attribute or ``value:`` line.
_GAP = rb"""(?x:
    \w* (?: ["']?\n\s* (?=["']?value) | (?:[^\n;,&\\]|\\[^nr]|&[#\w]{2,6};){0,64} (?:,\s*)? )
    (?: \\?["']?value\\?["']? \s* [:=] \s* )?
    [\\"'`(\[{]*
\Z)"""


def bearing(data: bytes, start: int, end: int, clues: frozenset[Clue]) -> frozenset[Clue]:
    """Return which of ``clues``, all that were seen near, bear on ``data[start:end]``."""
    return frozenset(clue for clue in clues if clue in _OF_THE_WHOLE or _bears(clue, data, start, end))


def _bears(clue: Clue, data: bytes, start: int, end: int) -> bool:
    pattern = _pattern(clue)
    if pattern.search(data[max(0, start - NEAR) : start]):
        return True
    if clue is Clue.PLACEHOLDER and pattern.search(data[end : end + NEAR]):
        return True
    # What does not stand here at all was seen round the text from which these bytes were decoded.
    return not _words(clue).search(data[max(0, start - FAR) : end + FAR])


@cache
def _words(clue: Clue) -> re.Pattern[bytes]:
    return re.compile(rb"(?i:" + _alternatives(clue) + rb")")


@cache
def _pattern(clue: Clue) -> re.Pattern[bytes]:
    if clue is Clue.BROWSER:  # names in the environment are in capitals, and "INVITE_" is not "VITE_"
        return re.compile(rb"(?<![A-Za-z0-9_])(?:" + _alternatives(clue).upper() + rb")" + _GAP)
    return re.compile(rb"(?i:" + _alternatives(clue) + rb")" + (_GAP if clue in _ASSIGNED else b""))


def _alternatives(clue: Clue) -> bytes:
    return b"|".join(re.escape(word.encode()) for word in WORDS[clue])
