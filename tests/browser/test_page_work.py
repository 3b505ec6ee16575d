"""Working through the credentials: one beside the list, ticks that stay, places on demand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from akpatrol.report import page as page_module
from akpatrol.report import render
from tests import reports, samples
from tests.browser.incidents import incident

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Open

REPORT = incident(reports.seeded(52))
FOUND = json.loads(render(REPORT, "json", reports.options(REPORT)))["credentials"]


def chosen(page: Page) -> str:
    return page.locator("article:visible h3").inner_text()


def links(page: Page) -> list[str]:
    return page.locator("#rows .column-credential code").all_inner_texts()


def test_a_credential_opens_by_keyboard_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page(REPORT)
    first = page.locator("#rows .column-credential a").first
    first.focus()
    page.keyboard.press("Enter")
    assert chosen(page) == links(page)[0]
    expect(page.locator("article:visible h3")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.locator("article:visible").count() == 0
    expect(first).to_be_focused()


def test_everything_can_be_reached_by_keyboard(open_page: Open) -> None:
    page = open_page(REPORT)
    names = links(page)
    reached: list[str] = []
    while names[-1] not in reached and len(reached) < 120:
        page.keyboard.press("Tab")
        name = page.evaluate(
            "document.activeElement.name || document.activeElement.innerText || document.activeElement.id"
        )
        reached.append(str(name).strip())
    for wanted in (
        "Skip to the credentials",
        "q",
        "status",
        "author",
        "path",
        "Places",
        names[0],
        names[-1],
    ):
        assert wanted in reached
    assert all(reached[: reached.index(names[-1])])


def test_the_skip_link_jumps_over_the_headline(open_page: Open) -> None:
    page = open_page(REPORT)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the credentials")).to_be_in_viewport()


def test_next_and_previous_follow_the_view(open_page: Open) -> None:
    page = open_page(REPORT)
    page.get_by_label("Live?", exact=True).select_option("active")
    names = page.locator("#rows tr:visible .column-credential code").all_inner_texts()
    page.locator("#rows tr:visible a").first.click()
    expect(page.get_by_role("button", name="Previous credential")).to_be_disabled()
    seen = [chosen(page)]
    while page.get_by_role("button", name="Next credential").is_enabled():
        page.get_by_role("button", name="Next credential").click()
        seen.append(chosen(page))
    assert seen == names
    expect(page.locator("#position")).to_have_text(f"{len(names)} of {len(names)}")
    page.get_by_role("button", name="Close").click()
    assert page.locator("article:visible").count() == 0


def test_one_credential_alone_has_nothing_to_filter_or_to_go_on_to(open_page: Open) -> None:
    page = open_page(incident(reports.seeded(59), 1))
    page.locator("#rows a").click()
    expect(page.locator("article.chosen")).to_be_visible()
    for unneeded in ("#filters", "#count", "#previous", "#next", "#position"):
        expect(page.locator(unneeded)).to_be_hidden()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="1 live").click()
    expect(page.locator("#rows tr")).to_be_visible()
    assert page.url.endswith("#findings")


def test_the_timeline_and_the_first_sentence_lead_to_a_credential(open_page: Open) -> None:
    page = open_page(REPORT)
    page.locator(".bars a").nth(2).click()
    assert chosen(page) == links(page)[2]
    page.locator(".first a").click()
    assert chosen(page) == links(page)[0]


def test_one_key_leads_to_the_next_while_the_focus_is_on_a_credential(open_page: Open) -> None:
    page = open_page(REPORT)
    page.locator("#rows a").nth(1).press("Enter")
    for key, position in (("j", 3), ("j", 4), ("k", 3), ("Control+j", 3)):
        page.keyboard.press(key)
        expect(page.locator("#position")).to_have_text(f"{position} of {len(FOUND)}")
    page.get_by_label("Search").type("jk")
    expect(page.get_by_label("Search")).to_have_value("jk")
    expect(page.locator("#position")).not_to_have_text(f"4 of {len(FOUND)}")


def test_a_command_can_be_copied(open_page: Open) -> None:
    page = open_page(REPORT, permissions=["clipboard-read", "clipboard-write"])
    page.locator("#rows a").first.press("Enter")
    page.get_by_role("button", name="Copy the command akpatrol verify").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "akpatrol verify"


def test_a_credential_can_be_copied_for_a_ticket(open_page: Open) -> None:
    page = open_page(REPORT, permissions=["clipboard-read", "clipboard-write"])
    found = FOUND[0]
    page.locator("#rows a").first.press("Enter")
    page.locator(".chosen [data-action] input").first.check()
    page.get_by_role("button", name="Copy", exact=True).press("Enter")
    expect(page.locator("#copied")).to_have_text("Copied")
    said = page.evaluate("navigator.clipboard.readText()")
    assert said.startswith(f"{found['redacted']}: live, critical. ")
    assert f"Fingerprint: {found['fingerprint']}\n" in said
    assert said.count("\n- ") == len(found["occurrences"])
    assert "\n[x] " in said
    assert "\n[ ] " in said
    assert "Copy" not in said


def test_ticks_stay_and_are_counted(open_page: Open) -> None:
    page = open_page(REPORT)
    page.locator("#rows a").first.click()
    page.locator("article:visible").get_by_role("checkbox").first.check()
    steps = page.locator("article:visible [data-action]").count()
    expect(page.locator("#rows [data-done]").first).to_have_text(f"1/{steps}")
    later = open_page(REPORT, beside=page)
    expect(later.locator("#rows [data-done]").first).to_have_text(f"1/{steps}")
    expect(later.locator("#rows [data-done]").nth(1)).to_have_text(re.compile("^0/"))
    later.get_by_label("To do", exact=True).select_option("begun")
    assert later.locator("#rows tr:visible").count() == 1
    later.locator("#rows a").first.click()
    later.locator("article:visible").get_by_role("checkbox").first.uncheck()
    expect(page.locator("#rows [data-done]").first).to_have_text(f"0/{steps}")


def test_ticks_of_someone_else_do_no_harm(open_page: Open) -> None:
    page = open_page(REPORT)
    page.evaluate("name => localStorage.setItem('akpatrol:' + name, '{\"x\": [')", FOUND[0]["fingerprint"])
    page.evaluate("name => localStorage.setItem('akpatrol:' + name, '7')", FOUND[1]["fingerprint"])
    page.reload()
    expect(page.locator("#rows [data-done]").first).to_have_text(re.compile("^0/"))


def test_ticks_can_be_saved_and_merged_by_another(open_page: Open, tmp_path: Path) -> None:
    page = open_page(REPORT)
    page.locator("#rows a").first.click()
    page.locator("article:visible").get_by_role("checkbox").first.check()
    page.keyboard.press("Escape")
    with page.expect_download() as begun:
        page.get_by_role("button", name="Save ticks").click()
    assert begun.value.suggested_filename == "akpatrol-ticks.json"
    file = tmp_path / "ticks.json"
    begun.value.save_as(file)
    kept = json.loads(file.read_text("utf-8"))
    assert list(kept["ticks"]) == [FOUND[0]["fingerprint"]]
    assert all(found["redacted"] not in file.read_text("utf-8") for found in FOUND)
    colleague = open_page(REPORT)
    colleague.locator("#rows a").first.click()
    colleague.locator("article:visible").get_by_role("checkbox").nth(1).check()
    colleague.get_by_label("Merge ticks").set_input_files(file)
    expect(colleague.locator("#exchanged")).to_have_text("1 tick added")
    expect(colleague.locator("#rows [data-done]").first).to_have_text(re.compile("^2/"))
    colleague.reload()
    expect(colleague.locator("#rows [data-done]").first).to_have_text(re.compile("^2/"))


STRANGE_FILES = (
    "",
    "[",
    "null",
    "7",
    '{"form": "akpatrol-ticks-1", "ticks": [1]}',
    json.dumps(
        {"form": "akpatrol-ticks-1", "ticks": {FOUND[0]["fingerprint"]: {"delete": 1}, "__proto__": ["delete"]}}
    ),
    json.dumps({"form": "akpatrol-ticks-1", "ticks": {FOUND[0]["fingerprint"]: [None, {}, "<img>", "none"]}}),
    json.dumps({"form": "other", "ticks": {FOUND[0]["fingerprint"]: ["delete"]}}),
)


def test_a_strange_file_of_ticks_changes_nothing(open_page: Open) -> None:
    page = open_page(REPORT)
    for text in STRANGE_FILES:
        given = {"name": "ticks.json", "mimeType": "application/json", "buffer": text.encode()}
        page.evaluate("document.getElementById('exchanged').textContent = ''")
        page.get_by_label("Merge ticks").set_input_files(given)  # type: ignore[arg-type]
        expect(page.locator("#exchanged")).to_have_text(re.compile("0 ticks added|holds no ticks"))
        assert page.locator("#rows [data-done]", has_text=re.compile("^[1-9]")).count() == 0


def test_places_on_demand_are_told_as_the_page_tells_them(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(open_page(REPORT), more=False)
    monkeypatch.setattr(page_module, "ALL_PLACES", 0)
    monkeypatch.setattr(page_module, "FIRST_PLACES", 1)
    assert told(open_page(REPORT), more=True) == whole


def told(page: Page, *, more: bool) -> list[list[list[str]]]:
    """Return every place of every credential as text with its links; the page clicks itself, which is quick."""
    script = """more => [...document.querySelectorAll('#rows a')].map((link, number) => {
        link.click();
        const [article, ...others] = [...document.querySelectorAll('article')].filter(one => one.checkVisibility());
        if (more[number]) article.querySelector('.more-places button').click();
        if (others.length || article.querySelector('.more-places')) return null;
        return [...article.querySelectorAll('.place')].map(place =>
            [place.innerText.replace(/\\s+/g, ' '), ...[...place.querySelectorAll('a[href]')].map(link => link.href)]);
    })"""
    numbers = [len(credential["occurrences"]) for credential in FOUND]
    found: list[list[list[str]]] = page.evaluate(script, [more and number > 1 for number in numbers])
    assert [len(places) for places in found] == numbers
    return found


@pytest.mark.slow
def test_a_long_table_shows_its_start_and_the_rest_on_demand(open_page: Open) -> None:
    crowd = samples.crowd(205, reports.seeded(56))
    page = open_page(crowd)
    assert page.locator("#rows tr:visible").count() == 200
    page.get_by_role("button", name="Show the other 5").click()
    assert page.locator("#rows tr:visible").count() == 205
    expect(page.locator("#rows a").nth(200)).to_be_focused()
    page.get_by_label("Live?", exact=True).select_option("active")
    assert page.locator("#rows tr:visible").count() == 1
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Print everything").check()
    page.emulate_media(media="print")
    assert page.locator("#rows tr:visible").count() == 205
    page.emulate_media(media="screen")
    last = page.locator("#rows a").last.get_attribute("href")
    later = open_page(crowd, last or "")
    assert later.locator("#rows tr.chosen:visible").count() == 1
