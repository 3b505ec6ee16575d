"""Sweeps of images in Debian's registry, filled by skopeo."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import registry_server
from tests.organization import same
from tests.program import finish, start
from tests.registry_server import Layout, tar
from tests.sweeps import divide, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Result, Run
    from tests.registry_server import Registry

_HISTORY = (
    {"created": "2024-01-02T03:04:05.123456789Z", "created_by": "ADD rootfs.tar.xz /"},
    {"created": "2024-02-02T03:04:05Z", "created_by": 'CMD ["sh"]', "empty_layer": True},
    {"created": "2024-03-02T03:04:05Z", "created_by": "COPY .env /app/"},
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_server.serve(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


@pytest.fixture
def base() -> bytes:
    """A lowest layer without a finding, of more than two blocks, new for each test."""
    return tar({"usr/lib/padding": os.urandom(9 << 20), "etc/os-release": b"ID=debian\n"})


def swept(run: Run, *words: str | Path, **variables: str) -> Result:
    return run("sweep", *words, "--jobs", "1", cwd=None, **variables)


def test_layers_and_configuration_of_an_image(
    run: Run, registry: Registry, layout: Layout, base: bytes, new_key: Callable[[], str]
) -> None:
    in_layer, in_environment = new_key(), new_key()
    leak = tar({"app/.env": f"ANYREACH_API_KEY={in_layer}\n".encode()})
    manifest = layout.image("v1", [base, leak], [f"ANYREACH_API_KEY={in_environment}"], _HISTORY)
    registry.push(layout, "v1", "team/one:v1")
    result = swept(run, f"oci://{registry.host}/team/one:v1")
    assert result.code == 1
    assert result.skipped == []
    place = result.one(in_layer)
    assert place["path"] == f"team/one:v1@{manifest['digest']}"
    assert place["containers"][0].startswith("layer sha256:")
    assert place["containers"][-1] == "tar:app/.env"
    assert place["introduced"]["date"] == "2024-03-02T03:04:05Z"
    assert place["introduced"]["summary"] == "COPY .env /app/"
    assert result.one(in_environment)["containers"][0].startswith("configuration sha256:")
    assert (
        result.json["coverage"]["counts"] | {"layers": 2, "image_configurations": 1, "images": 1}
        == (result.json["coverage"]["counts"])
    )
    text = run("report", "akpatrol.sqlite3", "-f", "text", "-o", "-").out
    assert f"oci://{registry.host}/team/one:v1@sha256:" in text
    assert "0 read, 1 unchanged" in swept(run, f"oci://{registry.host}/team/one:v1").err


@pytest.mark.slow
def test_all_tags_share_a_layer(run: Run, registry: Registry, layout: Layout, base: bytes, key: str) -> None:
    leak = tar({"app/.env": f"ANYREACH_API_KEY={key}\n".encode()})
    for tag in ("v1", "v2", "v3"):
        layout.image(tag, [base, leak, tar({"app/version": tag.encode()})])
        registry.push(layout, tag, f"team/tags:{tag}")
    result = swept(run, f"oci://{registry.host}/team/tags")
    place = result.one(key)
    assert [path.partition("@")[0] for path in place["paths"]] == [f"team/tags:{tag}" for tag in ("v1", "v2", "v3")]
    counts = result.json["coverage"]["counts"]
    assert (counts["images"], counts["layers"]) == (3, 5)
    registry.push(layout, "v1", "team/tags:v4")
    assert "1 read, 0 unchanged" in swept(run, f"oci://{registry.host}/team/tags").err
    some = swept(run, "--exclude", "team/tags:v[12]", "--store", "other", f"oci://{registry.host}/team/tags")
    assert some.excluded == {"exclude_option": 2}


@pytest.mark.slow
def test_a_repository_is_divided(
    run: Run, registry: Registry, layout: Layout, new_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among two processes, and the report is that of one."""
    for number in range(6):
        layout.image(f"v{number}", [tar({"app/.env": f"ANYREACH_API_KEY={new_key()}\n".encode()})])
        registry.push(layout, f"v{number}", f"team/divided:v{number}")
    words = ("sweep", f"oci://{registry.host}/team/divided", "--no-cache")
    whole = run(*words, "--store", "whole", "--jobs", "1", cwd=None)
    parts = divide(monkeypatch, 1000)
    divided = run(*words, "--store", "divided", "--jobs", "2", cwd=None)
    assert parts[0] > 1
    assert same(divided.json) == same(whole.json)
    assert len(whole.json["credentials"]) == 6


def test_all_platforms(run: Run, registry: Registry, layout: Layout, new_key: Callable[[], str]) -> None:
    secrets = {name: new_key() for name in ("amd64", "arm64")}
    layout.index(
        "latest",
        [
            layout.manifest([tar({f"opt/{name}": f"K={secret}".encode()})], architecture=name)
            for name, secret in secrets.items()
        ],
    )
    registry.push(layout, "latest", "team/platforms:latest")
    result = swept(run, f"oci://{registry.host}/team/platforms:latest")
    for name, secret in secrets.items():
        assert result.one(secret)["containers"][-1] == f"tar:opt/{name}"


@pytest.mark.parametrize(
    "options", [("--format", "v2s2"), ("--format", "oci", "--dest-compress-format", "zstd", "--dest-compress")]
)
def test_docker_and_zstd(run: Run, registry: Registry, tmp_path: Path, options: tuple[str, ...], key: str) -> None:
    layout = Layout(tmp_path / "layout")
    layout.image("v1", [tar({"app/.env": f"ANYREACH_API_KEY={key}\n".encode()})])
    name = f"team/{'zstd' if 'oci' in options else 'docker'}"
    registry.push(layout, "v1", f"{name}:v1", *options)
    assert swept(run, f"oci+http://{registry.host}/{name}").one(key)["containers"][-1] == "tar:app/.env"


