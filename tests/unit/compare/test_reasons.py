"""Why a report misses a finding, from what reports and a repository say."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from akpatrol.compare.git_facts import GitFacts
from akpatrol.compare.traits import ReasonCode
from akpatrol.compare.words import WORDS
from akpatrol.model.report import Coverage
from akpatrol.model.scan import Place, Skipped, State, StateReason
from akpatrol.report import render
from tests import peer_reports, reports
from tests.credentials import organization_key, random_text
from tests.peer_reports import Leak
from tests.unit.compare.comparing import compared, missed

_RNG = Random("reasons")
_KEY, _SEEN = organization_key(_RNG), organization_key(_RNG)
_COMMIT, _MERGE, _OBJECT = (_RNG.randbytes(20).hex() for _ in range(3))
_FOREIGN = "ghp_" + random_text(_RNG, "base62", 36)
# So that a report has a finding of the same rule.
_OTHER = Leak(_SEEN, "other.py", 1, _COMMIT)


def _ours(report_changes: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """Return akpatrol's report of two credentials; the changes are of the one that others may miss."""
    introduced = reports.commit(_RNG, "2024-01-01T00:00:00Z")._replace(id=_COMMIT)
    made = {"path": b"src/app.py", "line": 1, "state": State.PRESENT, "introduced": introduced} | changes
    seen = reports.occurrence(_SEEN, path=b"other.py", line=1, state=State.PRESENT, introduced=introduced)
    report = reports.report(
        reports.credential(_KEY, reports.occurrence(_KEY, **made)),
        reports.credential(_SEEN, seen),
        command="history",
        **(report_changes or {}),
    )
    return render(report, "json", reports.options(report)).encode()


def _first(view: Any, label: str) -> str:
    ((code, _),) = missed(view, label)
    return code


@pytest.mark.parametrize("place", [place for place in Place if place is not Place.CONTENT])
def test_a_place_that_is_no_content(place: Place) -> None:
    ours = _ours(place=place, path=b"config" if place in (Place.PATH, Place.GIT_DIR) else None)
    assert _first(compared(a=ours, b=peer_reports.gitleaks([_OTHER])), "b") == place.value


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("stash", {"state": State.UNREACHABLE, "state_reason": StateReason.STASH}),
        ("reflog", {"state": State.UNREACHABLE, "state_reason": StateReason.REFLOG}),
        (
            "dangling",
            {"state": State.UNREACHABLE, "state_reason": StateReason.DANGLING, "path": None, "object": _OBJECT},
        ),
        ("note", {"refs": ("refs/notes/commits",), "state": State.REMOVED}),
        ("container", {"containers": ("zip:inner.env",)}),
        ("encoding", {"encodings": ("base64", "hex")}),
        ("worktree", {"state": State.WORKTREE, "introduced": None}),
    ],
)
def test_what_akpatrol_says_of_a_place(code: str, changes: dict[str, Any]) -> None:
    assert _first(compared(a=_ours(**changes), b=peer_reports.gitleaks([_OTHER])), "b") == code


def test_a_note_that_was_read_with_its_commit_is_found() -> None:
    ours = _ours(path=f"{_MERGE[:2]}/{_MERGE[2:]}".encode(), refs=("refs/notes/commits",), state=State.REMOVED)
    assert compared(a=ours, b=peer_reports.trufflehog([Leak(_KEY, "", 0, _MERGE), _OTHER]))["summary"]["agree"]


def test_a_report_of_files_has_nothing_of_history() -> None:
    ours = _ours(state=State.REMOVED)
    assert _first(compared(a=ours, b=peer_reports.detect_secrets([_OTHER])), "b") == "history"
    git, files = peer_reports.gitleaks([Leak(_KEY, "gone.py", commit=_COMMIT), _OTHER]), [Leak(_SEEN, "other.py")]
    facts = GitFacts(in_head=frozenset({"other.py"}))
    assert _first(compared(facts, a=git, b=peer_reports.detect_secrets(files)), "b") == "history"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("merge", GitFacts(merges=frozenset({_COMMIT}))),
        ("attribute", GitFacts(undiffed=frozenset({"src/app.py"}))),
        ("binary", GitFacts(binary=frozenset({(_COMMIT, "src/app.py")}))),
        ("reflog", GitFacts(in_reflogs=frozenset({_COMMIT}))),
        ("dangling", GitFacts(dangling=frozenset({_COMMIT}))),
        ("large", GitFacts(sizes={_OBJECT: 60_000_000})),
        ("unexplained", GitFacts()),
    ],
)
def test_what_the_repository_says(code: str, facts: GitFacts) -> None:
    seen = peer_reports.gitleaks([_OTHER._replace(commit=_MERGE)])
    assert _first(compared(facts, a=_ours(object=_OBJECT), b=seen), "b") in (
        code,
        "unexplained" * (code == "unexplained"),
    )


