"""What a baseline learns from a report: names and masks, of a whole scan of the same repository or of a part."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.model import identity
from akpatrol.model.credential import AllowanceSource, VerificationStatus
from akpatrol.model.report import Coverage
from akpatrol.model.scan import Confidence, Skipped
from akpatrol.policy.baseline import FILES, HISTORY, BaselineEntry
from akpatrol.policy.report_scan import BaselineSource, BaselineTarget, learned
from akpatrol.report import render
from akpatrol.report.load import loads
from tests.credentials import organization_key
from tests.reports import allowance, asked, credential, options, report, target

KEY = organization_key(Random(1))
TEMPLATE = BaselineEntry("", "", "", "2026-01-01", "Ada", (), "note")
HERE = BaselineTarget("/src/shop", "git@git.example.org:acme/shop.git")


def _learned(here: BaselineTarget = HERE, *found: Any, **changes: Any) -> BaselineSource:
    whole = report(*(found or (credential(KEY, confidence=Confidence.MEDIUM),)), **({"command": "history"} | changes))
    return _read(render(whole, "json", options(whole, show_secrets=True)), here)


def _read(text: str, here: BaselineTarget = HERE) -> BaselineSource:
    return learned(loads(text.encode(), "r.json"), "r.json", here, TEMPLATE)


def test_names_and_masks() -> None:
    told = _learned()
    assert (told.seen.scan, told.seen.complete, told.partial, told.live) == (HISTORY, True, "", 0)
    (entry,) = told.seen.entries.values()
    one = credential(KEY)
    assert entry == TEMPLATE._replace(
        fingerprint=identity.fingerprint(one.kind, one.secret), kind="organization_key", redacted=one.secret.redacted
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": "range"}, "covers only a part"),
        ({"command": "staged"}, "covers only a part"),
        ({"targets": (target(), target(id="t2"))}, "covers more than this repository"),
        ({"targets": (target(root="/elsewhere", remote="other"),)}, "covers more than this repository"),
        ({"coverage": Coverage(excluded={"exclude_option": 1})}, "excluded"),
        ({"coverage": Coverage(skipped=(Skipped("x", "y"),))}, "incomplete"),
    ],
)
def test_what_drops_nothing(changes: dict[str, Any], words: str) -> None:
    told = _learned(**changes)
    assert not told.seen.complete
    assert words in told.partial


def test_the_same_repository_elsewhere() -> None:
    elsewhere: dict[str, Any] = {"targets": (target(root="/builds/shop"),)}
    assert _learned(**elsewhere).seen.complete
    assert not _learned(BaselineTarget("/src/shop", None), **elsewhere).seen.complete
    files = _learned(command="scan", **elsewhere)
    assert (files.seen.scan, files.seen.complete) == (FILES, False)


def test_what_may_have_been_less_sure_drops_nothing() -> None:
    sure = credential(KEY, confidence=Confidence.HIGH)
    assert not _learned(HERE, sure, below_confidence=3).seen.complete
    assert _learned(HERE, sure).seen.complete
    assert _learned(below_confidence=3).seen.complete


def test_what_is_allowed_and_what_is_live() -> None:
    for source, number in ((AllowanceSource.BASELINE, 1), (AllowanceSource.INLINE, 0)):
        assert len(_learned(HERE, credential(KEY, allowed=allowance(source))).seen.entries) == number
    assert _learned(HERE, asked(VerificationStatus.ACTIVE, KEY)).live == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fingerprint", "x"),
        ("fingerprint", None),
        ("redacted", KEY),
        ("redacted", 3),
        ("allowed", 3),
        ("verification", 3),
    ],
)
def test_a_report_that_somebody_changed(key: str, value: object) -> None:
    whole = report(credential(KEY), command="history")
    document = json.loads(render(whole, "json", options(whole)))
    document["credentials"][0][key] = value
    with pytest.raises(UsageError, match="not an akpatrol JSON report"):
        _read(json.dumps(document))


@pytest.mark.parametrize("command", ["verify", "trace"])
def test_commands_with_nothing_to_learn(command: str) -> None:
    whole = report(credential(KEY))
    document = json.loads(render(whole, "json", options(whole)))
    document["scan"]["command"] = command
    with pytest.raises(UsageError, match="cannot be used for a baseline"):
        _read(json.dumps(document))
