"""``history --range auto`` in CI: real checkouts of a real origin, with the variables of each kind of event."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.forge import ZEROS, Event, Forge, branch, merge_request, pull_request, push
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Result, Run

GITHUB_LINE = "with: { fetch-depth: 0 }"
GITLAB_LINE = 'variables: { GIT_DEPTH: "0" }'


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    return Forge(tmp_path_factory.mktemp("forge") / "origin")


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    """An origin that the test may change."""
    return Forge(tmp_path / "origin")


@pytest.fixture
def auto(run: Run, tmp_path: Path) -> Callable[..., Result]:
    """Run with variables, or with an event of GitHub's, in a checkout."""

    def auto_(path: Path, event: str = "", content: Any = None, **variables: str) -> Result:
        if event:
            (tmp_path / "event.json").write_text(json.dumps(content))
            variables |= {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event}
            variables |= {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
        else:
            variables |= {"GITLAB_CI": "true"}
        return run("history", "--range", "auto", cwd=path, **variables)

    return auto_


def _cases(ids: Mapping[str, str]) -> dict[str, tuple[str, Event, set[str], str]]:
    """The table: what is checked out, the event, the keys in its range, the line for a shallow checkout."""
    pull, topic, main = "refs/pull/1/merge", "refs/heads/topic", "refs/heads/main"
    queue = {"merge_group": {"base_sha": ids["m2"], "head_sha": ids["merge"]}}
    gone = "1" * 40
    return {
        "pull request, merge checked out": (pull, pull_request(ids), {"t0", "t1"}, GITHUB_LINE),
        "pull request, base moved on": (pull, pull_request(ids, "m1"), {"t0", "t1"}, GITHUB_LINE),
        "pull request, head checked out": (topic, pull_request(ids), {"t0", "t1"}, GITHUB_LINE),
        "push": (topic, push(ids["m1"], ids["t1"]), {"t0", "t1"}, GITHUB_LINE),
        "push to main": (main, push(ids["m0"], ids["m2"], "main"), {"m1", "m2"}, GITHUB_LINE),
        "force push": (topic, push(gone, ids["t1"], forced=True), {"t0", "t1"}, GITHUB_LINE),
        "force push over what is here": (topic, push(ids["m2"], ids["t1"]), {"t0", "t1"}, GITHUB_LINE),
        "force push to main": (main, push(gone, ids["m2"], "main"), {"m0", "m1", "m2"}, GITHUB_LINE),
        "new branch": (topic, push(ZEROS, ids["t1"], created=True), {"t0", "t1"}, GITHUB_LINE),
        "new repository": (main, push(ZEROS, ids["m2"], "main"), {"m0", "m1", "m2"}, GITHUB_LINE),
        "merge queue": (pull, {"event": "merge_group", "content": queue}, {"t0", "t1"}, GITHUB_LINE),
        "schedule": (main, {"event": "schedule", "content": {}}, {"m0", "m1", "m2"}, GITHUB_LINE),
        "workflow_dispatch": (topic, {"event": "workflow_dispatch"}, {"m0", "m1", "t0", "t1"}, GITHUB_LINE),
        "merge request": (topic, merge_request(ids), {"t0", "t1"}, GITLAB_LINE),
        "merged results": (
            "refs/merge-requests/1/merge",
            merge_request(ids, "merge", CI_MERGE_REQUEST_TARGET_BRANCH_SHA=ids["m2"]),
            {"t0", "t1"},
            GITLAB_LINE,
        ),
        "branch": (topic, branch(ids["m1"], ids["t1"]), {"t0", "t1"}, GITLAB_LINE),
        "branch, force push": (topic, branch(gone, ids["t1"]), {"t0", "t1"}, GITLAB_LINE),
        "branch, new": (topic, branch(ZEROS, ids["t1"]), {"t0", "t1"}, GITLAB_LINE),
        "schedule of GitLab": (main, branch(ZEROS, ids["m2"], "main", "schedule"), {"m0", "m1", "m2"}, GITLAB_LINE),
    }


_NAMES = list(_cases(defaultdict(str)))


@pytest.mark.parametrize("name", _NAMES)
def test_what_is_in_the_range_is_found_and_nothing_else(
    auto: Callable[..., Result], shared: Forge, tmp_path: Path, name: str
) -> None:
    ref, event, keys, _ = _cases(shared.ids)[name]
    result = auto(shared.checkout(tmp_path / "checkout", ref), **event)
    assert (result.code, result.complete, shared.found(result)) == (1, True, keys)
    assert result.err.startswith("akpatrol: --range auto: Git")


@pytest.mark.parametrize("name", [name for name in _NAMES if "schedule" not in name and "dispatch" not in name])
def test_too_shallow_is_never_green(auto: Callable[..., Result], shared: Forge, tmp_path: Path, name: str) -> None:
    ref, event, keys, line = _cases(shared.ids)[name]
    result = auto(shared.checkout(tmp_path / "checkout", ref, depth=1), **event)
    assert not result.complete
    assert {line in skip["reason"] for skip in result.skipped} == {True}
    # Where all that leads to the head is asked for, what its files hold is in the range.
    assert (result.code, shared.found(result)) == ((1, keys) if name == "new repository" else (3, set()))


@pytest.mark.parametrize("event", [{"event": "schedule", "content": {}}, {"CI_PIPELINE_SOURCE": "schedule"}])
def test_too_shallow_for_the_whole_history(
    auto: Callable[..., Result], forge: Forge, tmp_path: Path, event: dict[str, Any]
) -> None:
    forge.repo.remove(".", "Empty it")
    result = auto(forge.checkout(tmp_path / "checkout", "refs/heads/main", depth=1), **event)
    assert result.code == 3
    assert (GITHUB_LINE if "event" in event else GITLAB_LINE) in result.skipped[0]["reason"]
    assert "the whole history" in result.err


def test_just_deep_enough(auto: Callable[..., Result], shared: Forge, tmp_path: Path) -> None:
    for number, (ref, event, depth) in enumerate(
        [("refs/heads/topic", push(shared.ids["m1"], shared.ids["t1"]), 3),
         ("refs/heads/topic", merge_request(shared.ids), 3),
         ("refs/pull/1/merge", pull_request(shared.ids), 4)],
    ):  # fmt: skip
        result = auto(shared.checkout(tmp_path / f"{number}", ref, depth), **event)
        assert (result.complete, shared.found(result)) == (True, {"t0", "t1"})
        shallow = auto(shared.checkout(tmp_path / f"{number}-", ref, depth - 1), **event)
        assert not shallow.complete


def test_a_boundary_inside_the_range_does_not_hide_what_is_newer(
    auto: Callable[..., Result], shared: Forge, tmp_path: Path
) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/topic", depth=2)
    result = auto(checkout, **push(shared.ids["m1"], shared.ids["t1"]))
    assert (result.code, result.complete, shared.found(result)) == (1, False, {"t1"})


def test_a_deleted_branch(auto: Callable[..., Result], shared: Forge, tmp_path: Path) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/main", depth=1)
    result = auto(checkout, **push(shared.ids["t1"], ZEROS, deleted=True))
    assert (result.code, result.complete, result.json["coverage"]["counts"]) == (0, True, {})
    assert "the branch was deleted" in result.err


def test_a_pull_request_of_a_fork_where_the_base_is_checked_out(
    auto: Callable[..., Result], forge: Forge, tmp_path: Path
) -> None:
    forge.repo.git("update-ref", "refs/pull/1/head", "refs/heads/topic")
    for ref in ("refs/heads/topic", "refs/heads/gh-readonly-queue/main/pr-1"):
        forge.repo.git("update-ref", "-d", ref)
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/main")
    event = pull_request(forge.ids) | {"event": "pull_request_target", "GITHUB_SHA": forge.ids["m2"]}
    result = auto(checkout, **event)
    assert result.code == 3
    line = "git fetch origin refs/pull/${{ github.event.number }}/head"
    assert line in result.skipped[0]["reason"]
    Repository(checkout).git(*line.replace("${{ github.event.number }}", "1").split()[1:])
    result = auto(checkout, **event)
    assert (result.code, result.complete, forge.found(result)) == (1, True, {"t0", "t1"})


def test_a_branch_that_was_pushed_again_meanwhile(auto: Callable[..., Result], forge: Forge, tmp_path: Path) -> None:
    """The checkout's remote ref is then ahead of the commit that the run is about."""
    new, repo = forge.ids["t1"], forge.repo
    repo.git("switch", "-q", "topic")
    forge.add("t2")
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/topic")
    without_main = push(ZEROS, new)
    without_main["content"].pop("repository")
    Repository(checkout).git("update-ref", "-d", "refs/remotes/origin/gh-readonly-queue/main/pr-1")
    for event in (push(ZEROS, new), without_main, branch(ZEROS, new)):
        assert forge.found(auto(checkout, **event)) == {"t0", "t1"}


def test_an_unknown_branch_at_the_tip_of_main(auto: Callable[..., Result], shared: Forge, tmp_path: Path) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/main", depth=9)
    event = push("1" * 40, shared.ids["m2"])
    event["content"].pop("ref")
    assert shared.found(auto(checkout, **event)) == {"m0", "m1", "m2"}


@pytest.mark.parametrize("gitlab", [False, True])
def test_an_annotated_tag(auto: Callable[..., Result], forge: Forge, tmp_path: Path, key: str, gitlab: bool) -> None:
    forge.repo.git("tag", "-a", "v1", "-m", f"Use {key}", "main")
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/main")
    Repository(checkout).git("fetch", "-q", "origin", "refs/tags/v1:refs/tags/v1")
    event = push(ZEROS, forge.repo.id("v1"), ref="refs/tags/v1")
    if gitlab:
        event = branch(ZEROS, forge.ids["m2"], "") | {"CI_COMMIT_TAG": "v1"}
    assert auto(checkout, **event).one(key)["place"] == "tag_message"


def test_a_hook_in_ci_is_still_a_hook(auto: Callable[..., Result], shared: Forge, tmp_path: Path) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/topic")
    hook = {"PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD"}
    assert shared.found(auto(checkout, **push(shared.ids["m1"], shared.ids["t1"]), **hook)) == {"t1"}


def test_an_event_that_is_none(auto: Callable[..., Result], shared: Forge, tmp_path: Path) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/main", depth=1)
    result = auto(checkout, "push", {"before": "--output=x", "after": shared.ids["m2"]})
    assert (result.code, result.json) == (2, {})
    assert "before: not a commit id" in result.err
    assert not (checkout / "x").exists()


def test_quiet_is_quiet(run: Run, shared: Forge, tmp_path: Path) -> None:
    checkout = shared.checkout(tmp_path / "checkout", "refs/heads/main", depth=1)
    assert run("history", "--range", "auto", "-q", cwd=checkout, GITLAB_CI="true").err == ""


def test_nothing_is_checked_out(auto: Callable[..., Result], tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    result = auto(empty.path, "schedule", {})
    assert (result.code, result.skipped[0]["item"]) == (3, "HEAD")


@pytest.mark.parametrize("event", [push, branch], ids=["GitHub", "GitLab"])
def test_who_pushes_twice_cannot_give_himself_leave(
    auto: Callable[..., Result], forge: Forge, tmp_path: Path, event: Callable[..., Event]
) -> None:
    """First the allowance and then the secret: what the branch itself held before decides nothing."""
    forge.repo.git("switch", "-q", "topic")
    allowed = forge.repo.commit_file(
        ".akpatrol.toml", '[[allow]]\nrule = "anyreach-organization-key"\nreason = "mine"\n'
    )
    secret = forge.add("t2")
    checkout = forge.checkout(tmp_path / "copy", "refs/heads/topic")
    result = auto(checkout, **event(allowed, secret))
    assert result.code == 1
    assert forge.found(result) == {"t2"}
