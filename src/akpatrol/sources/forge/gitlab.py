"""GitLab's resources beside code.

From GitLab's OpenAPI description (https://gitlab.com/gitlab-org/gitlab/-/blob/master/doc/api/openapi/openapi_v3.yaml)
for the operations of issues, merge_requests, notes, releases, jobs and project_snippets; for the fields of what they
list, lib/api/entities/ and spec/fixtures/api/schemas/public_api/v4/ beside it. Threads of discussions are the notes of
their issue or merge request. A release's assets are links to other places: their names and addresses are texts of the
release. Scopes: https://docs.gitlab.com/user/profile/personal_access_tokens/.
"""

from __future__ import annotations

from akpatrol.sources.forge.resource import Listing, Resource
from akpatrol.sources.forge.site import Login

FORGE = "gitlab"
LOGIN = Login(("GITLAB_TOKEN",), git_user="oauth2")
# The user of git: https://docs.gitlab.com/api/oauth2/#access-git-over-https-with-access-token
HEADERS = (("Accept", "application/json"),)

_OLDEST_FIRST = "order_by=created_at&sort=asc&per_page=100"  # a new item moves no other to a page that was read
_NEWEST = "order_by=updated_at&sort=desc&per_page=1"
_ISSUES, _REQUESTS = "/issues?scope=all", "/merge_requests?scope=all&state=all"
_API = "the scope read_api, and the role Reporter"

RESOURCES = (
    Resource(
        "issues",
        "-/issues",
        _API,
        (
            Listing(
                f"{_ISSUES}&{_OLDEST_FIRST}",
                texts=("title", "description"),
                url="{web_url}",
                newest=f"{_ISSUES}&{_NEWEST}",
            ),
        ),
        switch="issues_enabled",
    ),
    Resource(
        "pulls",
        "-/merge_requests",
        _API,
        (
            Listing(
                f"{_REQUESTS}&{_OLDEST_FIRST}",
                texts=("title", "description"),
                url="{web_url}",
                newest=f"{_REQUESTS}&{_NEWEST}",
            ),
        ),
        switch="merge_requests_enabled",
    ),
    Resource(
        "comments",
        "-/issues",
        _API,
        (
            Listing(
                f"{_ISSUES}&{_OLDEST_FIRST}",
                url="{web_url}",
                below=Listing(f"/issues/{{iid}}/notes?{_OLDEST_FIRST}", texts=("body",), url="{above}#note_{id}"),
            ),
        ),
        switch="issues_enabled",
    ),
    Resource(
        "reviews",
        "-/merge_requests",
        _API,
        (
            Listing(
                f"{_REQUESTS}&{_OLDEST_FIRST}",
                url="{web_url}",
                below=Listing(
                    f"/merge_requests/{{iid}}/notes?{_OLDEST_FIRST}", texts=("body",), url="{above}#note_{id}"
                ),
            ),
        ),
        switch="merge_requests_enabled",
    ),
    Resource(
        "releases",
        "-/releases",
        _API,
        (
            Listing(
                "/releases?per_page=100",
                texts=("tag_name", "name", "description", "assets.links.name", "assets.links.url"),
                url="{_links.self}",
            ),
        ),
    ),
    Resource(
        "logs",
        "-/jobs",
        "the scope read_api, and the role Developer where pipelines are not public",
        (
            Listing(
                "/jobs?per_page=100",
                having="started_at",
                file="/jobs/{id}/trace",
                url="{web_url}",
                marks=("id", "status", "finished_at"),
                done="finished_at",
                gone="erased_at",
            ),
        ),
        switch="jobs_enabled",
    ),
    Resource(
        "artifacts",
        "-/artifacts",
        "the scope read_api, and the role Developer where pipelines are not public",
        (
            Listing(
                "/jobs?per_page=100",
                having="artifacts_file",
                file="/jobs/{id}/artifacts",
                url="{web_url}/artifacts/browse",
                marks=("id", "artifacts_file.size"),
                size="artifacts_file.size",
            ),
        ),
        switch="jobs_enabled",
    ),
    Resource("wikis", "-/wikis", "the scope read_repository", switch="wiki_enabled"),
    Resource("snippets", "-/snippets", "the scopes read_api and read_repository", switch="snippets_enabled"),
)
