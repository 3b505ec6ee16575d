"""Which commits a CI run is about: event by event, from its variables alone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.sources.git import ci
from akpatrol.sources.git.ci import EventRange, recognise

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[Any], dict[str, str]]

A, B, C = ("a" * 40, "b" * 64, "c" * 40)
ZEROS = "0" * 40
DEPTH = "`with: { fetch-depth: 0 }`"
GIT_DEPTH = '`variables: { GIT_DEPTH: "0" }`'
_PULL_REQUEST = {"pull_request": {"base": {"sha": A}, "head": {"sha": B}}}
_REFS = {"GITHUB_SHA": C, "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic"}
_PUSH = {"ref": "refs/heads/topic", "before": A, "after": B, "repository": {"default_branch": "main"}}
_MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_BEFORE_SHA": ZEROS,
    "CI_COMMIT_SHA": B,
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
}
_BRANCH = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BEFORE_SHA": A,
    "CI_COMMIT_SHA": B,
    "CI_COMMIT_BRANCH": "topic",
    "CI_DEFAULT_BRANCH": "main",
}
_WHOLE = EventRange(is_whole_history=True)
# GitHub: the event's name, its file, variables -> the entry's name, the range and its fall-back.
GITHUB = [
    ("pull_request", _PULL_REQUEST, _REFS,
     "GitHub pull_request", EventRange((B,), (A,), merge=C, target="main", branch_name="topic")),
    ("pull_request", _PULL_REQUEST, _REFS | {"GITHUB_HEAD_REF": "main"},  # a fork's branch of the same name
     "GitHub pull_request", EventRange((B,), (A,), merge=C, target="main")),
    ("pull_request_target", _PULL_REQUEST, _REFS,
     "GitHub pull_request_target", EventRange((B,), (A,), target="main", branch_name="topic")),
    ("push", _PUSH, {}, "GitHub push", EventRange((B,), (A,), target="main", branch_name="topic", pushed=True)),
    ("push", _PUSH | {"forced": True}, {}, "GitHub push",
     EventRange((B,), (A,), target="main", branch_name="topic", pushed=True)),
    ("push", _PUSH | {"before": ZEROS, "created": True}, {}, "GitHub push",
     EventRange((B,), target="main", branch_name="topic", pushed=True)),
    ("push", _PUSH | {"before": ZEROS, "ref": "refs/tags/v1"}, {}, "GitHub push",
     EventRange((B,), target="main", pushed=True)),
    ("push", _PUSH | {"after": ZEROS, "deleted": True}, {}, "GitHub push", EventRange()),
    ("merge_group", {"merge_group": {"base_sha": A, "head_sha": B, "base_ref": "refs/heads/main",
                                     "head_ref": "refs/heads/gh-readonly-queue/main/pr-1"}}, {},
     "GitHub merge_group", EventRange((B,), (A,), target="main", branch_name="gh-readonly-queue/main/pr-1")),
    ("schedule", {}, {}, "GitHub schedule, workflow_dispatch, others", _WHOLE),
    ("workflow_dispatch", {}, {}, "GitHub schedule, workflow_dispatch, others", _WHOLE),
    ("release", {}, {}, "GitHub schedule, workflow_dispatch, others", _WHOLE),
]  # fmt: skip
# GitLab: variables -> the same.
GITLAB = [
    (_MERGE_REQUEST, "GitLab merge request", EventRange((B,), (A,), target="main", branch_name="topic")),
    (_MERGE_REQUEST | {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": C},
     "GitLab merge request", EventRange((B,), (A, C), target="main", branch_name="topic")),
    (_MERGE_REQUEST | {"CI_PIPELINE_SOURCE": "parent_pipeline"},
     "GitLab merge request", EventRange((B,), (A,), target="main", branch_name="topic")),
    (_BRANCH, "GitLab branch or tag", EventRange((B,), (A,), target="main", branch_name="topic", pushed=True)),
    (_BRANCH | {"CI_COMMIT_BEFORE_SHA": ZEROS}, "GitLab branch or tag",
     EventRange((B,), target="main", branch_name="topic", pushed=True)),
    ({**_BRANCH, "CI_COMMIT_BEFORE_SHA": ZEROS, "CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "v1"},
     "GitLab branch or tag", EventRange((B,), target="main", tag="v1", pushed=True)),
    (_BRANCH | {"CI_PIPELINE_SOURCE": "parent_pipeline"},
     "GitLab branch or tag", EventRange((B,), (A,), target="main", branch_name="topic", pushed=True)),
    (_BRANCH | {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BEFORE_SHA": ZEROS},
     "GitLab schedule, web, others", _WHOLE),
    (_BRANCH | {"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BEFORE_SHA": ZEROS}, "GitLab schedule, web, others", _WHOLE),
]  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an event's file, and give the variables that name it."""

    def write_(content: Any) -> dict[str, str]:
        file = tmp_path / "event.json"
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)}

    return write_


