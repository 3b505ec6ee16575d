"""Texts that are searched together: what is known of each gives the matches that a search in it alone gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.detect.medium import Medium
from akpatrol.model.scan import Place
from akpatrol.rules.rule import Rule, RuleSet
from akpatrol.rules.rule_file import load

pytest.importorskip("re2")
pytest.importorskip("hyperscan")

_RULES = [
    Rule("plain", "", r"k[0-9]{3,6}", file="f"),
    Rule("line", "", r"(?m)^w[a-z]{1,9}$", file="f"),
    Rule("last", "", r"end$", file="f"),
    Rule("characters", "", r"c.d", keywords=("keyword",), file="f"),
    Rule("digits", "", r"[0-9]{4}zz", keywords=("network",), file="f"),
    Rule("ended", "", r"q[0-9]{2}(?:\s|$)", file="f"),
    Rule("worded", "", r"kind:.{0,9}data:", keywords=("secret",), file="f"),
    Rule("open", "", r"p\s+q\s+r", file="f"),
]
_WORDS = [
    "k123",
    "wrd",
    "end",
    "céd",
    "keyword",
    "1234zz",
    "network",
    "q12",
    "secret",
    "kind: ",
    "data:",
    "p \n q r",
    "ak_",
    "\xff",
    "\n",
    " ",
]
_PART = st.lists(st.sampled_from(_WORDS), max_size=5).map(lambda words: "".join(words).encode("latin-1"))
_ENGINE = Engine(RuleSet((*load().rules, *_RULES)), "hyperscan")
_WITHOUT_OPEN = Engine(RuleSet((*load().rules, *_RULES[:-1])), "hyperscan")


@pytest.mark.parametrize("engine", [_ENGINE, _WITHOUT_OPEN])
@given(parts=st.lists(_PART, min_size=1, max_size=8))
def test_the_same_matches_as_alone(engine: Engine, parts: list[bytes]) -> None:
    known = dict(engine.prefiltered_each(parts))
    assert list(known) == sorted(known)
    for number, part in enumerate(parts):
        result = known.get(number, None if number in known else engine.prefiltered(b""))
        if result is None:
            result = engine.prefiltered_at(Place.CONTENT, part)
        assert engine.confirm(Medium(part), result, (0, len(part))) == engine.scan(part)


def test_parts_are_searched_once() -> None:
    known = dict(_WITHOUT_OPEN.prefiltered_each([b"nothing", b"a k123", b"1234zz", b"network"]))
    assert list(known) == [1, 3]
    assert all(known.values())


def test_a_pattern_that_matches_too_often_tells_no_part() -> None:
    parts = [b"k123 " * 3000, b"k123", b""]
    assert list(_WITHOUT_OPEN.prefiltered_each(parts)) == [(number, None) for number in range(3)]


def test_a_keyword_alone_is_no_result() -> None:
    parts = ["é secret".encode(), "é secret kind: data:".encode()]
    assert list(dict(_WITHOUT_OPEN.prefiltered_each(parts))) == [1]
