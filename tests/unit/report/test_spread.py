"""One result a credential and path in the forges' formats, with how often, since when and until when it is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import Version, Versions
from akpatrol.model.scan import Place, State
from akpatrol.report import render
from akpatrol.report.spread import SpreadCounter
from tests import reports

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence
    from akpatrol.model.report import Report

RANDOM = reports.seeded(31)
KEY, OTHER = reports.organization_key(RANDOM), reports.organization_key(RANDOM)
FIRST, LAST = Version("a" * 40, "b" * 40, "2020-01-01T00:00:00Z"), Version("c" * 40, "d" * 40, "2024-01-01T00:00:00Z")


def _versions(number: int, **changes: Any) -> Occurrence:
    """Return a line that so many versions of a file hold."""
    introduced = reports.commit(RANDOM, "2020-01-01T00:00:00Z", id="b" * 40)
    told = Versions(number, FIRST, LAST)
    made = reports.occurrence(KEY, object="c" * 40, versions=told, introduced=introduced, state=State.PRESENT)
    return made._replace(**changes)


def _results(report: Report) -> dict[str, list[str]]:
    """Return the message of each result, by format."""
    options = reports.options(report)
    sarif = json.loads(render(report, "sarif", options))["runs"][0]["results"]
    gitlab = json.loads(render(report, "gitlab", options))["vulnerabilities"]
    quality = json.loads(render(report, "gitlab-codequality", options))
    github = [line for line in render(report, "github", options).splitlines() if line.startswith("::error")]
    return {
        "sarif": [one["message"]["text"] for one in sarif],
        "gitlab": [one["description"] for one in gitlab],
        "gitlab-codequality": [one["description"] for one in quality],
        "github": github,
    }


@pytest.mark.parametrize("format_", ["sarif", "gitlab", "gitlab-codequality", "github"])
def test_one_result_a_credential_and_path(format_: str) -> None:
    lines = [_versions(2000, line=number, column=1, offset=number) for number in range(1, 31)]
    other = reports.credential(OTHER, reports.occurrence(OTHER, path=b"other"))
    messages = _results(reports.report(reports.credential(KEY, *lines, _versions(1, path=b"copy")), other))[format_]
    assert len(messages) == 3
    (long,) = [message for message in messages if "60,000 times in 30 places" in message]
    assert "the first in commit bbbbbbbbbbbb of 2020-01-01, the last in commit dddddddddddd of 2024-01-01" in long


@pytest.mark.parametrize("format_", ["sarif", "gitlab", "gitlab-codequality", "github"])
def test_one_result_for_the_texts_of_many_commits(format_: str) -> None:
    for place in (Place.AUTHOR, Place.COMMITTER, Place.COMMIT_MESSAGE):
        texts = [
            reports.occurrence(
                KEY, place=place, path=None, object=f"{n:040x}", introduced=reports.commit(RANDOM, f"{n}-01-01")
            )
            for n in range(2000, 2020)
        ]
        (message,) = _results(reports.report(reports.credential(KEY, *texts)))[format_]
        assert "in 20 commits, the first in commit" in message


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([_versions(1)], []),
        ([_versions(2)], ["in 2 versions of the file, the first in commit bbbbbbbbbbbb of 2020-01-01, the last"]),
        ([reports.occurrence(KEY, line=n) for n in (9, 3, 5)], ["in lines 3, 5 and 9"]),
        ([reports.occurrence(KEY, line=n) for n in range(1, 30)], ["9, 10 and 19 more"]),
        ([reports.occurrence(KEY, line=4, offset=n) for n in (1, 2)], ["2 times in it"]),
        ([reports.occurrence(KEY, containers=(f"zip:{n}",)) for n in (1, 2, 3)], ["3 times in it"]),
    ],
)
def test_words(places: list[Occurrence], words: list[str]) -> None:
    counter = SpreadCounter(places[0])
    for place in places[1:]:
        counter.add(place)
    told = list(counter.spread().facts())
    assert len(told) == len(words)
    assert all(word in one for word, one in zip(words, told, strict=True))


def test_the_worst_place_speaks_for_a_path_and_the_name_is_the_oldests() -> None:
    old = _versions(3, state=State.REMOVED, line=5)
    new = reports.occurrence(KEY, state=State.PRESENT, object="e" * 40, introduced=reports.commit(RANDOM), line=9)
    both = json.loads(render(reports.report(reports.credential(KEY, old, new)), "sarif", reports.options()))
    alone = json.loads(render(reports.report(reports.credential(KEY, old)), "sarif", reports.options()))
    (one,), (before,) = (log["runs"][0]["results"] for log in (both, alone))
    assert one["properties"]["state"] == "present"
    assert one["partialFingerprints"] == before["partialFingerprints"]
    assert one["occurrenceCount"] == 4
