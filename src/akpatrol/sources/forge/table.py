"""The table of forges that hold more than code, and of what they hold."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.forge import github, gitlab
from akpatrol.sources.forge.site import ForgeSite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.sources.forge.client import ForgeClient
    from akpatrol.sources.forge.resource import Resource
    from akpatrol.sources.forge.site import Login


class _Forge(NamedTuple):
    """A forge: its ``login``, the headers that its API wants, and its resources by name."""

    name: str
    login: Login
    headers: tuple[tuple[str, str], ...]
    resources: Mapping[str, Resource]


_FORGES = {
    module.FORGE: _Forge(module.FORGE, module.LOGIN, module.HEADERS, {one.name: one for one in module.RESOURCES})
    for module in (github, gitlab)
}
KINDS = tuple(one.kind(forge.name) for forge in _FORGES.values() for one in forge.resources.values() if one.page)
"""The kinds of target: ``github_issues`` and so on."""


def resources(forge: str) -> Mapping[str, Resource]:
    """Return the resources of a forge by name; there are none where only code is read."""
    return _FORGES[forge].resources if forge in _FORGES else {}


def of_kind(kind: str) -> tuple[str, Resource]:
    """Return the forge and the resource of a kind of target."""
    forge, _, name = kind.partition("_")
    return forge, _FORGES[forge].resources[name]


def variable(forge: str) -> str:
    """Return the name of the variable that a forge's token is looked for in first."""
    return _FORGES[forge].login.variables[0]


def site(forge: str, api: str, environment: Mapping[str, str]) -> ForgeSite:
    """Return the API of a forge, with the login of an environment. Raises UsageError for an unusable token."""
    entry = _FORGES[forge]
    token = entry.login.token(environment)
    return ForgeSite(forge, api, entry.login.header(token, environment), entry.login.variables[0], entry.headers)


@contextmanager
def opened(forge: str, api: str) -> Iterator[ForgeClient]:
    """Open a forge for a while, with the login of this process's environment."""
    from akpatrol.sources.forge.client import ForgeClient  # noqa: PLC0415 - httpx

    with ForgeClient(site(forge, api, os.environ)) as client:
        yield client
