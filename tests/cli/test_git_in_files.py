"""Repositories in files: bundles, packs and git directories in archives hold what their history holds."""

from __future__ import annotations

import gzip
import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.corpus import packing
from tests.credentials import organization_key, personal_access_token
from tests.property.test_packs import grow
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run


def _leaky(directory: Path, *init: str) -> tuple[Repository, set[str]]:
    """Return a repository with credentials everywhere that an object can hold one."""
    rng = Random(11)
    repo = Repository(directory, *init)
    keys = [organization_key(rng) for _ in range(5)] + [personal_access_token(rng)]
    lines = [rng.randbytes(12).hex() for _ in range(200)]
    repo.commit_file("src/app.py", "\n".join(lines))
    repo.commit_file("src/app.py", "\n".join([*lines[:50], f'KEY = "{keys[0]}"', *lines[50:]]))
    repo.commit_file("src/app.py", "\n".join(lines))
    repo.commit_file("deep/er/.env", f"TOKEN={keys[1]}\nANYREACH_TOKEN={keys[5]}\n", f"Add\n\nwith {keys[2]}\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("lib.zip", packing.zip_bytes({"a.env": keys[3].encode()}))
    repo.git("tag", "-a", "-m", f"Release {keys[4]}", "v1")
    repo.git("checkout", "-q", "main")
    # Larger than a chunk, and in words: a long run of digits would be decoded each time.
    repo.commit_file("large.txt", rng.randbytes(3 << 20).hex(" ", 3))
    return repo, {key[:7] for key in keys}


def _found(result: object) -> set[str]:
    return {credential["fingerprint"] for credential in result.json["credentials"]}  # type: ignore[attr-defined]


def _git_directory(repo: Repository) -> dict[str, bytes]:
    files = sorted(file for file in repo.git_dir.rglob("*") if file.is_file())
    return {str(file.relative_to(repo.git_dir)): file.read_bytes() for file in files}


def _bundle(repo: Repository) -> bytes:
    repo.git("bundle", "create", "-q", repo.path.parent / "b", "--all")
    return (repo.path.parent / "b").read_bytes()


def _below(directory: str, members: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{directory}/{name}": data for name, data in members.items()}


def _packed(repo: Repository) -> dict[str, bytes]:
    repo.git("gc", "-q")
    return _git_directory(repo)


def _export(repo: Repository) -> bytes:
    """Return the layout of a project's export."""
    members = {"VERSION": b"0.2.4", "tree/project.json": b"{}", "project.bundle": _bundle(repo)}
    return gzip.compress(packing.tar_bytes(members))


_WAYS: dict[str, Callable[[Repository], bytes]] = {
    "bundle": _bundle,
    "loose objects in tar": lambda repo: packing.tar_bytes(_below("x/.git", _git_directory(repo))),
    "packs in tar": lambda repo: packing.tar_bytes(_below(".git", _packed(repo))),
    "packs in zip": lambda repo: packing.zip_bytes(_below("owner/name.git", _packed(repo))),
    "export": _export,
    "bundle in zip in tar.gz": lambda repo: gzip.compress(
        packing.tar_bytes({"a.zip": packing.zip_bytes({"b.bundle": _bundle(repo)})})
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize("way", _WAYS)
def test_what_history_finds_is_found(run: Run, tmp_path: Path, way: str, form: str) -> None:
    repo, keys = _leaky(tmp_path / "r", f"--object-format={form}")
    history = run("history", repo.path)
    assert len(history.json["credentials"]) == len(keys)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(_WAYS[way](repo))
    result = run("scan", tmp_path / "in")
    assert result.code == 1
    assert result.complete
    assert _found(result) == _found(history)


@pytest.mark.parametrize("way", _WAYS)
def test_a_clean_repository_is_complete(run: Run, tmp_path: Path, way: str) -> None:
    repo = Repository(tmp_path / "r")
    grow(repo, Random(12))
    (tmp_path / "f").write_bytes(_WAYS[way](repo))
    shutil.rmtree(repo.path)
    (tmp_path / "b").unlink(missing_ok=True)
    result = run("scan", tmp_path)
    assert (result.code, result.complete, result.json["credentials"]) == (0, True, [])


@pytest.mark.slow
def test_places_lead_there(run: Run, tmp_path: Path) -> None:
    repo, _ = _leaky(tmp_path / "r")
    added = repo.id("main~3")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f.bundle").write_bytes(_bundle(repo))
    result = run("scan", tmp_path / "in")
    places = {
        " > ".join(occurrence["containers"]): occurrence
        for credential in result.json["credentials"]
        for occurrence in credential["occurrences"]
    }
    assert {
        f"git:src/app.py@{added[:12]}",
        f"git:deep/er/.env@{repo.id('main~1')[:12]}",
        f"git:commit {repo.id('main~1')[:12]}",
        f"git:lib.zip@{repo.id('side')[:12]} > zip:a.env",
        f"git:tag {repo.id('v1')[:12]}",
    } == set(places)
    assert places[f"git:src/app.py@{added[:12]}"]["line"] == 51
    assert {place["path"] for place in places.values()} == {"f.bundle"}


def test_in_a_tree_names_and_refs(run: Run, tmp_path: Path, key: str) -> None:
    repo = Repository(tmp_path / "r")
    commit = repo.commit_file(f"d/{key}/x", "x")
    repo.git("branch", f"w/{key}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(_bundle(repo))
    occurrences = run("scan", tmp_path / "in").json["credentials"][0]["occurrences"]
    assert {(place["place"], *place["containers"]) for place in occurrences} >= {("path", f"git:d/@{commit[:12]}")}
    found = run("scan", tmp_path / "in").json["credentials"]
    labels = {place["containers"][0] for each in found for place in each["occurrences"]}
    assert any(label.startswith("git bundle:refs/heads/w/") for label in labels)


def test_a_thin_pack_tells_what_it_lacks(run: Run, tmp_path: Path) -> None:
    rng = Random(13)
    repo = Repository(tmp_path / "r")
    lines = [rng.randbytes(20).hex() for _ in range(300)]
    repo.commit_file("a", "\n".join(lines))
    key = organization_key(rng)
    repo.commit_file("a", "\n".join([*lines, f"KEY={key}"]))
    (tmp_path / "in").mkdir()
    repo.git("bundle", "create", "-q", tmp_path / "in" / "new.bundle", "main~1..main")
    result = run("scan", tmp_path / "in")
    assert (result.code, result.complete) == (1, False)
    assert result.one(key)["containers"][0].startswith("git:delta at byte ")
    assert "1 object needs others" in result.skipped[0]["reason"]


@pytest.mark.slow
def test_a_bundle_in_history(run: Run, tmp_path: Path) -> None:
    inner, _ = _leaky(tmp_path / "r")
    outer = Repository(tmp_path / "o")
    outer.commit_file("backup/all.bundle", _bundle(inner))
    result = run("history", outer.path)
    assert result.complete
    assert _found(result) == _found(run("history", inner.path))
    paths = {place["path"] for each in result.json["credentials"] for place in each["occurrences"]}
    assert paths == {"backup/all.bundle"}


def test_an_index_without_its_pack(run: Run, tmp_path: Path) -> None:
    repo, _ = _leaky(tmp_path / "r")
    members = {name: data for name, data in _packed(repo).items() if not name.endswith(".pack")}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(packing.tar_bytes(_below("x.git", members)))
    result = run("scan", tmp_path / "in")
    assert not result.complete
    assert [skip["item"] for skip in result.skipped] == ["f > tar:x.git"]
    assert "a pack not in it" in result.skipped[0]["reason"]
