"""A report read back out of its own document: nothing is lost, and nothing of a hostile file comes through."""

from __future__ import annotations

import copy
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import Changes, CredentialChange, NamedSecret
from akpatrol.report import FORMATS, document, render
from akpatrol.report.load import document_of, raw_secrets, report_of
from akpatrol.report.text_safety import path_bytes, path_text
from akpatrol.rules.rule_file import load
from tests import reports, samples
from tests.unit.report.strategies import hostile, hostile_reports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.model.report import Report

_KEY = reports.organization_key(reports.seeded(8))
_CHANGES = Changes(
    3,
    "2026-02-28T02:00:00Z",
    (
        CredentialChange("akp1:" + 64 * "0", CUSTOM, "***(20)", "gone"),
        CredentialChange("akp1:" + 64 * "1", CUSTOM, "***(9)", "new"),
    ),
)
SAMPLES = {
    "staged": samples.staged(reports.seeded(1)),
    "history": samples.history(reports.seeded(1)),
    "verified": samples.verified(reports.seeded(1)),
    "triaged": samples.triaged(reports.seeded(1)),
    "crowd": samples.crowd(5, reports.seeded(1)),
    "clean": reports.report(),
    "workstation": samples.workstation(reports.seeded(1)),
    "changes": reports.report(reports.credential(_KEY, found_at="2026-01-01T00:00:00Z"), changes=_CHANGES),
}


def _document(report: Report) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(render(report, "json", reports.options(report)))
    return written


def _by_content(document: Mapping[str, object]) -> dict[str, Any]:
    """The document with its places in an order of their own: raw paths may sort otherwise than masked ones."""
    whole: dict[str, Any] = copy.deepcopy(dict(document))
    for credential in whole["credentials"]:
        credential["occurrences"].sort(key=lambda place: json.dumps(place, sort_keys=True))
    return whole


@pytest.mark.parametrize("name", SAMPLES)
def test_a_document_of_what_was_read_back_is_the_same(name: str) -> None:
    whole = _document(SAMPLES[name])
    again = report_of(whole)
    assert document.build(again, reports.options()) == whole
    assert all(isinstance(one.secret, NamedSecret) for one in again.credentials)


@pytest.mark.parametrize("name", SAMPLES)
def test_json_lines_tell_the_same(name: str) -> None:
    report = SAMPLES[name]
    lines = render(report, "jsonl", reports.options(report)).encode()
    assert report_of(document_of(lines, "r.jsonl")) == report_of(_document(report))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_tells_the_same_of_it(name: str, format_: str) -> None:
    report = SAMPLES[name]
    assert render(report_of(_document(report)), format_, reports.options()) == render(
        report, format_, reports.options(report)
    )


@hostile
@given(hostile_reports)
def test_whatever_the_texts_are_it_is_the_same(report: Report) -> None:
    whole = _document(report)
    again = document.build(report_of(whole), reports.options())
    assert _by_content(again) == _by_content(whole)


@given(st.binary(max_size=40) | st.sampled_from([b"\\xff", b"\\x5cxff", b"\\\\xff\xff", b"\\x5c", b"caf\xe9"]))
def test_paths_come_back_to_the_byte(path: bytes) -> None:
    assert path_bytes(path_text(path)) == path


def test_the_digest_of_the_earlier_rules_is_kept() -> None:
    whole = _document(SAMPLES["staged"])
    whole["scan"]["rules_digest"] = 64 * "a"
    assert load().digest != 64 * "a"
    assert document.build(report_of(whole), reports.options())["scan"]["rules_digest"] == 64 * "a"


def test_what_older_versions_did_not_write() -> None:
    whole = _document(SAMPLES["staged"])
    del whole["changes"], whole["credentials"][0]["found_at"], whole["scan"]["interrupted"], whole["sources"]
    assert report_of(whole) == report_of(_document(SAMPLES["staged"]))


