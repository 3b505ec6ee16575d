"""The page as a whole: one safe file that says first what to do."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.kinds import KINDS
from akpatrol.model.credential import Changes, CredentialChange, VerificationStatus
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped, State
from akpatrol.report import as_html, page, page_locations
from tests import reports, samples
from tests.unit.report.html_page import KEY, Page, data, html, look
from tests.unit.report.strategies import SECRETS, hostile, hostile_reports, texts
from tests.unit.report.test_secrets import assert_hidden, everywhere


def test_the_page_is_one_file_that_may_load_nothing() -> None:
    seen = look(samples.history(reports.seeded(1)))
    assert all(
        name not in attributes for _, attributes in seen.elements for name in ("src", "srcset", "style", "action")
    )
    assert {tag for tag, _ in seen.elements} & {"link", "img", "iframe", "object", "base", "form"} == {"form"}
    policy = next(a["content"] or "" for _, a in seen.elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["style-src"].split() == [hashed(text) for text in seen.parts["style"]]
    programs = [text for text in seen.parts["script"] if not text.startswith("{")]
    assert rules["script-src"].split() == [hashed(text) for text in programs]
    assert len(seen.parts["script"]) == len(programs) + 1
    assert "url(" not in seen.parts["style"][0]
    assert "@import" not in seen.parts["style"][0]


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_nothing_moves() -> None:
    style = "\n".join(map(as_html._part, as_html.STYLES))
    assert "transition" not in style
    assert "animation" not in style


def test_nothing_found() -> None:
    seen = look(reports.report())
    assert "No leaked credential found" in seen.said
    assert "Nothing to do: everything was scanned." in seen.said
    assert "Scanned 1,234 files, 56.7 MB in 1.2 s; left out 3 symbolic links, 1 special file." in seen.said
    assert all(attributes.get("id") != "findings" for _, attributes in seen.elements)


def test_nothing_found_is_not_clean_when_something_could_not_be_read() -> None:
    said = look(reports.report(coverage=Coverage(skipped=(Skipped("a.tar.lz4", "not supported"),)))).said
    assert "Incomplete No leaked credential found" in said
    assert "This is not clean yet" in said
    assert "1 item could not be scanned." in said
    assert "not supported (1) a.tar.lz4" in said


def test_an_interrupted_scan_is_told_as_one() -> None:
    rest = Skipped("the rest", "interrupted before it was scanned")
    report = reports.report(coverage=Coverage(skipped=(rest,)))._replace(interrupted=True)
    said = look(report).said
    assert "Incomplete No leaked credential found so far" in said
    assert "This is not clean yet: run it again, to its end." in said
    assert "Interrupted before the rest was scanned. There may be more" in said
    assert "item could not be" not in said
    more = Coverage(skipped=(Skipped("a.tar.lz4", "not supported"), rest))
    said = look(report._replace(coverage=more)).said
    assert "Interrupted before the rest was scanned, and 1 item could not be. There may be more" in said


def test_a_key_is_told_by_its_id_where_it_is_to_be_deleted() -> None:
    """The dashboard lists keys by id, and several of a report may be of one organization."""
    key_id = KEY.removeprefix("ak_").partition(".")[0]
    said = look(reports.report(reports.live(KEY, reports.occurrence(KEY)))).said
    assert f"Delete it at /api-keys in your Anyreach organization Its id is {key_id}. A deleted key" in said


def test_a_place_says_the_minute_to_look_for_in_logs() -> None:
    commit = reports.commit(reports.seeded(7), "2026-02-27T23:41:09-02:00")
    said = look(reports.report(reports.credential(KEY, reports.occurrence(KEY, introduced=commit)))).said
    assert f"{commit.id[:12]} of 2026-02-28 01:41 UTC, 1 day ago" in said


def test_the_headline_counts_what_there_is() -> None:
    said = look(samples.verified(reports.seeded(1))).said
    assert "6 leaked credentials, 2 live" in said
    assert "2 live 3 unverified 1 never asked, 1 unclear, 1 not sent 1 inactive 6 places 1 repository" in said
    assert "Scanned 2026-03-01 11:59 UTC (today) with akpatrol scan" in said


@pytest.mark.parametrize(
    ("statuses", "first"),
    [
        (["active", "active"], "it is live, so delete it at /api-keys in your Anyreach organization now"),
        (["active", "active"], "Then continue with the other live one."),
        (["active"] * 3, "Then continue with the 2 other live ones."),
        (["inactive", "inactive"], "Nothing to revoke: the API refuses every one."),
        (["unknown", "inactive"], "Find out which are live: run this again with --verify."),
        (["unknown"], "as live until you know better: delete it at /api-keys in your Anyreach organization now"),
    ],
)
def test_one_sentence_says_what_to_do_first(statuses: list[str], first: str) -> None:
    random = reports.seeded(3)
    asked = [reports.asked(VerificationStatus(status), reports.organization_key(random)) for status in statuses]
    assert first in look(reports.report(*asked)).said


def test_a_key_that_git_ignores_is_no_alarm() -> None:
    said = look(
        reports.report(reports.credential(KEY, reports.occurrence(KEY, path=b".env", state=State.IGNORED)))
    ).said
    assert "Nothing has leaked: git ignores the files." in said
    assert "Leave it in the ignored file" in said
    assert "Delete it" not in said


def test_what_is_allowed_stands_apart_with_its_reason() -> None:
    said = look(samples.triaged(reports.seeded(1))).said
    assert "5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by .gitleaksignore" in said
    assert "Allowed by the baseline, .akpatrol-baseline.json: used in tests only" in said
    assert "The allowance in .akpatrol.toml for tests/ has expired" in said
    assert "akp1:0123, .akpatrol-baseline.json: used in tests only" in said


def test_all_places_are_there_up_to_a_limit_and_in_the_data_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    report = samples.history(reports.seeded(1))
    number = sum(len(found.occurrences) for found in report.credentials)
    assert places(html(report)) == number
    monkeypatch.setattr(page, "ALL_PLACES", number - 1)
    text = html(report)
    assert places(text) == sum(min(page.FIRST_PLACES, len(found.occurrences)) for found in report.credentials)
    assert "and 7 more." in Page(text).said
    assert sum(len(one["places"]) for one in data(text)["credentials"]) == number


def places(text: str) -> int:
    return (
        Page(text).said.count(" since ")
        and sum(attributes.get("class") == "place" for _, attributes in Page(text).elements) - 1
    )  # the template's


def test_the_secret_is_not_shown_when_it_is_asked_for() -> None:
    report = everywhere()
    text = html(report, show_secrets=True)
    assert_hidden(KEY_OF_EVERYWHERE, text)
    assert "despite --show-secrets, because pages are passed on" in Page(text).said


OUR_TAGS = {
    tag.lower()
    for template in files("akpatrol.report").joinpath("html").iterdir()
    for tag in re.findall(r"<(\w+)", template.read_text())
}
KEY_OF_EVERYWHERE = everywhere().credentials[0].secret.reveal().decode()

changes = st.builds(
    Changes,
    st.integers(1, 99),
    st.just("2026-02-01T00:00:00Z") | texts,
    st.lists(
        st.builds(
            CredentialChange,
            st.just("akp1:" + "0" * 64),
            st.sampled_from(KINDS),
            st.just("***(20)"),
            st.sampled_from(["new", "gone", "changed"]),
            texts,
        ),
        max_size=3,
    ).map(tuple),
)


@hostile
@given(hostile_reports, st.none() | changes)
def test_hostile_texts_stay_text(report: Report, changed: Changes | None) -> None:
    masked = reports.redactor(reports.credential(secret) for secret in SECRETS)
    text = html(report._replace(changes=changed), redact=masked)
    seen = Page(text)
    assert text.replace("\n", "").isprintable()
    assert all(not name.startswith("on") for _, attributes in seen.elements for name in attributes)
    addresses = [attributes["href"] or "" for _, attributes in seen.elements if "href" in attributes]
    assert all(re.match(r"#|https?://[a-z0-9.-]+(:\d+)?/", address) for address in addresses)
    assert {tag for tag, _ in seen.elements} <= OUR_TAGS
    if report.findings:
        assert len(data(text)["credentials"]) == len(report.findings)


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_data_ends_no_script_and_keeps_its_values(value: Any) -> None:
    text = page_locations.for_script(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


def test_without_jinja2_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    as_html.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError) as caught:
        html(reports.report())
    assert caught.value.hint == "pip install 'akpatrol[html]'"


def test_a_wrong_link_template_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown placeholder"):
        html(reports.report(), link_template="https://git.example.org/{file}")


def test_a_link_template_makes_the_links() -> None:
    place = reports.occurrence(KEY, state=State.PRESENT, introduced=reports.commit(reports.seeded(5), id="a" * 40))
    template = "https://git.example.org/x/{commit}/{path}#{line}"
    assert f'href="https://git.example.org/x/{"a" * 40}/config/settings.py#12"' in html(
        reports.report(reports.credential(KEY, place)), link_template=template
    )
