"""Sorting, filters, search and the address bar."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from akpatrol.report import render
from tests import reports
from tests.browser.incidents import AUTHORS, incident

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.conftest import Open

REPORT = incident(reports.seeded(51))
FOUND: list[dict[str, Any]] = json.loads(render(REPORT, "json", reports.options(REPORT)))["credentials"]
BY_NAME = {found["redacted"]: found for found in FOUND}
WITH_ID = next(found for found in FOUND if found["key_id"])
STATUSES = ["active", "unknown", "not_sent", "unverified", "inactive"]
STATES = ["worktree", "staged", "present", "removed", "unreachable", "ignored"]


def shown(page: Page) -> list[str]:
    return page.locator("#rows tr:visible .column-credential code").all_inner_texts()


def wanted(test: Callable[[dict[str, Any]], bool]) -> list[str]:
    names = [found["redacted"] for found in FOUND if test(found)]
    assert 0 < len(names) < len(FOUND)
    return names


def status(found: dict[str, Any]) -> str:
    verification = found["verification"]
    return verification["status"] if verification else "unverified"


def any_place(test: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda found: any(test(place) for place in found["occurrences"])


CHOICES: list[tuple[str, str, Callable[[dict[str, Any]], bool]]] = [
    ("Live?", "active", lambda found: status(found) == "active"),
    ("Live?", "open", lambda found: status(found) in {"unknown", "unverified"}),
    ("Where now", "removed", lambda found: found["state"] == "removed"),
    ("Kind", "personal_access_token", lambda found: found["kind"] == "personal_access_token"),
    ("Confidence", "medium", lambda found: found["confidence"] == "medium"),
    ("Repository", "acme/shop", any_place(lambda place: place["target"] == "shop")),
    ("Repository", "infra", any_place(lambda place: place["target"] == "infra")),
    ("Author", AUTHORS[1], any_place(lambda place: place["introduced"]["author"] == AUTHORS[1])),
    ("Exposure", "browser", lambda found: found["exposure"] == "browser"),
    ("Exposure", "none", lambda found: found["exposure"] is None),
]


def test_a_filter_shows_what_is_like_that(open_page: Open) -> None:
    page = open_page(REPORT)
    for label, value, test in CHOICES:
        page.get_by_label(label, exact=True).select_option(value)
        expect(page.locator("#count")).to_have_text(f"{len(wanted(test))} of {len(FOUND)} shown")
        assert shown(page) == wanted(test)
        assert page.locator(".bars li:visible code").all_text_contents() == wanted(test)
        page.get_by_role("button", name="Show all").press("Enter")
        assert len(shown(page)) == len(FOUND)


def test_filters_of_places_have_to_hold_for_one_place(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_label("Repository").select_option("acme/shop")
    page.get_by_label("Author").select_option(AUTHORS[0])
    page.get_by_label("Path").fill("web/")
    together = any_place(
        lambda place: (
            place["target"] == "shop" and place["introduced"]["author"] == AUTHORS[0] and "web/" in place["path"]
        )
    )
    expect(page.locator("#count")).to_have_text(f"{len(wanted(together))} of {len(FOUND)} shown")
    assert shown(page) == wanted(together)


def by(author: str) -> Callable[[dict[str, Any]], bool]:
    return any_place(lambda place: place["introduced"]["author"] == author)


SEARCHES: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("RAVI", by(AUTHORS[1])),
    ("staging", lambda found: status(found) == "unknown"),
    ("mei ravi", lambda found: by(AUTHORS[1])(found) and by(AUTHORS[2])(found)),
    (FOUND[3]["fingerprint"], lambda found: found is FOUND[3]),
    (WITH_ID["key_id"], lambda found: found is WITH_ID),
    (FOUND[2]["occurrences"][0]["introduced"]["id"][:12], lambda found: found is FOUND[2]),
    ("base64", any_place(lambda place: bool(place["encodings"]))),
]


def test_a_search_looks_at_everything_that_is_told(open_page: Open) -> None:
    page = open_page(REPORT)
    for words, test in SEARCHES:
        page.get_by_label("Search").fill(words)
        expect(page.locator("#count")).to_have_text(f"{len(wanted(test))} of {len(FOUND)} shown")
        assert shown(page) == wanted(test)
        page.get_by_role("button", name="Show all").press("Enter")


def test_a_path_may_be_a_pattern(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_label("Path").fill("*.env")
    expected = wanted(any_place(lambda place: place["path"] == ".env"))
    expect(page.locator("#count")).to_have_text(f"{len(expected)} of {len(FOUND)} shown")
    assert shown(page) == expected


def test_nothing_is_like_that(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_label("Search").fill("(no such thing)")
    expect(page.get_by_text("No credential matches.")).to_be_visible()
    page.locator("#nothing").get_by_role("button", name="Show all").click()
    assert len(shown(page)) == len(FOUND)
    assert page.get_by_label("Search").input_value() == ""


SORTS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("Live?", lambda found: STATUSES.index(status(found))),
    ("Where it is now", lambda found: STATES.index(found["state"])),
    ("Exposed since", lambda found: found["first_seen"]),
    ("Places", lambda found: -len(found["occurrences"])),
    ("Repositories", lambda found: -len({place["target"] for place in found["occurrences"]})),
]


def test_a_heading_sorts_one_way_the_other_way_and_not_at_all(open_page: Open) -> None:
    page = open_page(REPORT, viewport={"width": 1600, "height": 900})
    for heading, key in SORTS:
        header = page.locator("#findings").get_by_role("columnheader", name=heading)
        button = header.get_by_role("button")
        button.press("Enter")
        expect(header).to_have_attribute("aria-sort", "ascending")
        assert [key(BY_NAME[name]) for name in shown(page)] == sorted(map(key, FOUND))
        button.press("Enter")
        expect(header).to_have_attribute("aria-sort", "descending")
        assert [key(BY_NAME[name]) for name in shown(page)] == sorted(map(key, FOUND), reverse=True)
        button.press("Enter")
        assert page.locator("[aria-sort]").count() == 0
        assert shown(page) == [found["redacted"] for found in FOUND]


def test_the_address_keeps_the_view_for_others(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_label("Live?").select_option("open")
    page.get_by_label("Author").select_option(AUTHORS[0])
    page.get_by_role("columnheader").get_by_role("button", name="Places").click()
    page.locator("#rows tr:visible .column-credential a").last.click()
    address = "#" + page.url.partition("#")[2]
    again = open_page(REPORT, address)
    assert shown(again) == shown(page)
    assert again.locator("article:visible").get_attribute("id") == page.locator("article:visible").get_attribute("id")
    assert again.get_by_label("Author").input_value() == AUTHORS[0]
    assert again.locator("[aria-sort]").get_attribute("aria-sort") == "ascending"


STRANGE = (
    "#status=%00&sort=constructor&open=x",
    "#repository=<script>&=&&",
    "#%E0%A4%A",
    "#coverage",
    "#author=__proto__",
)


def test_a_strange_address_shows_everything(open_page: Open) -> None:
    page = open_page(REPORT)
    for address in STRANGE:
        page.evaluate("address => { location.hash = address; }", address)
        page.reload()
        assert len(shown(page)) == len(FOUND)
        assert page.locator("article:visible").count() == 0


def test_tiles_and_figures_filter(open_page: Open) -> None:
    page = open_page(REPORT)
    for name, test in (
        ("in browsers", lambda found: found["exposure"] == "browser"),
        ("infra", any_place(lambda place: place["target"] == "infra")),
        (AUTHORS[0], by(AUTHORS[0])),
        ("Staging sync", lambda found: status(found) == "unknown"),
    ):
        page.get_by_role("link", name=name).last.click()
        assert shown(page) == [found["redacted"] for found in FOUND if test(found)]
        page.get_by_role("button", name="Show all").press("Enter")


def test_what_was_scanned_comes_first_where_there_are_several(open_page: Open) -> None:
    page = open_page(REPORT)
    assert page.locator(".overview > section, .beside > section").first.get_attribute("id") == "targets"


def test_the_headline_leads_to_the_live_ones(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_role("link", name=re.compile("^3 live")).click()
    assert shown(page) == wanted(lambda found: status(found) == "active")
