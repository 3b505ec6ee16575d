"""The index as a whole: one safe file that says first what was scanned."""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files

import pytest
from hypothesis import given

from akpatrol.errors import UsageError
from akpatrol.model.credential import Changes
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped
from akpatrol.report import as_html, as_index, shows_history
from tests import reports
from tests.unit.report.html_page import Page
from tests.unit.report.indexes import KEYS, index, look, organization, place, rows, with_history
from tests.unit.report.strategies import SECRETS, hostile, hostile_reports
from tests.unit.report.test_html import hashed
from tests.unit.report.test_secrets import assert_hidden, everywhere

HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_the_page_is_one_file_that_may_load_nothing() -> None:
    report = with_history(organization(reports.live(KEYS[0], place(KEYS[0]))), [(KEYS[0], "shop", 1, None)])
    seen = look(report)
    assert all(name not in attributes for _, attributes in seen.elements for name in ("src", "srcset", "style"))
    policy = next(a["content"] or "" for _, a in seen.elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["style-src"].split() == [hashed(text) for text in seen.parts["style"]]
    programs = [text for text in seen.parts["script"] if not text.startswith("{")]
    assert rules["script-src"].split() == [hashed(text) for text in programs]
    assert "url(" not in seen.parts["style"][0]


def test_all_files_of_the_page_are_used() -> None:
    used = {"index.html", *as_index.STYLES, *as_index.SCRIPTS} - {*as_html.STYLES}
    assert used == {path.name for path in files("akpatrol.report").joinpath("html").iterdir() if "index" in path.name}


@hostile
@given(hostile_reports)
def test_no_secret_and_no_markup_of_the_data_is_in_the_page(report: Report) -> None:
    """Regardless of the texts: the elements are those of the template, and the data is one block of JSON."""
    text = index(report, redact=masked)
    assert not any(secret in text for secret in SECRETS)
    seen = Page(text)
    assert {tag for tag, _ in seen.elements} <= _ELEMENTS
    links = [attributes["href"] or "" for tag, attributes in seen.elements if tag == "a" and "href" in attributes]
    assert all(re.match("#|https?://", link) for link in links)
    blocks = [part for part in seen.parts["script"] if part.startswith("{")]
    for block in blocks:
        assert not {"<", ">", "&"} & {*block}
        json.loads(block)


_ELEMENTS = {
    *("html", "head", "meta", "title", "style", "script", "body", "a", "svg", "symbol", "path", "circle", "g", "use"),
    *("div", "header", "section", "footer", "h1", "h2", "p", "span", "strong", "code", "small", "b", "ul", "li", "wbr"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "rect", "form", "label", "input", "select", "option"),
    *("button", "details", "summary", "template"),
}


def masked(text: str) -> str:
    for secret in SECRETS:
        text = text.replace(secret, "***")
    return text


def test_secrets_are_masked_wherever_they_stand() -> None:
    assert_hidden(KEYS[0], index(everywhere()))
    assert_hidden(KEYS[0], index(organization(reports.credential(KEYS[0], place(KEYS[0]))), show_secrets=True))


def test_a_hostile_name_is_text() -> None:
    target = reports.target(id="shop", root=f"/srv/{HOSTILE}", remote=f"https://github.com/{HOSTILE}/{HOSTILE}")
    report = organization(reports.credential(KEYS[0], place(KEYS[0])))._replace(targets=(target,))
    seen = look(report)
    assert all(tag != "img" for tag, _ in seen.elements)
    assert "onerror" in seen.said
    assert "onerror" in rows(report)[0]["name"]


def test_without_a_target() -> None:
    seen = look(reports.report(targets=(), command="sweep"))
    assert "No open credential in 0 targets" in seen.said
    assert "Scanned in full 0" in seen.said
    assert all(attributes.get("id") != "data" for _, attributes in seen.elements)
    gap = Coverage(skipped=(Skipped("everything", "nothing was scanned: it is empty"),))
    empty = with_history(reports.report(targets=(), command="sweep", coverage=gap), [])
    assert "Not scanned: everything: nothing was scanned: it is empty" in look(empty).said


def test_one_run_has_no_trend_and_nothing_new() -> None:
    report = organization(reports.live(KEYS[0], place(KEYS[0])))
    first = with_history(report, [(KEYS[0], "shop", 1, None)], runs=1)
    assert rows(first)[0]["new"] == 0
    for seen in (look(first), look(report)):
        assert "From run to run" not in seen.said
        assert "new since the last run" not in seen.said
    assert "1 live credential in 1 repository" in look(first).said


def test_a_gap_is_told_first() -> None:
    gaps = Coverage(skipped=(Skipped("/srv/shop: a.lz4", "lz4 is not supported"),))
    said = look(organization(coverage=gaps)).said
    assert "Incomplete No open credential in 2 repositories" in said
    assert said.index("lz4 is not supported (1)") < said.index("repositories", said.index("What was scanned") + 300)


def test_what_since_leaves_out_is_told() -> None:
    report = organization(changes=Changes(7, "2026-02-01T02:00:00Z", ()))
    assert "Only credentials that are new or changed since run 7 are counted" in look(report).said


def test_only_the_index_shows_earlier_runs() -> None:
    assert shows_history([("json", None), ("index", "x.html")])
    assert not shows_history([("html", None)])


def test_it_needs_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    as_html.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match="Jinja2"):
        index(reports.report())
    as_html.environment.cache_clear()
