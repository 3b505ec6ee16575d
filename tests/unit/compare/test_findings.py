"""Which rows of different reports are one finding."""

from __future__ import annotations

from random import Random

import pytest

from tests import peer_reports
from tests.credentials import organization_key
from tests.peer_reports import WRITERS, Leak
from tests.unit.compare.comparing import compared, missed

_RNG = Random("findings")
_KEY, _OTHER, _THIRD = (organization_key(_RNG) for _ in range(3))
_COMMITS = [_RNG.randbytes(20).hex() for _ in range(4)]
_NAMES = list(WRITERS)


@pytest.mark.parametrize("one", _NAMES)
@pytest.mark.parametrize("other", _NAMES)
def test_the_same_findings_agree_in_all_formats(one: str, other: str) -> None:
    leaks = [Leak(_KEY, "src/a.py", 3, _COMMITS[0]), Leak(_OTHER, "src/b.py", 4, _COMMITS[1])]
    view = compared(a=WRITERS[one](leaks), b=WRITERS[other](leaks))
    assert view["summary"] == {"agree": True, "findings": 2, "credentials": 2, "unreadable": 0}


def test_one_of_two_on_a_line_is_missed() -> None:
    both = [Leak(_KEY, line=5, commit=_COMMITS[0]), Leak(_OTHER, line=5, commit=_COMMITS[0], column=90)]
    view = compared(a=peer_reports.gitleaks(both), b=peer_reports.kingfisher(both[1:]))
    assert missed(view, "b") == [("same_line", "src/app.py:5")]
    redacted = [leak._replace(redacted=True) for leak in both]
    view = compared(a=peer_reports.gitleaks(redacted), b=peer_reports.gitleaks(redacted[:1]))
    assert len(missed(view, "b")) == 1


def test_a_secret_that_took_the_place_of_another_is_another_finding() -> None:
    before, after = Leak(_KEY, line=5, commit=_COMMITS[0]), Leak(_OTHER, line=5, commit=_COMMITS[1])
    view = compared(a=peer_reports.gitleaks([before]), b=peer_reports.kingfisher([after]))
    assert view["summary"]["findings"] == 2
    hidden = peer_reports.gitleaks([after._replace(redacted=True)])
    assert compared(a=peer_reports.gitleaks([before]), b=hidden)["summary"]["findings"] == 2


def test_versions_on_one_line_are_one_finding_and_on_other_lines_are_folded() -> None:
    versions = [Leak(_KEY, line=5, commit=commit) for commit in _COMMITS[:3]]
    moved = Leak(_KEY, line=9, commit=_COMMITS[3])
    view = compared(a=peer_reports.gitleaks([*versions, moved]), b=peer_reports.gitleaks(versions[:1]))
    assert view["summary"] == {"agree": True, "findings": 2, "credentials": 1, "unreadable": 0}
    assert [(report["entries"], report["findings"], report["folded"]) for report in view["reports"]] == [
        (4, 2, 0),
        (1, 1, 1),
    ]


def test_versions_of_redacted_secrets_are_one_finding() -> None:
    versions = [Leak(_KEY, line=5, commit=commit, redacted=True) for commit in _COMMITS[:3]]
    view = compared(
        a=peer_reports.kingfisher(versions[::-1]), b=peer_reports.gitleaks([Leak(_KEY, line=5, commit=_COMMITS[0])])
    )
    assert view["summary"]["agree"]
    assert view["summary"]["findings"] == 1


def test_a_further_place_is_missed() -> None:
    places = [Leak(_KEY, "a.py", commit=_COMMITS[0]), Leak(_KEY, "b.py", commit=_COMMITS[0])]
    view = compared(a=peer_reports.gitleaks(places), b=peer_reports.kingfisher(places[:1]))
    assert missed(view, "b") == [("duplicate", "b.py:1")]
    assert view["reports"][1]["credentials_missed"] == 0


def test_a_span_with_the_word_before_it_is_the_same_secret() -> None:
    wide = Leak(f"Bearer {_KEY}", column=5, commit=_COMMITS[0])
    view = compared(
        a=peer_reports.gitleaks([wide]), b=peer_reports.kingfisher([Leak(_KEY, column=12, commit=_COMMITS[0])])
    )
    assert view["summary"] == {"agree": True, "findings": 1, "credentials": 1, "unreadable": 0}


def test_spans_of_foreign_secrets_that_overlap_are_one_finding() -> None:
    value = "x7Qp" * 10
    wide, narrow = Leak(f"key={value}", column=1, commit=_COMMITS[0]), Leak(value, column=5, commit=_COMMITS[0])
    view = compared(a=peer_reports.gitleaks([wide]), b=peer_reports.kingfisher([narrow]))
    assert view["summary"]["findings"] == 1


def test_two_rules_of_a_report_for_one_secret_are_one_finding() -> None:
    twice = [Leak(_KEY, rule="generic-api-key"), Leak(_KEY)]
    view = compared(a=peer_reports.gitleaks(twice), b=peer_reports.trufflehog(twice[1:]))
    assert view["summary"]["findings"] == 1
    assert view["findings"][0]["reports"][0]["rules"] == ["generic-api-key", "anyreach-organization-key"]


def test_a_loose_object_that_was_read_as_a_file_is_its_commit() -> None:
    commit = _COMMITS[0]
    loose = Leak(_KEY, f"repo/.git/objects/{commit[:2]}/{commit[2:]}", 7)
    view = compared(a=peer_reports.trufflehog([Leak(_KEY, "", 0, commit)]), b=peer_reports.kingfisher([loose]))
    assert view["summary"]["findings"] == 1


@pytest.mark.slow
def test_many_findings_on_one_line_take_no_time_that_grows_with_their_square() -> None:
    leaks = [Leak(organization_key(_RNG), redacted=True, column=50 * number) for number in range(3000)]
    view = compared(a=peer_reports.gitleaks(leaks), b=peer_reports.gitleaks(leaks))
    assert view["reports"][0]["entries"] == 3000
