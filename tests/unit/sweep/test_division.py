"""A target that is read in parts gives what it gives when it is read whole, whatever became of the parts."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence, Target
from akpatrol.rules import rule_file
from akpatrol.sweep import division, work
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

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


def parts_of(spec: work.ScanSpec, target: Target) -> tuple[bytes, ...]:
    divided = division.divided(spec, target)
    assert divided
    assert len(divided.parts) > 1
    return divided.parts


def told(result: work.TargetResult) -> Any:
    document = result.document
    return document["coverage"], document["credentials"], document["summary"]


@pytest.mark.parametrize("nameless", [False, True], ids=["as found", "without secrets"])
@pytest.mark.parametrize("kind", ["repository", "directory"])
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
    assert not any(key.encode() in part for part in parts_of(spec, target))
    assert any(key.encode() in part for part in parts_of(_SPEC, target))
