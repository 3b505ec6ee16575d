"""Forges that refuse, ask to wait, or are hostile; tokens that expire, and where none may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.forge import client as forge_client
from tests.forge_api import Answered, ForgeApi
from tests.unit.sources.forge.peer import REPOSITORY, issue, leak, paths, runs, scanned, skips, zipped

if TYPE_CHECKING:
    from pathlib import Path


def test_a_token_that_expires_in_the_middle(github: ForgeApi, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """What was read stays, the rest is a skip, and a fresh token reads only the rest."""
    github.token, github.expires = "first", 3
    monkeypatch.setenv("GITHUB_TOKEN", "first")
    entries = github.lists[f"{REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 551)]
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


def test_a_token_that_expires_while_logs_are_read(github: ForgeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few files say so, and one skip how many are left; then nobody sends the token again."""
    github.token = "first"
    monkeypatch.setenv("GITHUB_TOKEN", "first")
    runs(github, *["completed"] * 29)
    github.files = {f"{REPOSITORY}/actions/runs/{run}/attempts/1/logs": zipped(a="b") for run in range(1, 30)}
    github.replies |= {f"{REPOSITORY}/actions/runs/{run}/attempts/1/logs": [Answered(401)] for run in (2, 4, 5, 6)}
    *files, rest = skips(scanned(github, "logs"))
    assert len(files) == 4
    assert all(reason.endswith("does not accept the token in GITHUB_TOKEN (401)") for reason in files)
    assert rest.endswith(
        "needs Actions: read, or the scope repo; 23 of the page's items are left; 1 page was read, and no more are left"
    )
    assert len(github.requests) == 7
    assert "(401)" in skips(scanned(github, "artifacts"))[0]
    assert len(github.requests) == 7
    github.token = "second"
    monkeypatch.setenv("GITHUB_TOKEN", "second")
    whole = scanned(github, "logs")
    assert whole["coverage"]["complete"]
    assert whole["coverage"]["counts"]["forge_files"] == 29
    assert len(github.requests) == 7 + 1 + 27


def test_a_connection_that_breaks_in_a_file(github: ForgeApi, key: str) -> None:
    """It is asked for again, three times in all."""
    github.lists[f"{REPOSITORY}/actions/artifacts"] = [github.entry("artifact", id=4, workflow_run={"id": 1})]
    where = f"{REPOSITORY}/actions/artifacts/4/zip"
    github.files[where] = zipped(env=leak(key))
    short = Answered(200, {"Content-Length": "99999"}, b"PK")
    github.replies[where] = [short, short]
    assert paths(scanned(github, "artifacts")) == ["acme/app/actions/runs/1/artifacts/4"]
    github.replies[where] = [short] * 3
    assert skips(scanned(github, "artifacts")) == ["the connection broke: RemoteProtocolError"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "requires a token (401); the token in GITHUB_TOKEN needs Actions: read"),
        (403, "refuses access (403); the token in GITHUB_TOKEN needs Actions: read"),
        (404, "does not have it, or hides it (404); the token in GITHUB_TOKEN needs Actions: read"),
    ],
)
def test_what_a_token_may_not_read_is_a_skip(github: ForgeApi, status: int, words: str) -> None:
    runs(github, "completed")
    github.replies[f"{REPOSITORY}/actions/runs"] = [Answered(status)]
    view = scanned(github, "logs")
    assert words in skips(view)[0]
    assert view["coverage"]["skipped"][0]["item"] == f"{github.url}/acme/app/actions (logs)"


def test_what_a_forge_no_longer_has_is_left_out(github: ForgeApi) -> None:
    """Logs are kept for some weeks; a resource may be turned off."""
    runs(github, "completed", "completed")
    github.replies |= {
        f"{REPOSITORY}/actions/runs/1/attempts/1/logs": [Answered(410)],
        f"{REPOSITORY}/issues": [Answered(410)],
    }
    view = scanned(github, "logs")
    assert view["coverage"]["excluded"] == [{"reason": "deleted", "count": 1}]
    assert [skip.partition(" ")[2] for skip in skips(view)] == ["does not have it, or hides it (404)"]
    assert scanned(github, "issues")["coverage"]["complete"]


def test_a_rate_limit_is_waited_for_or_told(github: ForgeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(forge_client, "_sleep", waited.append)
    github.lists[f"{REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 251)]
    where = f"{REPOSITORY}/issues"
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
    github.lists[f"{REPOSITORY}/issues"] = []
    github.replies[f"{REPOSITORY}/issues"] = [reply]
    assert words in skips(scanned(github, "issues"))[0]


def test_pages_that_never_end(github: ForgeApi) -> None:
    where = f"{REPOSITORY}/issues"
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
    github.replies[f"{REPOSITORY}/issues"] = [Answered(200, {}, b"[" + b"0," * 9999)]
    assert "sends too long an answer" in skips(scanned(github, "issues"))[0]
    github.lists[f"{REPOSITORY}/actions/artifacts"] = [github.entry("artifact", id=4, workflow_run={"id": 1})]
    github.files[f"{REPOSITORY}/actions/artifacts/4/zip"] = bytes(2000)
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
    github.lists[f"{REPOSITORY}/actions/artifacts"] = [github.entry("artifact", id=4, workflow_run={"id": 1})]
    where = location.format(store=store.url, github=github.url)
    github.replies[f"{REPOSITORY}/actions/artifacts/4/zip"] = [Answered(302, {"Location": where})] * 5
    store.replies["/hop"] = [Answered(302, {"Location": "https://127.0.0.2/y"})]
    assert words in skips(scanned(github, "artifacts"))[0]


@pytest.mark.parametrize("url", ["https://elsewhere.example/x", "javascript:alert(1)", "", "http://[", 7])
def test_an_item_without_a_page_is_named_by_its_id(github: ForgeApi, url: object, key: str) -> None:
    entry = issue(github, 1, leak(key))
    github.lists[f"{REPOSITORY}/issues"] = [{**entry, "html_url": url}]
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
    github.lists[f"{REPOSITORY}/issues"] = [issue(github, 1)]
    view = scanned(github, "issues")
    assert view["coverage"]["complete"]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "caches").rglob("*") if file.is_file())
    assert kept
    assert token not in json.dumps(view) + caplog.text
    assert token.encode() not in kept
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "nothing"))
    assert "GITHUB_TOKEN_FILE" in skips(scanned(github, "issues"))[0]
