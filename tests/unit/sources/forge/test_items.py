"""What entries are: whatever a server sends, no place is off the forge's own host, and no entry ends the scan."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.cache import scan_counts
from akpatrol.model.scan import Counted, Skipped
from akpatrol.scan.result import ScanResult
from akpatrol.sources.forge import github, gitlab, items, pages
from akpatrol.sources.forge.items import Lead, ResourceHome
from akpatrol.sources.forge.pages import PageState
from akpatrol.sources.forge.resource import Listing, field, filled, place, texts
from akpatrol.sources.forge.unit import ForgeText

_REPOSITORY = ResourceHome("https://git.example.org/acme/app", "https://git.example.org/acme/app/issues")
_LISTINGS = [listing for module in (github, gitlab) for one in module.RESOURCES for listing in one.lists]
_NAMES = sorted(
    {
        name
        for listing in _LISTINGS
        for name in (
            *(
                "id",
                "number",
                "iid",
                "html_url",
                "web_url",
                "browser_download_url",
                "_links",
                "self",
                "assets",
                "links",
            ),
            *listing.texts,
            *listing.marks,
            *(listing.inner, listing.attempts, listing.size.partition(".")[0], listing.gone, listing.having),
        )
        if name
    }
)
_HALVES = st.text(st.characters(categories=["Cs", "Lu"]), max_size=4)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | _HALVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)
_ENTRIES = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8)


@given(listing=st.sampled_from(_LISTINGS), entry=_ENTRIES)
def test_any_entry_is_text_or_leads_somewhere(listing: Listing, entry: dict[str, Any]) -> None:
    items.chosen(listing, entry)
    found: list[ForgeText | Lead] = [items.text(listing, entry, _REPOSITORY, "https://git.example.org/above")]
    found += items.leads(listing, entry, _REPOSITORY)
    assert len(found) <= 302
    for one in found:
        path = one.path if isinstance(one, ForgeText) else one.page
        assert urlsplit(f"https://git.example.org/{path}").netloc == "git.example.org"
        if isinstance(one, Lead) and one.state == items.READY:
            assert one.path.startswith("/")
            assert ".." not in one.path.split("/")


@given(st.text(max_size=40))
def test_a_place_is_on_its_host(url: str) -> None:
    for tried in (url, f"https://git.example.org/{url}", f"https://git.example.org{url}"):
        if found := place(tried, "https://git.example.org"):
            assert tried.lower().startswith("https://git.example.org/")
            assert tried.endswith(found)


def test_templates() -> None:
    entry = {"id": 7, "name": "a/b", "run": {"id": 8}, "url": "https://h/x", "flag": True}
    assert filled("/x/{id}/{run.id}", entry) == "/x/7/8"
    assert filled("/x/{name}", entry) == "/x/a%2Fb"
    assert filled("{url}#note_{id}", entry) == "https://h/x#note_7"
    assert filled("/x/{id}", {"id": ".."}) == ""
    assert filled("/x/{id}", {"id": "\ud800"}) == "/x/%3F"
    assert filled("/x/{none}", entry) == filled("/x/{flag}", entry) == filled("/x/{run}", entry) == ""
    assert filled("/x/{id}", {"id": 1}, entry) == "/x/1"
    assert field(entry, "run.id") == 8
    assert field([], "run.id") is None


def test_texts_of_lists() -> None:
    release = {"name": "v1", "assets": {"links": [{"name": "x"}, {"name": "y", "url": 3}]}, "body": None}
    assert texts(release, ("name", "body", "assets.links.name", "assets.links.url")) == "v1\nx\ny"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2022-08-17T12:46:35.053Z", "2022-08-17T12:46:35Z"),
        ("2022-08-17T14:46:35+02:00", "2022-08-17T12:46:35Z"),
        ("0001-01-01T00:00:00Z", ""),
        ("soon", ""),
        (7, ""),
    ],
)
def test_dates(written: object, date: str) -> None:
    assert items.date_of({"updated_at": written}) == date


_TEXT = st.text(max_size=12)
_LEADS = st.builds(Lead, _TEXT, _TEXT, _TEXT, _TEXT, st.integers(0, 1 << 40), st.sampled_from(["ready", "gone"]))


@given(
    state=st.builds(
        PageState, _TEXT, _TEXT, st.none() | st.text(min_size=1, max_size=9), st.booleans(), st.tuples(_LEADS)
    )
)
def test_a_page_of_leads_is_kept_as_it_is(state: PageState) -> None:
    kept = pages.parse(json.loads(json.dumps(pages.value_of(state))))
    assert kept == state


def test_a_page_of_texts_keeps_what_to_read_again() -> None:
    state, read = PageState("e", "d", None, paths=("a", "b", "c")), ScanResult()
    read.add(Counted("forge_texts", 3, 30))
    read.add(Skipped("b > zip:x", "damaged"))
    kept = pages.parse(json.loads(json.dumps(pages.value_of(state, read))))
    assert kept == state._replace(counts=scan_counts.parse(scan_counts.value_of(read)), again=(1,))
    read.add(Skipped("elsewhere", "damaged"))
    assert pages.value_of(state, read) is None


@given(_VALUES)
def test_a_damaged_cache_is_no_page(value: Any) -> None:
    assert pages.parse(value) is None
    good = pages.value_of(PageState("e", "d", None, leads=(Lead("/p", "q"),), paths=("a",))) or {}
    for name in good:
        pages.parse({**good, name: value})
