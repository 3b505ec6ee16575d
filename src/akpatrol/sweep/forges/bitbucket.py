"""Bitbucket Cloud.

The operation GET /repositories/{workspace} and the schemas paginated_repositories and repository of
https://api.bitbucket.org/swagger.json. An access token is a bearer token, with the user x-token-auth for git; an API
token belongs to the e-mail address of an account, with the user x-bitbucket-api-token-auth for git:
https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/ and .../using-api-tokens/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.sources.forge.resource import field
from akpatrol.sources.forge.site import Login
from akpatrol.sweep.forges.base import (
    ForgeAddresses,
    ForgeKind,
    HostedRepository,
    named,
    page,
    parsed,
    text,
    without_user,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.forge.client import ForgeClient

PUBLIC = "https://api.bitbucket.org/2.0"
API_TOKEN = Login(
    ("BITBUCKET_API_TOKEN",), git_user="x-bitbucket-api-token-auth", scheme="Basic", user="BITBUCKET_EMAIL"
)
"""The other login, with an account's own token."""


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "the address of Bitbucket", "2.0")
    host = address.host.removeprefix("api.")
    return ForgeAddresses(f"{address.origin}/{path}", address._replace(host=host).origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, workspace: str) -> Iterator[HostedRepository]:
    start = f"{addresses.api}/repositories/{named(workspace)}?pagelen=100&sort=created_on"
    for entry in client.entries(start, "values"):
        name = text(entry, "full_name")
        links = entry.get("links")
        where = page(text(field(links, "html"), "href"), addresses.clones, name)
        yield HostedRepository(name, without_user(_https(links), addresses.clones), page=where, entry=entry)


def _https(links: Any) -> str:
    """Return the address to clone by https, which is one of several."""
    clones = field(links, "clone")
    for link in clones if isinstance(clones, list) else ():
        if text(link, "name") in ("https", "http"):
            return text(link, "href")
    return ""


KIND = ForgeKind(
    "bitbucket",
    "--bitbucket-workspace",
    "",
    PUBLIC,
    Login(("BITBUCKET_ACCESS_TOKEN", "BITBUCKET_TOKEN"), git_user="x-token-auth"),
    _addresses,
    _repositories,
    help="The same of Bitbucket Cloud; token from BITBUCKET_ACCESS_TOKEN; repeatable.",
    other_login=API_TOKEN,
)
