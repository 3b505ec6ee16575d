"""Whatever is added, edited or deleted, a later scan finds what a first one would, and sends for less."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.credentials import organization_key
from tests.unit.sources.forge.peer import REPOSITORY, issue, leak, paths, scanned

if TYPE_CHECKING:
    from tests.forge_api import ForgeApi

_WHERE = f"{REPOSITORY}/issues"
_RANDOM = Random("pages")
_KEYS = [organization_key(_RANDOM) for _ in range(4)]
_CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "delete"]), st.integers(0, 40), st.none() | st.sampled_from(_KEYS)),
    min_size=1,
    max_size=12,
)


def change(api: ForgeApi, entries: list[dict[str, Any]], what: str, at: int, secret: str | None) -> None:
    body = leak(secret) if secret else "nothing"
    if what == "add":
        number = max((entry["number"] for entry in entries), default=0) + 1
        entries.append(issue(api, number, body))
    elif entries and what == "edit":
        entry = entries[at % len(entries)]
        entries[at % len(entries)] = issue(api, entry["number"], body)
    elif entries:
        del entries[at % len(entries)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 35), steps=st.lists(_CHANGES, min_size=1, max_size=3))
def test_a_cached_scan_finds_what_a_fresh_one_finds(
    github: ForgeApi, number: int, steps: list[list[tuple[str, int, str | None]]]
) -> None:
    github.most = 10
    github.lists[_WHERE] = [issue(github, one) for one in range(1, number + 1)]
    scanned(github, "issues")
    for step in steps:
        for what, at, secret in step:
            change(github, github.lists[_WHERE], what, at, secret)
        cached, fresh = scanned(github, "issues"), scanned(github, "issues", use_cache=False)
        assert paths(cached) == paths(fresh)
        assert cached["coverage"] == fresh["coverage"]
    github.requests = []
    again = scanned(github, "issues")
    assert paths(again) == paths(fresh)
    unsent = [request.status for request in github.requests].count(304)
    assert unsent == max(1, -(-len(github.lists[_WHERE]) // 10))
