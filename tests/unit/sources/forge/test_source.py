"""Resources of GitHub and GitLab, asked of a forge on this machine that keeps to their published descriptions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence, Target
from akpatrol.rules import rule_file
from akpatrol.sources.forge import client as forge_client
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sources.forge.table import of_kind
from akpatrol.sweep import work
from akpatrol.sweep.target_kinds import table
from tests.forge_api import DAY, Answered, ForgeApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import trustme

    from akpatrol.report.view import ReportView

_SPEC = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM)
_REPOSITORY = "/repos/acme/app"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, certificate: trustme.LeafCert) -> Iterator[dict[str, ForgeApi]]:
    """The two forges, and the host that their files are redirected to."""
    directory = tmp_path_factory.mktemp("forges")
    with (
        ForgeApi(directory, forge="github").running(certificate) as github,
        ForgeApi(directory, forge="gitlab").running(certificate) as gitlab,
        ForgeApi(directory, forge="azure").running(certificate) as store,
    ):
        yield {"github": github, "gitlab": gitlab, "store": store}


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, bundle: str, running: dict[str, ForgeApi]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    patience_with.cache_clear()
    for api in running.values():
        api.lists, api.files, api.queries, api.replies = {}, {}, [], {}
        api.requests, api.posted, api.token, api.expires, api.store, api.most = [], [], "", None, "", 100


@pytest.fixture
def github(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["github"]


@pytest.fixture
def gitlab(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["gitlab"]


@pytest.fixture
def store(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["store"]


def target(api: ForgeApi, name: str) -> Target:
    page = of_kind(f"{api.forge}_{name}")[1].page
    where = f"{api.api}{_REPOSITORY}" if api.forge == "github" else f"{api.api}/projects/7"
    return Target("0", f"{api.forge}_{name}", f"{api.url}/acme/app/{page}", api=where)


def scanned(api: ForgeApi, name: str, *, use_cache: bool = True, exclude: tuple[str, ...] = ()) -> ReportView:
    return work.scan_target(_SPEC._replace(exclude=exclude, use_cache=use_cache), target(api, name)).document


def paths(view: ReportView) -> list[str]:
    return sorted(str(one["path"]) for credential in view["credentials"] for one in credential["occurrences"])


def skips(view: ReportView) -> list[str]:
    return [skip["reason"] for skip in view["coverage"]["skipped"]]


def issue(api: ForgeApi, number: int, body: str | None = None, **more: Any) -> dict[str, Any]:
    values = {"id": 1000 + number, "title": f"Issue {number}", "updated_at": DAY, **more}
    if api.forge == "github":
        url = f"{api.url}/acme/app/issues/{number}"
        return api.entry("issue", number=number, body=body, html_url=url, **values)
    url = f"{api.url}/acme/app/-/issues/{number}"
    return api.entry("issue", iid=number, description=body, web_url=url, **values)


def leak(secret: str) -> str:
    return f"I set ANYREACH_API_KEY={secret} and it works"


def zipped(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def test_issues_and_what_is_no_issue(github: ForgeApi, new_key: Callable[[], str]) -> None:
    body, title, pull = new_key(), new_key(), new_key()
    github.lists[f"{_REPOSITORY}/issues"] = [
        issue(github, 1, leak(body)),
        issue(github, 2, title=leak(title)),
        issue(github, 3, leak(pull), pull_request={}),
    ]
    view = scanned(github, "issues")
    assert paths(view) == ["acme/app/issues/1", "acme/app/issues/2"]
    assert view["coverage"]["counts"] == {"forge_texts": 2}
    (first, *_) = view["credentials"][0]["occurrences"]
    assert first["introduced"] is not None
    assert first["introduced"]["date"] == DAY


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_second_sweep_costs_what_changed(
    running: dict[str, ForgeApi], forge: str, new_key: Callable[[], str]
) -> None:
    """Pages that are as they were are not sent; those with a finding are, and only its item is read again."""
    api, keys = running[forge], [new_key(), new_key()]
    where = f"{_REPOSITORY}/issues" if forge == "github" else "/projects/7/issues"
    api.lists[where] = [issue(api, number) for number in range(1, 250)]
    api.lists[where][120] = issue(api, 121, leak(keys[0]))
    first = scanned(api, "issues")
    assert [request.status for request in api.requests] == [200, 200, 200]
    api.requests = []
    second = scanned(api, "issues")
    assert [request.status for request in api.requests] == [304, 304, 200, 304]
    assert paths(second) == paths(first)
    assert second["coverage"]["counts"] == first["coverage"]["counts"] == {"forge_texts": 249}
    api.lists[where].append(issue(api, 250, leak(keys[1])))
    api.requests = []
    third = scanned(api, "issues")
    assert [request.status for request in api.requests] == [304, 304, 200, 200]
    assert len(paths(third)) == 2
    api.lists[where][120] = issue(api, 121, "edited")
    assert len(paths(scanned(api, "issues"))) == 1


def test_a_full_last_page_is_not_trusted_to_stay_the_last(github: ForgeApi, key: str) -> None:
    entries = github.lists[f"{_REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 101)]
    scanned(github, "issues")
    entries.append(issue(github, 101, leak(key)))
    assert paths(scanned(github, "issues")) == ["acme/app/issues/101"]


def test_marks_tell_that_nothing_changed(github: ForgeApi) -> None:
    entries = github.lists[f"{_REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 4)]
    before = table.look(target(github, "issues")).signature
    assert before
    assert table.look(target(github, "issues")).signature == before
    entries[1]["updated_at"] = "2026-02-02T03:04:05Z"
    edited = table.look(target(github, "issues")).signature
    del entries[0]
    assert len({before, edited, table.look(target(github, "issues")).signature}) == 3
    assert table.look(target(github, "logs")).signature is None
    github.token = "another"
    assert table.look(target(github, "issues")).signature is None


def test_comments_and_reviews(github: ForgeApi, new_key: Callable[[], str]) -> None:
    keys = [new_key() for _ in range(4)]
    page = f"{github.url}/acme/app"

    def comment(schema: str, place: str, secret: str) -> dict[str, Any]:
        return github.entry(schema, id=int(place.rpartition("-")[2][-1]), html_url=f"{page}/{place}", body=leak(secret))

    github.lists |= {
        f"{_REPOSITORY}/issues/comments": [comment("issue-comment", "issues/7#issuecomment-1", keys[0])],
        f"{_REPOSITORY}/pulls/comments": [comment("pull-request-review-comment", "pull/8#discussion_r2", keys[1])],
        f"{_REPOSITORY}/comments": [comment("commit-comment", "commit/abc#commitcomment-3", keys[2])],
        f"{_REPOSITORY}/pulls": [github.entry("pull-request-simple", id=8, number=8, html_url=f"{page}/pull/8")],
        f"{_REPOSITORY}/pulls/8/reviews": [comment("pull-request-review", "pull/8#pullrequestreview-4", keys[3])],
    }
    assert paths(scanned(github, "comments")) == [
        "acme/app/commit/abc#commitcomment-3",
        "acme/app/issues/7#issuecomment-1",
        "acme/app/pull/8#discussion_r2",
    ]
    assert paths(scanned(github, "reviews")) == ["acme/app/pull/8#pullrequestreview-4"]


def test_notes_of_gitlab(gitlab: ForgeApi, new_key: Callable[[], str]) -> None:
    keys, page = [new_key() for _ in range(2)], f"{gitlab.url}/acme/app/-"
    request = gitlab.entry("merge_request", iid=5, title="M", web_url=f"{page}/merge_requests/5", updated_at=DAY)
    gitlab.lists |= {
        "/projects/7/issues": [issue(gitlab, 3)],
        "/projects/7/issues/3/notes": [gitlab.entry("note", id=31, body=leak(keys[0]))],
        "/projects/7/merge_requests": [request],
        "/projects/7/merge_requests/5/notes": [gitlab.entry("note", id=51, body=leak(keys[1]))],
    }
    assert paths(scanned(gitlab, "comments")) == ["acme/app/-/issues/3#note_31"]
    assert paths(scanned(gitlab, "reviews")) == ["acme/app/-/merge_requests/5#note_51"]
    assert paths(scanned(gitlab, "pulls")) == []


def test_releases_with_links(gitlab: ForgeApi, key: str) -> None:
    links = {"links": [{"name": "setup", "url": f"https://user:{key}@files.example/x"}]}
    own = {"self": f"{gitlab.url}/acme/app/-/releases/v1"}
    gitlab.lists["/projects/7/releases"] = [gitlab.entry("release", tag_name="v1", assets=links, _links=own)]
    assert paths(scanned(gitlab, "releases")) == ["acme/app/-/releases/v1"]


def test_discussions_with_all_that_is_below(github: ForgeApi, new_key: Callable[[], str]) -> None:
    keys, page = [new_key() for _ in range(4)], f"{github.url}/acme/app/discussions/9"

    def connection(nodes: list[dict[str, Any]], cursor: str | None = None) -> dict[str, Any]:
        return {"pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}, "nodes": nodes}

    def node(id_: str, place: str, secret: str, **more: Any) -> dict[str, Any]:
        return {"id": id_, "url": page + place, "body": leak(secret), "updatedAt": DAY, **more}

    reply = node("R", "#discussioncomment-3", keys[2])
    comments = [
        node("C", "#discussioncomment-1", keys[1], replies=connection([], "r1")),
        node("E", "#discussioncomment-2", keys[3], replies=connection([])),
    ]
    discussion = node("D", "", keys[0], title="Help", comments=connection(comments[:1], "c1"))
    github.queries = [
        {"data": {"repository": {"discussions": connection([discussion])}}},
        {"data": {"node": {"replies": connection([reply])}}},
        {"data": {"node": {"comments": connection(comments[1:])}}},
    ]
    view = scanned(github, "discussions")
    found = [f"acme/app/discussions/9#discussioncomment-{number}" for number in (1, 2, 3)]
    assert paths(view) == ["acme/app/discussions/9", *found]
    first, second, third = (posted["variables"] for posted in github.posted)
    assert first == {"owner": "acme", "name": "app", "discussions": None}
    assert (second, third) == ({"id": "C", "replies": "r1"}, {"id": "D", "comments": "c1"})
    github.queries = [{"errors": [{"type": "FORBIDDEN", "message": keys[0]}]}]
    assert skips(scanned(github, "discussions"))[0].endswith("does not answer a query for discussions")


def _runs(api: ForgeApi, *statuses: str, attempts: int = 1) -> None:
    api.lists[f"{_REPOSITORY}/actions/runs"] = [
        api.entry(
            "workflow-run",
            id=number,
            status=status,
            run_attempt=attempts,
            html_url=f"{api.url}/acme/app/actions/runs/{number}",
            updated_at=DAY,
        )
        for number, status in enumerate(statuses, 1)
    ]


def test_logs_are_on_another_host(github: ForgeApi, store: ForgeApi, new_key: Callable[[], str]) -> None:
    """The redirect is followed without the token, and each attempt of a run has its own log."""
    keys, github.token = [new_key(), new_key()], "ghp-of-a-test"
    _runs(github, "completed", attempts=2)
    github.store = store.url
    for attempt, secret in enumerate(keys, 1):
        path = f"{_REPOSITORY}/actions/runs/1/attempts/{attempt}/logs"
        github.files[path] = b""
        store.files["/" + path.strip("/").replace("/", "-")] = zipped(**{"build/3_Run.txt": leak(secret)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", github.token)
        view = scanned(github, "logs")
    assert paths(view) == [f"acme/app/actions/runs/1/attempts/{attempt}" for attempt in (1, 2)]
    assert view["credentials"][0]["occurrences"][0]["containers"] == ["zip:build/3_Run.txt"]
    assert view["coverage"]["counts"]["forge_files"] == 2
    assert len(store.requests) == 2
    assert all("authorization" not in request.headers for request in store.requests)
    assert all(request.headers["authorization"] == f"Bearer {github.token}" for request in github.requests)
    assert "sig=" not in json.dumps(view)


def test_a_log_that_was_read_is_not_asked_for_again(github: ForgeApi, key: str) -> None:
    _runs(github, "completed", "completed")
    github.files |= {
        f"{_REPOSITORY}/actions/runs/1/attempts/1/logs": zipped(a="nothing"),
        f"{_REPOSITORY}/actions/runs/2/attempts/1/logs": zipped(b=leak(key)),
    }
    assert len(paths(scanned(github, "logs"))) == 1
    github.requests = []
    view = scanned(github, "logs")
    assert len(paths(view)) == 1
    assert [request.path for request in github.requests if request.path in github.files] == [
        f"{_REPOSITORY}/actions/runs/2/attempts/1/logs"
    ]
    assert view["coverage"]["counts"]["forge_files"] == 2


def test_artifacts_assets_and_what_is_not_there(github: ForgeApi, new_key: Callable[[], str]) -> None:
    artifact, asset, page = new_key(), new_key(), f"{github.url}/acme/app"
    github.lists |= {
        f"{_REPOSITORY}/actions/artifacts": [
            github.entry("artifact", id=4, name="dist", size_in_bytes=9, workflow_run={"id": 1}, updated_at=DAY),
            github.entry("artifact", id=5, name="old", expired=True, workflow_run={"id": 1}),
            github.entry("artifact", id=6, name="huge", size_in_bytes=3 << 30, workflow_run={"id": 1}),
        ],
        f"{_REPOSITORY}/releases": [
            github.entry(
                "release",
                id=1,
                tag_name="v1",
                assets=[
                    github.entry("release-asset", id=2, name="x", browser_download_url=f"{page}/releases/download/v1/x")
                ],
            )
        ],
    }
    github.files |= {
        f"{_REPOSITORY}/actions/artifacts/4/zip": zipped(env=leak(artifact)),
        f"{_REPOSITORY}/releases/assets/2": leak(asset).encode(),
    }
    view = scanned(github, "artifacts")
    assert paths(view) == ["acme/app/actions/runs/1/artifacts/4"]
    assert view["coverage"]["excluded"] == [{"reason": "deleted", "count": 1}]
    assert skips(view) == ["a file of more than 2,147,483,648 bytes is not read, and it has 3,221,225,472"]
    assert paths(scanned(github, "assets")) == ["acme/app/releases/download/v1/x"]
    asked = next(request for request in github.requests if request.path.endswith("/assets/2"))
    assert asked.headers["accept"] == "application/octet-stream"


def test_logs_and_artifacts_of_gitlab(gitlab: ForgeApi, new_key: Callable[[], str]) -> None:
    log, artifact = new_key(), new_key()

    def job(number: int, **more: Any) -> dict[str, Any]:
        return gitlab.entry("job", id=number, web_url=f"{gitlab.url}/acme/app/-/jobs/{number}", **more)

    gitlab.lists["/projects/7/jobs"] = [
        job(1, started_at=DAY, finished_at=DAY, artifacts_file={"filename": "a.zip", "size": 5}),
        job(2, started_at=DAY, finished_at=None),
        job(3, started_at=None),
        job(4, started_at=DAY, finished_at=DAY, erased_at=DAY),
    ]
    gitlab.files |= {
        "/projects/7/jobs/1/trace": leak(log).encode(),
        "/projects/7/jobs/1/artifacts": zipped(env=leak(artifact)),
    }
    view = scanned(gitlab, "logs")
    assert paths(view) == ["acme/app/-/jobs/1"]
    assert skips(view) == ["not finished yet: the next sweep reads it"]
    assert view["coverage"]["excluded"] == [{"reason": "deleted", "count": 1}]
    assert paths(scanned(gitlab, "artifacts")) == ["acme/app/-/jobs/1/artifacts/browse"]


def test_what_is_excluded_stays_out_when_its_page_is_known(github: ForgeApi, key: str) -> None:
    github.lists[f"{_REPOSITORY}/issues"] = [issue(github, 1, leak(key)), issue(github, 2)]
    assert paths(scanned(github, "issues"))
    left = scanned(github, "issues", exclude=("**/issues/1",))
    assert paths(left) == []
    assert left["coverage"]["excluded"] == [{"reason": "exclude_option", "count": 1}]
    assert paths(scanned(github, "issues"))


def test_a_token_that_expires_in_the_middle(github: ForgeApi, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """What was read stays, the rest is a skip, and a fresh token reads only the rest."""
    github.token, github.expires = "first", 3
    monkeypatch.setenv("GITHUB_TOKEN", "first")
    entries = github.lists[f"{_REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 551)]
    entries[10] = issue(github, 11, leak(key))
    view = scanned(github, "issues")
    assert paths(view) == ["acme/app/issues/11"]
    assert view["coverage"]["counts"] == {"forge_texts": 300}
    (reason,) = skips(view)
    assert reason == (
        f"127.0.0.1:{github.port} does not accept the token in GITHUB_TOKEN (401); the token in GITHUB_TOKEN needs "
        "Issues: read, or the scope repo; 3 pages were read, 3 of 6 pages are left"
    )
    github.token, github.expires, github.requests = "second", None, []
    monkeypatch.setenv("GITHUB_TOKEN", "second")
    whole = scanned(github, "issues")
    assert paths(whole) == ["acme/app/issues/11"]
    assert whole["coverage"]["counts"] == {"forge_texts": 550}
    assert [request.status for request in github.requests] == [304, 200, 304, 304, 200, 200, 200]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "requires a token (401); the token in GITHUB_TOKEN needs Actions: read"),
        (403, "refuses access (403); the token in GITHUB_TOKEN needs Actions: read"),
        (404, "does not have it, or hides it (404); the token in GITHUB_TOKEN needs Actions: read"),
    ],
)
def test_what_a_token_may_not_read_is_a_skip(github: ForgeApi, status: int, words: str) -> None:
    _runs(github, "completed")
    github.replies[f"{_REPOSITORY}/actions/runs"] = [Answered(status)]
    view = scanned(github, "logs")
    assert words in skips(view)[0]
    assert view["coverage"]["skipped"][0]["item"] == f"{github.url}/acme/app/actions (logs)"


def test_what_a_forge_no_longer_has_is_left_out(github: ForgeApi) -> None:
    """Logs are kept for some weeks; a resource may be turned off."""
    _runs(github, "completed", "completed")
    github.replies |= {
        f"{_REPOSITORY}/actions/runs/1/attempts/1/logs": [Answered(410)],
        f"{_REPOSITORY}/issues": [Answered(410)],
    }
    view = scanned(github, "logs")
    assert view["coverage"]["excluded"] == [{"reason": "deleted", "count": 1}]
    assert [skip.partition(" ")[2] for skip in skips(view)] == ["does not have it, or hides it (404)"]
    assert scanned(github, "issues")["coverage"]["complete"]


def test_a_rate_limit_is_waited_for_or_told(github: ForgeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(forge_client, "_sleep", waited.append)
    github.lists[f"{_REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 251)]
    where = f"{_REPOSITORY}/issues"
    github.replies[where] = [Answered(429, {"Retry-After": "7"})]
    assert skips(scanned(github, "issues", use_cache=False)) == []
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
    first = Answered(200, {"Link": f'<{github.api}{where}?page=9>; rel="last"', **limits}, b"[]")
    github.replies[where] = [first]
    assert skips(scanned(github, "issues", use_cache=False)) == []
    next_ = {"Link": f'<{github.api}{where}?page=2>; rel="next", <{github.api}{where}?page=9>; rel="last"'}
    github.replies[where] = [Answered(200, {**next_, **limits}, b"[]")]
    github.requests = []
    (reason,) = skips(scanned(github, "issues", use_cache=False))
    assert "allows no more requests and asks to wait" in reason
    assert reason.endswith("1 page was read, 8 of 9 pages are left")
    assert len(github.requests) == 1
    # Others do not ask either until the forge allows it.
    assert "allows no more requests for" in skips(scanned(github, "pulls"))[0]
    assert len(github.requests) == 1
    assert waited[0] == 7.0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Answered(200, {}, b"[1]"), "not a list"),
        (Answered(200, {}, b"{}"), "not a list"),
        (Answered(200, {}, b"[" * 100_000), "not JSON"),
        (Answered(200, {}, b"<!doctype html>"), "not JSON"),
        (Answered(304), "no page"),
        (Answered(302, {"Location": "https://127.0.0.2/x"}), "redirects to another host, which was not queried"),
        (Answered(200, {"Link": '<https://127.0.0.2/x>; rel="next"'}, b"[]"), "redirects to another host"),
    ],
)
def test_answers_that_are_hostile(github: ForgeApi, reply: Answered, words: str) -> None:
    github.lists[f"{_REPOSITORY}/issues"] = []
    github.replies[f"{_REPOSITORY}/issues"] = [reply]
    assert words in skips(scanned(github, "issues"))[0]


def test_pages_that_never_end(github: ForgeApi) -> None:
    where = f"{_REPOSITORY}/issues"
    same = Answered(200, {"Link": f'<{github.api}{where}?again>; rel="next"'}, b"[]")
    github.replies[where] = [same] * 3
    assert "returns too many pages" in skips(scanned(github, "issues"))[0]
    github.requests = []
    github.replies[where] = [
        Answered(200, {"Link": f'<{github.api}{where}?page={number}>; rel="next"'}, b"[]") for number in range(99)
    ]
    assert "returns too many pages" in skips(scanned(github, "issues"))[0]
    assert len(github.requests) < 20


def test_a_gigabyte_of_json_and_of_a_file(github: ForgeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge_client, "_LARGEST", 1000)
    monkeypatch.setattr("akpatrol.sources.forge.unit._LARGEST", 1000)
    github.replies[f"{_REPOSITORY}/issues"] = [Answered(200, {}, b"[" + b"0," * 9999)]
    assert "sends too long an answer" in skips(scanned(github, "issues"))[0]
    github.lists[f"{_REPOSITORY}/actions/artifacts"] = [github.entry("artifact", id=4, workflow_run={"id": 1})]
    github.files[f"{_REPOSITORY}/actions/artifacts/4/zip"] = bytes(2000)
    assert skips(scanned(github, "artifacts")) == ["a file of more than 1,000 bytes is not read"]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://127.0.0.2/x", "redirects to another host without https, which was not asked"),
        ("ftp://127.0.0.2/x", "redirects to another host without https, which was not asked"),
        ("http://[/", "redirects to another host without https, which was not asked"),
        ("{store}/hop", "redirects from host to host, which was not followed"),
        ("{github}/api/v3/repos/acme/app/actions/artifacts/4/zip", "redirects too often"),
    ],
)
def test_a_file_is_not_followed_anywhere(github: ForgeApi, store: ForgeApi, location: str, words: str) -> None:
    github.lists[f"{_REPOSITORY}/actions/artifacts"] = [github.entry("artifact", id=4, workflow_run={"id": 1})]
    where = location.format(store=store.url, github=github.url)
    github.replies[f"{_REPOSITORY}/actions/artifacts/4/zip"] = [Answered(302, {"Location": where})] * 5
    store.replies["/hop"] = [Answered(302, {"Location": "https://127.0.0.2/y"})]
    assert words in skips(scanned(github, "artifacts"))[0]


@pytest.mark.parametrize("url", ["https://elsewhere.example/x", "javascript:alert(1)", "", "http://[", 7])
def test_an_item_without_a_page_is_named_by_its_id(github: ForgeApi, url: object, key: str) -> None:
    entry = issue(github, 1, leak(key))
    github.lists[f"{_REPOSITORY}/issues"] = [{**entry, "html_url": url}]
    assert paths(scanned(github, "issues")) == ["acme/app/issues/1001"]


def test_a_token_is_nowhere(
    github: ForgeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    """It comes from a file, and is in no report, cache or log."""
    caplog.set_level("DEBUG")
    (tmp_path / "token").write_text(f"{token}\n")
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    github.token = token
    github.lists[f"{_REPOSITORY}/issues"] = [issue(github, 1)]
    view = scanned(github, "issues")
    assert view["coverage"]["complete"]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "caches").rglob("*") if file.is_file())
    assert kept
    assert token not in json.dumps(view) + caplog.text
    assert token.encode() not in kept
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "nothing"))
    assert "GITHUB_TOKEN_FILE" in skips(scanned(github, "issues"))[0]
