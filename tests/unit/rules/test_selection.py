"""Rules chosen by globs of their ids."""

from __future__ import annotations

import pytest

from akpatrol.config.settings import RuleGlobs
from akpatrol.errors import UsageError
from akpatrol.rules.rule import Required, Rule, RuleSet
from akpatrol.rules.selection import selected

_RULES = RuleSet(tuple(Rule(name, name, name) for name in ("acme-key", "acme-token", "generic-api-key")), (b"a file",))


def _only(*globs: str) -> RuleGlobs:
    return RuleGlobs(globs, "--only-rules")


def _skip(*globs: str) -> RuleGlobs:
    return RuleGlobs(globs, "--skip-rule")


@pytest.mark.parametrize(
    ("only", "skip", "kept"),
    [
        ((), (), "acme-key acme-token generic-api-key"),
        (("acme-*",), (), "acme-key acme-token"),
        (("acme-key", "generic*"), (), "acme-key generic-api-key"),
        ((), ("acme-*",), "generic-api-key"),
        (("acme-*",), ("*-token",), "acme-key"),
        (("*",), (), "acme-key acme-token generic-api-key"),
        (("acme-[kt]*",), ("acme-k??",), "acme-token"),
    ],
)
def test_selected(only: tuple[str, ...], skip: tuple[str, ...], kept: str) -> None:
    chosen = selected(_RULES, _only(*only), _skip(*skip))
    assert [rule.id for rule in chosen.rules] == kept.split()
    assert {rule.id for rule in chosen.unsearched} == {rule.id for rule in _RULES.rules} - set(kept.split())


def test_digest_differs_with_what_is_switched_off() -> None:
    """Otherwise a cached result of fewer rules would count for all of them."""
    digests = [selected(_RULES, _only(), _skip(*globs)).digest for globs in ([], ["acme-key"], ["acme-token"])]
    assert len(set(digests)) == 3
    assert digests[0] == selected(_RULES, _only("*"), _skip()).digest == _RULES.digest


@pytest.mark.parametrize(
    ("only", "skip", "words", "hint"),
    [
        (("acme-kay",), (), "--only-rules: acme-kay matches no rule", "did you mean acme-key?"),
        ((), ("acme",), "--skip-rule: acme matches no rule", "did you mean acme-key?"),
        ((), ("acme-*", "*API*"), "--skip-rule: *API* matches no rule", "did you mean generic-api-key?"),
        ((), ("zzz",), "--skip-rule: zzz matches no rule", "akpatrol rules list"),
        (("acme-*",), ("acme-*",), "--skip-rule: no rule is left", "akpatrol rules list"),
    ],
)
def test_mistakes(only: tuple[str, ...], skip: tuple[str, ...], words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=r"--") as error:
        selected(_RULES, _only(*only), _skip(*skip))
    assert words in str(error.value)
    assert hint in error.value.hint


def test_a_path_rule_is_chosen_too() -> None:
    rules = _RULES._replace(path_rules=(Rule("key-file", "", "", path="id_rsa$"),))
    assert selected(rules, _only(), _skip("key-*")).path_rules == ()
    only = selected(rules, _only("key-file"), _skip())
    assert [rule.id for rule in (*only.rules, *only.path_rules)] == ["key-file"]


def test_what_a_composite_rule_requires_stays_but_reports_nothing() -> None:
    composite = Rule("pair", "", "p", required=(Required("acme-key"),))
    chosen = selected(_RULES._replace(rules=(*_RULES.rules, composite)), _only("pair"), _skip())
    assert [(rule.id, rule.skip_report) for rule in chosen.rules] == [("acme-key", True), ("pair", False)]
    assert [rule.id for rule in chosen.unsearched] == ["acme-key", "acme-token", "generic-api-key"]
