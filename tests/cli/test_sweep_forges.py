"""Sweeps of all that an organization has: its code, and what is beside it."""

from __future__ import annotations

import json
import signal
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.sources.forge.patience import patience_with
from tests.forge_api import DAY, ForgeApi
from tests.git_http import has_backend
from tests.program import finish, start
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import trustme

    from tests.conftest import Result, Run

pytestmark = pytest.mark.skipif(not has_backend(), reason="this git cannot serve over HTTP")
_ISSUES = "/repos/acme/app/issues"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, certificate: trustme.LeafCert) -> Iterator[ForgeApi]:
    with ForgeApi(tmp_path_factory.mktemp("served")).running(certificate) as api:
        yield api


@pytest.fixture
def forge(running: ForgeApi, monkeypatch: pytest.MonkeyPatch, bundle: str, tmp_path: Path) -> ForgeApi:
    """The forge with one repository, which is empty."""
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    # Of two processes that make it at the same moment, one would lose what it has put there.
    cache = ScanCache(str(tmp_path / "caches" / "akpatrol"))
    cache.put("", "", {"": 0})
    cache.close()
    assert not cache.problem
    patience_with.cache_clear()
    running.directory = tmp_path / "served"
    Repository(running.directory / "acme" / "app.git", "--bare")
    running.files, running.replies, running.requests, running.asked = {}, {}, [], []
    running.token, running.expires, running.holds, running.authorization = "", None, None, ""
    url = f"{running.url}/acme/app"
    app = running.entry("minimal-repository", id=1, full_name="acme/app", clone_url=f"{url}.git", html_url=url)
    running.lists = {"/orgs/acme/repos": [app]}
    return running


def words(forge: ForgeApi, include: str) -> tuple[str, ...]:
    return ("sweep", "--github-org", "acme", "--forge-url", forge.api, "--include", include, "--jobs", "1")


def swept(run: Run, forge: ForgeApi, include: str, token: str = "") -> Result:
    forge.requests = []
    return run(*words(forge, include), GITHUB_TOKEN=token)


def issues(forge: ForgeApi, number: int, **secrets: str) -> None:
    """Give the repository so many issues, of which some hold secrets: ``n7`` is that of the seventh."""
    forge.lists[_ISSUES] = [
        forge.entry(
            "issue",
            id=one,
            number=one,
            title=f"Issue {one}",
            body=f"ANYREACH_API_KEY={secrets.get(f'n{one}', 'none')}",
            html_url=f"{forge.url}/acme/app/issues/{one}",
            updated_at=DAY,
        )
        for one in range(1, number + 1)
    ]


def test_a_finding_is_where_a_person_can_go(run: Run, forge: ForgeApi, key: str) -> None:
    issues(forge, 3, n2=key)
    result = swept(run, forge, "issues")
    assert result.code == 1
    assert result.skipped == []
    assert result.one(key)["path"] == "acme/app/issues/2"
    assert {target["kind"] for target in result.json["scan"]["targets"]} == {"github_issues", "repository"}
    text = run("report", "akpatrol.sqlite3", "-f", "text", "-o", "-").out
    assert f"{forge.url}/acme/app/issues/2" in text
    html = run("report", "akpatrol.sqlite3", "-f", "html", "-o", "-").out
    assert f"{forge.url}/acme/app/issues/2" in html
    swept(run, forge, "issues")
    (asked,) = [one.query["per_page"] for one in forge.requests if one.path == _ISSUES]
    assert asked == "1"  # what changed last: nothing


def test_a_comment_has_the_mark_of_its_page(run: Run, forge: ForgeApi, key: str) -> None:
    page = f"{forge.url}/acme/app/issues/2#issuecomment-9"
    forge.lists |= {
        "/repos/acme/app/issues/comments": [forge.entry("issue-comment", id=9, html_url=page, body=f"K={key}")],
        "/repos/acme/app/pulls/comments": [],
        "/repos/acme/app/comments": [],
    }
    assert swept(run, forge, "comments").one(key)["path"] == "acme/app/issues/2#issuecomment-9"
    for name in ("text", "sarif", "html", "csv"):
        shown = run("report", "akpatrol.sqlite3", "-f", name, "-o", "-").out
        assert page in shown or name == "csv", name
        assert "issues/2#issuecomment-9" in shown