def test_a_scanner_that_opens_a_form_has_another_reason() -> None:
    ours = _ours(containers=("zip:inner.env",))
    opened = Leak(_SEEN, "backup.zip!x.env", commit=_COMMIT)
    view = compared(a=ours, b=peer_reports.gitleaks([opened]))
    assert ("container", "src/app.py:1") in missed(view, "b")  # no form is named by gitleaks
    both = peer_reports.gitleaks([opened, Leak(_KEY, "c.tar!y.env", commit=_COMMIT)])
    assert compared(a=both, b=both)["summary"]["agree"]


def test_an_encoding_that_a_scanner_decodes_is_no_reason() -> None:
    decoded = Leak(_SEEN, "other.py", 1, _COMMIT, encodings=("base64",))
    view = compared(a=_ours(encodings=("base64",)), b=peer_reports.gitleaks([decoded]))
    assert _first(view, "b") == "unexplained"
    view = compared(a=_ours(encodings=("base64", "hex")), b=peer_reports.gitleaks([decoded]))
    assert _first(view, "b") == "encoding"


def test_a_rule_that_the_other_lacks() -> None:
    theirs = peer_reports.gitleaks([_OTHER, Leak(_KEY, commit=_COMMIT), Leak(_FOREIGN, "gh.env", rule="github-pat")])
    view = compared(a=_ours(), b=theirs)
    assert missed(view, "a") == [("rule", "gh.env:1")]
    foreign = next(finding for finding in view["findings"] if finding["path"] == "gh.env")
    assert foreign["reports"][0]["reasons"][0]["detail"] == "github-pat"


def test_a_report_without_any_finding_may_be_of_a_scanner_that_failed() -> None:
    assert {code for code, _ in missed(compared(a=_ours(), b=b"[]"), "b")} == {"empty"}


def test_what_akpatrol_takes_for_a_placeholder() -> None:
    theirs = peer_reports.gitleaks([Leak("ak_your_key_id_here.your_secret_goes_here_now", "docs/a.md"), _OTHER])
    view = compared(a=_ours(), b=theirs)
    assert missed(view, "a") == [("confidence", "docs/a.md:1")]


def test_a_confidence_below_the_one_that_kingfisher_lists() -> None:
    low = json.loads(peer_reports.kingfisher([Leak(_KEY), _OTHER]))
    low["findings"][0]["finding"]["confidence"] = "low"
    low["metadata"]["summary"]["confidence_level"] = "low"
    view = compared(a=json.dumps(low).encode(), b=peer_reports.kingfisher([_OTHER]))
    assert _first(view, "b") == "confidence"


def test_what_akpatrol_could_not_read_and_what_it_excluded() -> None:
    theirs = peer_reports.gitleaks([Leak(_KEY, "big.bin", commit=_COMMIT), _OTHER, Leak(_KEY, commit=_COMMIT)])
    skipped = Coverage(skipped=(Skipped("big.bin: part 3", "over the limit"),))
    view = compared(a=_ours({"coverage": skipped}), b=theirs)
    assert missed(view, "a") == [("skipped", "big.bin:1")]
    excluded = Coverage(excluded={"exclude_option": 4})
    assert missed(compared(a=_ours({"coverage": excluded}), b=theirs), "a") == [("excluded", "big.bin:1")]


def test_betterleaks_that_ended_early() -> None:
    view = compared(a=_ours(), b=peer_reports.betterleaks([_OTHER], "incomplete"))
    assert _first(view, "b") == "incomplete"
    assert view["reports"][1]["incomplete"] == ["its scan ended as incomplete"]


def test_an_allowed_credential_is_found() -> None:
    ours = json.loads(_ours())
    ours["credentials"][0]["allowed"] = {
        "source": "baseline", "reason": "tests", "owner": None, "expires": None, "where": "b.json",
    }  # fmt: skip
    view = compared(a=json.dumps(ours).encode(), b=peer_reports.gitleaks([Leak(_KEY, commit=_COMMIT), _OTHER]))
    assert view["summary"]["agree"]


def test_every_reason_has_words() -> None:
    assert [*WORDS] == [*ReasonCode]
    assert {place.value for place in Place} - {"content"} <= {*ReasonCode}
