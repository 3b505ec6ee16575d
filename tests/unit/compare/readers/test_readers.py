"""Every format of another scanner: recognised by content, read whole, damaged entries counted, no secret kept."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from akpatrol.compare import readers
from akpatrol.errors import UsageError
from akpatrol.model.scan import Place
from akpatrol.report import render
from tests import peer_reports, reports
from tests.credentials import organization_key, personal_access_token
from tests.peer_reports import WRITERS, Leak
from tests.unit.compare.comparing import named, parsed

_RNG = Random("readers")
_KEY, _OTHER = organization_key(_RNG), personal_access_token(_RNG)
_COMMIT = _RNG.randbytes(20).hex()
_LEAKS = [
    Leak(_KEY, "src/a.py", 3, _COMMIT),
    Leak(_OTHER, "b.env", 1, _COMMIT, rule="anyreach-personal-access-token", encodings=("base64",)),
]
_WITHOUT_SECRETS = {"detect-secrets"}
_WITHOUT_COMMITS = {"kingfisher SARIF", "detect-secrets"}
_BROKEN: dict[str, Any] = {
    "gitleaks": lambda text: text.replace('"StartLine": 3', '"StartLine": "3"'),
    "gitleaks SARIF": lambda text: text.replace('"startLine": 3', '"startLine": -3'),
    "betterleaks": lambda text: text.replace('"start_line": 3', '"start_line": []'),
    "betterleaks lines": lambda text: text.replace('"start_line": 3', '"start_line": []'),
    "kingfisher": lambda text: text.replace('"line": 3', '"line": {}'),
    "kingfisher lines": lambda text: text.replace('"line": 3', '"line": {}'),
    "kingfisher SARIF": lambda text: text.replace('"startLine": 3', '"startLine": true'),
    "trufflehog": lambda text: text.replace('"line": 3', '"line": "x"'),
    "detect-secrets": lambda text: text.replace('"line_number": 3', '"line_number": 1e9'),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_report_is_recognised_and_read(name: str) -> None:
    report = parsed(WRITERS[name](_LEAKS))
    assert report.facts.tool == name.partition(" ")[0]
    assert not report.unreadable
    rows = [entry.row for entry in report.entries]
    assert [(row.path, row.line, row.rule, row.place) for row in rows] == [
        (leak.path, leak.line, leak.rule, Place.CONTENT) for leak in _LEAKS
    ]
    if name not in _WITHOUT_COMMITS:
        assert {row.commit for row in rows} == {_COMMIT}
    if name not in _WITHOUT_SECRETS:
        assert [entry.secret for entry in report.entries] == [_KEY, _OTHER]
    if "SARIF" not in name and name != "detect-secrets":
        assert rows[1].encodings == ("base64",)


@pytest.mark.parametrize("name", WRITERS)
def test_one_secret_has_a_name_in_common_with_itself_in_each_format(name: str) -> None:
    (one,), (other,) = (
        report.rows for report in named(a=WRITERS[name](_LEAKS[:1]), b=peer_reports.gitleaks(_LEAKS[:1]))
    )
    assert one.names & other.names
    assert one.names.isdisjoint(next(iter(named(c=WRITERS[name](_LEAKS[1:])))).rows[0].names)


@pytest.mark.parametrize("name", WRITERS)
def test_no_secret_is_kept(name: str) -> None:
    (report,) = named(a=WRITERS[name](_LEAKS))
    for secret in (_KEY, _OTHER):
        assert secret not in repr(report)
        assert secret.partition("_")[2][:12] not in repr(report)


@pytest.mark.parametrize("name", _BROKEN)
def test_an_entry_that_cannot_be_read_is_counted_and_names_no_value(name: str) -> None:
    written = WRITERS[name](_LEAKS).decode()
    broken = _BROKEN[name](written)
    assert broken != written
    report = parsed(broken.encode())
    assert [entry.row.path for entry in report.entries] == ["b.env"]
    assert len(report.unreadable) == 1
    assert _KEY not in report.unreadable[0]


@pytest.mark.parametrize("name", ["gitleaks", "gitleaks SARIF", "kingfisher", "kingfisher SARIF"])
def test_a_redacted_secret_is_none(name: str) -> None:
    report = parsed(WRITERS[name]([_LEAKS[0]._replace(redacted=True)]))
    assert [entry.secret for entry in report.entries] == [None]
    assert not report.entries[0].row.names


def test_a_share_of_a_secret_is_none() -> None:
    entry = json.loads(peer_reports.gitleaks(_LEAKS))[0] | {"Secret": _KEY[:24] + "..."}
    assert parsed(json.dumps([entry]).encode()).entries[0].secret is None


def test_betterleaks_keeps_the_hash_of_what_it_redacts() -> None:
    (redacted,), (shown,) = (
        report.rows
        for report in named(
            a=peer_reports.betterleaks([_LEAKS[0]._replace(redacted=True)]), b=peer_reports.gitleaks(_LEAKS[:1])
        )
    )
    assert redacted.names < shown.names


def test_betterleaks_says_that_its_scan_ended_early() -> None:
    assert parsed(peer_reports.betterleaks(_LEAKS, "incomplete")).facts.incomplete == ("its scan ended as incomplete",)
    lines = peer_reports.betterleaks_lines(_LEAKS).splitlines(keepends=True)
    assert "is missing" in parsed(b"".join(lines[:-1])).facts.incomplete[0]


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("gitleaks", b"[]\n"),
        ("gitleaks", peer_reports.gitleaks_sarif([])),
        ("betterleaks", peer_reports.betterleaks([])),
        ("betterleaks", peer_reports.betterleaks([]).replace(b"[]", b"null")),
        ("betterleaks", peer_reports.betterleaks_lines([])),
        ("kingfisher", peer_reports.kingfisher([])),
        ("kingfisher", peer_reports.kingfisher_lines([])),
        ("detect-secrets", peer_reports.detect_secrets([])),
    ],
)
def test_a_report_of_nothing(name: str, empty: bytes) -> None:
    report = parsed(empty)
    assert report.facts.tool == name
    assert report[1:] == ((), ())


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[1]",
        b'[{"a": 1}]',
        b'"text"',
        b"null",
        b"hello\n",
        b'{"runs": 3}',
        b'{"findings": []}',
        b"{}\n{}\n",
        b"a,b\n1,2",
    ],
)
def test_what_is_no_report(content: bytes) -> None:
    with pytest.raises(UsageError, match="not a report of a known format"):
        parsed(content)


def test_every_reader_is_named_in_the_error() -> None:
    with pytest.raises(UsageError) as caught:
        parsed(b"{}")
    assert all(reader.name in caught.value.hint for reader in readers.all_readers())


def test_a_baseline_of_detect_secrets_keeps_what_a_person_decided() -> None:
    baseline = json.loads(peer_reports.detect_secrets(_LEAKS[:1]))
    baseline["results"]["src/a.py"][0]["is_secret"] = False
    assert parsed(json.dumps(baseline).encode()).entries[0].row.allowed


def test_trufflehog_finds_in_a_commit_what_is_no_file() -> None:
    (entry,) = parsed(peer_reports.trufflehog([Leak(_KEY, "", 0, _COMMIT)])).entries
    assert entry.row[1:3] == (None, None)
    assert entry.row.place is Place.COMMIT_MESSAGE


@pytest.mark.parametrize(
    ("written", "path", "member", "place"),
    [
        ("a.zip!b/c.env", "a.zip", "b/c.env", Place.CONTENT),
        ("a.tar.gz!b.zip!c", "a.tar.gz", "c", Place.CONTENT),
        ("wow!.txt", "wow!.txt", "", Place.CONTENT),
        ("./a.py", "a.py", "", Place.CONTENT),
        ("src\\a.py", "src/a.py", "", Place.CONTENT),
        ("repo/.git/config", "config", "", Place.GIT_DIR),
        ("repo/.git/objects/ab/" + "0" * 38, None, "", Place.CONTENT),
    ],
)
def test_the_parts_of_a_path(written: str, path: str | None, member: str, place: Place) -> None:
    (entry,) = parsed(peer_reports.kingfisher([Leak(_KEY, written)])).entries
    assert (entry.row.path, entry.row.member, entry.row.place) == (path, member, place)
    if path is None:
        assert entry.row.objects == ("ab" + "0" * 38,)


def test_sarif_of_anybody_holds_a_secret_where_our_rules_find_one_in_its_snippet() -> None:
    log = json.loads(peer_reports.gitleaks_sarif(_LEAKS[:1]))
    log["runs"][0]["tool"]["driver"]["name"] = "other"
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    region["snippet"]["text"] = f'headers = {{"Authorization": "Bearer {_KEY}"}}'
    (theirs, ours) = (
        report.rows[0] for report in named(a=json.dumps(log).encode(), b=peer_reports.gitleaks(_LEAKS[:1]))
    )
    assert theirs.names & ours.names
    region["snippet"]["text"] = "password = hunter2"
    (plain,) = named(a=json.dumps(log).encode())
    assert plain.rows[0].names == frozenset()


def test_sarif_whose_files_are_in_a_list() -> None:
    log = json.loads(peer_reports.kingfisher_sarif(_LEAKS[:1]))
    run = log["runs"][0]
    run["artifacts"] = [{"location": {"uri": "file:///src/a%20b.py"}}]
    run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] = {"index": 0}
    run["invocations"] = [{"executionSuccessful": False}]
    report = parsed(json.dumps(log).encode())
    assert report.entries[0].row.path == "/src/a b.py"
    assert report.facts.incomplete == ("a run of it did not succeed",)


@pytest.mark.parametrize("format_", ["json", "jsonl", "sarif"])
def test_our_own_reports(format_: str) -> None:
    report = reports.report(reports.credential(_KEY, reports.occurrence(_KEY)))
    (ours, theirs) = named(
        a=render(report, format_, reports.options(report)).encode(),
        b=peer_reports.gitleaks([Leak(_KEY, "src/app/config.py", 12)]),
    )
    assert ours.facts.tool.startswith("akpatrol")
    assert ours.rows[0].names & theirs.rows[0].names
    assert ours.rows[0].masked or format_ == "sarif"


def test_our_own_report_of_several_repositories() -> None:
    places = [reports.occurrence(_KEY, target=target, path=b"a.py") for target in ("t1", "t2", "t3")]
    roots = {"t1": "/src/shop", "t2": "/src/api", "t3": "/old/shop"}
    targets = tuple(reports.target(id=target, root=root) for target, root in roots.items())
    report = reports.report(reports.credential(_KEY, *places), targets=targets)
    rows = [entry.row for entry in parsed(render(report, "json", reports.options(report)).encode()).entries]
    assert {row.path for row in rows} == {"/src/shop/a.py", "api/a.py", "/old/shop/a.py"}


def test_our_own_report_is_read_whole_or_not_at_all() -> None:
    report = reports.report(reports.credential(_KEY, reports.occurrence(_KEY)))
    lines = render(report, "jsonl", reports.options(report)).encode().splitlines(keepends=True)
    with pytest.raises(UsageError, match="cut short"):
        parsed(b"".join(lines[:-1]))
    whole = json.loads(render(report, "json", reports.options(report)))
    del whole["coverage"]
    with pytest.raises(UsageError, match="not an akpatrol JSON report"):
        parsed(json.dumps(whole).encode())
    with pytest.raises(UsageError, match="damaged"):
        parsed(render(report, "json", reports.options(report)).encode() + b"x")
