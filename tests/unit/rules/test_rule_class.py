"""How distinctive what a rule finds is, and how severe it is."""

from __future__ import annotations

import pytest

from akpatrol.model.scan import Severity
from akpatrol.rules.rule import Rule
from akpatrol.rules.rule_class import RuleClass, class_of, severity
from akpatrol.rules.rule_file import load

_ASSIGNED = r"[\w.-]{0,20}?(?:%s)(?:[ \t\w.-]{0,20})[\s'\"]{0,3}(?:=|>|:)[\s'\"]{0,5}([a-z0-9]{32})(?:['\"\s;]|$)"


def _rule(regex: str, *keywords: str, **more: object) -> Rule:
    return Rule(**({"id": "own", "description": "", "regex": regex, "keywords": keywords} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (_rule(r"\b(acme_[0-9a-f]{24})\b", "acme_"), RuleClass.KNOWN),
        (_rule(r"(?i)\bacme_[0-9a-f]{24}"), RuleClass.KNOWN),
        (_rule(r"\b((?:AC1[A-Z0-9]|ACME|ADME)[A-Z2-7]{16})\b"), RuleClass.KNOWN),
        (_rule(r"acm[xy]-[0-9]{12}"), RuleClass.KNOWN),
        (_rule(r"(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY-----[\s\S-]{64,}?KEY-----"), RuleClass.KNOWN),
        (_rule(r"[0-9a-z]{14}\.acmev1\.[0-9a-z]{60}"), RuleClass.KNOWN),
        (_rule("(?i)" + _ASSIGNED % "acme", "acme"), RuleClass.NAMED),
        (_rule(r"acme_key=([0-9a-f]{32})"), RuleClass.NAMED),
        (_rule(r"acme_key=([0-9a-f]{32})", secret_group=1), RuleClass.NAMED),
        (_rule(r"[0-9a-f]{32}", "acme"), RuleClass.NAMED),
        (_rule(r"(?i)\bkind:[ \t]*secret\b(?s:.){0,200}?\bdata:\s+([a-z0-9+/]{10,})", "secret"), RuleClass.NAMED),
        (_rule("(?i)" + _ASSIGNED % "access|auth|api|creds|key|passw(?:or)?d|token", "api", "key"), RuleClass.GENERIC),
        (_rule(r"password\s*=\s*(\S{8,})"), RuleClass.GENERIC),
        (_rule(r"[0-9a-f]{40}", entropy=3.5), RuleClass.GENERIC),
        (_rule(r"(?=what python knows)"), RuleClass.GENERIC),
        (_rule("", path=r"\.p12$"), RuleClass.NAMED),
        (_rule("(?i)" + _ASSIGNED % "acme", "acme", id="generic-acme"), RuleClass.GENERIC),
        (_rule(r"acme_[0-9a-f]{24}", id="Acme-Generic"), RuleClass.KNOWN),
    ],
)
def test_class(rule: Rule, expected: RuleClass) -> None:
    assert class_of(rule) is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (_rule(r"acme_[0-9a-f]{24}"), Severity.HIGH),
        (_rule(r"[0-9a-f]{24}", "acme"), Severity.MEDIUM),
        (_rule(r"[0-9a-f]{24}"), Severity.LOW),
        (_rule(r"[0-9a-f]{24}", severity=Severity.CRITICAL), Severity.CRITICAL),
        (_rule(r"acme_[0-9a-f]{24}", severity=Severity.LOW), Severity.LOW),
        (_rule(r"[0-9a-f]{24}", shipped=True), Severity.HIGH),
    ],
)
def test_severity(rule: Rule, expected: Severity) -> None:
    assert severity(rule) is expected


def test_shipped_rules() -> None:
    assert {severity(rule) for rule in load().rules} == {Severity.HIGH}
