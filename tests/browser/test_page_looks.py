"""What a reader sees: without JavaScript, on paper, in the dark, on a narrow screen, with hostile texts."""

from __future__ import annotations

import itertools
import json
import re
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import Changes, CredentialChange
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Secret, Skipped, State
from akpatrol.report import as_html, render
from tests import reports, samples
from tests.browser.incidents import incident

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from akpatrol.model.credential import Credential
    from tests.browser.conftest import Open

REPORT = incident(reports.seeded(53))
KEY = reports.organization_key(reports.seeded(56))
HOSTILE = (
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 1</script>",
    "</style><img src=x onerror='window.ran = 1'>",
    "</title></textarea><svg onload=window.ran=1>",
    '"><a href="javascript:window.ran = 1" autofocus onfocus=\'window.ran = 1\'>',
    "<!--<script>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\x1b[31m\x00\x07\x7f\x9b",
    "\u202eexe.gnp\u2066\u200b\ufeff\u2028",
    "__proto__",
    "n" * 10_000,
)


def hostile_report() -> Report:
    """Return a report that says every hostile text wherever scanned data may say anything."""
    random = reports.seeded(54)
    pairs = [(text, reports.organization_key(random)) for text in HOSTILE]
    return reports.report(
        *(hostile_credential(text, key) for text, key in pairs),
        targets=tuple(
            reports.target(id=str(number), root="/" + text, remote=f"https://github.com/{text}/{text}", head=text)
            for number, text in enumerate(HOSTILE)
        ),
        coverage=Coverage(
            counts=dict.fromkeys(HOSTILE, 1),
            skipped=tuple(Skipped(text, text, accepted) for text in HOSTILE for accepted in (text, None)),
        ),
        notices=HOSTILE,
        unread_histories=HOSTILE,
        changes=Changes(
            1,
            HOSTILE[0],
            tuple(CredentialChange("akp1:" + "0" * 64, CUSTOM, text, "gone", text) for text in HOSTILE),
        ),
    )


def hostile_credential(text: str, key: str) -> Credential:
    path = text.encode("utf-8", "surrogatepass")
    place = reports.occurrence(
        key,
        target=str(HOSTILE.index(text)),
        path=path,
        paths=(path, path + b"2"),
        state=State.PRESENT,
        introduced=reports.commit(reports.seeded(55), author=text, summary=text),
        refs=(text,),
        encodings=(text,),
        containers=(text,),
        context=(text[:60], Secret(key.encode()), text[:60]),
    )
    owner = reports.owner(reports.inventory_key(name=text, key_id=text, created_at=text))._replace(reason=text)
    return reports.live(key, place, place._replace(line=99), owner=owner)


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_texts_stay_text(open_page: Open, *, scripts: bool) -> None:
    page = open_page(hostile_report(), java_script_enabled=scripts, viewport={"width": 400, "height": 800})
    for link in page.locator("#rows a").all():
        link.press("Enter")
        page.keyboard.press("Escape")
    assert not page.evaluate("window.ran")
    assert page.locator("img, iframe, [onerror], [onload], [onfocus], a[href^='javascript']").count() == 0
    assert page.locator("script").count() == 2 + 1  # and the data
    said = page.locator("body").inner_text()
    for text in HOSTILE:
        assert (text[:20] if text.isprintable() else text.encode("unicode_escape").decode()[:4]) in said
    assert_fits(page)


