"""Keywords and patterns with letters beyond ASCII, in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
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
