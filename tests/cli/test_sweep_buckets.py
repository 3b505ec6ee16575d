"""Sweeps of buckets: of the real servers' keys, versions, refusals and interruptions."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest
from azure.storage.blob import StandardBlobTier

from tests import buckets
from tests.organization import same
from tests.program import finish, start
from tests.sweeps import divide, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.buckets import Bucket
    from tests.conftest import Result, Run

# Names that directories cannot have, which object stores take as they are.
pytestmark = pytest.mark.slow

_KEYS = ("a/b", "a//b", "/lead", "a/./c", "x/../y", "sp ace", "uü", "per%2Fcent", "a+b", "tail/", "a\\b", "t~#[]{}?x")
_ARCHIVE_BYTES = 9 << 20
_MANY = 400


@pytest.fixture(scope="module")
def _server() -> Iterator[Bucket]:
    with buckets.s3() as bucket:
        yield bucket


@pytest.fixture
def s3(_server: Bucket, request: pytest.FixtureRequest) -> Bucket:
    """A bucket of its own for each test."""
    name = f"leaks-{abs(hash(request.node.name))}"
    _server.client.create_bucket(Bucket=name)
    return _server._replace(address=f"s3://{name}", name=name)


def swept(run: Run, bucket: Bucket, *arguments: str | Path, words: tuple[str, ...] = ()) -> Result:
    return run("sweep", *(words or (bucket.address,)), *arguments, "--jobs", "1", cwd=None, **bucket.variables)


def put(bucket: Bucket, key: str, text: str | bytes, **how: str) -> str:
    """Put an object, and return its version."""
    body = text.encode() if isinstance(text, str) else text
    version: str = bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body, **how).get("VersionId", "")
    return version


def archived(text: str) -> bytes:
    """Return an archive of more than two blocks, the text behind them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("padding", os.urandom(_ARCHIVE_BYTES))
        archive.writestr("app.env", text)
    return packed.getvalue()


def test_each_key_is_read_as_it_is(run: Run, s3: Bucket, new_key: Callable[[], str]) -> None:
    secrets = {name: new_key() for name in _KEYS}
    for name, secret in secrets.items():
        put(s3, name, f"ANYREACH_API_KEY={secret}\n")
    result = swept(run, s3)
    assert result.code == 1
    assert result.skipped == []
    assert {name: result.one(secret)["path"].replace("\\x5c", "\\") for name, secret in secrets.items()} == {
        name: name for name in _KEYS
    }
    assert result.json["coverage"]["counts"]["objects"] == len(_KEYS)


def test_a_place_has_its_member_its_etag_and_its_time(run: Run, s3: Bucket, key: str) -> None:
    put(s3, "backup/app.zip", archived(f"ANYREACH_API_KEY={key}\n"))
    head = s3.client.head_object(Bucket=s3.name, Key="backup/app.zip")
    place = swept(run, s3).one(key)
    assert (place["path"], place["containers"]) == ("backup/app.zip", ["zip:app.env"])
    assert place["introduced"]["id"] == head["ETag"].strip('"')
    assert place["introduced"]["date"] == f"{head['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
    text = run("report", "akpatrol.sqlite3", "-f", "text", "-o", "-").out
    assert f"{s3.address}/backup/app.zip > zip:app.env:1:" in text
    assert f"since {place['introduced']['id'][:12]}" in text
    sarif = json.loads(run("report", "akpatrol.sqlite3", "-f", "sarif", "-o", "-").out)
    location = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": f"{s3.address}/backup/app.zip"}


def test_a_prefix_is_what_keys_begin_with(run: Run, s3: Bucket, new_key: Callable[[], str]) -> None:
    inside, beside, other = new_key(), new_key(), new_key()
    put(s3, "logs/one", inside)
    put(s3, "logs2/two", beside)
    put(s3, "other", other)
    result = swept(run, s3, words=(f"{s3.address}/logs",))
    assert [place["path"] for secret in (inside, beside) for place in result.found(secret)] == ["logs/one", "logs2/two"]
    assert not result.found(other)
    only = swept(run, s3, "--exclude", "logs2/", words=(f"{s3.address}/logs",))
    assert only.excluded == {"exclude_option": 1}
    assert not only.found(beside)


def test_a_bucket_is_unchanged_until_an_object_is(run: Run, s3: Bucket, new_key: Callable[[], str]) -> None:
    first, second = new_key(), new_key()
    put(s3, "one", first)
    put(s3, "two", "nothing")
    assert "1 read, 0 unchanged" in swept(run, s3).err
    assert "0 read, 1 unchanged" in swept(run, s3).err
    put(s3, "three", second)
    changed = swept(run, s3)
    assert "1 read, 0 unchanged" in changed.err
    assert changed.found(first)
    assert changed.found(second)
    s3.client.delete_object(Bucket=s3.name, Key="one")
    assert not swept(run, s3).found(first)


