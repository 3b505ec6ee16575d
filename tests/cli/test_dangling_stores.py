"""An unreadable part of an object database is reported, even if no ref needs it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a credential in a pack of its own that nothing refers to."""
    repo = Repository(tmp_path_factory.mktemp("built") / "repo")
    repo.commit_file("kept", "x\n")
    repo.git("repack", "-q", "-a", "-d", "-b")
    dangling = repo.blob(organization_key(Random("dangling")))
    repo.git("pack-objects", "-q", str(repo.git_dir / "objects/pack/pack"), stdin=dangling + "\n")
    repo.git("prune-packed")
    return repo


@pytest.fixture(params=["own", "alternate"])
def copied(built: Repository, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Repository, Path, str]:
    """The repository to read, the object directory with that pack, and that directory's name in reports."""
    shutil.copytree(built.path, tmp_path / "lender")
    lender = Repository(tmp_path / "lender")
    if request.param == "own":
        return lender, lender.git_dir / "objects", "objects"
    borrower = Repository(tmp_path / "borrower")
    borrower.commit_file("y", "y\n")
    (borrower.git_dir / "objects/info/alternates").write_text(f"{lender.git_dir}/objects\n")
    return borrower, lender.git_dir / "objects", f"{lender.git_dir}/objects"


def _dangling(directory: Path) -> Path:
    """Return the pack that has no bitmap."""
    (found,) = (pack for pack in directory.glob("pack/*.pack") if not pack.with_suffix(".bitmap").exists())
    return found


def _as_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _as_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _as_dangling_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


@pytest.mark.parametrize("suffix", [".pack", ".idx"])
@pytest.mark.parametrize("how", [Path.unlink, _as_directory, _as_fifo, _as_dangling_link])
def test_half_a_pack(run: Run, copied: tuple[Repository, Path, str], suffix: str, how: Callable[[Path], None]) -> None:
    repo, directory, label = copied
    pack = _dangling(directory)
    how(pack.with_suffix(suffix))
    result = run("history", repo.path)
    other = {".pack": ".idx", ".idx": ".pack"}[suffix] if how is Path.unlink else suffix
    assert (result.code, result.complete) == (3, False)
    assert [skip["item"] for skip in result.skipped] == [f"{label}/pack/{pack.with_suffix(other).name}"]


@pytest.mark.parametrize("suffix", [".pack", ".idx"])
@pytest.mark.parametrize("content", [b"", bytes(4000), b"PACK", b"\xfftOc\0\0\0\2\0"])
def test_what_is_no_pack(run: Run, copied: tuple[Repository, Path, str], suffix: str, content: bytes) -> None:
    """It costs its own objects and no others."""
    repo, directory, label = copied
    file = _dangling(directory).with_suffix(suffix)
    damage(file, content)
    result = run("history", repo.path)
    assert result.code == 3
    assert [skip["item"] for skip in result.skipped] == [f"{label}/pack/{file.name}"]
    assert result.json["coverage"]["counts"]["commits"] == 1 + (label != "objects")


@pytest.mark.parametrize("name", ["pack", "info", "0a"])
def test_directory_that_is_a_file(run: Run, copied: tuple[Repository, Path, str], name: str) -> None:
    repo, directory, label = copied
    shutil.rmtree(directory / name, ignore_errors=True)
    (directory / name).write_bytes(b"x")
    result = run("history", repo.path)
    assert f"{label}/{name}" in [skip["item"] for skip in result.skipped]


def test_what_holds_no_object(run: Run, copied: tuple[Repository, Path, str]) -> None:
    """Its content is nobody's loss, but what cannot be opened may be anything."""
    repo, directory, label = copied
    (bitmap,) = directory.glob("pack/*.bitmap")
    damage(bitmap, bytes(100))
    result = run("history", repo.path)
    assert (result.code, result.complete) == (1, True)
    _as_directory(bitmap)
    result = run("history", repo.path)
    assert [skip["item"] for skip in result.skipped] == [f"{label}/pack/{bitmap.name}"]


@pytest.mark.parametrize("content", ["", "\n", "\0\0\0\0", "/nowhere\n"])
def test_alternates_that_lead_nowhere(run: Run, built: Repository, tmp_path: Path, content: str) -> None:
    shutil.copytree(built.path, tmp_path / "repo")
    (tmp_path / "repo/.git/objects/info/alternates").write_text(content)
    result = run("history", tmp_path / "repo")
    assert ([skip["item"] for skip in result.skipped], result.complete) == (
        ["object database" if content.strip() else "objects/info/alternates"],
        False,
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("suffix", [".pack", ".idx", ""])
def test_without_permission(run: Run, copied: tuple[Repository, Path, str], suffix: str) -> None:
    repo, directory, label = copied
    file = _dangling(directory).with_suffix(suffix) if suffix else directory / "pack"
    file.chmod(0)
    result = run("history", repo.path)
    file.chmod(0o755)
    item = f"{label}/{file.relative_to(directory)}"
    assert {skip["item"]: skip["reason"] for skip in result.skipped}[item].endswith("Permission denied")