def test_without_javascript_everything_is_there(open_page: Open) -> None:
    page = open_page(REPORT, java_script_enabled=False)
    found = json.loads(render(REPORT, "json", reports.options(REPORT)))["credentials"]
    assert page.locator("#rows tr:visible").count() == len(found)
    assert page.locator("article:visible").count() == len(found)
    assert page.locator("article .place:visible").count() == sum(len(one["occurrences"]) for one in found)
    assert page.locator(".bars li:visible").count() == len(found)
    expect(page.get_by_text("Without JavaScript everything is listed")).to_be_visible()
    assert page.locator("form:visible, .inspector-bar:visible, .more:visible, .column-done:visible").count() == 0
    page.locator("#rows a").nth(3).click()
    expect(page.locator("article h3").nth(3)).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_all_that_is_in_view_is_printed_on_request(open_page: Open, scheme: Any, *, scripts: bool) -> None:
    page = open_page(REPORT, color_scheme=scheme, java_script_enabled=scripts)
    page.get_by_label("Print everything").check()
    if scripts:
        page.get_by_label("Live?", exact=True).select_option("active")
        page.locator("#rows tr:visible a").first.click()
    expected = page.locator("#rows tr:visible").count()
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.locator("article:visible").count() == expected
    assert page.locator("form:visible, button.more:visible, .inspector-bar:visible").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.plot')).overflowY") == "visible"
    assert page.pdf().startswith(b"%PDF")


def test_on_paper_there_is_a_summary_of_one_page(open_page: Open) -> None:
    for report in (samples.crowd(42, reports.seeded(57)), REPORT, incident(reports.seeded(58), 60)):
        page = open_page(report)
        page.emulate_media(media="print")
        assert page.locator("article:visible, #findings:visible, .plot:visible, #coverage:visible").count() == 0
        expect(page.get_by_role("heading", name=re.compile("live credential")).last).to_be_visible()
        expect(page.get_by_role("heading", name="What to do").first).to_be_visible()
        assert pages(page.pdf(prefer_css_page_size=True, format="A4")) == 1


def test_the_address_may_ask_for_everything_on_paper(open_page: Open) -> None:
    page = open_page(REPORT, "?print=all")
    expect(page.get_by_label("Print everything")).to_be_checked()
    assert pages(page.pdf()) > 1


def pages(printed: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", printed))


def test_on_paper_no_link_leads_to_what_is_not_printed(open_page: Open) -> None:
    page = open_page(REPORT)
    reasons = page.get_by_text("Not scanned: lz4 is not supported (1).")
    expect(reasons).to_be_hidden()
    page.emulate_media(media="print")
    expect(reasons).to_be_visible()
    ends = page.locator(".headline a:visible:not([data-open]):not([data-view])")
    assert all(page.locator(str(end.get_attribute("href"))).is_visible() for end in ends.all())


def test_a_phone_shows_all_that_is_told_about_what_was_scanned(open_page: Open) -> None:
    page = open_page(REPORT, viewport={"width": 390, "height": 844})
    assert_fits(page)
    assert page.locator("#targets .scroll").evaluate("part => part.scrollWidth <= part.clientWidth")
    row, told = (page.locator(f"#targets tbody tr:first-child{part}").bounding_box() for part in ("", " .scanned"))
    assert row
    assert told
    assert told["width"] > 0.9 * row["width"]


@pytest.mark.parametrize("width", [390, 1280])
def test_filters_take_one_row(open_page: Open, width: int) -> None:
    page = open_page(REPORT, viewport={"width": width, "height": 844})
    tops = page.eval_on_selector_all(
        "#filters > div", "found => found.map(each => each.getBoundingClientRect().top).filter(top => top)"
    )
    assert len(tops) > 3
    assert max(tops) - min(tops) < 1
    last = page.locator("#filters :is(input, select):visible").last
    last.focus()
    box = last.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [390, 800, 1280, 1920])
def test_words_of_the_timeline_do_not_run_into_one_another(open_page: Open, width: int) -> None:
    for months in range(12, 44, 4):
        place = reports.occurrence(KEY, introduced=reports.commit(reports.seeded(7), _ago(months)))
        page = open_page(reports.report(reports.credential(KEY, place)), viewport={"width": width, "height": 844})
        boxes = [box for box in (text.bounding_box() for text in page.locator(".axis text:visible").all()) if box]
        ends = sorted((box["x"], box["x"] + box["width"]) for box in boxes)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ends)), (months, ends)


def test_a_table_with_room_has_rows_of_two_lines(open_page: Open) -> None:
    page = open_page(samples.crowd(42, reports.seeded(57)), viewport={"width": 1280, "height": 900})
    heights = page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert max(heights[1:]) < 45


