"""Derive literals: a few bytes that every match of a rule holds, short enough to search for in every encoding.

They come from the rule's pattern, else from its keywords. A keyword, as in gitleaks, may be outside the encoded text,
so the pattern's own bytes come first.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product, repeat
from math import log2, prod
from typing import TYPE_CHECKING, NamedTuple, Self

from akpatrol.rules.regex_items import AnyBytes, Choice, Parsed, UnknownSyntaxError, is_ascii, least, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.rules.regex_items import Item, Items
    from akpatrol.rules.rule import Rule

SHORTEST, _LONGEST = 3, 4  # bytes
# Characters in text that encodings keep together: no blanks, quotes or brackets.
_ALLOWED = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-.!#$%&*+/:;=?@^{|}~")
_MOST_AT_A_PLACE, _MOST_SPELLINGS = 8, 64
_MOST_LITERALS = 32
_BEYOND_ASCII = 0x80
_REPEATED_BITS = 2  # for a byte that already occurs in the literal, as in a row of dashes
_LEADING_BITS = 8
_TEXT = 16


class Literal(NamedTuple):
    """A sequence of bytes; each of the ``places`` is the set of bytes allowed there, such as both cases of a letter.

    ``leading`` says that a match may begin with it, and ``begins_secret`` that the secret in it may. The next byte is
    one of ``behind``, or any if that is empty. At least ``text`` bytes of ASCII follow, counted up to 16.
    """

    places: tuple[bytes, ...]
    leading: bool = False
    behind: bytes = b""
    text: int = 0
    begins_secret: bool = False

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Return the literal with these bytes and no alternatives."""
        return cls(tuple(bytes([byte]) for byte in text))


def required(rule: Rule) -> tuple[Literal, ...]:
    """Return literals such that each match of a rule holds at least one; empty where there are none."""
    literals = in_pattern(rule.regex) or _in_keywords(rule.keywords)
    beginnings = {literal.places for group in in_secret(rule) for literal in group if literal.leading}
    literals = tuple(literal._replace(begins_secret=literal.places in beginnings) for literal in literals)
    # The judge rejects anything shorter, regardless of the pattern.
    text = min(rule.kind.bounds.shortest, _TEXT)
    return literals if rule.kind.is_custom else tuple(literal._replace(text=text) for literal in literals)


def with_keywords(rule: Rule) -> Rule:
    """Return a user's rule without keywords with those that its pattern gives: each match holds one of them."""
    if rule.keywords or rule.shipped:
        return rule
    words: set[str] = set()
    for literal in in_pattern(rule.regex):
        if any(byte >= _BEYOND_ASCII for place in literal.places for byte in place):
            return rule  # keywords are texts
        places = [sorted({chr(byte).lower() for byte in place}) for place in literal.places]
        if prod(map(len, places)) > _MOST_AT_A_PLACE:
            return rule
        words.update(map("".join, product(*places)))
    return rule._replace(keywords=tuple(sorted(words)))


def of_all(rules: Iterable[Rule]) -> tuple[Literal, ...]:
    """Return the required literals of all rules, each once."""
    return tuple(dict.fromkeys(literal for rule in rules for literal in required(rule)))


@lru_cache(1)
def shipped() -> tuple[Literal, ...]:
    """Return the literals of the shipped rules."""
    from akpatrol.rules import rule_file  # noqa: PLC0415 - only where the caller has no literals

    return of_all(rule_file.load().rules)


class Specificity(NamedTuple):
    """How specific a rule is: fixed bytes in the secret, in the match, or neither."""

    named: bool
    in_secret: bool
    in_match: bool


def is_generic(rule_id: str) -> bool:
    """Return whether gitleaks takes a rule of this id for a generic one (``filter`` in its detect/utils.go)."""
    return "generic" in rule_id.lower()


def specificity(rule: Rule) -> Specificity:
    """Return how specific a rule is; a generic one is the least."""
    named = not is_generic(rule.id)
    in_match = bool(in_pattern(rule.regex))
    return Specificity(named, in_secret=in_match and all(in_secret(rule)), in_match=in_match)


def secret_groups(regex: str, secret_group: int) -> list[Items]:
    """Return the items of each group that may be the secret, or of the pattern without one; nothing if unknown."""
    if not (parsed := _parsed(regex)):
        return []
    numbers = [secret_group] if secret_group else sorted(parsed.groups.keys() - parsed.nested)
    return [parsed.groups[number] for number in numbers if number in parsed.groups] or [parsed.items]


def in_secret(rule: Rule) -> list[tuple[Literal, ...]]:
    """Return the literals of each group that may be the secret."""
    return [_best(items, range(len(items))) for items in secret_groups(rule.regex, rule.secret_group)]


@lru_cache(4096)
def _parsed(regex: str) -> Parsed | None:
    try:
        return parse(regex.encode())
    except (UnknownSyntaxError, RecursionError, ValueError):
        return None


@lru_cache(4096)
def in_pattern(regex: str) -> tuple[Literal, ...]:
    """Return literals such that each match of a pattern holds at least one; empty where there are none."""
    parsed = _parsed(regex)
    return _best(parsed.items, range(len(parsed.items))) if parsed else ()


