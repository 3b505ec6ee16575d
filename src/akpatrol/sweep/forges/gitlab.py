"""GitLab: https://docs.gitlab.com/api/groups/#list-all-projects-in-a-group, archived ones too.

Projects of all subgroups are listed; those that other groups share with it are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.forge.gitlab import FORGE, HEADERS, LOGIN
from akpatrol.sweep.forges.base import ForgeAddresses, ForgeKind, HostedRepository, named, page, parsed, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.forge.client import ForgeClient


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "--forge-url", "api/v4")
    return ForgeAddresses(f"{address.origin}/{path}", address.origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, group: str) -> Iterator[HostedRepository]:
    roots: dict[str, str] = {}
    wanted = "include_subgroups=true&with_shared=false&order_by=id&sort=asc&per_page=100"
    for entry in client.entries(f"{addresses.api}/groups/{named(group)}/projects?{wanted}"):
        url, name, id_ = text(entry, "http_url_to_repo"), text(entry, "path_with_namespace"), entry.get("id")
        # Ids grow, so a fork's origin has mostly been listed before it.
        parent = text(entry.get("forked_from_project"), "http_url_to_repo")
        roots[url] = roots.get(parent, parent) or url
        api = f"{addresses.api}/projects/{id_}" if isinstance(id_, int) else ""
        where = page(text(entry, "web_url"), addresses.clones, name)
        yield HostedRepository(name, url, roots[url] if parent else None, where, api, entry)


KIND = ForgeKind(
    FORGE,
    "--gitlab-group",
    "--forge-url",
    "https://gitlab.com/api/v4",
    LOGIN,
    _addresses,
    _repositories,
    HEADERS,
    help="Every project of a group and its subgroups; token from GITLAB_TOKEN; repeatable.",
)
