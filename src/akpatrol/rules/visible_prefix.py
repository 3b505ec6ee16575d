"""Say which beginning of a credential its mask shows: text that the rule's own pattern fixes, and so is no secret."""

from __future__ import annotations

import re
from functools import lru_cache
from math import log2
from typing import TYPE_CHECKING

from akpatrol.rules.literals import secret_groups
from akpatrol.rules.regex_items import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.rules.regex_items import Items
    from akpatrol.rules.rule import Rule

LONGEST = 16
"""Characters of a fixed text that are shown: fewer than any of Anyreach's credentials has."""

LEAST_HIDDEN = 16
"""Characters that must be hidden behind them; of a shorter secret nothing is shown."""

PRIVATE_KEY = "-----BEGIN ... PRIVATE KEY-----"
"""What is shown of a private key, whichever it is (RFC 7468)."""

_BEGIN = b"-----BEGIN"
_HEADER = re.compile(rb"-----BEGIN[ A-Za-z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----", re.IGNORECASE)
_MOST_BITS = 4  # that the choice among several fixed texts may show of a secret
_MOST_AT_A_PLACE = 2  # members of a set, apart from the case of letters
_MOST_PATHS = 64


def visible_prefix(rule: Rule, secret: bytes) -> str:
    """Return what a mask shows before the asterisks; empty where the pattern fixes nothing."""
    lengths = [length for place in _beginnings(rule.regex, rule.secret_group) if (length := _fixed(place, secret)) >= 0]
    length = min(lengths, default=0)
    if not length:
        return ""
    if header := _HEADER.match(secret) if secret[:length].upper() == _BEGIN[:length] else None:
        return PRIVATE_KEY if len(secret) - max(header.end(), len(PRIVATE_KEY)) >= LEAST_HIDDEN else ""
    return secret[: min(length, LONGEST)].decode("ascii") if len(secret) - length >= LEAST_HIDDEN else ""


def _fixed(place: _FixedPlace, secret: bytes) -> int:
    """Return how many bytes at the beginning of a secret are fixed; -1 where the pattern does not match it."""
    for length, byte in enumerate(secret):
        if place.is_open:
            return length
        following = place.following(byte)
        if following is None:
            return -1
        place = following
    return len(secret)


class _FixedPlace:
    """A place in the texts that may begin a secret, all with the same bytes before it.

    It ``is_open`` where it is not fixed, or where all choices up to it would show too much. What follows is kept, so
    that the next secret of the rule costs little.
    """

    __slots__ = ("_bits", "_fixed", "_following", "is_open")

    def __init__(self, paths: list[Items], bits: float) -> None:
        allowed = [path[0] if path else None for path in paths]
        fixed = [members for members in allowed if isinstance(members, frozenset) and _is_fixed(members)]
        self._bits = bits + log2(len({_folded(member) for members in fixed for member in members}) or 1)
        self.is_open = len(fixed) < len(paths) or len(paths) > _MOST_PATHS or self._bits > _MOST_BITS
        self._fixed = [] if self.is_open else [(members, path[1:]) for members, path in zip(fixed, paths, strict=True)]
        self._following: dict[int, _FixedPlace] = {}

    def following(self, byte: int) -> _FixedPlace | None:
        """Return the place after a byte; None where it is not allowed here."""
        if byte not in self._following:
            paths = _expanded([rest for members, rest in self._fixed if byte in members])
            if not paths:
                return None
            self._following[byte] = _FixedPlace(paths, self._bits)
        return self._following[byte]


@lru_cache(4096)
def _beginnings(regex: str, secret_group: int) -> list[_FixedPlace]:
    """Return the first place of each group that may be the secret."""
    return [_FixedPlace(_expanded([items]), 0) for items in secret_groups(regex, secret_group)]


def _expanded(paths: Iterable[Items]) -> list[Items]:
    """Return the sequences without a choice at their beginning; more than are followed when they are too many."""
    waiting = [*paths]
    expanded: dict[Items, None] = {}
    while waiting and len(waiting) + len(expanded) <= _MOST_PATHS:
        path = waiting.pop()
        if path and isinstance(path[0], Choice):
            waiting += [(*branch, *path[1:]) for branch in path[0].branches]
        else:
            expanded[path] = None
    return [*expanded, *waiting]


def _is_fixed(members: frozenset[int]) -> bool:
    """Return whether a place is one printable character, or one of few; the case of letters does not count."""
    printable = all(ord("!") <= member <= ord("~") for member in members)
    return printable and 0 < len({_folded(member) for member in members}) <= _MOST_AT_A_PLACE


def _folded(byte: int) -> int:
    return byte | 32 if bytes((byte,)).isalpha() else byte
