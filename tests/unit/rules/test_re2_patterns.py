"""Patterns over the characters of UTF-8, with spans in bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.rules.re2_patterns import PatternError, compiled, together
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse


def _found(regex: str, data: bytes) -> list[bytes]:
    pattern, place, found = compiled(regex), 0, []
    while match := pattern.search(data, place, len(data)):
        start, end = match.span()
        found.append(data[start:end])
        place = max(end, start + 1)
    return found


@pytest.mark.parametrize(
    ("regex", "text", "found"),
    [
        ("k=.{4}!", "k=äöüß! k=abcd! k=a€!!", ["k=äöüß!", "k=abcd!"]),
        ('"[^"]{3}"', '"日本語" "日本" "abc"', ['"日本語"', '"abc"']),
        ("(?i)SCHLÜSSEL", "schlüssel", ["schlüssel"]),
        ("[äöü]{2}", "xäöx", ["äö"]),
        (r"\S{3}", "äöü", ["äöü"]),
        (r"\p{L}+", "aä1", ["aä"]),
        ("x+", "äxx", ["xx"]),
        (r"[a-z\x{4e16}]{3}", "ab世 abc", ["ab世", "abc"]),
        (r"[a-z\x{4e16}]{3}", "abc", ["abc"]),
    ],
)
def test_characters(regex: str, text: str, found: list[str]) -> None:
    assert _found(regex, text.encode()) == [part.encode() for part in found]


def test_bytes_that_are_no_utf8_are_characters() -> None:
    assert _found("k=.{4}!", "k=äöüß!".encode("latin-1")) == ["k=äöüß!".encode("latin-1")]
    assert _found('"[^"]{3}"', b'"\xff\xc3\xa4\xe4"') == [b'"\xff\xc3\xa4\xe4"']
    assert _found(r"\w.\w", b"a\xe4b") == [b"a\xe4b"]


@given(
    st.lists(
        st.sampled_from(
            ["a", "^b", "c$", "(?i)x", "(?P<n>a)b", "(?P<n>b)c", r"\Qa|b", r"\Qb\E", ".b", "é", r"[^a]c", r"\bx\b", ""]
        ),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    st.binary(max_size=6) | st.text("abcxXé|\n", max_size=6).map(str.encode),
)
def test_together_they_say_whether_any_is_there(regexes: list[str], text: bytes) -> None:
    expected = any(compiled(regex).search(text) for regex in regexes)
    assert any(pattern.search(text) for pattern in together(regexes)) is expected


def test_many_are_few_together() -> None:
    assert len(together(["a", "(b)", "[cd]", "."])) == 2


def test_a_pattern_that_re2_refuses() -> None:
    with pytest.raises(PatternError, match=r"\(\?="):
        compiled("(?=a)")


@pytest.mark.parametrize("choice", ["automaton", "hyperscan"])
def test_either_prefilter_lets_characters_pass(choice: str) -> None:
    rule = "[[rules]]\nid = 'x'\nregex = 'k=(.{4})!'\nkeywords = ['k=']\n"
    engine = Engine(RuleSet(tuple(parse(rule.encode(), "f"))), choice)  # type: ignore[arg-type]
    assert [match.secret.reveal().decode() for match in engine.scan("k=äöüß!".encode())] == ["äöüß"]


def test_entropy_is_that_of_characters() -> None:
    rule = "[[rules]]\nid = 'x'\nregex = '[a-dé]{6}'\nentropy = 2.0\n"
    engine = Engine(RuleSet(tuple(parse(rule.encode(), "f"))), "automaton")
    assert [len(engine.scan(text.encode())) for text in ("ééabcd", "éaébac", "ababab")] == [0, 0, 0]
