"""The loose objects of an object directory, whether or not it can be listed itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.sources.git.packs.object_directories import listed, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.repositories import Repository


def _loose(repo: Repository) -> set[str]:
    found = listed(os.fsencode(repo.git_dir / "objects"), 20)
    return {*found.ids(20, *found.loose)}


def test_no_directory_is_asked_for_that_is_not_there(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {repo.blob(f"{number}") for number in range(5)}
    asked: list[bytes] = []
    scandir = os.scandir

    def watched(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        asked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", watched)
    assert _loose(repo) == ids
    assert {os.path.basename(path).decode() for path in asked} == {id_[:2] for id_ in ids}


def test_a_directory_that_may_be_entered_but_not_listed(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {repo.blob(f"{number}") for number in range(5)}

    def refused(path: bytes) -> list[bytes]:
        raise PermissionError(path)

    monkeypatch.setattr(os, "listdir", refused)
    assert _loose(repo) == ids


def test_objects_are_measured_as_git_counts_them(repo: Repository) -> None:
    for number in range(5):
        repo.commit_file(f"f{number}", f"{number}\n" * 100)
    repo.pack()
    repo.commit_file("loose", "loose\n")
    counts = dict(line.split(": ") for line in repo.git("count-objects", "-v").splitlines())
    objects, size = measured(os.fsencode(repo.git_dir / "objects"))
    assert objects == int(counts["count"]) + int(counts["in-pack"])
    files = [*(repo.git_dir / "objects").glob("??/*"), *(repo.git_dir / "objects/pack").glob("*.pack")]
    assert size == sum(file.stat().st_size for file in files)
    assert measured(os.fsencode(repo.git_dir / "nothing")) == (0, 0)
