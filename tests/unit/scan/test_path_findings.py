"""Files that rules find by their path alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Chunk, Confidence, Origin, Place, Skipped
from akpatrol.rules.rule import Allowlist, Rule, RuleSet
from akpatrol.scan.path_findings import files_by_path, path_findings
from akpatrol.sources.git.units import NamesUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.base import Item

_RULE = Rule("key-store", "", "", path=r"\.p12$")
_CHUNK = Chunk(Origin("0", Place.PATH), b"a.p12\0b/c.p12\0b/d\0e.p12", names=True, files=3)


def _rules(*rules: Rule) -> Engine:
    return Engine(RuleSet((), path_rules=rules), "automaton")


def test_only_files_are_found() -> None:
    """The last name is a directory's."""
    found = list(path_findings(_CHUNK, _rules(_RULE).path_rules))
    assert [(finding.origin.path, finding.offset, finding.context) for finding in found] == [
        (b"a.p12", 0, ("a.p12",)),
        (b"b/c.p12", 2, ("b/c.p12",)),
    ]
    assert not found[0].match.secret.is_kept
    assert found[0].match.secret != found[1].match.secret


def test_each_rule_finds_for_itself() -> None:
    low = _RULE._replace(id="low", confidence=Confidence.LOW)
    found = list(path_findings(_CHUNK, _rules(_RULE, low).path_rules))
    assert [(finding.match.rule_id, finding.match.confidence) for finding in found] == [
        ("key-store", Confidence.MEDIUM),
        ("low", Confidence.LOW),
    ] * 2


def test_allowlists() -> None:
    lists = {
        Allowlist(paths=("^b/",)): [b"a.p12"],
        Allowlist(paths=("^b/",), every=True): [b"a.p12"],
        Allowlist(paths=("^b/",), regexes=("x",), every=True): [b"a.p12", b"b/c.p12"],
        Allowlist(paths=("^b/",), commits=("c",), every=True): [b"a.p12", b"b/c.p12"],
        Allowlist(regexes=("b",)): [b"a.p12", b"b/c.p12"],
    }
    for allowlist, paths in lists.items():
        rules = _rules(_RULE._replace(allowlists=(allowlist,))).path_rules
        assert [finding.origin.path for finding in path_findings(_CHUNK, rules)] == paths


def test_a_unit_is_read_only_for_rules() -> None:
    class Unread(NamesUnit):
        def read(self) -> Iterator[Item]:
            raise AssertionError

    assert not list(files_by_path(Unread("0", Place.PATH, (b"a.p12",)), ()))
    unit = NamesUnit("0", Place.PATH, (b"a.p12", b"b"))
    items = list(files_by_path(unit, _rules(_RULE).path_rules))
    assert len(items) == 1
    assert not any(isinstance(item, Skipped) for item in items)
