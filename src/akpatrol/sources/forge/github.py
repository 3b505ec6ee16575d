"""GitHub's resources beside code.

From GitHub's OpenAPI description (https://github.com/github/rest-api-description, 2022-11-28): the operations
issues/list-for-repo, issues/list-comments-for-repo, pulls/list, pulls/list-review-comments-for-repo,
repos/list-commit-comments-for-repo, pulls/list-reviews, repos/list-releases, repos/get-release-asset,
actions/list-workflow-runs-for-repo, actions/download-workflow-run-attempt-logs, actions/list-artifacts-for-repo and
actions/download-artifact. Permissions:
https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens.
"""

from __future__ import annotations

from akpatrol.sources.forge.resource import Listing, Resource
from akpatrol.sources.forge.site import Login

FORGE = "github"
LOGIN = Login(("GITHUB_TOKEN", "GH_TOKEN"), git_user="x-access-token")
# The user of git: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
HEADERS = (("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28"))

_OLDEST_FIRST = "sort=created&direction=asc&per_page=100"  # a new item moves no other to a page that was read
_NEWEST = "sort=updated&direction=desc&per_page=1"
_PULLS = f"/pulls?state=all&{_OLDEST_FIRST}"

RESOURCES = (
    Resource(
        "issues",
        "issues",
        "Issues: read, or the scope repo",
        (
            Listing(
                f"/issues?state=all&{_OLDEST_FIRST}",
                texts=("title", "body"),
                without="pull_request",
                newest=f"/issues?state=all&{_NEWEST}",
            ),
        ),
        switch="has_issues",
    ),
    Resource(
        "pulls",
        "pulls",
        "Pull requests: read, or the scope repo",
        (Listing(_PULLS, texts=("title", "body"), newest=f"/pulls?state=all&{_NEWEST}"),),
    ),
    Resource(
        "comments",
        "issues",
        "Issues, Pull requests and Contents: read, or the scope repo",
        (
            Listing(f"/issues/comments?{_OLDEST_FIRST}", texts=("body",)),
            Listing(f"/pulls/comments?{_OLDEST_FIRST}", texts=("body",)),
            Listing("/comments?per_page=100", texts=("body",)),
        ),
    ),
    Resource(
        "reviews",
        "pulls",
        "Pull requests: read, or the scope repo",
        (Listing(_PULLS, below=Listing("/pulls/{number}/reviews?per_page=100", texts=("body",))),),
    ),
    Resource(
        "discussions",
        "discussions",
        "Discussions: read, or the scope repo",
        switch="has_discussions",
    ),
    Resource(
        "releases",
        "releases",
        "Contents: read, or the scope repo",
        (Listing("/releases?per_page=100", texts=("tag_name", "name", "body")),),
    ),
    Resource(
        "assets",
        "releases",
        "Contents: read, or the scope repo",
        (
            Listing(
                "/releases?per_page=100",
                inner="assets",
                file="/releases/assets/{id}",
                accept="application/octet-stream",
                url="{browser_download_url}",
                size="size",
            ),
        ),
    ),
    Resource(
        "logs",
        "actions",
        "Actions: read, or the scope repo",
        (
            Listing(
                "/actions/runs?per_page=100",
                key="workflow_runs",
                file="/actions/runs/{id}/attempts/{attempt}/logs",
                attempts="run_attempt",
                url="{html_url}/attempts/{attempt}",
                done="status=completed",
            ),
        ),
    ),
    Resource(
        "artifacts",
        "actions",
        "Actions: read, or the scope repo",
        (
            Listing(
                "/actions/artifacts?per_page=100",
                key="artifacts",
                file="/actions/artifacts/{id}/zip",
                url="{page}/actions/runs/{workflow_run.id}/artifacts/{id}",
                size="size_in_bytes",
                gone="expired",
            ),
        ),
    ),
    Resource("wikis", "wiki", "Contents: read, or the scope repo", switch="has_wiki"),
    Resource("gists", "", "Members: read, or the scope read:org"),
)
