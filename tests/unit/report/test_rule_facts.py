"""What the rules say about a credential."""

from __future__ import annotations

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.model.scan import Attribution
from akpatrol.report import rule_facts
from akpatrol.rules.rule import Rule, RuleSet
from tests import reports

_RULES = reports.rules()._replace(
    rules=(
        *reports.rules().rules,
        Rule("acme", "Acme token", "acme", tags=("a", "b"), page="/keys"),
        Rule("corp", "Corp key", "corp", tags=("b", "c")),
    )
)
_OURS = reports.credential(reports.organization_key(reports.seeded(1)))
_OPEN = reports.credential(reports.personal_access_token(reports.seeded(1)))
_FOREIGN = _OURS._replace(kind=CUSTOM, rule_ids=("acme", "corp"), title="Before", tags=("d",))


def test_title() -> None:
    assert rule_facts.title(_OURS, _RULES) == "Anyreach organization API key"
    assert rule_facts.title(_OPEN, _RULES) == "personal access token"
    named = _OPEN._replace(attribution=Attribution.LIKELY)
    assert rule_facts.title(named, _RULES) == "Anyreach personal access token"
    assert rule_facts.title(_FOREIGN, _RULES) == "Acme token"


@pytest.mark.parametrize(("title", "expected"), [("Before", "Before"), ("", "acme")])
def test_a_rule_that_is_not_loaded(title: str, expected: str) -> None:
    """The report that the credential comes from may have said it."""
    assert rule_facts.title(_FOREIGN._replace(title=title), RuleSet(())) == expected
    assert [*rule_facts.tags(_FOREIGN, RuleSet(()))] == ["d"]
    assert rule_facts.rule_of(_FOREIGN, RuleSet(())) is None


def test_tags_are_those_of_all_rules() -> None:
    assert [*rule_facts.tags(_FOREIGN, _RULES)] == ["a", "b", "c"]
    assert [*rule_facts.tags(_OURS, _RULES)] == []


def test_only_our_pages_are_those_of_the_application() -> None:
    (acme,) = (rule for rule in _RULES.rules if rule.id == "acme")
    ours = rule_facts.rule_of(_OURS, _RULES)
    assert ours
    assert rule_facts.page(ours, "https://app.example") == "https://app.example/api-keys"
    assert rule_facts.page(ours, None) == "/api-keys"
    assert rule_facts.page(acme, "https://app.example") == "/keys"
