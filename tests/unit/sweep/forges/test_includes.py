"""``--include``: its words, and what each repository of an organization has beside its code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sources.forge.table import KINDS, of_kind
from akpatrol.sweep.forges.includes import chosen, words_of
from akpatrol.sweep.forges.organization import forge_of
from akpatrol.sweep.urls import CloneWanted
from tests.forge_api import Answered, ForgeApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import trustme

    from akpatrol.sweep.run import Planned


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("served")
    return path


@pytest.fixture(scope="module")
def running(directory: Path, certificate: trustme.LeafCert) -> Iterator[dict[str, ForgeApi]]:
    with (
        ForgeApi(directory, forge="github").running(certificate) as github,
        ForgeApi(directory, forge="gitlab").running(certificate) as gitlab,
    ):
        yield {"github": github, "gitlab": gitlab}


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, bundle: str, running: dict[str, ForgeApi]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    patience_with.cache_clear()
    for api in running.values():
        api.lists, api.replies, api.requests, api.asked, api.authorization = {}, {}, [], [], ""


def listed(api: ForgeApi, include: str, environment: Mapping[str, str] = {}) -> list[Planned]:
    resources = chosen(words_of(include, [api.forge]), api.forge)
    return list(forge_of(api.forge, "acme", api.url, environment, resources).repositories())


def hosted(api: ForgeApi, name: str, **more: Any) -> dict[str, Any]:
    url = f"{api.url}/acme/{name}"
    if api.forge == "github":
        return api.entry(
            "minimal-repository", id=len(name), full_name=f"acme/{name}", clone_url=f"{url}.git", html_url=url, **more
        )
    own = {"id": 7 if name == "app" else len(name), "path_with_namespace": f"acme/{name}", "web_url": url}
    return api.entry("project", http_url_to_repo=f"{url}.git", **own, **more)


def test_words() -> None:
    assert words_of(" issues, logs,,issues ", ["github"]) == ("issues", "logs")
    assert words_of("all", ["gitea", "gitlab"]) == ("all",)
    assert words_of("", ["gitea"]) == ()
    with pytest.raises(UsageError, match="'isues' is unknown; did you mean issues") as wrong:
        words_of("isues", ["github"])
    assert "artifacts" in wrong.value.hint
    with pytest.raises(UsageError, match="'discussions' is unknown"):
        words_of("discussions", ["gitlab"])
    with pytest.raises(UsageError, match="only of GitHub and GitLab"):
        words_of("issues", ["gitea"])


def test_each_kind_of_target_has_its_resource() -> None:
    assert len({*KINDS}) == len(KINDS)
    for kind in KINDS:
        forge, resource = of_kind(kind)
        assert resource.kind(forge) == kind
        assert resource.permission


def test_targets_of_a_repository(running: dict[str, ForgeApi]) -> None:
    github = running["github"]
    github.lists["/orgs/acme/repos"] = [
        hosted(github, "app", has_issues=True),
        hosted(github, "quiet", has_issues=False, has_discussions=False),
    ]
    assert listed(github, "issues,logs,discussions") == [
        CloneWanted(f"{github.url}/acme/app.git"),
        Target("0", "github_issues", f"{github.url}/acme/app/issues", api=f"{github.api}/repos/acme/app"),
        Target("0", "github_discussions", f"{github.url}/acme/app/discussions", api=f"{github.api}/repos/acme/app"),
        Target("0", "github_logs", f"{github.url}/acme/app/actions", api=f"{github.api}/repos/acme/app"),
        CloneWanted(f"{github.url}/acme/quiet.git"),
        Target("0", "github_logs", f"{github.url}/acme/quiet/actions", api=f"{github.api}/repos/acme/quiet"),
    ]
    gitlab = running["gitlab"]
    gitlab.lists["/groups/acme/projects"] = [hosted(gitlab, "app", issues_enabled=False)]
    assert listed(gitlab, "issues,pulls") == [
        CloneWanted(f"{gitlab.url}/acme/app.git"),
        Target("0", "gitlab_pulls", f"{gitlab.url}/acme/app/-/merge_requests", api=f"{gitlab.api}/projects/7"),
    ]


def test_a_wiki_is_a_repository_that_may_not_exist(running: dict[str, ForgeApi]) -> None:
    github = running["github"]
    github.lists["/orgs/acme/repos"] = [hosted(github, "app"), hosted(github, "closed", has_wiki=False)]
    assert listed(github, "wikis") == [
        CloneWanted(f"{github.url}/acme/app.git"),
        CloneWanted(f"{github.url}/acme/app.wiki.git", optional=True),
        CloneWanted(f"{github.url}/acme/closed.git"),
    ]
    github.lists["/orgs/acme/repos"] = [hosted(github, "app") | {"clone_url": "https://elsewhere.example/acme/app.git"}]
    assert all(isinstance(one, Skipped) and "another host" in one.reason for one in listed(github, "wikis"))


def test_a_listing_that_ends_early_loses_nothing_that_it_gave(running: dict[str, ForgeApi]) -> None:
    """Although the snippets of several projects are asked for at once."""
    gitlab = running["gitlab"]
    names = ["a" * length for length in range(1, 7)]
    gitlab.lists["/groups/acme/projects"] = [hosted(gitlab, name) for name in names]
    gitlab.lists |= {f"/projects/{len(name)}/snippets": [] for name in names}
    page = {"Link": f'<{gitlab.api}/groups/acme/projects?page=2>; rel="next"'}
    body = json.dumps(gitlab.lists["/groups/acme/projects"]).encode()
    gitlab.replies["/groups/acme/projects"] = [Answered(200, page, body), Answered(403)]
    *clones, ended = listed(gitlab, "snippets")
    assert clones == [CloneWanted(f"{gitlab.url}/acme/{name}.git") for name in names]
    assert isinstance(ended, Skipped)
    assert ended.reason.endswith("refuses access (403); what it lists after 6 entries is not known")


def test_gists_of_the_members_and_snippets(running: dict[str, ForgeApi]) -> None:
    github, gitlab = running["github"], running["gitlab"]

    def gist(id_: str, url: str) -> dict[str, Any]:
        return github.entry("base-gist", id=id_, git_pull_url=url)

    github.lists |= {
        "/orgs/acme/repos": [hosted(github, "app")],
        "/orgs/acme/members": [github.entry("simple-user", id=3, login="ann")],
        "/users/ann/gists": [
            gist("a", f"https://gist.127.0.0.1/{'a' * 20}.git"),
            gist("b", f"{github.url}/gist/b.git"),
            gist("c", "https://elsewhere.example/c.git"),
        ],
    }
    _, _, second, other = listed(github, "gists")
    assert second == CloneWanted(f"{github.url}/gist/b.git")
    assert isinstance(other, Skipped)
    assert "on another host" in other.reason
    github.replies["/orgs/acme/members"] = [Answered(403)]
    _, refused = listed(github, "gists")
    assert isinstance(refused, Skipped)
    assert refused.reason.endswith(
        "refuses access (403); the token in GITHUB_TOKEN needs Members: read, or the scope read:org"
    )
    gitlab.lists |= {
        "/groups/acme/projects": [hosted(gitlab, "app")],
        "/projects/7/snippets": [gitlab.entry("snippet", id=1, http_url_to_repo=f"{gitlab.url}/snippets/1.git")],
    }
    assert listed(gitlab, "snippets")[1:] == [CloneWanted(f"{gitlab.url}/snippets/1.git")]