@pytest.mark.slow
def test_the_catalogue_and_a_base_that_is_read_once(
    run: Run, tmp_path: Path, layout: Layout, base: bytes, new_key: Callable[[], str]
) -> None:
    secrets = [new_key() for _ in range(3)]
    with registry_server.serve(tmp_path / "registry") as registry:
        for number, secret in enumerate(secrets):
            layout.image(f"r{number}", [base, tar({"app/.env": secret.encode()})])
            registry.push(layout, f"r{number}", f"group/app{number}:v1")
        log = tmp_path / "registry" / "log"
        result = swept(run, f"oci://{registry.host}")
        assert [len(result.found(secret)) for secret in secrets] == [1, 1, 1]
        assert result.json["coverage"]["counts"]["layers"] == 6
        request = f'"GET /v2/group/app0/blobs/{layout.digest_of(base)} '
        assert log.read_text().count(request) == 1
        assert log.read_text().count(request.replace("app0", "app1")) == 0


def test_a_password(run: Run, tmp_path: Path, layout: Layout, key: str) -> None:
    (tmp_path / "users").write_text(registry_server.USERS)
    layout.image("v1", [tar({"app/.env": key.encode()})])
    with registry_server.serve(tmp_path / "registry", tmp_path / "users") as registry:
        login = f"user:{registry_server.PASSWORD}"
        registry.push(layout, "v1", "team/app:v1", f"--dest-creds={login}")
        word = f"oci://{registry.host}/team/app:v1"
        refused = swept(run, word)
        assert refused.code == 3
        assert "refuses access (401)" in refused.skipped[0]["reason"]
        variables = {
            "AKPATROL_REGISTRY_HOST": registry.host,
            "AKPATROL_REGISTRY_USER": "user",
            "AKPATROL_REGISTRY_PASSWORD": registry_server.PASSWORD,
        }
        result = swept(run, word, **variables)
        assert result.found(key)
        assert registry_server.PASSWORD not in result.out + result.err + json.dumps(result.json)
        assert registry_server.PASSWORD.encode() not in Path("akpatrol.sqlite3").read_bytes()


def test_damage_and_absence(run: Run, tmp_path: Path, layout: Layout, new_key: Callable[[], str]) -> None:
    whole, other = new_key(), new_key()
    first, second = tar({"a": whole.encode()}), tar({"b": other.encode()})
    layout.image("v1", [first, second])
    with registry_server.serve(tmp_path / "registry") as registry:
        registry.push(layout, "v1", "team/app:v1")
        blobs = tmp_path / "registry" / "images" / "docker" / "registry" / "v2" / "blobs"
        digest = layout.digest_of(second).removeprefix("sha256:")
        file = blobs / "sha256" / digest[:2] / digest / "data"
        data = file.read_bytes()
        file.write_bytes(layout.packed(tar({"b": other.encode()[::-1]})).ljust(len(data), b"\0")[: len(data)])
        result = swept(run, f"oci://{registry.host}/team/app:v1")
        assert result.found(whole)
        assert any("those of its digest" in skip["reason"] for skip in result.skipped)
        absent = swept(run, "--store", "other", f"oci://{registry.host}/team/nothing")
    assert absent.code == 3
    assert absent.skipped[0]["reason"] == "the registry does not hold it, or hides it (404)"


@pytest.mark.slow
def test_a_registry_that_dies_half_way_and_a_sweep_that_goes_on(
    tmp_path: Path, layout: Layout, new_key: Callable[[], str], run: Run
) -> None:
    """What could not be read is said; the next sweep reads it, and finds all."""
    secrets = [new_key() for _ in range(4)]
    with registry_server.serve(tmp_path / "registry") as registry:
        for number, secret in enumerate(secrets):
            layout.image(f"v{number}", [tar({"pad": os.urandom(5 << 20), "app/.env": secret.encode()})])
            registry.push(layout, f"v{number}", f"team/app:v{number}")
        store, report = tmp_path / "store", tmp_path / "report.json"
        words = (
            "sweep",
            f"oci://{registry.host}/team/app",
            "--store",
            store,
            "--jobs",
            "1",
            "-f",
            "json",
            "-o",
            report,
        )
        variables = {"XDG_CACHE_HOME": str(tmp_path / "caches")}
        cache = tmp_path / "caches" / "akpatrol" / "read.sqlite3-wal"
        process = start(*words, variables=variables)
        while process.poll() is None and not (cache.exists() and cache.stat().st_size):
            time.sleep(0.01)
        registry.process.send_signal(signal.SIGKILL)
        assert finish(process).code in (1, 3)
        told = json.loads(report.read_bytes())
        assert told["coverage"]["complete"] is False
        assert told["summary"]["credentials"] < len(secrets)
        with registry_server.serve(tmp_path / "registry", port=registry.port) as again:
            assert again.host == registry.host
            process = start(*words, variables=variables)
            while process.poll() is None and not report.exists():
                time.sleep(0.01)
            end(process)
            assert finish(start(*words, variables=variables)).code == 1
    told = json.loads(report.read_bytes())
    assert told["coverage"]["complete"] is True
    assert told["summary"]["credentials"] == len(secrets)
    assert run("report", store).json["summary"] == told["summary"]
