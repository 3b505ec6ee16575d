"""The first stage: a necessary condition, whichever engine answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.keywords import Clue, Keywords, Phrases
from akpatrol.detect.prefilter import Prefilter
from akpatrol.rules.rule_file import load, parse

if TYPE_CHECKING:
    from akpatrol.detect.prefilter import PrefilterChoice
    from akpatrol.rules.rule import Rule


def _prefilter(choice: PrefilterChoice, rules: tuple[Rule, ...] | None = None) -> Prefilter:
    rules = load().rules if rules is None else rules
    return Prefilter(rules, Keywords(rules), choice)


def test_little_input_needs_no_hyperscan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    for name in ("patterns", "database"):
        monkeypatch.delitem(sys.modules, f"akpatrol.detect.hyperscan_{name}", raising=False)
    assert _prefilter("auto").search(b"ak_abcd").ends


def test_hyperscan_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slower, with the same findings; an error only where hyperscan is required."""
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    for name in ("patterns", "database"):
        monkeypatch.delitem(sys.modules, f"akpatrol.detect.hyperscan_{name}", raising=False)
    prefilter = _prefilter("auto")
    for _ in range(3):
        assert prefilter.search(b"\n" * (1 << 20) + b"ak_abcd").ends == [(1 << 20) + 7]
    with pytest.raises(ImportError):
        _prefilter("hyperscan").search(b"")


@pytest.mark.parametrize("choice", ["automaton", "hyperscan"])
def test_nothing_suspicious(choice: PrefilterChoice) -> None:
    assert not _prefilter(choice).search(b"")
    assert not _prefilter(choice).search(b"all work and no play" * 1000)


def test_rule_that_hyperscan_cannot_compile_is_always_tried() -> None:
    rules = tuple(parse(b"[[rules]]\nid = 'a'\nregex = '(?:a\\z|b$)c'\n[[rules]]\nid = 'b'\nregex = 'needle'\n", "f"))
    prefilter = _prefilter("hyperscan", rules)
    assert prefilter.search(b"nothing").rules == {0}
    assert prefilter.search(b"a needle").rules == {0, 1}


def test_words_and_their_places() -> None:
    keywords = Keywords(load().rules)
    data = "é ANYREACH Ak_ next_public_".encode()
    assert list(keywords.clues(data, 2, 24)) == [(3, 11, Clue.ANYREACH)]
    assert [(end, bool(rules)) for end, rules in keywords.find(data)] == [(15, True)]


def test_phrases() -> None:
    assert Phrases(()).find("anything") == []
    assert Phrases(["", "b"]).find("abc") == [(1, 2)]
    assert sorted(Phrases(["ab", "b"]).find("ab")) == [(0, 2), (1, 2)]
    alike = ["begins alike", "begins alike and goes on", "begins al"]
    assert sorted(Phrases(alike).find(f"it {alike[1]}")) == [(3, 12), (3, 15), (3, 27)]


def test_database_of_another_process() -> None:
    pytest.importorskip("hyperscan")
    one, other, idle = _prefilter("hyperscan"), _prefilter("auto"), _prefilter("auto")
    assert idle.compiled() is None
    one.search(b"")
    other.use(one.compiled())
    assert other.search(b"x ak_abcd pat_efgh").ends == one.search(b"x ak_abcd pat_efgh").ends == [9, 18]
    assert other.compiled()
