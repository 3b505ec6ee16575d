"""A large report is written piece by piece, and with the same words as one that is in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from akpatrol.model import places
from akpatrol.model.places import KeptPlaces
from akpatrol.report import FORMATS, document, locations, page_bound, pieces, render
from akpatrol.report.order import badness, facts_of
from tests import reports
from tests.unit.report.strategies import hostile_reports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.report import Report

RANDOM = reports.seeded(11)
KEYS = [reports.organization_key(RANDOM) for _ in range(4)]


def _places(key: str, number: int) -> tuple[Occurrence, ...]:
    return tuple(reports.occurrence(key, path=f"src/{one}.py".encode(), offset=one) for one in range(number))


def _kept(credential: Credential) -> Credential:
    """Return a credential whose places are read on each pass."""
    listed = sorted(credential.occurrences, key=badness)
    return credential._replace(
        occurrences=KeptPlaces(lambda: iter(listed), len(listed), facts_of(tuple(credential.occurrences)))
    )


@settings(max_examples=6)
@given(report=hostile_reports)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same_whether_its_places_are_in_memory_or_not(name: str, report: Report) -> None:
    for verbose in (0, 1) if name == "text" else (0,):
        options = reports.options(report, verbose=verbose)
        expected = render(report, name, options)
        kept = report._replace(credentials=tuple(map(_kept, report.credentials)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(places, "MOST_IN_MEMORY", 0)
            assert render(report, name, options) == expected
            assert render(kept, name, options) == expected
        assert render(kept, name, options) == expected


@pytest.mark.parametrize("name", ["text", "json", "jsonl", "csv", "sarif"])
def test_what_has_no_bound_is_written_as_it_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 0)
    number, read, ahead = 500, 0, []
    listed = _places(KEYS[0], number)

    def counted() -> Iterator[Occurrence]:
        nonlocal read
        for place in listed:
            read += 1
            yield place

    kept = KeptPlaces(counted, number, facts_of(listed))
    report = reports.report(reports.credential(KEYS[0], *listed)._replace(occurrences=kept))
    written = 0
    for piece in pieces(report, name, reports.options(report, verbose=1)):
        for one in range(written, number):
            if f"src/{one}.py" not in piece:
                break
            written += 1
            ahead.append(read % number)
    assert written == number
    # When the first place is written, few of this pass are read.
    assert ahead[0] <= 2
    assert ahead[number // 2] <= number // 2 + 2


def test_the_passes_of_a_document_make_its_values_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    report = reports.report(*(reports.credential(key, *_places(key, 3)) for key in KEYS))
    at_once = document.build_visible(report, reports.options(report))
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 11)
    view = document.build_visible(report, reports.options(report))
    assert not isinstance(view["credentials"], list)
    assert view["credentials"][0] is not view["credentials"][0]
    assert [{**one, "occurrences": list(one["occurrences"])} for one in view["credentials"]] == at_once["credentials"]
    assert isinstance(document.build(report, reports.options(report), at_once=True)["credentials"], list)
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 12)
    assert isinstance(document.build(report, reports.options(report))["credentials"], list)


@pytest.mark.parametrize("name", ["sarif", "gitlab", "gitlab-codequality", "junit", "github"])
def test_a_finding_on_very_many_paths_has_the_first_ones_and_a_word_for_the_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(locations, "MOST_PATHS", 4)
    report = reports.report(reports.credential(KEYS[0], *_places(KEYS[0], 9)), reports.credential(KEYS[1]))
    found = locations.in_order(report, document.build_visible(report, reports.options(report)), str)
    assert len(found) == 10
    assert [place.path for place in found] == ["src/0.py", "config/settings.py", "src/1.py", "src/2.py", "src/3.py"]
    assert "src/3.py" in render(report, name, reports.options(report))
    assert "src/4.py" not in render(report, name, reports.options(report))


def test_a_page_has_the_most_urgent_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_bound, "MOST_PLACES", 8)
    monkeypatch.setattr(page_bound, "SHOWN_PLACES", 7)
    monkeypatch.setattr(page_bound, "MOST_CREDENTIALS", 3)
    monkeypatch.setattr(page_bound, "SHOWN_CREDENTIALS", 3)
    allowed = reports.credential(KEYS[3], allowed=reports.allowance())
    whole = reports.report(reports.credential(KEYS[0], *_places(KEYS[0], 4)), allowed)
    assert page_bound.bounded(whole) == (whole, "")
    many = [reports.credential(key, *_places(key, number)) for key, number in zip(KEYS, (9, 1, 5, 2), strict=True)]
    shown, words = page_bound.bounded(reports.report(*many))
    assert [len(one.occurrences) for one in shown.credentials] == [2, 2, 2]
    assert words.startswith("This page has 3 of 4 credentials and ")
    page = render(reports.report(*many), "html", reports.options())
    assert words in page
    assert "4 leaked credentials" in page
    shown, words = page_bound.bounded(reports.report(many[0], allowed))
    assert [len(one.occurrences) for one in shown.credentials] == [7, 0]
    assert words.startswith("This page has all credentials and 7 locations of 9")
