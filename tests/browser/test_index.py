"""What a reader does with an index: filter, sort, group, unfold, print; on any screen, with the keyboard alone."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from akpatrol.model.report import Coverage
from akpatrol.model.scan import Skipped
from akpatrol.report import as_index
from akpatrol.sweep.store.store import SweepStore
from tests import reports, swept_stores
from tests.browser.test_page_looks import CONTRASTS, HOSTILE, hostile_credential
from tests.unit.report.indexes import organization, with_history

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from akpatrol.model.report import Report
    from tests.browser.conftest import Open

_REPOSITORIES = 300


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a store with six runs, in which every kind of coverage and change occurs."""
    file = tmp_path_factory.mktemp("index") / "s.sqlite3"
    swept_stores.fill(file, reports.seeded(7), _REPOSITORIES, runs=6)
    with SweepStore(str(file), create=False) as store:
        return store.report(with_history=True)


def rows(page: Page) -> int:
    return page.locator("#rows tr:visible").count()


def numbers(page: Page, name: str) -> list[int]:
    texts = page.locator(f"#rows [data-number={name}]").all_text_contents()
    return [int(text.replace(",", "") or 0) for text in texts]


def test_a_tile_filters_and_the_address_keeps_it(open_page: Open, swept: Report) -> None:
    page = open_page(swept, form="index")
    assert rows(page) == 200
    tile = page.locator(".card.s-active a")
    tile.click()
    live = numbers(page, "live")
    assert min(live) > 0
    assert f"in {len(live)} repositories" in tile.inner_text()
    assert page.url.endswith("#has=live")
    expect(page.locator("#list-title")).to_be_focused()
    page.reload()
    assert rows(page) == len(live)
    page.get_by_role("button", name="Show all").click()
    assert rows(page) == 200
    page.get_by_role("link", name="With skips").click()
    assert set(page.locator("#rows [data-looked]").all_text_contents()) == {"with skips"}


def test_live_ones_are_first_and_arrows_sort(open_page: Open, swept: Report) -> None:
    page = open_page(swept, form="index")
    live = numbers(page, "live")
    assert live == sorted(live, reverse=True)
    assert live[0] > 0
    arrow = page.get_by_role("button", name="Open", exact=True)
    arrow.focus()
    page.keyboard.press("Enter")
    found = numbers(page, "open")
    assert found == sorted(found, reverse=True)
    expect(page.locator("thead .column-open")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    assert numbers(page, "open")[0] == 0
    page.keyboard.press("Enter")
    assert numbers(page, "live") == live
    assert page.locator("[aria-sort]").count() == 0


def test_rows_by_owner_have_the_sums_and_lead_to_their_repositories(open_page: Open, swept: Report) -> None:
    page = open_page(swept, "#has=open", form="index")
    whole = sum(numbers(page, "open"))
    page.get_by_label("Rows").select_option("owner")
    assert sum(numbers(page, "open")) == whole
    expect(page.locator("thead .column-name")).to_contain_text("Owner")
    owner, number = page.locator("#rows a").first.inner_text(), numbers(page, "open")[0]
    page.locator("#rows a").first.press("Enter")
    assert sum(numbers(page, "open")) == number
    assert set(page.locator("#rows .column-owner").all_text_contents()) == {owner}
    expect(page.locator("#trend-of")).to_have_text(owner)
    # The trend counts a credential once, and its table says what its drawing shows.
    opened = page.locator("#runs tr:first-child td:nth-child(3)").text_content()
    assert opened == str(number)
    expect(page.locator("[data-chart=open]")).to_have_attribute("aria-label", f"Open in each run: {words(page)}")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#trend-of")).to_have_text("")


def words(page: Page) -> str:
    return page.locator("[data-chart-text=open]").inner_text()


def test_a_search_finds_names_and_masked_credentials(open_page: Open, swept: Report) -> None:
    page = open_page(swept, form="index")
    redacted = swept.credentials[0].secret.redacted
    page.get_by_label("Search").fill(redacted)
    expect(page.locator("#count")).to_contain_text(f" of {len(swept.targets) + 1}")
    fold = page.locator(".fold").first
    fold.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".details")).to_contain_text(redacted)
    expect(page.locator(".details .command code")).to_contain_text("akpatrol history /srv/mirrors/service-")
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    assert page.locator(".details").count() == 0
    page.get_by_label("Search").fill("no such repository")
    expect(page.locator("#nothing")).to_be_visible()