def _ago(months: int) -> str:
    return f"{reports.NOW - timedelta(days=30.4 * months):%Y-%m-%dT%H:%M:%SZ}"


def test_nothing_is_wider_than_the_window(open_page: Open) -> None:
    page = open_page(REPORT)
    for width in (320, 400, 700, 1000, 1440, 2200):
        page.set_viewport_size({"width": width, "height": 800})
        assert_fits(page)
        page.locator("#rows a").first.press("Enter")
        assert_fits(page)
        page.keyboard.press("Escape")


def assert_fits(page: Page) -> None:
    widths = "[document.documentElement, document.querySelector('#credentials'), document.querySelector('.overview')]"
    assert page.evaluate(f"{widths}.every(part => part.scrollWidth <= part.clientWidth + 1)")


# WCAG 2.2, success criterion 1.4.3: https://www.w3.org/TR/WCAG22/#contrast-minimum
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const drawn = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const known = new Map();  // few colours, and drawing one takes long
  const rgb = (colour) => known.get(colour) ?? known.set(colour, drawn(colour)).get(colour);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = (element) => { for (; element; element = element.parentElement) {
    const colour = rgb(getComputedStyle(element).backgroundColor); if (colour[3] === 255) return colour; }
    return [255, 255, 255]; };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility() || ![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (element.disabled) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(back(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(element.outerHTML.slice(0, 120));
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(open_page: Open, scheme: Any) -> None:
    for report in (REPORT, samples.triaged(reports.seeded(1)), reports.report()):
        page = open_page(report, color_scheme=scheme, viewport={"width": 1500, "height": 900})
        if report.credentials:
            page.locator("#rows a").nth(1).click()
        assert page.evaluate(CONTRASTS) == []


def test_what_can_be_used_or_seen_has_a_name(open_page: Open) -> None:
    page = open_page(REPORT)
    page.locator("#rows a").first.click()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("[...document.querySelectorAll('input, select')].every(field => field.labels.length === 1)")
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    assert page.evaluate(
        """[...document.querySelectorAll('body > * svg, svg use')].every(drawing =>
            drawing.closest('[aria-hidden=true], [role=img][aria-label]'))"""
    )
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    labelled = page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].map(e => e.getAttribute('aria-labelledby'))"
    )
    assert set(labelled) <= set(ids)


def test_no_meaning_is_in_colour_alone(open_page: Open) -> None:
    page = open_page(REPORT)
    for row in page.locator("#rows tr").all():
        assert re.match("Live|Inactive|Unknown|Unverified", row.locator(".pill").inner_text().strip())
    for bar in page.locator(".bars li").all():
        assert re.search("Live|Inactive|Unknown|Unverified", bar.locator("a").text_content() or "")


def test_nothing_found_needs_no_script_to_be_read(open_page: Open) -> None:
    page = open_page(reports.report())
    expect(page.get_by_role("heading", level=1)).to_have_text("No leaked credential found")
    assert page.locator("table.findings, .plot").count() == 0


@pytest.mark.parametrize("name", as_html.SCRIPTS)
def test_each_file_of_the_script_can_be_read_alone(browser: Browser, name: str) -> None:
    text = files("akpatrol.report").joinpath("html", name).read_text("utf-8")
    assert text.startswith('"use strict";\n')
    page = browser.new_page()
    page.evaluate("text => void new Function(text)", text)  # a text that ends in the middle is a SyntaxError
    page.close()


def test_nothing_from_elsewhere_can_run_in_the_page(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(REPORT, "html", reports.options(REPORT)), "utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    refused = page.evaluate(
        """() => new Promise(resolve => {
            const seen = [];
            addEventListener('securitypolicyviolation', event => {
                seen.push(event.effectiveDirective);
                if (seen.length === 3) resolve(seen.sort());
            });
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            const style = document.createElement('style');
            style.textContent = 'body { display: none }';
            const image = document.createElement('img');
            image.src = 'https://example.org/x.png';
            document.body.append(script, style, image);
        })"""
    )
    assert refused == ["img-src", "script-src-elem", "style-src-elem"]
    assert not page.evaluate("window.ran")
    page.close()
