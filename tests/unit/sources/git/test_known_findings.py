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
    assert len(known_findings.parse(*json.loads(text))[_ID]) == 3
    assert not any(part in text for key in keys for part in (key, *key.split(".")))


def test_an_object_with_one_encoded_finding_is_examined_again(examiner: Examiner, rng: Random) -> None:
    plain, hidden = organization_key(rng).encode(), organization_key(rng).encode()
    findings = _found(examiner, b"anyreach = " + plain + b"\n" + base64.b64encode(b"anyreach = " + hidden) + b"\n")
    assert {bool(finding.origin.encodings) for finding in findings} == {True, False}
    assert known_findings.values_of(findings).places == {_ID: []}


def test_names_in_trees_and_later_blocks_are_examined_again(examiner: Examiner, rng: Random) -> None:
    (finding,) = _found(examiner, b"anyreach = " + organization_key(rng).encode())
    in_tree = finding._replace(origin=finding.origin._replace(place=Place.PATH))
    later = finding._replace(offset=finding.offset + 1)
    for one in (in_tree, later):
        assert known_findings.values_of([one]).places == {_ID: []}


def test_more_than_the_cache_holds_are_examined_again(
    examiner: Examiner, rng: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finding,) = _found(examiner, b"anyreach = " + organization_key(rng).encode())
    others = [finding._replace(origin=finding.origin._replace(object=f"{number:040x}")) for number in range(4)]
    monkeypatch.setattr(known_findings, "_MOST", 3)
    assert [len(values) for values in known_findings.values_of(others).places.values()] == [1, 1, 1, 0]


def test_a_secret_in_many_places_is_kept_once(examiner: Examiner, rng: Random) -> None:
    (finding,) = _found(examiner, b"anyreach = " + organization_key(rng).encode())
    others = [finding._replace(origin=finding.origin._replace(object=f"{number:040x}")) for number in range(4)]
    values = known_findings.values_of(others)
    assert len(values.secrets) == 1
    assert {len(places) for places in known_findings.parse(*values).values()} == {1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rule", None),
        ("digest", 1),
        ("confidence", "sure"),
        ("attribution", ""),
        ("exposure", "all"),
        ("others", "x"),
        ("end", "never"),
        ("lines_before", -1),
    ],
)
def test_malformed_secrets_are_refused(examiner: Examiner, rng: Random, key: str, value: Any) -> None:
    secrets, places = known_findings.values_of(_found(examiner, b"anyreach = " + organization_key(rng).encode()))
    secrets[0][key] = value
    with pytest.raises(FieldError):
        known_findings.parse(secrets, places)


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        [],
        {_ID: 1},
        {_ID: [1]},
        {_ID: [{}]},
        {_ID: [[]]},
        {_ID: [[0, 1, 2, 1, 1, 1]]},
        {_ID: [[0, 1, 2, 1, 1, 1, 2, 3]]},
        {_ID: [[1, 1, 2, 1, 1, 1, 2]]},
        {_ID: [[0, -1, 2, 1, 1, 1, 2]]},
        {_ID: [[0, 1, 1 << 63, 1, 1, 1, 2]]},
        {_ID: [[0, 1, 2.0, 1, 1, 1, 2]]},
        {_ID: [[False, 1, 2, 1, 1, 1, 2]]},
    ],
)
def test_malformed_places_are_refused(examiner: Examiner, rng: Random, malformed: Any) -> None:
    secrets, _ = known_findings.values_of(_found(examiner, b"anyreach = " + organization_key(rng).encode()))
    known_findings.parse(secrets, {_ID: [[0, 1, 2, 1, 1, 1, 2]]})
    with pytest.raises(FieldError):
        known_findings.parse(secrets, malformed)


@pytest.mark.parametrize("malformed", [None, {}, [1], [[]]])
def test_malformed_lists_of_secrets_are_refused(malformed: Any) -> None:
    with pytest.raises(FieldError):
        known_findings.parse(malformed, {})
