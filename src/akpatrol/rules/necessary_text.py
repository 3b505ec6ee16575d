"""Derive the texts that each match of a pattern holds: data without one of them need not be searched."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.rules.regex_items import Choice, UnknownSyntaxError, parse

if TYPE_CHECKING:
    from akpatrol.rules.regex_items import Item, Items

# In bytes; most data hold any two or three letters, but not letters with a sign, or two signs.
_SHORTEST_WORD, _SHORTEST = 4, 2
_MOST = 3
# Letters that a character beyond ASCII is another case of: U+017F of s, U+212A of k.
_FOLDED = frozenset(b"kKsS")
_REPLACEMENT = 0x1A  # stands for a byte that is no UTF-8 where a pattern looks at characters


@lru_cache(4096)
def necessary_texts(regex: str) -> tuple[bytes, ...]:
    """Return texts in lower case, the longest first: each match of a pattern holds all of them, in any case."""
    try:
        items = parse(regex.encode()).items
    except (UnknownSyntaxError, RecursionError, ValueError):
        return ()
    return tuple(sorted(_texts(items), key=lambda text: (-len(text), text))[:_MOST])


def _texts(items: Items) -> set[bytes]:
    found: set[bytes] = set()
    run = bytearray()
    for item in items:
        if letter := _letter(item):
            run += letter
            continue
        found.add(bytes(run))
        run.clear()
        if isinstance(item, Choice):
            found |= set.intersection(*map(_texts, item.branches))
    found.add(bytes(run))
    return {text for text in found if len(text) >= (_SHORTEST_WORD if text.isalnum() else _SHORTEST)}


def _letter(item: Item) -> bytes:
    """Return the byte in lower case that an item stands for, in any of its cases; nothing where it may be another."""
    if not isinstance(item, frozenset) or not 0 < len(item) <= 2 or _REPLACEMENT in item:  # noqa: PLR2004 - two cases
        return b""
    letters = {bytes([byte]).lower() for byte in item}
    is_folded = len(item) > 1 and not item.isdisjoint(_FOLDED)
    return b"" if len(letters) > 1 or is_folded or max(item) > 127 else letters.pop()  # noqa: PLR2004 - ASCII
