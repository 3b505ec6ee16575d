"""In text, what is refused at once is what the judge refuses, and nothing else."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect.likelihood import SYMBOLS, is_random, score
from akpatrol.detect.match import Matcher
from akpatrol.detect.medium import Medium, Nature
from akpatrol.detect.sieve import RejectionBudget, Sieve
from akpatrol.detect.text_sieve import TextSieve, serves
from akpatrol.kinds.base import Bounds, CredentialKind
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.rules.rule_file import load
from akpatrol.scan.work import Work
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.rules.rule import Rule


class _Trial(CredentialKind):
    """A kind with bodies alone."""

    prefix = "zz_"
    bounds = Bounds(body=range(24, 65))


_SHIPPED = [rule for rule in load().rules if not rule.kind.is_custom]
_RULES = [*_SHIPPED, _SHIPPED[0]._replace(id="trial", kind=_Trial("trial"), regex="zz_[0-9A-Za-z_-]{4,64}")]
_PREFIXES = [rule.kind.prefix for rule in _RULES]
# What may stand beside a match, and decides on it: words, escapes, emphasis, comments, masks, calls, other alphabets.
_BESIDE = [
    *(" ", "\n", "=", ":", '"', "com", "github_", "X", "x_", "zz", "aV", "V", "_", "__", "___", ".", "x.", "$", "${"),
    *("\\n", "\\\\n", "%3D", "%253D", "&#61;", "&lowbar;", "&amp;", "=3D", "_x003D_", "\x1b[0;31m", "[31m", "\\u003d"),
    *("-->", "--", "...", "****", "(", "{", ".js", ".min.js", "-", "é", "“", "…", "example", "your_", "token"),
]
_WORDS = ["get", "default", "config", "account", "secret", "window", "handler", "placeholder", "abcdef", "_", "-", "."]


@cache
def _plain(rule: Rule) -> TextSieve:
    assert serves(rule)
    return TextSieve(rule)


def _trial(rng: Random) -> str:
    return f"zz_{random_text(rng, 'base62', rng.randint(24, 64))}"


_MAKERS: list[Callable[[Random], str]] = [organization_key, personal_access_token, _trial]


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    rng = Random(draw(st.integers(0, 1 << 32)))
    words = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=12).map("".join)
    random = st.integers(1, 70).map(lambda size: random_text(rng, "base62", size))
    made = st.sampled_from(_MAKERS).map(lambda make: make(rng))
    pair = st.tuples(st.sampled_from(_PREFIXES), st.one_of(words, random), st.sampled_from([".", "", "_"]), words)
    misses = pair.map("".join)
    part = st.one_of(st.sampled_from(_BESIDE), st.sampled_from(_PREFIXES), words, random, made, misses)
    return "".join(draw(st.lists(part, min_size=1, max_size=20))).encode()


@given(_texts())
@settings(max_examples=80)
@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.id)
def test_finds_in_text_what_the_sieve_finds(rule: Rule, text: bytes) -> None:
    medium = Medium(text + b" " * 400)
    if medium.is_text(0, len(text)):
        sieve = Sieve(rule, Matcher(rule))
        assert set(_plain(rule).find(medium, 0, len(text), Work())) == set(
            sieve.find(medium, 0, len(text), RejectionBudget())
        )


@given(st.one_of(st.binary(max_size=200), _texts()), st.data())
def test_what_is_text_as_a_whole_is_text_in_each_place(text: bytes, data: st.DataObject) -> None:
    medium = Medium(text)
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    if medium.is_text(start, end):
        first, last = sorted((data.draw(st.integers(start, end)), data.draw(st.integers(start, end))))
        assert medium.nature(first, last) is Nature.TEXT


@given(st.lists(st.sampled_from(SYMBOLS), max_size=150).map(bytes))
def test_random_is_what_scores_above_zero(text: bytes) -> None:
    assert is_random(text) == (score(text) >= 0)


@given(st.lists(st.sampled_from(["get", "set", "x7", "Q", "-", "_", "9f"]), max_size=40).map("".join))
def test_random_is_what_scores_above_zero_near_the_border(text: str) -> None:
    assert is_random(text.encode()) == (score(text.encode()) >= 0)


def test_ends_where_no_work_is_left() -> None:
    rule = next(rule for rule in _RULES if rule.kind is ORGANIZATION_KEY)
    work = Work()
    work.left = 1
    text = b"ak_get_default_name.configuration_from_window " * 2 + organization_key(Random(1)).encode() + b" "
    assert list(_plain(rule).find(Medium(text), 0, len(text), work)) == []
    assert work.over
