"""Advice for credentials of users' rules: neutral, and without anything of Anyreach's."""

from __future__ import annotations

import re

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import Credential, VerificationStatus
from akpatrol.model.scan import Attribution, Exposure, State
from akpatrol.report import document, page_actions
from akpatrol.report.advice import leaked_action, steps
from akpatrol.report.push_message import Outlook, render
from akpatrol.rules.rule import Rule, RuleSet
from tests import reports

_OURS = re.compile(r"anyreach|\bthe api\b|akpatrol verify|--verify", re.IGNORECASE)
_SECRET = reports.organization_key(reports.seeded(3))
_RULE = Rule("acme", "Acme token", "acme", page="/keys", steps=("Delete it.",))


def _foreign(**changes: object) -> Credential:
    made = reports.credential(_SECRET, attribution=Attribution.OPEN, kind=CUSTOM, rule_ids=("acme",))
    return made._replace(**changes)  # type: ignore[arg-type]


def _foreign_states() -> list[Credential]:
    places = [reports.occurrence(_SECRET, state=state) for state in State]
    not_sent = reports.verification(VerificationStatus.NOT_SENT, reason=CUSTOM.not_verifiable)
    return [
        *(_foreign(occurrences=(place,), state=place.state) for place in places),
        _foreign(exposure=Exposure.BROWSER),
        _foreign(verification=not_sent),
    ]


@pytest.mark.parametrize("rule", [None, _RULE], ids=["unknown", "known"])
@pytest.mark.parametrize("credential", _foreign_states())
def test_nothing_of_anyreach(credential: Credential, rule: Rule | None) -> None:
    rules = RuleSet((rule,) if rule else ())
    report = reports.report(credential, credential._replace(rule_ids=("other",)))
    view = document.build(report, reports.options(report, rules=rules))
    told = [*steps(credential, rule), page_actions.first_of_all(view)]
    for found in view["credentials"]:
        told.append(leaked_action(found, {place["state"] for place in found["occurrences"]}))
        told += found["remediation"]["steps"]
        for action in page_actions.actions(found, {}):
            told += [action.title, action.text, action.page, action.which, action.whose]
            told += [command.text for command in action.commands]
    assert not [text for text in told if _OURS.search(text)]


def test_the_rule_says_more() -> None:
    report = reports.report(_foreign())
    view = document.build(report, reports.options(report, rules=RuleSet((_RULE,)), app_url="https://app.example"))
    (found,) = view["credentials"]
    assert (found["title"], found["remediation"]["page"], found["remediation"]["steps"][0]) == (
        "Acme token",
        "/keys",
        "Delete it.",
    )
    assert leaked_action(found, {"worktree"}).startswith("revoke it at /keys now, then replace it")
    revoke = page_actions.actions(found, {})[0]
    assert (revoke.title, revoke.page, revoke.whose) == ("Revoke it", "/keys", "")


def test_ours_keep_their_page() -> None:
    report = reports.report(reports.credential(_SECRET))
    (found,) = document.build(report, reports.options(report))["credentials"]
    revoke = page_actions.actions(found, {})[0]
    assert (revoke.page, revoke.whose) == ("/api-keys", " in your Anyreach organization")


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ([_foreign()], "revoke it now where it was issued and replace it"),
        ([reports.credential(_SECRET)], "delete it at /api-keys in your Anyreach organization now and replace it"),
        (
            [_foreign(), reports.credential(_SECRET)],
            "delete it at /api-keys in your Anyreach organization now or revoke it now where it was issued and replace",
        ),
    ],
)
def test_a_push(credentials: list[Credential], words: str) -> None:
    report = reports.report(*credentials)
    told = " ".join(render(report, reports.options(report), Outlook(), []).split())
    assert f"it has left your machine: {words}" in told
