"""A target that is read in parts gives what it gives when it is read whole, whatever became of the parts."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence, Target
from akpatrol.rules import rule_file
from akpatrol.sources.bucket import source as bucket_source
from akpatrol.sources.bucket import unit as bucket_unit
from akpatrol.sources.bucket.store import StoredObject
from akpatrol.sources.registry import client as registry_client
from akpatrol.sources.registry import source as registry_source
from akpatrol.sweep import division, work
from akpatrol.sweep.target_kinds import table
from tests.repositories import Repository
from tests.unit.sources.registry.peer import BASE, Peer, listed
from tests.unit.sources.registry.test_catalogue import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SPEC = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM, use_cache=False, part_bytes=500)


@pytest.fixture
def repository(tmp_path: Path, new_key: Callable[[], str]) -> Target:
    """Return a repository with a credential in every commit."""
    repo, rng = Repository(tmp_path / "repo"), Random("division")
    for number in range(12):
        repo.commit_file(f"file{number}", f"{rng.randbytes(200).hex()}\nKEY={new_key()}\n", f"Add {new_key()}")
    repo.git("repack", "-adq")
    return Target("0", "repository", str(repo.path))


@pytest.fixture
def directory(tmp_path: Path, new_key: Callable[[], str]) -> Target:
    place = tmp_path / "files"
    place.mkdir()
    for number in range(600):
        (place / f"{number:03}").write_text(f"KEY={new_key()}\n" if number % 50 == 0 else "nothing\n")
    return Target("0", "directory", str(place))


class _Objects:
    """A bucket in memory, and the keys that were read."""

    held: ClassVar[dict[str, bytes]] = {}
    read_of: ClassVar[list[str]] = []

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        del prefix, versions
        yield [StoredObject(key, len(data), f'"{key}"', "2026-01-02T03:04:05Z") for key, data in self.held.items()]

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        self.read_of.append(stored.key)
        return self.held[stored.key][start : start + length]

    def close(self) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, new_key: Callable[[], str]) -> Target:
    texts = (f"KEY={new_key()}\n" if number % 100 == 0 else "nothing\n" for number in range(1000))
    _Objects.held = {f"{number:04}": text.encode() for number, text in enumerate(texts)}
    _Objects.read_of = []

    @contextmanager
    def opened(_address: object) -> Iterator[_Objects]:
        yield _Objects()

    monkeypatch.setattr(bucket_source, "opened", opened)
    monkeypatch.setattr(bucket_unit, "opened", opened)
    return Target("0", "bucket", "s3://leaks")


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def images(peer: Peer, monkeypatch: pytest.MonkeyPatch, new_key: Callable[[], str]) -> Target:
    """Return a repository of twelve images, which share a layer."""
    shared, padding = f"KEY={new_key()}\n".encode(), b"padding\n" * 100
    for number in range(12):
        layers = [shared, (f"KEY={new_key()}\n" if number % 3 == 0 else f"nothing {number}\n").encode() + padding]
        named = [{"digest": peer.blob(layer), "size": len(layer)} for layer in layers]
        hold(peer, {"layers": named}, f"v{number}")
    peer.answers["/v2/a/tags/list?n=1000"] = listed({"tags": [f"v{number}" for number in range(12)]})

    @contextmanager
    def opened(_base: str) -> Iterator[registry_client.RegistryClient]:
        yield peer.client()

    monkeypatch.setattr(registry_source, "opened", opened)
    monkeypatch.setattr(registry_client, "opened", opened)
    return Target("0", "images", f"{BASE}/a")


def parts_of(spec: work.ScanSpec, target: Target) -> tuple[bytes, ...]:
    divided = division.divided(spec, target)
    assert divided
    assert len(divided.parts) > 1
    return divided.parts


def told(result: work.TargetResult) -> Any:
    document = result.document
    return document["coverage"], document["credentials"], document["summary"]


@pytest.mark.parametrize("nameless", [False, True], ids=["as found", "without secrets"])
@pytest.mark.parametrize("kind", ["repository", "directory", "bucket", "images"])
def test_parts_make_the_whole(kind: str, nameless: bool, request: pytest.FixtureRequest) -> None:
    target, spec = request.getfixturevalue(kind), _SPEC._replace(nameless=nameless)
    whole = work.scan_target(spec, target)
    results = [division.read(spec, part) for part in parts_of(spec, target)]
    assert told(division.united(spec, target, results)) == told(whole)
    secrets = [
        found.secret.reveal() for found in work.scan_target(spec._replace(secrets=True), target).secrets.values()
    ]
    assert secrets
    assert any(secret in result for secret in secrets for result in results) is not nameless


def test_a_part_that_was_lost_is_read_by_who_puts_them_together(repository: Target) -> None:
    results = [division.read(_SPEC, part) for part in parts_of(_SPEC, repository)]
    lost = [b"", *results[2:]]
    assert told(division.united(_SPEC, repository, lost)) == told(work.scan_target(_SPEC, repository))


def test_a_repository_that_is_repacked_meanwhile(repository: Target) -> None:
    results = [division.read(_SPEC, part) for part in parts_of(_SPEC, repository)]
    repo = Repository(Path(repository.root))
    repo.commit_file("more", "more")
    repo.git("repack", "-adfq", "--depth=1")
    assert told(division.united(_SPEC, repository, results)) == told(work.scan_target(_SPEC, repository))


def test_a_file_that_changes_meanwhile(directory: Target, tmp_path: Path, new_key: Callable[[], str]) -> None:
    results = [division.read(_SPEC, part) for part in parts_of(_SPEC, directory)]
    (tmp_path / "files" / "0000").write_text(f"KEY={new_key()}\n")
    assert told(division.united(_SPEC, directory, results)) == told(work.scan_target(_SPEC, directory))


def test_what_is_read_in_parts_is_kept_in_the_cache(
    repository: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = _SPEC._replace(use_cache=True)
    results = [division.read(spec, part) for part in parts_of(spec, repository)]
    first = told(division.united(spec, repository, results))
    assert division.divided(spec, repository) is None
    assert told(work.scan_target(spec, repository)) == first


def test_a_secret_in_a_name_stays_with_the_worker(tmp_path: Path, key: str) -> None:
    place = tmp_path / "files"
    place.mkdir()
    for number in range(600):
        (place / f"{number:03}").touch()
    (place / key).write_text("nothing\n")
    spec, target = _SPEC._replace(nameless=True), Target("0", "directory", str(place))
    assert not any(key.encode() in zlib.decompress(part) for part in parts_of(spec, target))
    assert any(key.encode() in zlib.decompress(part) for part in parts_of(_SPEC, target))


@pytest.mark.parametrize("nameless", [False, True], ids=["as found", "without secrets"])
@pytest.mark.parametrize("kind", ["bucket", "images"])
def test_a_part_that_was_read_is_known_at_once(
    kind: str, nameless: bool, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To who puts the parts together, and to the sweep after one that was killed before."""
    target = request.getfixturevalue(kind)
    whole = told(work.scan_target(_SPEC, target))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = _SPEC._replace(use_cache=True, nameless=nameless)
    parts = parts_of(spec, target)
    results = [division.read(spec, part) for part in parts[:-1]]
    resumed = division.divided(spec, target)
    assert resumed is None or resumed.parts == parts[-1:]
    assert told(division.united(spec, target, [*results, division.read(spec, parts[-1])])) == whole
    assert told(division.united(spec, target, [])) == whole
    assert told(work.scan_target(spec, target)) == whole


def test_nothing_is_asked_twice_for_what_was_read(
    bucket: Target, images: Target, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a bucket but the objects with findings, which are a small part of their units."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = _SPEC._replace(use_cache=True)
    for target in (bucket, images):
        results = [division.read(spec, part) for part in parts_of(spec, target)]
        _Objects.read_of.clear()
        peer.asked.clear()
        division.united(spec, target, results)
        assert len(_Objects.read_of) <= 10
        assert not any("/blobs/" in request.url.path for request in peer.asked)


def test_many_small_objects_are_large(bucket: Target, images: Target) -> None:
    """To ask for them takes longer than to read them, and tags are images, whatever their size."""
    spec = _SPEC._replace(part_bytes=32 << 20)
    _Objects.held = {f"{number:04}": b"" for number in range(1100)}
    assert division.is_large(spec, table.look(bucket).size)
    assert division.is_large(spec, table.look(images).size)
    one = images._replace(root=f"{images.root}:v4")
    assert 0 < table.look(one).size < 1000
