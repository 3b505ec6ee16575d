"""Findings are found again at their places, without a search, where the bytes are what they were."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.batch import ContentBatch
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Counted, Origin, Place
from akpatrol.rules import rule_file
from akpatrol.rules.rule import RuleSet
from akpatrol.scan.examine import Examiner
from akpatrol.scan.rescan import rescanned
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.git import known_findings
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from akpatrol.scan.decode import ScanItem
    from akpatrol.sources.base import Item

_FOREIGN = b"[[rules]]\nid = 'vendor'\nregex = 'vnd-([a-z0-9]{8})'\nkeywords = ['vnd-']\nsecretGroup = 1\n"
_ID = "ab" * 20


class _Unit:
    title = "unit"

    def __init__(self, *items: Item | ContentBatch) -> None:
        self._items = items

    def read(self) -> Iterator[Item | ContentBatch]:
        return iter(self._items)


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(RuleSet((*rule_file.load().rules, *rule_file.parse(_FOREIGN, "f"))))


def _content(data: bytes, place: Place = Place.CONTENT) -> Content:
    return Content(Origin("0", place, object=_ID), data)


def _refused(_item: Item) -> Iterator[ScanItem]:
    raise AssertionError("this needs no search")


def _pieces(rng: Random) -> list[bytes]:
    key, token = organization_key(rng).encode(), personal_access_token(rng).encode()
    allowed = b"x = '" + key + b"'  # akpatrol:allow docs\n"
    return [b"\xef\xbb\xbf", b"anyreach = ", key, token, b"\n", b"vnd-12ab34cd ", b"word " * 60, b"\xff\xfe", allowed]


@given(seed=st.randoms(use_true_random=False), order=st.lists(st.integers(0, 8), min_size=1, max_size=14))
def test_what_is_found_again_is_what_was_found(examiner: Examiner, seed: Random, order: list[int]) -> None:
    pieces = _pieces(seed)
    content = _content(b"".join(pieces[number] for number in order))
    findings = [item for item in examiner.examine_item(content) if isinstance(item, RawFinding)]
    known = known_findings.parse(*json.loads(json.dumps(known_findings.values_of(findings))))
    for item in (content, ContentBatch([content.data], lambda _: content)):
        unit = RescanUnit(_Unit(item), known)
        search = _refused if all(known.values()) and known else examiner.examine_item
        assert list(rescanned(unit, examiner.rules, search)) == findings


def test_changed_bytes_are_examined(examiner: Examiner, rng: Random) -> None:
    content = _content(b"key = " + organization_key(rng).encode() + b"\n")
    (finding,) = examiner.examine_item(content)
    assert isinstance(finding, RawFinding)
    known = known_findings.parse(*known_findings.values_of([finding]))
    other = _content(b"key = " + organization_key(rng).encode() + b"\n")
    (again,) = rescanned(RescanUnit(_Unit(other), known), examiner.rules, examiner.examine_item)
    assert isinstance(again, RawFinding)
    assert again.match.secret != finding.match.secret
    cut = _content(content.data[:20])
    assert list(rescanned(RescanUnit(_Unit(cut), known), examiner.rules, examiner.examine_item)) == []


def test_a_rule_that_is_gone_finds_nothing(examiner: Examiner, rng: Random) -> None:
    content = _content(organization_key(rng).encode())
    findings = [item for item in examiner.examine_item(content) if isinstance(item, RawFinding)]
    known = known_findings.parse(*known_findings.values_of(findings))
    foreign = Examiner(RuleSet(tuple(rule_file.parse(_FOREIGN, "f"))))
    assert list(rescanned(RescanUnit(_Unit(content), known), foreign.rules, foreign.examine_item)) == []


def test_other_items_and_objects_come_as_they_are(examiner: Examiner, rng: Random) -> None:
    content = _content(organization_key(rng).encode())
    findings = list(examiner.examine_item(content))
    unit = RescanUnit(_Unit(Counted("blobs", 1), content), {"cd" * 20: ()})
    assert list(rescanned(unit, examiner.rules, examiner.examine_item)) == [Counted("blobs", 1), *findings]