def test_many_are_shown_in_portions(open_page: Open) -> None:
    names = [f"service-{number}" for number in range(850)]
    page = open_page(organization(names=names), form="index")
    more = page.locator("#further button")
    assert rows(page) == 200
    expect(more).to_have_text("Show 500 more of 650")
    more.click()
    assert rows(page) == 700
    expect(page.locator("#rows tr").nth(200).locator("button")).to_be_focused()
    more.click()
    assert rows(page) == 850
    expect(more).to_be_hidden()


def test_without_javascript_the_first_ones_are_there(open_page: Open, swept: Report) -> None:
    page = open_page(swept, form="index", java_script_enabled=False)
    assert rows(page) == 100
    expect(page.get_by_text("Without JavaScript the first 100 of 301 are listed")).to_be_visible()
    assert page.locator("form:visible, .fold:visible, #further:visible").count() == 0


def test_the_script_builds_the_rows_that_the_page_has_without_it(open_page: Open, swept: Report) -> None:
    plain, built = (
        open_page(swept, form="index", java_script_enabled=scripts).locator("#rows tr .column-name, #rows tr td")
        for scripts in (False, True)
    )
    expected = plain.all_text_contents()
    found = [text.removeprefix("▸") for text in built.all_text_contents()[: len(expected)]]
    assert [" ".join(text.split()) for text in found] == [" ".join(text.removeprefix("▸").split()) for text in expected]


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_wider_than_the_window(open_page: Open, swept: Report, width: int) -> None:
    page = open_page(swept, form="index", viewport={"width": width, "height": 900})
    page.locator(".fold:visible").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    tops = page.eval_on_selector_all("#filters > div", "found => found.map(each => each.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 1
    for name in ("owner", "live", "open", "looked"):
        expect(page.locator(f"#rows .column-{name}").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(open_page: Open, swept: Report, scheme: Any) -> None:
    page = open_page(swept, form="index", color_scheme=scheme, viewport={"width": 1500, "height": 900})
    page.locator(".fold:visible").first.click()
    page.locator("#trend summary").click()
    assert page.evaluate(CONTRASTS) == []


def test_on_paper_there_is_no_form(open_page: Open, swept: Report) -> None:
    page = open_page(swept, "#has=live", form="index", color_scheme="dark")
    expected = rows(page)
    page.emulate_media(media="print")
    assert rows(page) == expected
    assert page.locator("form:visible, .fold:visible, #reset:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_what_can_be_used_or_seen_has_a_name(open_page: Open, swept: Report) -> None:
    page = open_page(swept, form="index")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("[...document.querySelectorAll('input, select')].every(field => field.labels.length === 1)")
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    assert page.evaluate(
        """[...document.querySelectorAll('body > * svg')].every(drawing =>
            drawing.closest('[aria-hidden=true], [role=img][aria-label]'))"""
    )
    assert page.locator(".fold:visible:not([aria-label])").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_texts_stay_text(open_page: Open, *, scripts: bool) -> None:
    key = reports.organization_key(reports.seeded(54))
    report = organization(
        hostile_credential(HOSTILE[0], key),
        coverage=Coverage(skipped=tuple(Skipped(text, text) for text in HOSTILE)),
        notices=HOSTILE,
    )._replace(
        targets=tuple(
            reports.target(id=str(number), root="/" + text, remote=f"https://github.com/{text}/{text}")
            for number, text in enumerate(HOSTILE)
        )
    )
    report = with_history(report, [(key, "0", 1, None)])
    page = open_page(report, form="index", java_script_enabled=scripts, viewport={"width": 400, "height": 800})
    for fold in page.locator(".fold:visible").all():
        fold.click()
    if scripts:
        page.get_by_label("Rows").select_option("owner")
        page.locator("#rows a").first.click()
    assert not page.evaluate("window.ran")
    assert page.locator("img, iframe, [onerror], [onload], [onfocus], a[href^='javascript']").count() == 0
    assert page.locator("script").count() == 2 + 1  # and the data
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("name", as_index.SCRIPTS)
def test_each_file_of_the_script_can_be_read_alone(browser: Browser, name: str) -> None:
    text = files("akpatrol.report").joinpath("html", name).read_text("utf-8")
    assert text.startswith('"use strict";\n')
    page = browser.new_page()
    page.evaluate("text => void new Function(text)", text)  # a text that ends in the middle is a SyntaxError
    page.close()
