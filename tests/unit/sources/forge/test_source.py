"""Resources of GitHub and GitLab, asked of a forge that keeps to their published descriptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.sweep.target_kinds import table
from tests.forge_api import DAY, ForgeApi
from tests.unit.sources.forge.peer import REPOSITORY, issue, leak, paths, runs, scanned, skips, target, zipped

if TYPE_CHECKING:
    from collections.abc import Callable


def test_issues_and_what_is_no_issue(github: ForgeApi, new_key: Callable[[], str]) -> None:
    body, title, pull = new_key(), new_key(), new_key()
    github.lists[f"{REPOSITORY}/issues"] = [
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
    where = f"{REPOSITORY}/issues" if forge == "github" else "/projects/7/issues"
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
    entries = github.lists[f"{REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 101)]
    scanned(github, "issues")
    entries.append(issue(github, 101, leak(key)))
    assert paths(scanned(github, "issues")) == ["acme/app/issues/101"]


def test_marks_tell_that_nothing_changed(github: ForgeApi) -> None:
    entries = github.lists[f"{REPOSITORY}/issues"] = [issue(github, number) for number in range(1, 4)]
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
        f"{REPOSITORY}/issues/comments": [comment("issue-comment", "issues/7#issuecomment-1", keys[0])],
        f"{REPOSITORY}/pulls/comments": [comment("pull-request-review-comment", "pull/8#discussion_r2", keys[1])],
        f"{REPOSITORY}/comments": [comment("commit-comment", "commit/abc#commitcomment-3", keys[2])],
        f"{REPOSITORY}/pulls": [github.entry("pull-request-simple", id=8, number=8, html_url=f"{page}/pull/8")],
        f"{REPOSITORY}/pulls/8/reviews": [comment("pull-request-review", "pull/8#pullrequestreview-4", keys[3])],
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


def test_logs_are_on_another_host(github: ForgeApi, store: ForgeApi, new_key: Callable[[], str]) -> None:
    """The redirect is followed without the token, and each attempt of a run has its own log."""
    keys, github.token = [new_key(), new_key()], "ghp-of-a-test"
    runs(github, "completed", attempts=2)
    github.store = store.url
    for attempt, secret in enumerate(keys, 1):
        path = f"{REPOSITORY}/actions/runs/1/attempts/{attempt}/logs"
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
    runs(github, "completed", "completed")
    github.files |= {
        f"{REPOSITORY}/actions/runs/1/attempts/1/logs": zipped(a="nothing"),
        f"{REPOSITORY}/actions/runs/2/attempts/1/logs": zipped(b=leak(key)),
    }
    assert len(paths(scanned(github, "logs"))) == 1
    github.requests = []
    view = scanned(github, "logs")
    assert len(paths(view)) == 1
    assert [request.path for request in github.requests if request.path in github.files] == [
        f"{REPOSITORY}/actions/runs/2/attempts/1/logs"
    ]
    assert view["coverage"]["counts"]["forge_files"] == 2


def test_artifacts_assets_and_what_is_not_there(github: ForgeApi, new_key: Callable[[], str]) -> None:
    artifact, asset, page = new_key(), new_key(), f"{github.url}/acme/app"
    github.lists |= {
        f"{REPOSITORY}/actions/artifacts": [
            github.entry("artifact", id=4, name="dist", size_in_bytes=9, workflow_run={"id": 1}, updated_at=DAY),
            github.entry("artifact", id=5, name="old", expired=True, workflow_run={"id": 1}),
            github.entry("artifact", id=6, name="huge", size_in_bytes=3 << 30, workflow_run={"id": 1}),
        ],
        f"{REPOSITORY}/releases": [
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
        f"{REPOSITORY}/actions/artifacts/4/zip": zipped(env=leak(artifact)),
        f"{REPOSITORY}/releases/assets/2": leak(asset).encode(),
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
    github.lists[f"{REPOSITORY}/issues"] = [issue(github, 1, leak(key)), issue(github, 2)]
    assert paths(scanned(github, "issues"))
    left = scanned(github, "issues", exclude=("**/issues/1",))
    assert paths(left) == []
    assert left["coverage"]["excluded"] == [{"reason": "exclude_option", "count": 1}]
    assert paths(scanned(github, "issues"))