def is_searched_by_keywords(rule: Rule) -> bool:
    """Return whether a user's rule is faster to find by its keywords: its matches do not begin with a literal.

    One such pattern makes a search for many patterns several times as slow. Keywords that are too short are everywhere.
    """
    if rule.shipped or not rule.keywords or min(len(word.encode()) for word in rule.keywords) < SHORTEST:
        return False
    literals = in_pattern(rule.regex)
    return not (literals and all(literal.leading for literal in literals))


@lru_cache(4096)
def holds_keyword(rule: Rule) -> bool:
    """Return whether each match of a user's rule holds one of its keywords, in any case of its ASCII letters."""
    words = [word.lower().encode() for word in rule.keywords]
    parsed = _parsed(rule.regex) if words and all(word and word.isascii() for word in words) else None
    if not parsed:
        return False
    spelled = [[frozenset((byte, *bytes([byte]).upper())) for byte in word] for word in words]
    return _each_spells(parsed.items, range(len(parsed.items)), spelled)


def _each_spells(items: Items, choices: range, words: Sequence[Sequence[frozenset[int]]]) -> bool:
    """Return whether each match of a sequence spells one of the words; only some choices are tried."""
    if any(_spells(items[start:], word) for word in words for start in range(len(items) - len(word) + 1)):
        return True
    for index in choices:
        item = items[index]
        if isinstance(item, Choice) and len(item.branches) <= _MOST_LITERALS:
            rest = items[index + 1 :]
            inside = ((*items[:index], *branch, *rest) for branch in item.branches)
            ranges = (range(index, index + len(branch)) for branch in item.branches)
            if all(map(_each_spells, inside, ranges, repeat(words))):
                return True
    return False


def _spells(items: Items, word: Sequence[frozenset[int]]) -> bool:
    return all(isinstance(item, frozenset) and item and item <= cases for item, cases in zip(items, word, strict=False))


def _in_keywords(keywords: Sequence[str]) -> tuple[Literal, ...]:
    literals = [_best(_either_case(word), range(0))[:1] for word in keywords]
    if not literals or not all(literals) or len(literals) > _MOST_LITERALS:
        return ()
    return tuple(literal._replace(leading=False, behind=b"", text=0) for (literal,) in literals)


def _either_case(word: str) -> Items:
    return tuple(frozenset(bytes([byte]).lower() + bytes([byte]).upper()) for byte in word.encode())


def _best(items: Items, choices: range) -> tuple[Literal, ...]:
    """Return the rarest literals such that every match of a sequence holds one; only some choices are tried."""
    best = _window(items)
    for index in choices:
        item = items[index] if index < len(items) else None
        if isinstance(item, Choice) and len(item.branches) <= _MOST_LITERALS:
            best = max(best, _of_each(items, index, item), key=_rank)
    return best


def _of_each(items: Items, index: int, choice: Choice) -> tuple[Literal, ...]:
    """Return literals for each branch of a choice; nothing where one has none."""
    union: dict[Literal, None] = {}
    for branch in choice.branches:
        path = (*items[:index], *branch, *items[index + 1 :])
        literals = _best(path, range(index, index + len(branch)))
        if not literals:
            return ()
        union.update(dict.fromkeys(literals))
    return tuple(union) if len(union) <= _MOST_LITERALS else ()


def _rank(literals: tuple[Literal, ...]) -> tuple[float, int]:
    return min((_worth(literal.places, leading=literal.leading) for literal in literals), default=0), -len(literals)


def _worth(places: Sequence[bytes], *, leading: bool) -> float:
    """Return how rare the bytes are, in bits; more where a match begins with them, as then its encoding does too."""
    bits = 0.0
    for index, place in enumerate(places):
        bits += _REPEATED_BITS if place in places[:index] else 8 - log2(len(place))
    return bits + _LEADING_BITS * leading


def _window(items: Items) -> tuple[Literal, ...]:
    """Return the rarest bytes in a row that are in every match of a sequence; nothing without any."""
    places = [_place(item) for item in items]
    # A match begins with one of the items up to the first that is never empty.
    leading = next((index for index, item in enumerate(items) if _least(item)), len(items))
    best, first, size = 0.0, 0, 0
    for length in (_LONGEST, SHORTEST):
        for start in range(len(items) - length + 1):
            chosen = places[start : start + length]
            if all(chosen) and prod(map(len, chosen)) <= _MOST_SPELLINGS:
                worth = _worth(chosen, leading=start <= leading)
                if worth > best:
                    best, first, size = worth, start, length
    if not size:
        return ()
    after = items[first + size :]
    behind = _bytes(after[0]) if after else b""
    return (Literal(tuple(places[first : first + size]), first <= leading, behind, _text(after)),)


@lru_cache(4096)
def _place(item: Item) -> bytes:
    fits = isinstance(item, frozenset) and 0 < len(item) <= _MOST_AT_A_PLACE and item <= _ALLOWED
    return _bytes(item) if fits else b""


def _bytes(item: Item) -> bytes:
    return b"" if isinstance(item, AnyBytes | Choice) else bytes(sorted(item))


def _text(items: Items) -> int:
    """Return how many bytes at the beginning of a sequence are certainly ASCII, up to the limit that counts."""
    size = 0
    for item in items:
        if size >= _TEXT or not is_ascii((item,)):
            break
        size += _least(item)
    return min(size, _TEXT)


def _least(item: Item) -> int:
    return least((item,))
