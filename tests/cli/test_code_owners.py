"""Owners by CODEOWNERS: read from the scanned tree, in a range from its base, and in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.report import FORMATS
from tests.program import execute, inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_RULES = "* @everyone\nsub/ @org/sub-team\n"


@pytest.mark.parametrize("file", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"])
def test_owners_of_the_path_whatever_is_scanned(run: Run, repo: Repository, key: str, file: str) -> None:
    repo.write(file, _RULES)
    repo.write("sub/f.env", f"KEY={key}\n")
    repo.git("add", "-A")
    for words in (("staged",), ("scan", "."), ("scan", "sub"), ("scan", "sub/f.env"), ("scan", "--tracked", ".")):
        assert run(*words, cwd=repo.path).one(key)["owners"] == ["@org/sub-team"], words
    repo.commit(f"Add {key}")
    owners = {one["place"]: one["owners"] for one in run("history", repo.path).found(key)}
    assert owners["content"] == ["@org/sub-team"]
    assert owners["commit_message"] == []


def test_the_first_file_counts(run: Run, repo: Repository, key: str) -> None:
    repo.write("CODEOWNERS", "* @second\n")
    repo.write(".github/CODEOWNERS", "* @first\n")
    repo.write("f", key)
    assert run("scan", repo.path).one(key)["owners"] == ["@first"]


def test_a_range_takes_them_from_its_base(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("CODEOWNERS", "* @before\n")
    repo.write("CODEOWNERS", "* @mallory\n")
    repo.commit_file("f", key)
    assert run("history", "--range", "HEAD~1..HEAD", repo.path).one(key, "content")["owners"] == ["@before"]


def test_a_tree_without_and_a_stream_have_none(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    repo.write("f", key)
    assert run("scan", repo.path).one(key)["owners"] == []
    repo.write("CODEOWNERS", _RULES)
    bare = tmp_path / "bare"
    repo.commit()
    repo.git("clone", "-q", "--bare", repo.path, bare)
    assert run("history", bare).one(key)["owners"] == []
    done = inside("scan", "-", stdin=key.encode(), cwd=repo.path)
    assert b"owners" not in done.out


@pytest.mark.parametrize("kind", ["link", "directory", "large"])
def test_a_file_that_cannot_be_read_names_nobody(
    run: Run, repo: Repository, tmp_path: Path, key: str, kind: str
) -> None:
    repo.write("f", key)
    file = repo.path / "CODEOWNERS"
    if kind == "link":
        (tmp_path / "outside").write_text("* @outside\n")
        file.symlink_to(tmp_path / "outside")
    elif kind == "directory":
        file.mkdir()
    else:
        file.write_text("* @all\n" * 500_000)
    result = run("scan", repo.path)
    assert (result.code, result.one(key)["owners"]) == (1, [])


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_names_them(repo: Repository, key: str, format_: str) -> None:
    repo.write("CODEOWNERS", f"f @platform {key}@example.org\n")
    repo.write("f", key)
    done = inside("scan", "f", "-f", format_, cwd=repo.path)
    assert b"platform" in done.out
    assert key[-16:].encode() not in done.written


def test_an_earlier_report_keeps_them(run: Run, repo: Repository, key: str) -> None:
    repo.write("CODEOWNERS", "* @platform\n")
    repo.write("f", key)
    inside("scan", "f", "-f", "json", "-o", "../r.json", cwd=repo.path)
    assert run("report", repo.path.parent / "r.json").one(key)["owners"] == ["@platform"]


def test_a_clean_run_does_without(repo: Repository) -> None:
    repo.commit_file("CODEOWNERS", _RULES)
    repo.write("f", "nothing\n")
    repo.git("add", "f")
    noted = "import atexit, sys; atexit.register(lambda: print([one for one in sys.modules if 'owner' in one]))"
    assert execute("staged", "-q", patch=noted, cwd=repo.path).out == b"[]\n"