def test_raw_secrets_are_not_taken_over_but_known() -> None:
    report = reports.report(reports.credential(_KEY))
    shown = render(report, "json", reports.options(report, show_secrets=True))
    assert _KEY in shown
    again = report_of(json.loads(shown))
    assert [secret.reveal().decode() for secret in raw_secrets(json.loads(shown))] == [_KEY]
    options = reports.options(report, show_secrets=True)
    told = render(again._replace(coverage=report.coverage), "json", options._replace(show_secrets=False))
    assert _KEY not in told


def test_a_newer_version() -> None:
    with pytest.raises(UsageError, match=r"r\.json: written by a newer version"):
        report_of(_document(SAMPLES["clean"]) | {"schema_version": "2"}, "r.json")


_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1 << 70, 10**400, 1.5, -0.5, float("nan"), float("inf")]),
    st.sampled_from(["", "x", "\ud800", _KEY, "akp1:" + _KEY, "9" * 100]),
    st.just([]),
    st.just([[]]),
    st.just({}),
    st.just([{"x": 1}]),
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way] if way else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, item in items for place in _places(item, (*way, key))]


_NAMED = re.compile(r"r\.json: (?:not an akpatrol JSON report: [a-z0-9_.\[\] :]+: |written by a newer version)")
_WHOLE = [_document(SAMPLES[name]) for name in ("history", "verified", "triaged", "changes", "workstation")]
_TARGETS = [(whole, place) for whole in _WHOLE for place in _places(whole)]


@pytest.mark.slow
@settings(max_examples=200)
@given(st.sampled_from(_TARGETS), _ANYTHING, st.booleans())
def test_whatever_is_changed_is_refused_or_renders(target: Any, value: Any, gone: bool) -> None:
    whole, (*way, last) = copy.deepcopy(target[0]), target[1]
    place = whole
    for key in way:
        place = place[key]
    if gone:
        del place[last]
    else:
        place[last] = value
    report = None
    with suppress(UsageError):
        report = report_of(whole, "r.json")
    if not report:
        return
    options = reports.options(redact=lambda text: text.replace(_KEY, "***"))
    for format_ in FORMATS:
        told = render(report, format_, options)
        assert _KEY not in told
        told.encode()


_EVERY_FIELD = {re.sub(r"\d+", "0", repr(place)): (whole, place) for whole, place in _TARGETS}
_WRONG: tuple[Any, ...] = (
    None, True, -1, 0, 1 << 70, 10**400, -(10**400), 1.5, float("nan"), float("inf"), -0.5, "", "x", "\ud800",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", _KEY, [], [[]], {}, [{"x": 1}],
)  # fmt: skip


@pytest.mark.parametrize("field", _EVERY_FIELD)
def test_every_field_of_every_report_is_bounded(field: str) -> None:
    """The reader accepts a valid value for a field, or names the field."""
    original, (*way, last) = _EVERY_FIELD[field]
    whole = copy.deepcopy(original)
    place = whole
    for key in way:
        place = place[key]
    for value in _WRONG:
        place[last] = value
        _taken_or_named(whole)
    del place[last]
    _taken_or_named(whole)


def _taken_or_named(whole: dict[str, Any]) -> None:
    told = ""
    try:
        report_of(whole, "r.json")
    except UsageError as error:
        told = str(error)
    assert not told or _NAMED.match(told)
    assert _KEY not in told


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000, "1e400", "-1", "NaN", "Infinity", "9e15"])
@pytest.mark.parametrize(
    "name", ["scan.duration_seconds", "coverage.bytes", "credentials[0].occurrences[0].line", "summary.x"]
)
def test_a_number_out_of_range_is_called_by_its_name(number: str, name: str) -> None:
    text = render(SAMPLES["history"], "json", reports.options())
    whole = json.loads(text)
    if name == "summary.x":
        whole["summary"]["below_min_confidence"] = "here"
        name = "summary.below_min_confidence"
    elif name.startswith("scan"):
        whole["scan"]["duration_seconds"] = "here"
    elif name.startswith("coverage"):
        whole["coverage"]["bytes"] = "here"
    else:
        whole["credentials"][0]["occurrences"][0]["line"] = "here"
    content = json.dumps(whole).replace('"here"', number).encode()
    with pytest.raises(UsageError, match=re.escape(f"r.json: not an akpatrol JSON report: {name}: must be")):
        report_of(document_of(content, "r.json"), "r.json")


