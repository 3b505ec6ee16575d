"""Keywords and patterns with letters beyond ASCII, in any case."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.detect.prefilter_result import PrefilterResult
from akpatrol.detect.user_patterns import UserPatterns
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse
from akpatrol.rules.rule_table import spelled

if TYPE_CHECKING:
    from akpatrol.detect.prefilter import PrefilterChoice


@pytest.mark.parametrize("choice", ["automaton", "hyperscan"])
@pytest.mark.parametrize("size", [0, 1 << 16])
@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("regex = 'ÜBER=[0-9]{8}'\nkeywords = ['über']", ["ÜBER"]),
        ("regex = '(?i)über=[0-9]{8}'\nkeywords = ['ÜBER']", ["ÜBER", "über", "Über"]),
        ("regex = '(?i)über=[0-9]{8}'", ["ÜBER", "über"]),
        ("regex = 'ключ=[0-9]{8}'", ["ключ"]),
        ("regex = '世界=[0-9]{8}'\nkeywords = ['世界']", ["世界"]),
    ],
)
def test_found(choice: PrefilterChoice, size: int, rule: str, texts: list[str]) -> None:
    engine = Engine(RuleSet(tuple(parse(f"[[rules]]\nid = 'x'\n{rule}\n".encode(), "f"))), choice)
    for text in texts:
        data = b"filler\n" * (size // 7) + f"{text}=12345678".encode()
        assert [match.secret.reveal().decode() for match in engine.scan(data)] == [f"{text}=12345678"]


def test_spellings() -> None:
    assert spelled("AbC") == ("abc",)
    assert set(spelled("Übß世")) == {"übß世", "Übß世"}
    assert spelled("ключключ") == ("ключключ", "КЛЮЧКЛЮЧ")


def test_stopwords() -> None:
    rule = "[[rules]]\nid = 'x'\nregex = 'key=[^ ]+'\n[[rules.allowlists]]\nstopwords = ['é']\n"
    engine = Engine(RuleSet(tuple(parse(rule.encode(), "f"))), "automaton")
    assert [match.secret.reveal() for match in engine.scan("key=aÉb key=aéb key=aEb".encode())] == [b"key=aEb"]


@pytest.mark.parametrize("regex", [r"acme(?:\pL{6,}|none)", r"acme\pL+;", r"acme[\x{e9}-\x{ff}]+", r"acme[^\pN]+1"])
def test_characters_without_a_bound(regex: str) -> None:
    """Hyperscan searches in bytes, which are no letters."""
    for keywords in ("", "keywords = ['acme']"):
        rule = f"[[rules]]\nid = 'x'\nregex = '{regex}'\n{keywords}\n"
        engine = Engine(RuleSet(tuple(parse(rule.encode(), "f"))), "hyperscan")
        assert len(engine.scan("é acmeéîôûéîôûé;1".encode())) == 1


def test_what_the_bytes_of_a_pattern_match_is_not_all_it_matches() -> None:
    """Beyond ASCII, where no keywords are searched for beside it."""
    for keywords, touched in (("", {}), ("keywords = ['123']", {0: [7]})):
        rule = f"[[rules]]\nid = 'x'\nregex = '[0-9]{{3}}.{{4}}'\n{keywords}\n"
        patterns = UserPatterns(parse(rule.encode(), "f"))
        result = PrefilterResult(set())
        patterns.report(0, array("Q", [7]), "123abcd é".encode(), result)
        assert (result.rules, dict(result.touched), result.rule_ends) == ({0}, touched, {})
