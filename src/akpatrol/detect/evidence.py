"""Decide which of the clues near a match are evidence about it.

A word anywhere in the 512 bytes on either side is too weak: in a file of settings each line is about something else.
A secret-like or a browser's name counts when the match is assigned to it, Bearer when it comes just before the match,
a placeholder word when it is no farther than the line above. Only names that concern the whole file, Anyreach's and
those of MCP configuration, count at any distance within the search range.
"""

from __future__ import annotations

import re
from functools import cache

from akpatrol.detect.keywords import WORDS, Clue

NEAR, FAR = 128, 512  # bytes on either side: where a word counts for a match, and where words are searched for

_OF_THE_WHOLE = frozenset((Clue.ANYREACH, Clue.MCP))
_ASSIGNED = frozenset((Clue.SECRET_NAME, Clue.BROWSER))

_MOST_WORDS = 8  # nearest to the match, each of which could be its name

# From a name to its value: the same statement, or the next argument, attribute or ``value:`` line.
_GAP = rb"""(?x:
    \w* (?: ["']?\n\s* (?=["']?value) | (?:[^\n;,&\\]|\\[^nr]|&[#\w]{2,6};){0,64} (?:,\s*)? )
    (?: \\?["']?value\\?["']? \s* [:=] \s* )?
    [\\"'`(\[{]*+
)"""


def bearing(data: bytes, start: int, end: int, clues: frozenset[Clue]) -> frozenset[Clue]:
    """Return the nearby ``clues`` that are evidence about ``data[start:end]``."""
    return frozenset(clue for clue in clues if clue in _OF_THE_WHOLE or _bears(clue, data, start, end))


def _bears(clue: Clue, data: bytes, start: int, end: int) -> bool:
    before = data[max(0, start - NEAR) : start]
    if clue in _ASSIGNED:
        if any(_gap().fullmatch(before, place) for place in _names(clue, before)):
            return True
    elif _occurs(clue, before) or (clue is Clue.PLACEHOLDER and _occurs(clue, data[end : end + NEAR])):
        return True
    # A clue that is not in these bytes was found around the text that they were decoded from.
    return not _occurs(clue, data[max(0, start - FAR) : end + FAR])


def _occurs(clue: Clue, text: bytes) -> bool:
    folded = text.lower()
    return any(word in folded for word in _words(clue))


def _names(clue: Clue, text: bytes) -> list[int]:
    """Return where the last names in a text end, the last first."""
    folded, words = text.lower(), _words(clue)
    if clue is Clue.BROWSER:  # names in the environment are in capitals, and "INVITE_" is not "VITE_"
        folded, words = text, tuple(word.upper() for word in words)
    ends: list[int] = []
    for word in words:
        place = folded.rfind(word)
        while place >= 0:
            if clue is not Clue.BROWSER or folded[place - 1 : place] not in _WORD_BYTES:
                ends.append(place + len(word))
            place = folded.rfind(word, 0, place + len(word) - 1)
    return sorted(ends, reverse=True)[:_MOST_WORDS]


@cache
def _words(clue: Clue) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in WORDS[clue])


@cache
def _gap() -> re.Pattern[bytes]:
    return re.compile(_GAP)


_WORD_BYTES = frozenset(bytes([byte]) for byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
