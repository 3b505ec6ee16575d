"""Distinguish random text from words.

The score is a log-likelihood ratio in nats: uniform random text over the smallest alphabet that holds all of
it, against a character bigram model of program identifiers and words. Character n-grams distinguish kinds
of text: Cavnar and Trenkle, "N-Gram-Based Text Categorization", SDAIR 1994. Credentials in public
repositories need filters for words, patterns and entropy: Meli, McNiece and Reaves, "How Bad Can It Git?
Characterizing Secret Leakage in Public GitHub Repositories", NDSS 2019. ``bench/train_likelihood.py`` makes
the table and measures both kinds of error.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from itertools import pairwise
from math import inf, log

from akpatrol.detect._bigrams import ROWS

LONGEST = 128  # characters scored; more of them would only cost time
_REMEMBERED = 1 << 14  # texts: one that occurs in many places is judged once
_DIGITS = b"0123456789"
_LOWER = b"abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
SYMBOLS = _LOWER + _UPPER + _DIGITS + b"_-"
_SYMBOL = bytes(max(SYMBOLS.find(byte), 0) for byte in range(256))
_ZERO, _STEP = 40, 4.0  # how the table writes a cost: chr(40 + cost), in quarters of a nat
_COST = bytes(max(byte - _ZERO, 0) for byte in range(256))
_COSTS = tuple(row.translate(_COST) for row in ROWS)
_FIRST = _COSTS[len(SYMBOLS)]

# From small to large: the first that fits is the most likely. Upper and lower case, and Crockford's base32.
_ALPHABETS = tuple(
    (symbols, log(len(symbols)))
    for symbols in (
        _DIGITS + b"abcdef",
        _DIGITS + b"ABCDEF",
        _DIGITS + b"abcdefghjkmnpqrstvwxyz",
        _DIGITS + b"ABCDEFGHJKMNPQRSTVWXYZ",
        _DIGITS + _LOWER,
        _DIGITS + _UPPER,
        _DIGITS + _LOWER + _UPPER,
    )
)
_WIDEST = log(len(SYMBOLS))
_ROUNDING = 1e-6
_PAIR = 2
_UUID_LENGTH, _UUID_DASHES, _DASH = 36, (8, 13, 18, 23), ord("-")

_ROWS_OF_KEYS = (_LOWER, _DIGITS, b"1234567890", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm")
_STEPS = frozenset(
    pair for row in _ROWS_OF_KEYS for run in (row, row[::-1]) for pair in (*pairwise(run), *zip(run, run, strict=True))
)
_HALF, _MARGIN = 0.5, 3  # of the pairs, and pairs more; random hex has a fifth, and short ids vary
_DISTINCT = 0.7  # of the trigrams; random text of 20 characters repeats next to none
_NAMED_WITHIN = 64  # characters; in the longest random text "fake" occurs by chance once in a thousand times
_LONG_ENOUGH = 8  # pairs, to call a text a counted or repeated one
_PLACEHOLDERS = (
    *(
        b"example",
        b"sample",
        b"placeholder",
        b"dummy",
        b"changeme",
        b"redacted",
        b"replace",
        b"insert",
        b"fake",
    ),
    *(b"your_", b"your-", b"xxxxx", b"deadbeef", b"cafebabe", b"abcdef", b"123456", b"abc123"),
)


def score(text: bytes) -> float:
    """Return how much more likely random text is than words, in nats; ``text`` holds only ``SYMBOLS``."""
    return _score(text[:LONGEST])


def is_random(text: bytes) -> bool:
    """Return whether the score of a text is not negative; for many different texts this takes half the time."""
    if len(text) == _UUID_LENGTH or len(text) < _PAIR:
        return score(text) >= 0
    text = text[:LONGEST]
    cost_of = _pairs().__getitem__
    size = len(text) - 1
    cost = _FIRST[_SYMBOL[text[0]]]
    cost += sum(map(cost_of, memoryview(text[: size + 1 & ~1]).cast("H")))
    cost += sum(map(cost_of, memoryview(text[1 : 1 + (size & ~1)]).cast("H")))
    return cost / _STEP - len(text) * _nats_each(text) >= 0


@cache
def _pairs() -> bytes:
    """Return the cost of each pair of characters, indexed by its two bytes as a number in native byte order."""
    costs = bytearray(1 << 16)
    for row, first in enumerate(SYMBOLS):
        for column, second in enumerate(SYMBOLS):
            costs[int.from_bytes((first, second), sys.byteorder)] = _COSTS[row][column]
    return bytes(costs)


@lru_cache(_REMEMBERED)
def _score(text: bytes) -> float:
    if len(text) == _UUID_LENGTH and all(text[place] == _DASH for place in _UUID_DASHES):
        text = text.replace(b"-", b"")
    cost, row = 0, _FIRST
    for symbol in text.translate(_SYMBOL):
        cost += row[symbol]
        row = _COSTS[symbol]
    return cost / _STEP - len(text) * _nats_each(text)


@lru_cache(_REMEMBERED)
def ceiling(text: bytes, least: int) -> float:
    """Return a bound on the scores of all beginnings of a text of ``least`` characters or more, in nats.

    It is close to the maximum when that is negative; -inf for a shorter text.
    """
    if len(text) < least:
        return -inf
    if text[8:9] == b"-" == text[13:14]:
        return inf  # a UUID may begin it, whose dashes are left out
    each = _STEP * _nats_each(text[:least])
    row, cost = _FIRST, _ROUNDING
    symbols = text[:LONGEST].translate(_SYMBOL)
    for symbol in symbols[: least - 1]:
        cost += row[symbol]
        row = _COSTS[symbol]
    cost -= each * (least - 1)
    highest = -inf
    for symbol in symbols[least - 1 :]:
        cost += row[symbol] - each
        row = _COSTS[symbol]
        if cost > highest:
            if cost >= 0:
                return cost / _STEP
            highest = cost
    return highest / _STEP


@lru_cache(_REMEMBERED)
def is_placeholder(text: bytes) -> bool:
    """Return whether a text is counted, repeated, typed along a keyboard row, or names itself a placeholder."""
    folded = text.lower()
    if _placeholder_words().search(folded, 0, _NAMED_WITHIN):
        return True
    pairs = len(folded) - 1
    if pairs < _LONG_ENOUGH:
        return False
    runs = max(_steps(folded, 1), _steps(folded, 2))  # 2: a1b2c3d4
    trigrams = len(set(zip(folded, folded[1:], folded[2:], strict=False)))
    return runs >= _HALF * pairs + _MARGIN or trigrams < _DISTINCT * (pairs - 1)


def _nats_each(text: bytes) -> float:
    match = _alphabet().match(text)
    return _ALPHABETS[match.lastindex - 1][1] if match and match.lastindex else _WIDEST


@cache
def _alphabet() -> re.Pattern[bytes]:
    """Return a pattern that matches in the group of the first alphabet that fits."""
    return re.compile(b"|".join(rb"([%b]*+)\Z" % symbols for symbols, _ in _ALPHABETS))


@cache
def _placeholder_words() -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, _PLACEHOLDERS)))


def _steps(text: bytes, stride: int) -> int:
    return sum(map(_STEPS.__contains__, zip(text, text[stride:], strict=False)))
