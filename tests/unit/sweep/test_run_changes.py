"""What is new, gone or changed between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Confidence, Exposure, Secret, State
from akpatrol.report import render
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import DIGEST, KEYS, day, found, look, sweep, target, told

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.credential import Changes, Credential
    from akpatrol.report.view import VerificationView

GONE, SAME, MOVED, NEW, OTHER = KEYS[:5]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite3"


def _changes(file: Path, run: int = 1, **how: Any) -> Changes:
    with SweepStore(str(file), create=False) as store:
        return store.changes(store.runs()[run - 1], **how)


def _told(file: Path, **how: Any) -> list[tuple[str, str, str]]:
    return [(one.change, one.redacted, one.detail) for one in _changes(file, **how).credentials]


def _masked(key: str) -> str:
    return Secret(key.encode()).redacted


def test_new_changed_and_gone(file: Path) -> None:
    sweep(file, look("one", found(GONE), found(SAME)), look("two", found(MOVED, 2)))
    sweep(file, look("one", found(SAME), found(NEW)), look("two", found(MOVED, 1, State.REMOVED)))
    changes = _changes(file)
    assert (changes.run, changes.at) == (1, day(1))
    assert _told(file) == [
        ("new", _masked(NEW), ""),
        ("changed", _masked(MOVED), "only in older commits or other refs, before: in a branch now; 1 place fewer"),
        ("gone", _masked(GONE), ""),
    ]
    with SweepStore(str(file), create=False) as store:
        report = store.report(since=store.run_named("previous"))
    assert {one.secret.redacted for one in report.credentials} == {_masked(NEW), _masked(MOVED)}
    assert report.changes == changes


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        (found(SAME), found(SAME, 3), "2 more places"),
        (found(SAME), found(SAME, exposure=Exposure.BROWSER), "every visitor of a web page can read it now"),
        (found(SAME, exposure=Exposure.BROWSER), found(SAME), "no longer in a web page"),
        (found(SAME), reports.live(SAME, *found(SAME).occurrences), "live, before: unverified"),
    ],
)
def test_what_counts_as_a_change(file: Path, before: Credential, after: Credential, detail: str) -> None:
    sweep(file, look("one", before))
    sweep(file, look("one", after))
    assert _told(file) == [("changed", _masked(SAME), detail)]


def test_what_does_not(file: Path) -> None:
    place = found(SAME).occurrences[0]
    sweep(file, look("one", found(SAME)), look("two"))
    sweep(file, look("one", reports.credential(SAME, place._replace(line=99, refs=("refs/heads/new",)))), look("two"))
    assert _told(file) == []
    sweep(file, look("one"), look("two", found(SAME)))  # it moved to another target
    assert _told(file) == []


def test_gone_is_only_what_was_looked_for(file: Path) -> None:
    sweep(file, look("one", found(GONE)), look("two", found(OTHER)))
    sweep(file, look("two", gaps=("/org/two",)))
    assert _told(file) == []


def test_answers_of_the_api(file: Path) -> None:
    sweep(file, look("one", found(SAME), found(OTHER)))
    (name,) = {one.fingerprint for one in _all(file) if one.redacted == _masked(SAME)}
    for number, status in enumerate(
        (VerificationStatus.ACTIVE, VerificationStatus.NOT_SENT, VerificationStatus.INACTIVE)
    ):
        with SweepStore(str(file), create=True) as store:
            run = store.begin(day(number + 2), DIGEST)
            store.verified(run, {name: _answer(status)})
            store.unchanged(run, target("one"))
            store.finish(run, day(number + 2))
    assert _told(file) == [("changed", _masked(SAME), "inactive, before: unverified")]
    assert _told(file, run=2) == [("changed", _masked(SAME), "inactive, before: live")]
    with SweepStore(str(file), create=False) as store:
        first, _, third, _ = store.runs()
        assert [one.detail for one in store.changes(first, third.id).credentials] == ["live, before: unverified"]


def _answer(status: VerificationStatus) -> VerificationView:
    return {
        "status": status.value,
        "reason": "",
        "checked_at": None,
        "http_status": None,
        "organizations": [],
        "scopes": [],
        "blast_radius": [],
    }


def _all(file: Path) -> Any:
    """Everything as if it were new."""
    with SweepStore(str(file), create=False) as store:
        return store.changes(store.runs()[0]._replace(id=0)).credentials


def test_the_least_confidence_holds_in_either_run(file: Path) -> None:
    low = found(SAME, confidence=Confidence.LOW)
    sweep(file, look("one", found(GONE, confidence=Confidence.LOW), low))
    sweep(file, look("one", found(NEW, confidence=Confidence.LOW), found(SAME, 2)))
    assert [one[0] for one in _told(file, minimum=Confidence.MEDIUM)] == ["changed"]
    assert [one[0] for one in _told(file)] == ["new", "changed", "gone"]
    report = told(file, minimum=Confidence.MEDIUM)
    assert (len(report.credentials), report.below_confidence) == (1, 1)


def test_text_and_markdown_tell_it_first(file: Path) -> None:
    sweep(file, look("one", found(GONE), found(SAME)))
    sweep(file, look("one", found(SAME), found(NEW)))
    with SweepStore(str(file), create=False) as store:
        report = store.report(since=store.runs()[0])
    text = render(report, "text", reports.options()).splitlines()
    assert text[2:5] == [
        "Since run 1 (2026-03-01): 1 new, 1 gone",
        f"  new      {_masked(NEW)}",
        f"  gone     {_masked(GONE)}",
    ]
    markdown = render(report, "markdown", reports.options()).splitlines()
    assert markdown[2:6] == [
        "**Since run 1 (`2026-03-01`): 1 new, 1 gone**",
        "",
        f"- new: `{_masked(NEW)}`",
        f"- gone: `{_masked(GONE)}`",
    ]


def test_nothing_changed_is_told_too(file: Path) -> None:
    sweep(file, look("one", found(SAME)))
    sweep(file, same=("one",))
    with SweepStore(str(file), create=False) as store:
        report = store.report(since=store.runs()[0])
    assert "Since run 1 (2026-03-01): nothing changed" in render(report, "text", reports.options())
    assert not report.credentials


def test_many_changes_leave_markdown_within_its_limit(file: Path) -> None:
    random = reports.seeded(4)
    sweep(file, look("one"))
    sweep(file, look("one", *(found(reports.organization_key(random)) for _ in range(2000))))
    with SweepStore(str(file), create=False) as store:
        report = store.report(since=store.runs()[0])
    text = render(report, "markdown", reports.options())
    assert len(text.encode()) <= 65_536
    assert " more\n" in text