@pytest.mark.parametrize("started", ["9999-12-31T23:59:59Z", "9000-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
def test_a_scan_of_the_last_year_renders_or_is_refused(started: str) -> None:
    whole = _document(SAMPLES["history"])
    whole["scan"] |= {"started_at": started, "duration_seconds": 1e9}
    with suppress(UsageError):
        report = report_of(whole, "r.json")
        assert all(render(report, format_, reports.options()) for format_ in FORMATS)


@pytest.mark.parametrize(
    "started",
    [
        "2026-W10-7",
        "20260301T115900Z",
        "2026-03-01",
        "2026-03-01 11:59:00Z",
        "2026-03-01x11:59:00Z",
        "2026-03-01T11:59:00",
        "2026-03-01T11:59Z",
        "2026-03-01T11:59:00,5Z",
        "2026-03-01T11:59:00+01:00:30",
        "2026-02-30T11:59:00Z",
        "9001-01-01T00:00:00Z",
        "٢026-03-01T11:59:00Z",
        "",
        None,
    ],
)
def test_a_scan_begins_at_a_time_that_a_scan_writes(started: str | None) -> None:
    whole = _document(SAMPLES["history"])
    whole["scan"]["started_at"] = started
    with pytest.raises(UsageError, match=r"scan\.started_at: must be"):
        report_of(whole, "r.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fingerprint", "akp1:" + 64 * "g"),
        ("secret_sha256", 64 * "A"),
        ("redacted", _KEY),
        ("redacted", _KEY[:30] + "***(4)"),
        ("key_id", "pat_" + 40 * "a"),
        ("kind", "password"),
        ("confidence", "HIGH"),
        ("confidence", "3"),
        ("severity", "worst"),
        ("state", "PRESENT"),
        ("found_at", _KEY),
    ],
)
def test_what_is_shown_as_it_is_must_be_what_it_says(key: str, value: str) -> None:
    whole = _document(SAMPLES["staged"])
    whole["credentials"][0][key] = value
    with pytest.raises(UsageError, match="not an akpatrol JSON report"):
        report_of(whole)


def test_no_report_is_complete_that_says_what_it_lacks() -> None:
    whole = _document(SAMPLES["history"])
    whole["coverage"]["complete"] = True
    with pytest.raises(UsageError):
        report_of(whole)


def test_an_interrupted_report_is_incomplete() -> None:
    whole = _document(SAMPLES["history"]._replace(interrupted=True))
    assert report_of(whole).interrupted
    whole = _document(SAMPLES["staged"]._replace(interrupted=True))
    with pytest.raises(UsageError):
        report_of(whole)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"[]",
        b"3",
        b"{",
        b"\xff\xfe\xff",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"schema_version": NaN}',
        b'{"schema_version": ' + b"9" * 5000 + b"}",
        b'{"type": "header"}\n[]\n{"type": "coverage"}',
        b'{"type": "header"}\n{"type": "header"}\n{"type": "coverage"}',
        b'{"schema_version": "1"}',
    ],
)
def test_what_is_no_report(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"r\.json: not an akpatrol JSON report") as caught:
        report_of(document_of(content, "r.json"), "r.json")
    assert caught.value.hint


def test_json_lines_that_are_cut_short() -> None:
    lines = render(SAMPLES["crowd"], "jsonl", reports.options(SAMPLES["crowd"])).encode().splitlines(keepends=True)
    for number in range(1, len(lines)):
        with pytest.raises(UsageError, match="cut short"):
            document_of(b"".join(lines[:number]), "r.jsonl")
