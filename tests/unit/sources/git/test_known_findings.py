"""Findings in the cache: their places and hashes, never a secret."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin, Place
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.sources.git import known_findings
from akpatrol.validate.fields import FieldError
from tests.credentials import organization_key

if TYPE_CHECKING:
    from random import Random

_ID = "ab" * 20


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(rule_file.load())


def _found(examiner: Examiner, data: bytes, place: Place = Place.CONTENT) -> list[RawFinding]:
    content = Content(Origin("0", place, object=_ID), data)
    return [item for item in examiner.examine_item(content) if isinstance(item, RawFinding)]


def test_no_secret_is_kept(examiner: Examiner, rng: Random) -> None:
    keys = [organization_key(rng) for _ in range(3)]
    findings = _found(examiner, "\n".join(f"anyreach = '{key}'" for key in keys).encode())
    text = json.dumps(known_findings.values_of(findings))
    assert len(known_findings.parse(json.loads(text))[_ID]) == 3
    assert not any(part in text for key in keys for part in (key, *key.split(".")))


def test_an_object_with_one_encoded_finding_is_examined_again(examiner: Examiner, rng: Random) -> None:
    plain, hidden = organization_key(rng).encode(), organization_key(rng).encode()
    findings = _found(examiner, b"anyreach = " + plain + b"\n" + base64.b64encode(b"anyreach = " + hidden) + b"\n")
    assert {bool(finding.origin.encodings) for finding in findings} == {True, False}
    assert known_findings.values_of(findings) == {_ID: []}


def test_names_in_trees_and_later_blocks_are_examined_again(examiner: Examiner, rng: Random) -> None:
    (finding,) = _found(examiner, b"anyreach = " + organization_key(rng).encode())
    in_tree = finding._replace(origin=finding.origin._replace(place=Place.PATH))
    later = finding._replace(offset=finding.offset + 1)
    for one in (in_tree, later):
        assert known_findings.values_of([one]) == {_ID: []}


def test_more_than_the_cache_holds_are_examined_again(
    examiner: Examiner, rng: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finding,) = _found(examiner, b"anyreach = " + organization_key(rng).encode())
    others = [finding._replace(origin=finding.origin._replace(object=f"{number:040x}")) for number in range(4)]
    monkeypatch.setattr(known_findings, "_MOST", 3)
    assert [len(values) for values in known_findings.values_of(others).values()] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rule", None),
        ("span", [1]),
        ("span", [1, -2]),
        ("span", "1"),
        ("digest", 1),
        ("confidence", "sure"),
        ("attribution", ""),
        ("exposure", "all"),
        ("others", "x"),
        ("end", "never"),
        ("position", [1, 1, 1]),
        ("masks", [[1, 2, 3]]),
        ("masks", [1]),
    ],
)
def test_malformed_values_are_refused(examiner: Examiner, rng: Random, key: str, value: Any) -> None:
    values = known_findings.values_of(_found(examiner, b"anyreach = " + organization_key(rng).encode()))
    values[_ID][0][key] = value
    with pytest.raises(FieldError):
        known_findings.parse(values)
    malformed: Any
    for malformed in (None, [], {_ID: 1}, {_ID: [1]}):
        with pytest.raises(FieldError):
            known_findings.parse(malformed)