def test_a_wiki_is_read_with_its_history(run: Run, forge: ForgeApi, tmp_path: Path, key: str) -> None:
    wiki = Repository(tmp_path / "wiki")
    wiki.commit_file("Home.md", f"K={key}\n")
    wiki.commit_file("Home.md", "removed\n")
    wiki.git("clone", "-q", "--bare", str(wiki.path), str(forge.directory / "acme" / "app.wiki.git"))
    result = swept(run, forge, "wikis")
    assert result.one(key)["state"] == "removed"
    assert result.complete


def test_a_wiki_without_a_page_is_no_gap(run: Run, forge: ForgeApi) -> None:
    """Of a private repository too; but what asks for another token is one."""
    assert swept(run, forge, "wikis").skipped == []
    forge.authorization = f"Basic {b64encode(b'x-access-token:right').decode()}"
    assert swept(run, forge, "wikis", token="right").skipped == []
    # Without a token, what does not exist is asked a user for, as what is private.
    alone = swept(run, forge, "wikis")
    assert [skip["item"].rpartition("/")[2] for skip in alone.skipped] == ["app.git"]
    told = swept(run, forge, "wikis", token="wrong")
    assert sorted(skip["item"].rpartition("/")[2] for skip in told.skipped) == ["app.git", "app.wiki.git"]


def test_a_token_that_expires_in_the_middle_ends_with_3(run: Run, forge: ForgeApi, key: str) -> None:
    """A sweep with a fresh one reads only the rest."""
    issues(forge, 350, n340=key)
    forge.token, forge.expires = "first", 5  # the repositories, what changed last, and three pages
    result = swept(run, forge, "issues", token="first")
    assert result.code == 3
    (skip,) = [one for one in result.skipped if "issues" in one["item"]]
    assert "does not accept the token in GITHUB_TOKEN (401)" in skip["reason"]
    assert skip["reason"].endswith("3 pages were read, 1 of 4 pages are left")
    forge.token, forge.expires = "second", None
    resumed = swept(run, forge, "issues", token="second")
    assert resumed.code == 1
    assert resumed.one(key)["path"] == "acme/app/issues/340"
    statuses = [one.status for one in forge.requests if one.path == _ISSUES and one.query.get("per_page") == "100"]
    assert statuses == [304, 304, 304, 200]
    assert resumed.json["coverage"]["counts"]["forge_texts"] == 350
    written = Path("akpatrol.sqlite3").read_bytes() + json.dumps(resumed.json).encode()
    assert b"first" not in written.replace(b"first_seen", b"")


@pytest.mark.slow
def test_a_sweep_that_was_killed_goes_on_behind_the_last_page(
    run: Run, forge: ForgeApi, bundle: str, tmp_path: Path, new_key: Callable[[], str]
) -> None:
    keys = [new_key(), new_key()]
    issues(forge, 350, n20=keys[0], n340=keys[1])
    forge.holds = 5  # the repositories, what changed last, and three pages
    process = start(
        *words(forge, "issues"), variables={"SSL_CERT_FILE": bundle, "XDG_CACHE_HOME": str(tmp_path / "caches")}
    )
    assert forge.held.wait(60)
    process.send_signal(signal.SIGKILL)
    finish(process)
    forge.holds = None
    forge.released.set()
    result = swept(run, forge, "issues")
    assert [len(result.found(secret)) for secret in keys] == [1, 1]
    statuses = [one.status for one in forge.requests if one.path == _ISSUES and one.query.get("per_page") == "100"]
    # The first page has a finding, which is read again.
    assert statuses == [304, 200, 304, 304, 200]


