"""A sweep of what is somewhere else: clones over git's own protocol and HTTP, and all that a forge lists."""

from __future__ import annotations

import socket
import subprocess
from base64 import b64encode
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from akpatrol.sweep import signature
from tests import organization
from tests.forge_server import ForgeServer, Hosted
from tests.git_http import GitHttp, has_backend
from tests.program import execute
from tests.repositories import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.organization import Organization

pytestmark = pytest.mark.skipif(not has_backend(), reason="this git cannot serve over HTTP")

_SERVED = ("odd/huge", "odd/sha256", "odd/empty", "odd/outer", "forks/fork00")


@pytest.fixture
def acme(tmp_path: Path) -> Organization:
    return organization.make(tmp_path / "org", 12)


@contextmanager
def daemon(directory: Path) -> Iterator[str]:
    """Serve over git's own protocol; gives the address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = ["git", "daemon", "--export-all", f"--base-path={directory}", "--listen=127.0.0.1", f"--port={port}"]
    variables = environment(directory) | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    process = subprocess.Popen([*command, "--reuseaddr", "--informative-errors"], env=variables)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def places(result: Result) -> set[tuple[str, str, str | None, str, str | None]]:
    """Return the places in a report, each with the remote's path for the target."""
    remotes = {one["id"]: one["remote"].partition("//")[2].partition("/")[2] for one in result.json["scan"]["targets"]}
    return {
        (credential["secret_sha256"], remotes[one["target"]], one["path"], one["state"], one["introduced"]["id"])
        for credential in result.json["credentials"]
        for one in credential["occurrences"]
    }


def planted(acme: Organization, *names: str) -> set[tuple[str, str, str | None, str, str | None]]:
    return {(digest, name, path, state, id_) for digest, name, _, path, state, id_ in acme.expected if name in names}


def test_over_gits_own_protocol(
    run: Run, acme: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """What cannot be cloned is listed, and the rest goes on; the second sweep clones nothing and finds what is new."""
    monkeypatch.setattr(signature, "SETTLED_NS", 0)
    with daemon(acme.root) as address:
        wanted = [f"{address}/{name}" for name in (*_SERVED, "odd/missing")]
        sweep: tuple[str | Path, ...] = (
            "sweep",
            *wanted,
            "--store",
            tmp_path / "store",
            "--clones",
            tmp_path / "clones",
            "--jobs",
            "1",
        )
        first = run(*sweep)
        assert places(first) == planted(acme, *_SERVED)
        (skip,) = first.skipped
        assert skip["item"] == f"{address}/odd/missing"
        assert "odd/missing" in skip["reason"]
        assert first.code == 1
        mirrors = {mirror: mirror.stat().st_ino for mirror in tmp_path.glob("clones/**/*.git")}
        place = organization.grow(acme, "odd/huge", key)
        second = run(*sweep)
    assert {mirror: mirror.stat().st_ino for mirror in mirrors} == mirrors
    assert len(mirrors) == len(_SERVED)
    assert places(second) == planted(acme._replace(places=acme.places | {place}), *_SERVED)
    assert f"{len(_SERVED)} targets: 1 read, {len(_SERVED) - 1} unchanged, 1 not fully read" in second.err


@dataclass
class Site(GitHttp):
    """A forge as people have it: its API and its repositories at one address."""

    api: ForgeServer = field(default_factory=ForgeServer)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/api/"):
            self.api.answer(handler)
        else:
            super().answer(handler)


@pytest.mark.slow
def test_an_organization_of_a_forge(run: Run, acme: Organization, tmp_path: Path) -> None:
    """Through its pages, with a token that goes to the forge alone and is stored and shown nowhere."""
    token = f"ghp{'x' * 33}"
    header = f"Basic {b64encode(f'x-access-token:{token}'.encode()).decode()}"
    site = Site(acme.root, header)
    with GitHttp(acme.root).running() as other, site.running():
        names = {name: f"{site.url}/{name}" for name in (*_SERVED, "odd/missing")}
        hosted = [Hosted(f"acme/{name.rpartition('/')[2]}", url) for name, url in names.items()]
        site.api = ForgeServer(hosted, token=token, most=2, port=site.port)
        done = execute(
            *("sweep", "--github-org", "acme", "--forge-url", f"{site.url}/api/v3", f"{other.url}/odd/huge"),
            *("--store", tmp_path / "store", "--clones", tmp_path / "clones", "--jobs", "1", "-vv"),
            cwd=tmp_path,
            variables={"GITHUB_TOKEN": token},
        )
        assert len([one for one in site.api.asked if one.path.endswith("/repos")]) == 3
        assert {authorization for _, authorization in site.asked} == {header}
        assert {authorization for _, authorization in other.asked} == {""}
    assert done.code == 1, done.err.decode()
    result = run("report", tmp_path / "store")
    assert places(result) == planted(acme, *_SERVED)
    assert len(result.json["scan"]["targets"]) == len(_SERVED) + 1
    assert [skip["item"] for skip in result.skipped] == [f"{site.url}/odd/missing"]
    written = [done.written, *(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())]
    assert not [text for text in written if token.encode() in text or header[6:].encode() in text]


def test_a_forge_that_refuses(run: Run, tmp_path: Path) -> None:
    with ForgeServer([Hosted("acme/one", "git://127.0.0.1:9/one")], token="right").running() as forge:
        arguments = ("--github-org", "acme", "--forge-url", f"{forge.url}/api/v3", "--store", tmp_path / "store")
        assert run("sweep", *arguments, GITHUB_TOKEN="wrong").code == 2
    assert not (tmp_path / "store").exists()
