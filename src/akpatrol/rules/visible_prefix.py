"""Say which beginning of a credential its mask shows: text that the rule's own pattern fixes, and so is no secret."""

from __future__ import annotations

import re
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

_HEADER = re.compile(rb"-----BEGIN[ A-Za-z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----", re.IGNORECASE)
_MOST_BITS = 4  # that the choice among several fixed texts may show of a secret
_MOST_AT_A_PLACE = 2  # members of a set, apart from the case of letters
_MOST_PATHS = 64


def visible_prefix(rule: Rule, secret: bytes) -> str:
    """Return what a mask shows before the asterisks; empty where the pattern fixes nothing."""
    lengths = [length for items in secret_groups(rule) if (length := _fixed(items, secret)) is not None]
    length = min(lengths, default=0)
    header = _HEADER.match(secret) if secret[:length].upper() == b"-----BEGIN"[:length] and length else None
    if header:
        return PRIVATE_KEY if len(secret) - max(header.end(), len(PRIVATE_KEY)) >= LEAST_HIDDEN else ""
    return secret[: min(length, LONGEST)].decode("ascii") if len(secret) - length >= LEAST_HIDDEN else ""


def _fixed(items: Items, secret: bytes) -> int | None:
    """Return how many bytes at the beginning of a secret the items fix; None where they do not match it."""
    paths = _expanded([items])
    bits = 0.0
    for place, byte in enumerate(secret):
        allowed = [path[0] if path else None for path in paths]
        fixed = [members for members in allowed if isinstance(members, frozenset) and _is_fixed(members)]
        if len(fixed) < len(paths) or len(paths) > _MOST_PATHS:
            return place
        bits += log2(len({_folded(member) for members in fixed for member in members}))
        if bits > _MOST_BITS:
            return place
        paths = _expanded([path[1:] for path, members in zip(paths, fixed, strict=True) if byte in members])
        if not paths:
            return None
    return len(secret)


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
