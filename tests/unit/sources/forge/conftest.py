"""Forges on this machine, new for each module and empty for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.forge.patience import patience_with
from tests.forge_api import ForgeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, certificate: trustme.LeafCert) -> Iterator[dict[str, ForgeApi]]:
    """The two forges, and the host that their files are redirected to."""
    directory = tmp_path_factory.mktemp("forges")
    with (
        ForgeApi(directory, forge="github").running(certificate) as github,
        ForgeApi(directory, forge="gitlab").running(certificate) as gitlab,
        ForgeApi(directory, forge="azure").running(certificate) as store,
    ):
        yield {"github": github, "gitlab": gitlab, "store": store}


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, bundle: str, running: dict[str, ForgeApi]) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    patience_with.cache_clear()
    for api in running.values():
        api.lists, api.files, api.queries, api.replies = {}, {}, [], {}
        api.requests, api.posted, api.token, api.expires, api.store, api.most = [], [], "", None, "", 100


@pytest.fixture
def github(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["github"]


@pytest.fixture
def gitlab(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["gitlab"]


@pytest.fixture
def store(running: dict[str, ForgeApi]) -> ForgeApi:
    return running["store"]