@pytest.mark.parametrize(("name", "event", "variables", "entry", "expected"), GITHUB)
def test_github(
    write: Write, name: str, event: dict[str, Any], variables: dict[str, str], entry: str, expected: EventRange
) -> None:
    found = recognise(write(event) | {"GITHUB_EVENT_NAME": name} | variables)
    assert found
    assert (found[0].name, found[1]) == (entry, expected)
    assert DEPTH in found[0].repair


@pytest.mark.parametrize(("variables", "entry", "expected"), GITLAB)
def test_gitlab(variables: dict[str, str], entry: str, expected: EventRange) -> None:
    found = recognise({"GITLAB_CI": "true"} | variables)
    assert found
    assert (found[0].name, found[1], GIT_DEPTH in found[0].repair) == (entry, expected, True)


def test_the_head_of_a_fork_is_fetched_where_the_base_is_checked_out() -> None:
    (event,) = (event for event in ci.EVENTS if event.name == "GitHub pull_request_target")
    assert event.repair.endswith("`run: git fetch origin refs/pull/${{ github.event.number }}/head`")


def test_elsewhere_there_is_no_event() -> None:
    assert recognise({}) is None
    assert recognise({"CI": "true", "GITHUB_ACTIONS": "false", "CI_COMMIT_SHA": A}) is None


def test_every_entry_is_in_these_tables_and_in_the_readme() -> None:
    tested = {entry for *_, entry, _ in GITHUB} | {entry for _, entry, _ in GITLAB}
    section = (Path(__file__).parents[4] / "docs/ci.md").read_text().partition("| event |")[2].partition("\n\n")[0]
    told = set(re.findall(r"^\| (Git[^|]+) \|", section.replace("`", ""), re.MULTILINE))
    assert {event.name for event in ci.EVENTS} == tested == told


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"1" * 5000, "not JSON"),
        ([], "not a JSON object"),
        ({}, "after has no commit"),
        (_PUSH | {"after": 1}, "after: must be a string"),
        (_PUSH | {"after": "HEAD"}, "after: not a commit id"),
        (_PUSH | {"after": "--output=x"}, "after: not a commit id"),
        (_PUSH | {"after": A + "\n"}, "after: not a commit id"),
        (_PUSH | {"before": A[1:]}, "before: not a commit id"),
        (_PUSH | {"ref": ["main"]}, "ref: must be a string"),
        (_PUSH | {"repository": "main"}, "no such field: default_branch"),
        (_PUSH | {"repository": {"default_branch": "a..b"}}, "not a branch name"),
        (_PUSH | {"repository": {"default_branch": "x^{/y}"}}, "not a branch name"),
        (b" " * (ci._LARGEST_EVENT + 1), "too large for an event"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "",
)
def test_events_that_are_none(write: Write, content: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        recognise(write(content))


def test_event_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in ("", str(tmp_path), str(tmp_path / "none"), str(tmp_path / "fifo")):
        with pytest.raises(UsageError, match="not a regular file"):
            recognise({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": path})


@pytest.mark.parametrize(
    "wrong", [{"CI_COMMIT_SHA": "--all"}, {"CI_COMMIT_BEFORE_SHA": "main"}, {"CI_COMMIT_SHA": ""},
              {"CI_DEFAULT_BRANCH": "a b"}]
)  # fmt: skip
def test_variables_that_are_none(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        recognise({"GITLAB_CI": "true"} | _BRANCH | wrong)
