"""A further forge takes a file and a line: its organizations are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

_MODULE = '''"""Zz, a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.forge.site import Login
from akpatrol.sweep.forges.base import ForgeAddresses, ForgeKind, HostedRepository, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.forge.client import ForgeClient


def _addresses(url: str) -> ForgeAddresses:
    address, path = parsed(url, "--zz-url", "api")
    return ForgeAddresses(f"{address.origin}/{path}", address.origin)


def _repositories(client: ForgeClient, addresses: ForgeAddresses, org: str) -> Iterator[HostedRepository]:
    yield HostedRepository(f"{org}/app", f"{addresses.clones}/{org}/app.git", reason="it is only tried")


KIND = ForgeKind(
    "zz",
    "--zz-org",
    "--zz-url",
    "https://zz.example/api",
    Login(("ZZ_TOKEN",), git_user="zz"),
    _addresses,
    _repositories,
    help="Every repository of Zz.",
    url_help="The Zz server.",
)
'''


def test_a_further_forge_is_a_file_and_a_line(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.add_file("sweep/forges/zz.py", _MODULE)
    trial.add_line("sweep/forges/table.py", "_MODULES = (", '    "zz",')
    assert trial.follows("Forge", "zz")
    told = trial.json("sweep", "--zz-org", "acme", "--zz-url", "https://git.example.org", code=3)
    assert told["coverage"]["skipped"] == [{"item": "acme/app", "reason": "it is only tried", "accepted": None}]
