"""How long to wait, and where the next page is."""

from __future__ import annotations

import pytest

from akpatrol.sources.forge import discussions
from akpatrol.sources.forge.answers import last_page, next_page, pause, rest, same_host


def test_how_long_to_wait() -> None:
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert pause(429, {"retry-after": date}, 784111777 - 5, 0) == 5.0
    assert pause(429, {"retry-after": "soon"}, 0, 0) == 60.0
    assert pause(429, {}, 0, 1) == 120.0
    assert pause(429, {"ratelimit-remaining": "0", "ratelimit-reset": "30"}, 10, 0) == 20.0
    assert pause(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"}, 10, 0) == 1.0
    assert pause(403, {"x-ratelimit-remaining": "12"}, 10, 0) is None
    assert pause(404, {"retry-after": "5"}, 0, 0) is None


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<https://h/a?page=2>; rel="next", <https://h/a>; rel="first"', "https://h/a?page=2"),
        ('<https://h/a>; rel="first", </b>; title="x"; rel=next', "https://h/b"),
        ('<https://h/a>; rel="last next"', "https://h/a"),
        ('<https://h/a>; rel="nextish"', None),
        ("", None),
    ],
)
def test_where_the_next_page_is(link: str, url: str | None) -> None:
    assert next_page({"link": link}, "https://h/x") == url


def test_hosts() -> None:
    assert same_host("https://h/a", "https://h:443/b")
    assert not same_host("https://h/a", "http://h/a")
    assert not same_host("https://h/a", "https://h:444/a")
    assert not same_host("https://h/a", "https://h.example/a")
    assert not same_host("https://h/a", "https://[")


def test_until_when_a_forge_rests() -> None:
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "70"}
    assert rest(limits, 10) == 60.0
    assert rest({"ratelimit-remaining": "0", "ratelimit-reset": "70"}, 80) == 1.0
    assert rest({**limits, "x-ratelimit-remaining": "1"}, 10) == 0.0
    assert rest({**limits, "x-ratelimit-reset": "9" * 400}, 10) == 0.0
    assert rest({}, 10) == 0.0


def test_how_many_pages_there_are() -> None:
    link = '<https://h/a?per_page=1&page=2>; rel="next", <https://h/a?page=17&per_page=1>; rel="last"'
    assert last_page({"link": link}, "https://h/a") == 17
    assert last_page({"link": '<https://h/a?page=x>; rel="last"'}, "https://h/a") is None
    assert last_page({}, "https://h/a") is None


@pytest.mark.parametrize(
    ("api", "endpoint"),
    [
        ("https://api.github.com/repos/o/r", "https://api.github.com/graphql"),
        ("https://api.acme.ghe.com/repos/o/r", "https://api.acme.ghe.com/graphql"),
        ("https://git.example.org/api/v3/repos/o/r", "https://git.example.org/api/graphql"),
    ],
)
def test_where_queries_go(api: str, endpoint: str) -> None:
    assert discussions.endpoint(api) == endpoint
