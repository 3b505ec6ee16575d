"""What rules do with a text, step by step: the verdict is the engine's, the steps say why."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.rules.explain import MOST_MATCHES, explain
from akpatrol.rules.rule import Allowlist, Required, Rule, RuleSet
from akpatrol.rules.rule_file import load, parse
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from akpatrol.rules.explain import ExplainedRule, Step

_RULES = r"""
[[rules]]
id = "acme"
regex = '''(?i)acme_key\s*=\s*'?([a-z0-9]{16,32})'''
keywords = ["ACME"]
entropy = 3.0
path = '''\.py$'''
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''# fine$''', '''never''']
paths = ['''^tests/''']
[[rules.allowlists]]
stopwords = ["example", "dummy"]
commits = ["1234567"]
[[rules]]
id = "bare"
regex = '''[0-9]{12}'''
"""


def _rule(rule_id: str = "acme") -> Rule:
    return next(rule for rule in [*parse(_RULES.encode(), "F"), *load().rules] if rule.id == rule_id)


def _explained(text: str, rule: str = "acme", path: bytes | None = b"a.py") -> ExplainedRule:
    (one,) = explain([_rule(rule)], RuleSet(()), text.encode(), path)
    return one


def _steps(steps: tuple[Step, ...]) -> dict[str, bool | None]:
    return {step.name: step.passed for step in steps}


_SECRET = random_text(Random(1), "lower", 24)


def test_a_match_that_is_found() -> None:
    explained = _explained(f"\n  ACME_KEY = '{_SECRET}'\n")
    assert explained.is_found
    assert _steps(explained.steps) == {"path": True, "gate": True, "keywords": True, "regex": True}
    (match,) = explained.matches
    assert (match.line, match.column, match.secret.reveal().decode()) == (2, 15, _SECRET)
    assert (match.before, match.after, match.confidence) == (b"ACME_KEY = '", b"", "medium")
    assert _steps(match.steps) == {"entropy": True, "allowlist 1 of 2": True, "allowlist 2 of 2": True}


@pytest.mark.parametrize(
    ("text", "path", "failing", "words"),
    [
        ("nothing", b"a.py", "gate", "holds none of acme"),
        (f"acme_kay = {_SECRET}", b"a.py", "regex", "does not match"),
        (f"acme_key = {_SECRET}", b"a.js", "path", r"does not match \.py$"),
        (f"acme_key = {'a' * 20}", b"a.py", "entropy", "0.00 bits a byte, must be more than 3"),
        (f"acme_key = {_SECRET}  # fine", b"tests/a.py", "allowlist 1 of 2", "regex # fine$ on the line, path ^tests/"),
        (f"acme_key = {_SECRET}Dummy", b"a.py", "allowlist 2 of 2", "stopword dummy; commits are not known here"),
    ],
)
def test_the_step_that_decides(text: str, path: bytes, failing: str, words: str) -> None:
    explained = _explained(text, path=path)
    assert not explained.is_found
    steps = [*explained.steps, *(step for match in explained.matches for step in match.steps)]
    (decisive,) = (step for step in steps if step.passed is False and step.name != "keywords")
    assert decisive.name == failing
    assert words in decisive.detail


def test_conditions_that_do_not_exist_or_cannot_be_checked() -> None:
    assert _steps(_explained("123456789012", "bare").steps) == {
        "path": None,
        "gate": None,
        "keywords": None,
        "regex": True,
    }
    unplaced = _explained(f"acme_key = {_SECRET}  # fine", path=None)
    assert unplaced.is_found
    assert _steps(unplaced.steps)["path"] is None
    assert "no path is given" in unplaced.steps[0].detail


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        (f"break_{organization_key(Random(1))}", {"boundary", "judge"}),
        ("ak_your_key_id.your_secret_goes_here", {"randomness", "placeholder", "judge"}),
        (organization_key(Random(1)), set()),
    ],
)
def test_ours(text: str, failing: set[str]) -> None:
    match = _explained(text, "anyreach-organization-key").matches[-1]
    assert {step.name for step in match.steps if step.passed is False} == failing
    assert bool(match.confidence) is (not failing)


def test_many_matches_are_counted() -> None:
    explained = _explained("123456789012 " * (MOST_MATCHES + 5), "bare")
    assert (len(explained.matches), explained.more) == (MOST_MATCHES, 5)


_pieces = st.sampled_from(
    [
        *(organization_key(Random(1)), personal_access_token(Random(2)), "ak_your_key_id.your_secret_goes_here"),
        *(
            f"acme_key = {_SECRET}",
            f"acme_key='{'a' * 20}'",
            "123456789012",
            "Dummy",
            "example",
            " ",
            "\n",
            "x",
            "# fine",
        ),
    ]
)


@given(st.lists(_pieces, max_size=8).map("".join), st.sampled_from([None, b"a.py", b"tests/a.py", b"a.js"]))
def test_the_verdict_is_the_engines(text: str, path: bytes | None) -> None:
    for rule in (_rule("acme"), _rule("bare"), *load().rules):
        (explained,) = explain([rule], RuleSet(()), text.encode(), path)
        found = {match.start for match in Engine(RuleSet((rule,)), "automaton").scan(text.encode(), path=path)}
        lines = text.encode().split(b"\n")
        starts = {
            sum(len(line) + 1 for line in lines[: match.line - 1]) + match.column - 1
            for match in explained.matches
            if match.confidence
        }
        assert starts == found


def test_a_rule_that_requires_another() -> None:
    """It is found where the other one matches too, which need not be reported itself."""
    part = Rule("part", "", "id=[0-9]{4}", skip_report=True)
    whole = Rule("whole", "", "key=([a-z]{4})", required=(Required("part", within_lines=1),))
    for text, found in (("id=1234\nkey=abcd", True), ("id=1234\n\n\nkey=abcd", False), ("key=abcd", False)):
        explained, other = explain([whole, part], RuleSet((part, whole)), text.encode())
        assert explained.is_found is found
        assert (explained.matches[0].steps[-1].name, explained.matches[0].steps[-1].passed) == ("required", found)
        assert explained.matches[0].steps[-1].detail == "needs near by: part within 1 lines"
        assert not other.is_found


def test_a_rule_with_only_a_path() -> None:
    rule = Rule("key-file", "", "", path="id_rsa$", allowlists=(Allowlist(paths=("^tests/",)),))
    for path, found in ((b"id_rsa", True), (b"tests/id_rsa", False), (b"id_dsa", False), (None, False)):
        (explained,) = explain([rule], RuleSet(()), b"x", path)
        assert explained.is_found is found
