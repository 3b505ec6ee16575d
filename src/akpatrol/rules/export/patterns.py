"""Rewrite a pattern's groups: scanners differ in which group is the secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# An escape, quoted text, a class, or the beginning of a group; nothing else has brackets of its own.
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\(\?P?<\w+>|\(\?[a-zA-Z-]*:|\(\?[a-zA-Z-]+\)|\(|\)|\||.",
    re.DOTALL,
)
_CAPTURES = re.compile(r"\(\Z|\(\?P?<")
_QUANTIFIER = re.compile(r"[*+?{]")


SEVERAL_GROUPS = "it has several groups and does not say which one is the secret"
"""Why a rule cannot be had by a scanner that takes one group."""


class SplitPattern(NamedTuple):
    """A pattern's part before the secret, the secret, and the part after it."""

    before: str
    secret: str
    after: str


def group_count(regex: str) -> int:
    """Return the number of groups that capture."""
    return sum(bool(_CAPTURES.match(piece)) for piece in _tokens(regex))


def with_group_alone(regex: str, number: int) -> str:
    """Return the pattern with no other group that captures than this one, which becomes the first."""
    seen, parts = 0, []
    for piece in _tokens(regex):
        if _CAPTURES.match(piece):
            seen += 1
            parts.append("(" if seen == number else "(?:")
        else:
            parts.append(piece)
    return "".join(parts)


def with_secret_alone(regex: str, secret_group: int) -> str | None:
    """Return the pattern with the secret as its only group; None where several groups may be the secret."""
    number = group_count(regex)
    if not number:
        return f"({regex})"
    return with_group_alone(regex, secret_group or 1) if secret_group or number == 1 else None


def split(regex: str) -> SplitPattern | None:
    """Split a pattern at its only group, the secret; None where it has none at its top level, or alternatives there."""
    depth, start, end, at = 0, -1, -1, 0
    for piece in _tokens(regex):
        if piece == "|" and not depth:
            return None
        if _CAPTURES.match(piece):
            if depth or start >= 0:
                return None
            start = at + len(piece)
        if piece.startswith("(") and not piece.endswith(")"):
            depth += 1
        elif piece == ")":
            depth -= 1
            if not depth and start >= 0 > end:
                end = at
        at += len(piece)
    if end < 0 or _QUANTIFIER.match(regex, end + 1):
        return None
    opening = regex[:start].rindex("(")
    return SplitPattern(regex[:opening], regex[start:end], regex[end + 1 :])


def has_flags(regex: str) -> bool:
    """Return whether a pattern sets flags, such as ``(?i)``."""
    return any(re.match(r"\(\?[a-zA-Z-]+[:)]", piece) for piece in _tokens(regex))


def either_case(word: str) -> str:
    """Return a pattern for a word in any case, without flags."""
    return "".join(
        f"[{character.lower()}{character.upper()}]" if character.isalpha() else re.escape(character)
        for character in word
    )


def _tokens(regex: str) -> Iterator[str]:
    return (match[0] for match in _TOKEN.finditer(regex))
