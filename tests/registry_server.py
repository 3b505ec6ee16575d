"""Debian's registry of images, filled by skopeo with images that tests make."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.buckets import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PROGRAMS = {"docker-registry": "docker-registry", "skopeo": "skopeo"}
PASSWORD = "a password for tests"
# As htpasswd -B writes it.
USERS = "user:$2b$04$abcdefghijklmnopqrstuuU9tuCsSfvqLb3ZvMivaBDcGya0m8DpG\n"
_OCI = "application/vnd.oci.image."


class Layout:
    """An OCI image layout in a directory, as skopeo reads it.

    https://github.com/opencontainers/image-spec/blob/main/image-layout.md
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "blobs" / "sha256").mkdir(parents=True)
        (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._manifests: list[dict[str, Any]] = []

    def image(
        self,
        tag: str,
        layers: Sequence[bytes],
        environment: Sequence[str] = (),
        history: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Add an image with one platform; ``layers`` are tars."""
        manifest = self.manifest(layers, environment, history)
        self._add(manifest | {"annotations": {"org.opencontainers.image.ref.name": tag}})
        return manifest

    def manifest(
        self,
        layers: Sequence[bytes],
        environment: Sequence[str] = (),
        history: Sequence[Mapping[str, Any]] = (),
        architecture: str = "amd64",
    ) -> dict[str, Any]:
        configuration = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin", *environment]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}" for layer in layers]},
            "history": [dict(entry) for entry in history],
        }
        packed = [self.packed(layer) for layer in layers]
        document = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}manifest.v1+json",
            "config": self.blob(json.dumps(configuration).encode(), f"{_OCI}config.v1+json"),
            "layers": [self.blob(layer, f"{_OCI}layer.v1.tar+gzip") for layer in packed],
        }
        described = self.blob(json.dumps(document).encode(), f"{_OCI}manifest.v1+json")
        return described | {"platform": {"architecture": architecture, "os": "linux"}}

    def index(self, tag: str, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Add an image with several platforms."""
        document = {"schemaVersion": 2, "mediaType": f"{_OCI}index.v1+json", "manifests": [*manifests]}
        described = self.blob(json.dumps(document).encode(), f"{_OCI}index.v1+json")
        self._add(described | {"annotations": {"org.opencontainers.image.ref.name": tag}})

    @staticmethod
    def packed(layer: bytes) -> bytes:
        """Return a layer as it is stored."""
        return gzip.compress(layer, 1, mtime=0)

    def digest_of(self, layer: bytes) -> str:
        return f"sha256:{sha256(self.packed(layer)).hexdigest()}"

    def blob(self, data: bytes, kind: str) -> dict[str, Any]:
        digest = sha256(data).hexdigest()
        (self.directory / "blobs" / "sha256" / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    def _add(self, manifest: dict[str, Any]) -> None:
        self._manifests.append(manifest)
        index = {"schemaVersion": 2, "manifests": self._manifests}
        (self.directory / "index.json").write_text(json.dumps(index))


class Registry(NamedTuple):
    """A registry that runs: its host with port, and its process."""

    host: str
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return int(self.host.rpartition(":")[2])

    def push(self, layout: Layout, tag: str, name: str, *options: str) -> None:
        """Copy an image of a layout, all its platforms, to a name with a tag."""
        source, destination = f"oci:{layout.directory}:{tag}", f"docker://{self.host}/{name}"
        words = ["copy", "--all", "--dest-tls-verify=false", "--quiet", *options, source, destination]
        done = subprocess.run(["skopeo", "--insecure-policy", *words], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def tar(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


@contextmanager
def serve(directory: Path, users: Path | None = None, port: int = 0) -> Iterator[Registry]:
    """Run a registry that keeps its images in a directory, and its log of requests in the file ``log`` there.

    With a file of ``users``, it asks for a password.
    """
    for program, package in _PROGRAMS.items():
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed; on Debian: apt-get install {package}")
    host = f"127.0.0.1:{port or free_port()}"
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(directory / "images")}, "delete": {"enabled": True}},
        "http": {"addr": host},
    }
    if users:
        settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(users)}}
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "settings.yml"
    file.write_text(json.dumps(settings))
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(file)], stdout=log, stderr=subprocess.DEVNULL)
    try:
        _wait(host)
        yield Registry(host, process)
    finally:
        process.kill()
        process.wait()


def _wait(host: str) -> None:
    name, _, port = host.partition(":")
    while True:
        try:
            socket.create_connection((name, int(port))).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
