"""Gitea, and Forgejo, which keeps its API.

The operation orgListRepos and the definition Repository of
https://github.com/go-gitea/gitea/blob/main/templates/swagger/v1_json.tmpl; the header ``Authorization: token ...`` is
its security definition AuthorizationHeaderToken. A page has at most 50 entries unless a server's owner allows more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.forge.site import Login
from akpatrol.sweep.forges.base import ForgeAddresses, ForgeKind, HostedRepository, named, page, parsed, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.forge.client import ForgeClient

_API = "api/v1"


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "--gitea-url", _API)
    if not path.endswith(_API):  # a server below a path
        path = f"{path}/{_API}"
    return ForgeAddresses(f"{address.origin}/{path}", address.origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, org: str) -> Iterator[HostedRepository]:
    for entry in client.entries(f"{addresses.api}/orgs/{named(org)}/repos?limit=50"):
        name = text(entry, "full_name")
        network = text(entry.get("parent"), "clone_url") or None
        where = page(text(entry, "html_url"), addresses.clones, name)
        yield HostedRepository(name, text(entry, "clone_url"), network, where, entry=entry)


KIND = ForgeKind(
    "gitea",
    "--gitea-org",
    "--gitea-url",
    "",
    Login(("GITEA_TOKEN", "FORGEJO_TOKEN"), git_user="oauth2", scheme="token"),
    _addresses,
    _repositories,
    help="The same of Gitea or Forgejo, at --gitea-url; token from GITEA_TOKEN; repeatable.",
    url_help="The Gitea or Forgejo server, such as https://codeberg.org.",
)
