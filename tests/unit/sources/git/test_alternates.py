"""Lists of object directories, as git writes and reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import alternates
from tests.objects import git_of
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["plain", "with space", 'quo"te', "line\nend", "back\\slash", "caf\xe9", "#"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    """By git and here alike."""
    lender, repo = Repository(tmp_path / name), Repository(tmp_path / "repo")
    id_ = lender.blob("lent")
    store = os.fsencode(lender.git_dir / "objects")
    (repo.git_dir / "objects/info/alternates").write_bytes(alternates.written([store]))
    assert repo.git("cat-file", "blob", id_) == "lent"
    found, skips = alternates.directories(git_of(repo))
    assert (found[1:], skips) == ([store], [])


def test_circles_and_depth(tmp_path: Path) -> None:
    chain = [Repository(tmp_path / f"{number}") for number in range(8)]
    for repo, following in zip(chain, [*chain[1:], chain[0]], strict=True):
        (repo.git_dir / "objects/info/alternates").write_text(f"{following.git_dir}/objects\n")
    found, skips = alternates.directories(git_of(chain[0]))
    assert len(found) == 6
    assert ["nested too deep" in skip.reason for skip in skips] == [True]
