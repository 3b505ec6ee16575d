"""Azure DevOps Services.

The operation Repositories_List and the definition GitRepository, version 7.1, of
https://github.com/MicrosoftDocs/vsts-rest-api-specs/blob/master/specification/git/7.1/git.json; without a project it
lists those of all projects (https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list). A personal access
token is a password without a user name, and ``AZURE_DEVOPS_EXT_PAT`` the variable of Azure's own command line
(https://learn.microsoft.com/azure/devops/cli/log-in-via-pat); to a token that it does not know, the server answers 203.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

PUBLIC = "https://dev.azure.com"


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "the address of Azure DevOps", "_")
    return ForgeAddresses(address.origin if path == "_" else f"{address.origin}/{path}", address.origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, organization: str) -> Iterator[HostedRepository]:
    start = f"{addresses.api}/{named(organization)}/_apis/git/repositories?includeHidden=true&api-version=7.1"
    for entry in client.entries(start, "value"):
        project = text(entry.get("project"), "name")
        name = "/".join(filter(None, (project, text(entry, "name"))))
        where = page(text(entry, "webUrl"), addresses.clones, name)
        reason = "it is disabled: its owner must enable it first" if entry.get("isDisabled") is True else ""
        url = without_user(text(entry, "remoteUrl"), addresses.clones)
        yield HostedRepository(name, url, page=where, entry=entry, reason=reason)


KIND = ForgeKind(
    "azure",
    "--azure-org",
    "",
    PUBLIC,
    Login(("AZURE_DEVOPS_EXT_PAT",), git_user="", scheme="Basic"),
    _addresses,
    _repositories,
    help="The same of Azure DevOps; token from AZURE_DEVOPS_EXT_PAT; repeatable.",
)
