"""Repositories of Gitea, Bitbucket Cloud and Azure DevOps, from servers that keep to the published descriptions."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sweep.forges.organization import Forge, forge_of
from akpatrol.sweep.urls import CloneWanted
from tests.forge_api import Answered, ForgeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

KINDS = ("gitea", "bitbucket", "azure")
_LISTS = {
    "gitea": ("/orgs/acme/repos", "Repository"),
    "bitbucket": ("/repositories/acme", "repository"),
    "azure": ("/acme/_apis/git/repositories", "GitRepository"),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, certificate: trustme.LeafCert) -> Iterator[dict[str, ForgeApi]]:
    directory = tmp_path_factory.mktemp("forges")
    with (
        ForgeApi(directory, forge="gitea").running(certificate) as gitea,
        ForgeApi(directory, forge="bitbucket").running(certificate) as bitbucket,
        ForgeApi(directory, forge="azure").running(certificate) as azure,
    ):
        yield {"gitea": gitea, "bitbucket": bitbucket, "azure": azure}


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, bundle: str, running: dict[str, ForgeApi]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    patience_with.cache_clear()
    for api in running.values():
        api.lists, api.replies, api.requests, api.token, api.most = {}, {}, [], "", 100


def hosted(api: ForgeApi, number: int, **more: Any) -> dict[str, Any]:
    """Return a repository as each of them describes one; some put a user name into the address."""
    name, own = f"r{number}", f"https://acme@127.0.0.1:{api.port}/acme"
    if api.forge == "gitea":
        url = f"{api.url}/acme/{name}"
        return api.entry(
            "Repository",
            **{"id": number, "full_name": f"acme/{name}", "clone_url": f"{url}.git", "html_url": url, **more},
        )
    if api.forge == "bitbucket":
        links = {"clone": [{"name": "ssh", "href": "git@h:x"}, {"name": "https", "href": f"{own}/{name}.git"}]}
        return api.entry("repository", **{"full_name": f"acme/{name}", "links": links, **more})
    project = {"name": "p"}
    return api.entry("GitRepository", **{"name": name, "project": project, "remoteUrl": f"{own}/p/_git/{name}", **more})


def address(api: ForgeApi, number: int) -> str:
    return {
        "gitea": f"{api.url}/acme/r{number}.git",
        "bitbucket": f"{api.url}/acme/r{number}.git",
        "azure": f"{api.url}/acme/p/_git/r{number}",
    }[api.forge]


def serve(running: dict[str, ForgeApi], kind: str, *entries: dict[str, Any]) -> ForgeApi:
    api = running[kind]
    api.lists[_LISTS[kind][0]] = list(entries) or [hosted(api, number) for number in range(5)]
    return api


def organization(api: ForgeApi, **environment: str) -> Forge:
    return forge_of(api.forge, "acme", api.url if api.forge != "bitbucket" else f"{api.url}/2.0", environment)


@pytest.mark.parametrize("kind", KINDS)
def test_all_pages_are_listed(running: dict[str, ForgeApi], kind: str) -> None:
    api = serve(running, kind)
    api.most = 100 if kind == "azure" else 2
    assert list(organization(api).repositories()) == [CloneWanted(address(api, number)) for number in range(5)]
    assert len(api.requests) == (1 if kind == "azure" else 3)


@pytest.mark.parametrize(
    ("kind", "environment", "header", "user"),
    [
        ("gitea", {"GITEA_TOKEN": "t"}, "token t", "oauth2"),
        ("gitea", {"FORGEJO_TOKEN": "t"}, "token t", "oauth2"),
        ("bitbucket", {"BITBUCKET_ACCESS_TOKEN": "t"}, "Bearer t", "x-token-auth"),
        (
            "bitbucket",
            {"BITBUCKET_EMAIL": "me@example.org", "BITBUCKET_API_TOKEN": "t"},
            f"Basic {b64encode(b'me@example.org:t').decode()}",
            "x-bitbucket-api-token-auth",
        ),
        ("azure", {"AZURE_DEVOPS_EXT_PAT": "t"}, f"Basic {b64encode(b':t').decode()}", ""),
    ],
)
def test_how_each_is_given_its_token(
    running: dict[str, ForgeApi], kind: str, environment: dict[str, str], header: str, user: str
) -> None:
    api = serve(running, kind)
    forge = organization(api, **environment)
    assert len(list(forge.repositories())) == 5
    assert api.requests[0].headers["authorization"] == header
    ((origin, git),) = forge.access().items()
    assert origin == api.url
    assert b64decode(git.reveal().removeprefix(b"Basic ")).decode() == f"{user}:t"
    assert "t" not in repr(forge.token).replace("Secret", "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "words"), [(401, "requires a token"), (403, "refuses"), (404, "no such")])
def test_refusals(running: dict[str, ForgeApi], kind: str, status: int, words: str) -> None:
    api = serve(running, kind)
    api.replies[_LISTS[kind][0]] = [Answered(status)]
    with pytest.raises(UsageError, match=words):
        organization(api).repositories()


def test_azure_shows_strangers_a_page_to_sign_in(running: dict[str, ForgeApi]) -> None:
    api = serve(running, "azure")
    api.replies[_LISTS["azure"][0]] = [Answered(203, {}, b"<!doctype html>")]
    with pytest.raises(UsageError, match=r"rejects the token \(203\)") as refused:
        organization(api, AZURE_DEVOPS_EXT_PAT="t").repositories()
    assert "AZURE_DEVOPS_EXT_PAT" in refused.value.hint


def test_what_is_disabled_is_a_skip(running: dict[str, ForgeApi]) -> None:
    api = running["azure"]
    serve(running, "azure", hosted(api, 1, isDisabled=True), hosted(api, 2))
    skip, wanted = organization(api).repositories()
    assert skip == Skipped("p/r1", "it is disabled: its owner must enable it first")
    assert wanted == CloneWanted(address(api, 2))


@pytest.mark.parametrize(
    "url",
    [
        "https://acme:hunter2@127.0.0.1/acme/x",
        "https://elsewhere.example/acme/x",
        "https://acme@elsewhere.example/acme/x",
        "ext::sh -c true",
        "http://[",
        "",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_is_not_the_forges_is_skipped(running: dict[str, ForgeApi], kind: str, url: str) -> None:
    links = {"clone": [{"name": "https", "href": url}]}
    more: dict[str, Any] = {"gitea": {"clone_url": url}, "bitbucket": {"links": links}, "azure": {"remoteUrl": url}}[
        kind
    ]  # type: ignore[assignment]
    api = running[kind]
    serve(running, kind, hosted(api, 1, **more), hosted(api, 2))
    skip, wanted = organization(api).repositories()
    assert isinstance(skip, Skipped)
    assert "hunter2" not in skip.reason + skip.item
    assert wanted == CloneWanted(address(api, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_with_half_a_character(running: dict[str, ForgeApi], kind: str) -> None:
    name = {"azure": "name"}.get(kind, "full_name")
    serve(running, kind, hosted(running[kind], 1, **{name: "acme/\ud800"}))
    assert list(organization(running[kind]).repositories()) == [CloneWanted(address(running[kind], 1))]


def test_a_fork_of_gitea_tells_its_network(running: dict[str, ForgeApi]) -> None:
    api = running["gitea"]
    serve(running, "gitea", hosted(api, 1, fork=True, parent={"clone_url": address(api, 0)}))
    assert list(organization(api).repositories()) == [CloneWanted(address(api, 1), address(api, 0))]


@pytest.mark.parametrize(
    ("url", "api", "clones"),
    [
        ("https://codeberg.org", "https://codeberg.org/api/v1", "https://codeberg.org"),
        ("https://git.example.org/gitea/", "https://git.example.org/gitea/api/v1", "https://git.example.org"),
        ("https://git.example.org/api/v1", "https://git.example.org/api/v1", "https://git.example.org"),
    ],
)
def test_where_a_gitea_is(url: str, api: str, clones: str) -> None:
    assert forge_of("gitea", "acme", url, {}).addresses == (api, clones)


def test_the_public_ones() -> None:
    assert forge_of("bitbucket", "acme", None, {}).addresses == (
        "https://api.bitbucket.org/2.0",
        "https://bitbucket.org",
    )
    assert forge_of("azure", "acme", None, {}).addresses == ("https://dev.azure.com", "https://dev.azure.com")
