"""GitHub: https://docs.github.com/en/rest/repos/repos#list-organization-repositories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.sources.forge.github import FORGE, HEADERS, LOGIN
from akpatrol.sweep.forges.base import ForgeAddresses, ForgeKind, HostedRepository, named, page, parsed, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.forge.client import ForgeClient

PUBLIC = "https://api.github.com"
_FULL_NAME = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "--forge-url", "")
    if address.host in {"github.com", "api.github.com"}:
        return ForgeAddresses(PUBLIC, "https://github.com")
    is_api = address.host.startswith("api.")
    if not path and not is_api:
        path = "api/v3"
    # https://docs.github.com/en/enterprise-cloud@latest/rest/using-the-rest-api: api.SUBDOMAIN.ghe.com
    clones = address._replace(host=address.host.removeprefix("api.")) if is_api else address
    return ForgeAddresses(f"{address.origin}/{path}" if path else address.origin, clones.origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, org: str) -> Iterator[HostedRepository]:
    # Oldest first, so that a new repository moves no other to a page that was already read.
    wanted = "type=all&sort=created&direction=asc&per_page=100"
    for entry in client.entries(f"{addresses.api}/orgs/{named(org)}/repos?{wanted}"):
        name, network = text(entry, "full_name"), None
        is_named = _FULL_NAME.fullmatch(name) is not None
        if entry.get("fork") is True and is_named:
            # The list does not include a fork's origin.
            network = text(client.detail(f"{addresses.api}/repos/{name}").get("source"), "clone_url") or None
        api = f"{addresses.api}/repos/{name}" if is_named else ""
        where = page(text(entry, "html_url"), addresses.clones, name)
        yield HostedRepository(name, text(entry, "clone_url"), network, where, api, entry)


KIND = ForgeKind(
    FORGE,
    "--github-org",
    "--forge-url",
    PUBLIC,
    LOGIN,
    _addresses,
    _repositories,
    HEADERS,
    help="Every repository of an organization; token from GITHUB_TOKEN; repeatable.",
    url_help="The API of your own GitHub or GitLab server.",
)