@pytest.mark.slow
def test_all_of_gitlab_by_two_workers(
    run: Run, certificate: trustme.LeafCert, bundle: str, tmp_path: Path, new_key: Callable[[], str]
) -> None:
    """Each worker takes the token from its own environment; nothing holds it."""
    token, served = f"glpat-{'x' * 20}", tmp_path / "served"
    Repository(served / "acme" / "app.git", "--bare")
    snippet = Repository(tmp_path / "snippet")
    keys = {name: new_key() for name in ("issues", "pulls", "comments", "reviews", "releases", "logs", "snippets")}
    snippet.commit_file("setup.sh", f"K={keys['snippets']}\n")
    snippet.git("clone", "-q", "--bare", str(snippet.path), str(served / "snippets" / "1.git"))
    with ForgeApi(served, forge="gitlab", token=token).running(certificate) as api:
        page, api.authorization = f"{api.url}/acme/app", f"Basic {b64encode(f'oauth2:{token}'.encode()).decode()}"
        text = {name: f"ANYREACH_API_KEY={secret}" for name, secret in keys.items()}
        own = {"self": f"{page}/-/releases/v1"}
        job = {"started_at": DAY, "finished_at": DAY, "web_url": f"{page}/-/jobs/1"}
        issue = {"iid": 1, "updated_at": DAY, "web_url": f"{page}/-/issues/1", "description": text["issues"]}
        merge = {"iid": 2, "updated_at": DAY, "web_url": f"{page}/-/merge_requests/2", "description": text["pulls"]}
        api.lists = {
            "/groups/acme/projects": [
                api.entry("project", id=7, path_with_namespace="acme/app", http_url_to_repo=f"{page}.git", web_url=page)
            ],
            "/projects/7/issues": [api.entry("issue", **issue)],
            "/projects/7/issues/1/notes": [api.entry("note", id=11, body=text["comments"])],
            "/projects/7/merge_requests": [api.entry("merge_request", **merge)],
            "/projects/7/merge_requests/2/notes": [api.entry("note", id=12, body=text["reviews"])],
            "/projects/7/releases": [api.entry("release", tag_name="v1", description=text["releases"], _links=own)],
            "/projects/7/jobs": [api.entry("job", id=1, **job)],
            "/projects/7/snippets": [api.entry("snippet", id=1, http_url_to_repo=f"{api.url}/snippets/1.git")],
        }
        api.files = {"/projects/7/jobs/1/trace": text["logs"].encode()}
        words = ("sweep", "--gitlab-group", "acme", "--forge-url", api.api, "--include", "all", "--jobs", "2")
        result = run(*words, SSL_CERT_FILE=bundle, GITLAB_TOKEN=token)
        assert result.skipped == []
        places = {name: result.one(secret)["path"] for name, secret in keys.items()}
        assert places == {
            "issues": "acme/app/-/issues/1",
            "pulls": "acme/app/-/merge_requests/2",
            "comments": "acme/app/-/issues/1#note_11",
            "reviews": "acme/app/-/merge_requests/2#note_12",
            "releases": "acme/app/-/releases/v1",
            "logs": "acme/app/-/jobs/1",
            "snippets": "setup.sh",
        }
        assert {one.headers["authorization"] for one in api.requests} == {f"Bearer {token}"}
    written = [result.out.encode(), result.err.encode(), json.dumps(result.json).encode()]
    written += [file.read_bytes() for file in Path.home().rglob("*") if file.is_file()]
    assert len(written) > 10
    assert not [text for text in written if token.encode() in text]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--include", "isues", "--github-org", "acme"), "did you mean issues?"),
        (("--include", "issues", "--gitea-org", "acme", "--gitea-url", "https://git.example.org"), "only of GitHub"),
        (("--gitea-org", "acme"), "--gitea-org requires --gitea-url"),
    ],
)
def test_a_command_line_that_is_wrong(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("sweep", *arguments)
    assert result.code == 2
    assert said in result.err
