"""Tell the patterns for which a character of more than one byte makes a difference."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Escapes that stand for characters beyond ASCII: negated classes, classes of Unicode, codes.
_WIDE_ESCAPE = re.compile(r"\\(?:[WSD]|[pP](?:\{[^}]*\}|.)|x[89a-fA-F].|x\{[0-9a-fA-F]{2,}\}|[23][0-7]{2})", re.DOTALL)
_NAMED = re.compile(r"\[:\^?\w+:\]")
_OPENING = re.compile(r"\[\^?\]?")
# Its bytes are none of these characters, however many there may be.
_NAMED_CHARACTER = re.compile(
    r"\\(?:[pP]|x[89a-fA-F]|x\{0*[89a-fA-F][0-9a-fA-F]|x\{0*[1-9a-fA-F][0-9a-fA-F]{2}|[23][0-7]{2})"
)
_ASSERTIONS = frozenset(["\\b", "\\B", "\\A", "\\z", "^", "$"])
# Most characters are neither, and there are many patterns.
_PLAIN, _PLAIN_IN_SET = re.compile(r"[^.^$\[\\]*"), re.compile(r"[^\[\]\\]*")
_UNBOUNDED = re.compile(r"[*+]|\{\d+,\}")


def is_wide(regex: str) -> bool:
    """Return whether a pattern has a dot, a negated set or class, or anything beyond ASCII."""
    return not regex.isascii() or any(wide for _, _, wide in _parts(regex))


@lru_cache(4096)
def is_counted(regex: str) -> bool:
    """Return whether a pattern may match characters where it does not match their bytes, as it counts them."""
    return not regex.isascii() or any(
        wide and (_NAMED_CHARACTER.search(regex, start, end) or not _UNBOUNDED.match(regex, end))
        for start, end, wide in _parts(regex)
    )


@lru_cache(4096)
def has_assertion(regex: str) -> bool:
    """Return whether a pattern may ask what stands around its match; quoted text may count as asking."""
    return any(regex[start:end] in _ASSERTIONS for start, end, _ in _parts(regex))


def _parts(regex: str) -> Iterator[tuple[int, int, bool]]:
    """Yield where each set, escape, dot or edge starts and ends, and whether it may match one beyond ASCII."""
    place = 0
    while (place := _end_of(_PLAIN, regex, place)) < len(regex):
        if regex[place] == "[":
            end, wide = _set(regex, place)
        elif regex[place] == "\\":
            escape = _WIDE_ESCAPE.match(regex, place)
            end, wide = (escape.end(), True) if escape else (place + 2, False)
        else:
            end, wide = place + 1, regex[place] == "."
        yield place, end, wide
        place = end


def _end_of(pattern: re.Pattern[str], regex: str, place: int) -> int:
    found = pattern.match(regex, place)
    return found.end() if found else place


def _set(regex: str, place: int) -> tuple[int, bool]:
    """Return where a set of characters ends, and whether it may hold one beyond ASCII."""
    wide = regex.startswith("[^", place)
    opening = _OPENING.match(regex, place)
    place = opening.end() if opening else place + 1
    while (place := _end_of(_PLAIN_IN_SET, regex, place)) < len(regex) and regex[place] != "]":
        if regex[place] == "\\":
            wide = wide or _WIDE_ESCAPE.match(regex, place) is not None
            place += 2
        elif named := _NAMED.match(regex, place):
            wide = wide or named[0].startswith("[:^")
            place = named.end()
        else:
            place += 1
    return place + 1, wide