@pytest.mark.slow
def test_a_bucket_is_divided(run: Run, s3: Bucket, new_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Among two processes, and the report is that of one."""
    secrets = [new_key() for _ in range(4)]
    buckets.fill(s3, ((f"{number:05}", b"nothing") for number in range(_MANY)))
    for number, secret in enumerate(secrets):
        put(s3, f"{number * _MANY // len(secrets):05}", secret)
    whole = swept(run, s3, "--no-cache", "--store", "whole")
    parts = divide(monkeypatch, 1 << 20)
    words = ("sweep", s3.address, "--no-cache", "--store", "divided", "--jobs", "2")
    divided = run(*words, cwd=None, **s3.variables)
    assert parts[0] > 1
    assert same(divided.json) == same(whole.json)
    assert len(whole.json["credentials"]) == len(secrets)


def test_versions_and_deleted_objects_on_request(run: Run, s3: Bucket, new_key: Callable[[], str]) -> None:
    old, deleted = new_key(), new_key()
    s3.client.put_bucket_versioning(Bucket=s3.name, VersioningConfiguration={"Status": "Enabled"})
    version = put(s3, "app.env", old)
    put(s3, "app.env", "nothing any more")
    gone = put(s3, "gone.env", deleted)
    s3.client.delete_object(Bucket=s3.name, Key="gone.env")
    assert swept(run, s3).code == 0
    result = swept(run, s3, "--bucket-versions")
    assert result.one(old)["path"] == f"app.env?versionId={version}"
    assert f"version {version}" in result.one(old)["introduced"]["summary"]
    assert result.one(deleted)["path"] == f"gone.env?versionId={gone}"
    assert "0 read, 1 unchanged" in swept(run, s3, "--bucket-versions").err


def test_what_cannot_be_read_is_counted(run: Run, s3: Bucket, key: str) -> None:
    put(s3, "cold", "x", StorageClass="DEEP_ARCHIVE")
    for number in range(25):
        put(s3, f"glacier/{number:02}", "x", StorageClass="GLACIER")
    put(s3, "warm", key, StorageClass="GLACIER_IR")
    result = swept(run, s3)
    assert result.code == 1
    assert result.found(key)
    reasons = [skip["reason"] for skip in result.skipped]
    assert "in the archive tier DEEP_ARCHIVE: restore it to read it" in reasons
    assert "5 more objects: in the archive tier GLACIER: restore it to read it" in reasons
    assert len(reasons) == 22


def test_a_bucket_that_is_not_there(run: Run, s3: Bucket) -> None:
    result = swept(run, s3, words=("s3://there-is-no-such-bucket",))
    assert result.code == 3
    (skip,) = result.skipped
    assert skip["reason"] == "there is no such bucket"


def test_a_bucket_that_is_gone_is_pruned(run: Run, s3: Bucket, key: str) -> None:
    put(s3, "one", key)
    assert swept(run, s3).found(key)
    s3.client.delete_object(Bucket=s3.name, Key="one")
    s3.client.delete_bucket(Bucket=s3.name)
    assert not swept(run, s3, "--prune", "--allow-empty", words=(".",)).found(key)


def test_a_server_that_does_not_answer(run: Run, s3: Bucket) -> None:
    nobody = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{buckets.free_port()}", "AWS_MAX_ATTEMPTS": "1"}
    result = swept(run, s3._replace(variables={**s3.variables, **nobody}))
    assert result.code == 3
    assert [skip["reason"] for skip in result.skipped] == ["the server cannot be reached: EndpointConnectionError"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("s3://", "not the address of a bucket"),
        ("s3://user:secret@bucket/x", "an address holds no user, password or key"),
        ("gs://UPPER bucket", "not the address of a bucket"),
        ("S3://bucket", "refused"),
    ],
)
def test_an_address_that_is_none(run: Run, word: str, said: str) -> None:
    result = run("sweep", word)
    assert result.code == 2
    assert said in result.err
    assert "secret" not in result.err


def test_a_line_of_a_list_that_is_no_bucket_is_a_skip(run: Run, s3: Bucket, key: str, tmp_path: Path) -> None:
    put(s3, "one", key)
    (tmp_path / "list").write_text(f"{s3.address}\ns3://\n")
    result = swept(run, s3, words=(f"@{tmp_path / 'list'}",))
    assert result.found(key)
    assert "not the address of a bucket" in result.skipped[0]["reason"]


def test_a_key_that_holds_a_credential_is_masked(run: Run, s3: Bucket, key: str) -> None:
    put(s3, f"dump-{key}.txt", "nothing")
    result = swept(run, s3)
    assert result.one(key, "path")
    assert key not in json.dumps(result.json) + result.out + result.err


def test_killed_and_resumed(s3: Bucket, new_key: Callable[[], str], tmp_path: Path, run: Run) -> None:
    """What was read before a kill is not asked for again, and nothing is lost."""
    secrets = [new_key() for _ in range(4)]
    buckets.fill(s3, ((f"{number:05}", b"nothing") for number in range(_MANY)))
    for number, secret in enumerate(secrets):
        put(s3, f"{number * _MANY // len(secrets):05}", secret)
    store = tmp_path / "store"
    variables = {**s3.variables, "XDG_CACHE_HOME": str(tmp_path / "caches")}
    words = ("sweep", s3.address, "--store", store, "--jobs", "1", "-f", "json", "-o", tmp_path / "report.json")
    process = start(*words, variables=variables)
    cache = tmp_path / "caches" / "akpatrol" / "read.sqlite3-wal"
    while process.poll() is None and not (cache.exists() and cache.stat().st_size):
        time.sleep(0.01)
    assert end(process).code == -signal.SIGKILL
    assert finish(start(*words, variables=variables)).code == 1
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["summary"]["credentials"] == len(secrets)
    assert report["coverage"]["counts"]["objects"] == _MANY
    assert run("report", store).json["summary"] == report["summary"]


def test_google(run: Run, key: str, tmp_path: Path) -> None:
    directory = tmp_path / "data" / "leaks"
    directory.mkdir(parents=True)
    (directory / "app.zip").write_bytes(archived(f"ANYREACH_API_KEY={key}\n"))
    (directory / "small").write_text("nothing")
    with buckets.gs(tmp_path / "data") as bucket:
        place = swept(run, bucket).one(key)
        assert (place["path"], place["containers"]) == ("app.zip", ["zip:app.env"])
        assert place["introduced"]["date"]
        assert "0 read, 1 unchanged" in swept(run, bucket).err
        missing = swept(run, bucket, "--store", "other", words=("gs://nowhere-at-all",))
    assert [skip["reason"] for skip in missing.skipped] == ["there is no such bucket, or the object is no longer there"]


def test_versions_of_google(run: Run, new_key: Callable[[], str], tmp_path: Path) -> None:
    old, deleted = new_key(), new_key()
    (tmp_path / "data").mkdir()
    with buckets.gs(tmp_path / "data") as bucket:
        server = bucket.variables["STORAGE_EMULATOR_HOST"]
        with httpx.Client(base_url=server) as client:
            client.post("/storage/v1/b", json={"name": bucket.name, "versioning": {"enabled": True}})
            upload = f"/upload/storage/v1/b/{bucket.name}/o"
            for name, text in (("a//b", old), ("a//b", "nothing"), ("gone", deleted)):
                client.post(upload, params={"uploadType": "media", "name": name}, content=text)
            client.delete(f"/storage/v1/b/{bucket.name}/o/gone")
        assert swept(run, bucket).code == 0
        result = swept(run, bucket, "--bucket-versions")
    for secret, name in ((old, "a//b"), (deleted, "gone")):
        place = result.one(secret)
        assert place["path"] == f"{name}?versionId={place['introduced']['id']}"


def test_azure(run: Run, new_key: Callable[[], str], tmp_path: Path) -> None:
    whole, slashed = new_key(), new_key()
    with buckets.az(tmp_path) as bucket:
        bucket.client.upload_blob("app.zip", archived(f"ANYREACH_API_KEY={whole}\n"))
        bucket.client.upload_blob("a//b", f"ANYREACH_API_KEY={slashed}\n")
        cold = bucket.client.upload_blob("cold", b"x")
        cold.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
        result = swept(run, bucket)
        assert (result.one(whole)["path"], result.one(whole)["containers"]) == ("app.zip", ["zip:app.env"])
        assert result.one(slashed)["path"] == "a//b"
        assert [skip["reason"] for skip in result.skipped] == ["in the archive tier: rehydrate it to read it"]
        missing = swept(run, bucket, "--store", "other", words=("az://nowhere",))
    assert missing.skipped[0]["reason"] == "there is no such container, or the blob is no longer there"


def test_scan_names_the_sweep_for_an_address(run: Run) -> None:
    result = run("scan", "s3://leaks/app")
    assert result.code == 2
    assert "akpatrol sweep reads buckets" in result.err
