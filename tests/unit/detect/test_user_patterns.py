"""Users' patterns in one search: each rule that matches is reported, and what is known of where."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.detect.match import Matcher
from akpatrol.model.scan import Place
from akpatrol.rules.rule import Rule, RuleSet
from akpatrol.rules.rule_file import load

pytest.importorskip("re2")
hyperscan_patterns = pytest.importorskip("akpatrol.detect.hyperscan_patterns")

_RULES = [
    Rule("plain", "", r"k[0-9]{3,6}", file="f"),
    Rule("line", "", r"(?m)^w[a-z]{1,9}$", file="f"),
    Rule("first", "", r"^start[a-z]?", file="f"),
    Rule("last", "", r"end$", file="f"),
    Rule("whole", "", r"\Aall\z", file="f"),
    Rule("edge", "", r"\bxx\b", file="f"),
    Rule("characters", "", r"c.d", keywords=("keyword",), file="f"),
    Rule("digits", "", r"[0-9]{4}zz", keywords=("network",), file="f"),
    Rule("open", "", r"p\s+q\s+r", file="f"),
]
_PART = st.lists(
    st.sampled_from(
        [
            "k123",
            "word",
            "start",
            "end",
            "all",
            "xx",
            "céd",
            "keyword",
            "1234zz",
            "NETWORK",
            "p \n q r",
            "ak_",
            "\n",
            " ",
        ]
    ),
    max_size=4,
).map(lambda words: "".join(words).encode())


@cache
def _engine() -> Engine:
    return Engine(RuleSet((*load().rules, *_RULES)), "hyperscan")


@pytest.fixture
def engine() -> Engine:
    return _engine()


def _matched(data: bytes) -> set[str]:
    """Return the rules that match, by a search of each alone."""
    found = set()
    for rule in _RULES:
        lowered = data.lower()
        if not rule.keywords or any(word.encode() in lowered for word in rule.keywords):
            found |= {rule.id for _ in Matcher(rule).find(data, 0, len(data))}
    return found


@given(parts=st.lists(_PART, min_size=1, max_size=8), encoded=st.booleans())
def test_each_part_in_which_a_rule_matches_is_named(parts: list[bytes], *, encoded: bool) -> None:
    engine = _engine()
    named = engine.prefiltered_parts(parts, encoded=encoded)
    for number, part in enumerate(parts):
        matched = _matched(part)
        result = engine.prefiltered_at(Place.CONTENT, part)
        assert matched <= {engine.rules.rules[index].id for index in result.rules}
        if matched:
            assert number in named


def test_parts_without_a_match_are_not_named(engine: Engine) -> None:
    parts = [b"nothing", b"k123", b"1234zz", b"the end", b"c\xc3\xa9d", b"network", b"xxx"]
    assert [parts[number] for number in engine.prefiltered_parts(parts)] == [b"k123", b"the end", b"network"]
    assert b"c\xc3\xa9d" in [parts[number] for number in engine.prefiltered_parts(parts, encoded=True)]


def test_ends_are_known_of_patterns_in_bytes(engine: Engine) -> None:
    numbers = {rule.id: number for number, rule in enumerate(engine.rules.rules)}
    result = engine.prefiltered_at(Place.CONTENT, b"a k1234 network 1234zz")
    assert result.rule_ends == {numbers["plain"]: [6, 7]}
    assert result.touched == {numbers["digits"]: [15]}
    beyond_ascii = engine.prefiltered_at(Place.CONTENT, "céd keyword".encode())
    assert beyond_ascii.rule_ends == {}
    assert beyond_ascii.touched == {numbers["characters"]: [12]}


def test_beyond_so_many_ends_only_the_rules_are_known(engine: Engine) -> None:
    result = engine.prefiltered_at(Place.CONTENT, b"k123 " * 3000)
    assert [engine.rules.rules[index].id for index in result.rules] == ["plain"]
    assert not result.rule_ends
    assert not result.touched
    assert engine.prefiltered_parts([b"k123 " * 3000, b""]) == range(2)
    assert not result.flooded


def test_a_pattern_that_matches_too_often_leaves_the_others_their_ends(engine: Engine) -> None:
    numbers = {rule.id: number for number, rule in enumerate(engine.rules.rules)}
    data = b"k123 " * 3000 + b"\nword\nak_abcd"
    result = engine.prefiltered_at(Place.CONTENT, data)
    assert result.rules == {numbers["plain"], numbers["line"]}
    assert result.rule_ends == {numbers["line"]: [len(data) - 8]}
    assert result.ends == [len(data)]


def test_beyond_all_bounds_each_pattern_is_searched_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"k123 " * 3000 + b"\nword\n" + "céd keyword".encode()
    rules = _engine().prefiltered_at(Place.CONTENT, data).rules
    monkeypatch.setattr(hyperscan_patterns, "_MOST_UNKEPT", 100)
    engine = Engine(RuleSet((*load().rules, *_RULES)), "hyperscan")
    result = engine.prefiltered_at(Place.CONTENT, data)
    assert result.rules == rules
    assert not result.rule_ends
    assert not result.touched
    assert engine.prefiltered_at(Place.CONTENT, data).rules == rules


def test_a_keyword_around_decoded_text_is_enough(engine: Engine) -> None:
    outside = b"keyword: "
    around = engine.around(outside, engine.prefiltered_at(Place.CONTENT, outside))
    decoded = "céd".encode()
    result = engine.prefiltered_in_encoded(Place.CONTENT, decoded, around)
    assert "characters" in {engine.rules.rules[index].id for index in result.rules}
    assert not engine.prefiltered_at(Place.CONTENT, decoded)
