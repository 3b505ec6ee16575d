"""An origin as CI sees it: its checkouts, and the variables that GitHub Actions and GitLab CI set in them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import Result

ZEROS = "0" * 40
Event = dict[str, Any]
"""Variables; of GitHub's, ``event`` is the name and ``content`` what its file holds."""
_RANDOM = Random("ci")


class Forge:
    """An origin: main with three commits, topic with two from the second of them, and topic merged into main.

    ``ids`` are commits by name; each brings the key of its name in a file of its own.
    """

    def __init__(self, path: Path) -> None:
        self.repo = Repository(path)
        self.ids: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        for name in ("m0", "m1"):
            self.add(name)
        self.repo.git("branch", "topic")
        self.add("m2")
        self.repo.git("switch", "-q", "topic")
        for name in ("t0", "t1"):
            self.add(name)
        self.repo.git("switch", "-q", "--detach", "main")
        self.repo.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
        self.ids["merge"] = self.repo.id("HEAD")
        for ref in ("refs/pull/1/merge", "refs/merge-requests/1/merge", "refs/heads/gh-readonly-queue/main/pr-1"):
            self.repo.git("update-ref", ref, "HEAD")
        self.repo.git("switch", "-q", "main")

    def add(self, name: str) -> str:
        self.keys[name] = organization_key(_RANDOM)
        self.ids[name] = self.repo.commit_file(name, f"K={self.keys[name]}\n")
        return self.ids[name]

    def checkout(self, to: Path, ref: str, depth: int = 0) -> Path:
        """Fetch and check out as both CIs do: a ref, and with the whole history every branch."""
        copy = Repository(to)
        name = ref.removeprefix("refs/").replace("heads/", "origin/")
        wanted = [f"+{ref}:refs/remotes/{name}", *([] if depth else ["+refs/heads/*:refs/remotes/origin/*"])]
        copy.git("remote", "add", "origin", f"file://{self.repo.path}")
        copy.git("fetch", "-q", "--no-tags", *([f"--depth={depth}"] if depth else []), "origin", *wanted)
        copy.git("checkout", "-q", "--detach", f"refs/remotes/{name}")
        return to

    def found(self, result: Result) -> set[str]:
        """Return the names of the keys found."""
        return {name for name, secret in self.keys.items() if result.found(secret)}


def pull_request(ids: Mapping[str, str], base: str = "m2") -> Event:
    return {
        "event": "pull_request",
        "content": {"pull_request": {"base": {"sha": ids[base]}, "head": {"sha": ids["t1"]}}},
        "GITHUB_SHA": ids["merge"],
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "topic",
    }


def push(before: str, after: str, branch: str = "topic", **more: Any) -> Event:
    content = {"ref": f"refs/heads/{branch}", "before": before, "after": after, **more}
    return {"event": "push", "content": {"repository": {"default_branch": "main"}} | content}


def merge_request(ids: Mapping[str, str], head: str = "t1", **more: str) -> Event:
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_COMMIT_BEFORE_SHA": ZEROS,
        "CI_COMMIT_SHA": ids[head],
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": ids["m1"],
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
        **more,
    }


def branch(before: str, head: str, branch: str = "topic", source: str = "push") -> Event:
    return {
        "CI_PIPELINE_SOURCE": source,
        "CI_COMMIT_BEFORE_SHA": before,
        "CI_COMMIT_SHA": head,
        "CI_COMMIT_BRANCH": branch,
        "CI_DEFAULT_BRANCH": "main",
    }
