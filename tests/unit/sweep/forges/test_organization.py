"""Listing an organization, asked of a forge on this machine."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped
from akpatrol.sources.forge import client as forge_client
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sources.forge.refusals import ForgeError
from akpatrol.sweep.forges.organization import Forge, forge_of, forges_of
from akpatrol.sweep.forges.table import FORGES
from akpatrol.sweep.urls import CloneWanted
from tests.forge_server import ForgeServer, Hosted, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("github", "gitlab")


class Start(Protocol):
    def __call__(self, *args: Any, **options: Any) -> ForgeServer: ...


@pytest.fixture(autouse=True)
def _patience() -> None:
    """A port may be one of an earlier test."""
    patience_with.cache_clear()


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(ForgeServer(*args, **options).running())


def _hosted(number: int) -> list[Hosted]:
    return [Hosted(f"org/r{n:03}", f"http://127.0.0.1:9/org/r{n:03}.git", archived=n % 7 == 0) for n in range(number)]


def _list(
    kind: str,
    server: ForgeServer,
    token: str | None = None,
    waited: list[float] | None = None,
    name: str = "org",
    client: httpx.Client | None = None,
) -> list[CloneWanted | Skipped]:
    waits = [] if waited is None else waited
    listed = _forge(kind, server.url, token, name).repositories(client, waits.append)
    return [one for one in listed if isinstance(one, CloneWanted | Skipped)]


def _forge(kind: str, url: str | None, token: str | None = None, name: str = "org") -> Forge:
    return forge_of(kind, name, url, {FORGES[kind].login.variables[0]: token} if token else {})


@pytest.mark.parametrize("kind", KINDS)
def test_all_pages_are_listed(start: Start, kind: str) -> None:
    server = start([*_hosted(250), Hosted("other/x", "http://127.0.0.1/other/x")])
    assert _list(kind, server) == [CloneWanted(one.url) for one in _hosted(250)]
    assert len(server.asked) == 3
    assert all("authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_moved_gives_no_repository_twice(start: Start, kind: str) -> None:
    hosted = _hosted(3)
    server = start([*hosted, hosted[0]], most=2)
    assert _list(kind, server) == [CloneWanted(one.url) for one in hosted]


def test_a_group_is_listed_with_its_subgroups(start: Start) -> None:
    server = start([Hosted("org/team/x", "http://127.0.0.1/org/team/x.git")])
    with pytest.raises(UsageError, match="no such organization"):
        _list("gitlab", server, name="none/sub group")
    assert server.asked[0].path == "/api/v4/groups/none%2Fsub%20group/projects"
    assert _list("gitlab", server) == [CloneWanted("http://127.0.0.1/org/team/x.git")]
    assert server.asked[1].query["include_subgroups"] == ["true"]
    assert "archived" not in server.asked[1].query


@pytest.mark.parametrize("kind", KINDS)
def test_forks_tell_their_network(start: Start, kind: str) -> None:
    root, fork, far, alone = (f"http://127.0.0.1/org/{name}.git" for name in ("root", "fork", "far", "alone"))
    server = start(
        [
            Hosted("org/root", root),
            Hosted("org/fork", fork, parent="org/root"),
            Hosted("org/far", far, parent="org/fork"),
            Hosted("org/alone", alone),
        ]
    )
    assert _list(kind, server) == [
        CloneWanted(root),
        CloneWanted(fork, root),
        CloneWanted(far, root),
        CloneWanted(alone),
    ]


def test_a_fork_whose_origin_is_not_told_is_listed(start: Start) -> None:
    server = start([Hosted("org/root", "http://127.0.0.1/r"), Hosted("org/fork", "http://127.0.0.1/f", "org/root")])
    listing = _forge("github", server.url).repositories()
    assert next(listing) == CloneWanted("http://127.0.0.1/r")
    server.first = [Reply(404, {}, {})]
    assert list(listing) == [CloneWanted("http://127.0.0.1/f")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_forge_that_throttles_is_waited_for(start: Start, kind: str) -> None:
    waited: list[float] = []
    server = start(_hosted(2), first=[Reply(429, {"Retry-After": "7"}), Reply(502, {}), Reply(500, {})])
    assert len(_list(kind, server, waited=waited)) == 2
    assert waited == [7.0, 2.0, 4.0]


def test_the_hour_of_github_is_waited_for(start: Start) -> None:
    waited: list[float] = []
    reset = int(time.time()) + 300
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    server = start(_hosted(1), first=[Reply(403, limits), Reply(403, {"Retry-After": "60"})])
    assert len(_list("github", server, waited=waited)) == 1
    assert 0 < waited[0] <= 300
    assert waited[1] == 60.0


@pytest.mark.parametrize("first", [[("3600", 429)], [("600", 429), ("600", 429)]])
def test_waiting_has_an_end(start: Start, first: list[tuple[str, int]]) -> None:
    waited: list[float] = []
    server = start(_hosted(1), first=[Reply(status, {"Retry-After": seconds}) for seconds, status in first])
    with pytest.raises(ForgeError, match="seconds, which is too long"):
        _list("github", server, waited=waited)
    assert sum(waited) <= 900


def test_a_forge_that_fails_for_good(start: Start) -> None:
    server = start(_hosted(1), first=[Reply(500, {})] * 5)
    with pytest.raises(ForgeError, match="answers 500"):
        _list("github", server)
    assert len(server.asked) == 5
    gone = ForgeServer(port=1)
    with pytest.raises(ForgeError, match="cannot be reached: ConnectError"):
        _list("gitlab", gone)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_sent_and_a_wrong_one_is_told(
    start: Start, kind: str, token: str, new_key: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start(_hosted(2), token=token)
    assert len(_list(kind, server, token)) == 2
    wrong = new_key()
    for given, words in ((wrong, "rejects the token"), (None, "requires a token")):
        with pytest.raises(UsageError, match=words) as refused:
            _list(kind, server, given)
        assert FORGES[kind].login.variables[0] in refused.value.hint
        assert wrong not in f"{refused.value} {refused.value.hint}"
    with pytest.raises(UsageError, match="characters") as refused:
        _list(kind, server, f"{wrong}\n")
    assert wrong not in str(refused.value)
    assert token not in caplog.text
    assert wrong not in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_expires_while_repositories_are_listed(start: Start, kind: str, token: str) -> None:
    server = start(_hosted(5), token=token, most=2)
    listing = _forge(kind, server.url, token).repositories()
    assert next(listing) == CloneWanted(_hosted(1)[0].url)
    server.token = "another"
    _, ended = listing
    assert isinstance(ended, Skipped)
    assert "does not accept the token" in ended.reason
    assert ended.reason.endswith("what it lists after 2 entries is not known")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_or_not_allowed_is_told(start: Start, kind: str) -> None:
    server = start(_hosted(1))
    with pytest.raises(UsageError, match="no such organization or group"):
        _list(kind, server, name="nobody")
    server.first = [Reply(403, {})]
    with pytest.raises(UsageError, match="refuses to list"):
        _list(kind, server)
    for name in ("", "/", "..", "a\nb"):
        with pytest.raises(UsageError, match="name of an organization"):
            _list(kind, server, name=name)


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_host_is_asked(start: Start, kind: str, token: str) -> None:
    other = start(_hosted(5), token=token)
    server = start(_hosted(5), token=token, most=2, link=other.url)
    *listed, ended = _list(kind, server, token)
    assert len(listed) == 2
    assert isinstance(ended, Skipped)
    assert "another host" in ended.reason
    server.first = [Reply(302, {"Location": f"{other.url}/api/v3/orgs/org/repos"})]
    follows = httpx.Client(follow_redirects=True)
    with follows, pytest.raises(ForgeError, match="another host"):
        _list(kind, server, token, client=follows)
    server.first = [Reply(302, {"Location": "http://[/"})]
    with pytest.raises(ForgeError, match="another host"):
        _list(kind, server, token)
    assert not other.asked


def test_a_redirect_on_the_same_host_is_followed(start: Start) -> None:
    server = start(_hosted(1))
    server.first = [Reply(301, {"Location": "/api/v3/orgs/org/repos?per_page=100"})]
    assert len(_list("github", server, name="renamed")) == 1
    server.first = [Reply(301, {"Location": "/api/v3/orgs/org/repos"})] * 5
    with pytest.raises(ForgeError, match="answers 301"):
        _list("github", server)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/org/x.git",
        "https://elsewhere.example/org/x.git",
        "file:///etc",
        "ext::sh -c true",
        "http://user:hunter2@127.0.0.1/org/x.git",
        "",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_is_not_the_forges_is_skipped(start: Start, kind: str, url: str) -> None:
    server = start([Hosted("org/bad", url), *_hosted(1)])
    bad, good = _list(kind, server)
    assert isinstance(bad, Skipped)
    assert bad.item == "org/bad"
    assert "hunter2" not in bad.reason
    assert good == CloneWanted(_hosted(1)[0].url)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {}, b"<!doctype html>"),
        Reply(200, {}, {"message": "hello"}),
        Reply(200, {}, [1]),
        Reply(200, {}, b"[" * 100_000),
        Reply(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"),
    ],
)
def test_an_answer_that_is_no_forges(start: Start, reply: Reply) -> None:
    server = start(_hosted(1), first=[reply])
    with pytest.raises(ForgeError, match="does not answer like a"):
        _list("github", server)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize("id_", [[], {}, "7", None, 1e300])
def test_an_id_of_another_type_is_no_end(start: Start, kind: str, id_: object) -> None:
    server = start(_hosted(1), first=[Reply(200, {}, [{"id": id_}, {"id": id_}])])
    assert all(isinstance(entry, Skipped) for entry in _list(kind, server))


def test_pages_without_an_end(start: Start) -> None:
    server = start(_hosted(1))
    page = Reply(200, {"Link": f'<{server.url}/again>; rel="next"'}, [])
    server.first = [page, page, page]
    with pytest.raises(ForgeError, match="too many pages"):
        _list("github", server)
    assert len(server.asked) == 2


def test_an_answer_without_an_end(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge_client, "_LARGEST", 1000)
    server = start(_hosted(100))
    with pytest.raises(ForgeError, match="sends too long an answer"):
        _list("github", server)


@pytest.mark.parametrize(
    ("kind", "url", "origin"),
    [
        ("github", None, "https://github.com"),
        ("github", "https://github.com/", "https://github.com"),
        ("github", "https://git.example.org", "https://git.example.org"),
        ("github", "https://git.example.org:8443/api/v3", "https://git.example.org:8443"),
        ("github", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("gitlab", None, "https://gitlab.com"),
        ("gitlab", "https://git.example.org/gitlab/api/v4/", "https://git.example.org"),
    ],
)
def test_clones_send_the_token_to_the_forges_own_origin(kind: str, url: str | None, origin: str, token: str) -> None:
    made = _forge(kind, url, token).access()
    assert list(made) == [origin]
    assert token not in repr(made)
    assert _forge(kind, url).access() == {}


@pytest.mark.parametrize(
    "url", ["http://git.example.org", "git@git.example.org:x", "ftp://git.example.org", "https://u:p@x/", "https://["]
)
def test_addresses_that_no_forge_has(url: str) -> None:
    for kind in KINDS:
        with pytest.raises(UsageError, match="--forge-url"):
            _forge(kind, url)


def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://user:hunter2@[")
    with pytest.raises(UsageError, match="proxy") as refused:
        _forge("github", None).repositories()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("organizations", "urls", "words"),
    [
        ([("github", "a"), ("gitlab", "b")], {"--forge-url": "https://git.example.org"}, "names one forge"),
        ([("azure", "a")], {"--forge-url": "https://git.example.org"}, "no organization of that forge"),
        ([("gitea", "a")], {}, "requires --gitea-url"),
        ([("gitea", "a")], {"--gitea-url": "http://git.example.org"}, "--gitea-url: http://"),
    ],
)
def test_options_that_do_not_fit(organizations: list[tuple[str, str]], urls: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        forges_of(organizations, {"--forge-url": None, "--gitea-url": None, **urls}, "", {})
