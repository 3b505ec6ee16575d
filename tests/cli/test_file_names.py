"""Names that a hook's caller appends are names of files, whatever they look like; options go on working."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

NAMES = [
    "--exit-zero", "--exclude=**", "--exclude=k.env", "--exclude", "--fail-on=live", "--hashes=h", "--help", "-h", "--",
    "--version", "-q", "-qv", "-rf.env", "-fjson", "--output=out", "-oout", "--report=json:out", "--config=c.toml",
    "--config", "--min-confidence=high", "--no-decode", "--verify", "--api-url=http://127.0.0.1:9", "-", "-C", "-C..",
    "@k.env", "C:\\x", "--exclude=src/app.py", "-v/x", "--exit", "---", "--=", "-=", "--exit-zero=1",
]  # fmt: skip


def stage(repo: Repository, names: Iterable[str], content: str = "x\n") -> None:
    """Write and stage files of these names."""
    for name in names:
        repo.write(f"./{name}", content)
    repo.git("add", "-A")


@pytest.fixture
def leaking(repo: Repository, key: str) -> Repository:
    """A repository with a commit, and a leak that is staged, with a hash list, a configuration and a file in reach."""
    repo.commit_file("h", "0" * 64)
    stage(repo, ["k.env"], key)
    stage(repo, ["c.toml"], 'verify = true\napi_url = "http://127.0.0.1:9"\n')
    stage(repo, ["h"], "1" * 64)
    return repo


@pytest.mark.slow
def test_the_name_of_a_file_is_no_option(run: Run, leaking: Repository, key: str) -> None:
    stage(leaking, NAMES)
    before = sorted(os.listdir(leaking.path))
    for names in (*((name, "k.env") for name in NAMES), ("c.toml", "h", "k.env", *NAMES)):
        result = run("staged", *names, cwd=leaking.path)
        assert (result.code, result.one(key)["path"]) == (1, "k.env"), names
        assert result.json["credentials"][0]["verification"] is None
    assert sorted(os.listdir(leaking.path)) == before


def test_such_names_are_clean(run: Run, repo: Repository) -> None:
    stage(repo, NAMES)
    result = run("staged", *NAMES, cwd=repo.path)
    assert (result.code, result.complete) == (0, True)
    repo.commit()
    result = run("staged", *NAMES, cwd=repo.path)
    assert (result.code, result.json["coverage"]["counts"]["blobs"]) == (0, 1)
    assert run("staged", "--all", cwd=repo.path).code == 2, "neither an option nor a file"


def test_a_file_with_such_a_name_is_looked_at(run: Run, repo: Repository, key: str) -> None:
    for name in ("--exit-zero", "--", "-q"):
        repo.commit_file(f"./{name}", key)
        for words in ((name,), ("--", name), ("--no-cache", name), ("h", name)):
            repo.write("h", "x")
            found = run("staged", *words, cwd=repo.path).found(key)
            assert name in found[0]["paths"], words


def test_a_name_that_is_no_longer_on_disk(run: Run, leaking: Repository) -> None:
    """It is in the index, or the commit takes it away: lists of changed names that other callers pass have both."""
    names = ["--exit-zero", "--exclude=**", "-q"]
    stage(leaking, names)
    for name in names:
        (leaking.path / name).unlink()
        assert run("staged", name, "k.env", cwd=leaking.path).code == 1
    leaking.git("commit", "-q", "-m", "x", "--", "h")  # h is as before, the others stay staged
    for name in names:
        assert run("staged", name, "k.env", cwd=leaking.path).code == 1
    stage(leaking, names)
    leaking.git("commit", "-q", "-m", "x", "--", *names)
    leaking.git("rm", "-q", "--", *names)
    for name in names:
        assert run("staged", name, "k.env", cwd=leaking.path).code == 2


def test_in_a_subdirectory_and_with_a_directory(run: Run, leaking: Repository, key: str) -> None:
    stage(leaking, ["sub/--exit-zero", "sub/k.env"], "x")
    stage(leaking, ["sub/k.env"], key)
    for words, cwd in (
        (("--exit-zero", "k.env"), leaking.path / "sub"),
        (("sub/--exit-zero", "sub/k.env"), leaking.path),
        (("-C", "sub", "--exit-zero", "k.env"), leaking.path),
        (("-Csub", "--exit-zero", "k.env"), leaking.path),
        (("--repo=sub", "--exit-zero", "k.env"), leaking.path),
    ):
        assert run("staged", *words, cwd=cwd).code == 1, words
    (leaking.path / "sub/--exit-zero").unlink()
    assert run("staged", "-C", "sub", "--exit-zero", "k.env", cwd=leaking.path).code == 1


def test_options_in_front_of_the_names(run: Run, leaking: Repository) -> None:
    """Values are values, also where a file is called like them."""
    stage(leaking, ["strict.toml"], 'min_confidence = "high"\n')
    names = ("c.toml", "h", "k.env", "strict.toml")
    for words, code in (
        (("--exclude", "k.env"), 0),
        (("--exclude=k.env",), 0),
        (("--exclude", "h", "--exclude", "k.env", "-qv"), 0),
        (("--config", "strict.toml"), 1),
        (("--config=strict.toml", "-q", "--no-decode"), 1),
        (("-v", "--", "-q"), 2),
        (("--exit-zero",), 0),
        (("--exit-zero", "--"), 0),
        (("-fjson", "--jobs", "1"), 1),
        (("--exclud", "k.env"), 2),
        (("-x",), 2),
        (("--exit-zero=1",), 2),
        (("--hashes", "h"), 0),
    ):
        for files in (names, ()):
            assert run("staged", *words, *files, cwd=leaking.path).code == code, words
    refused = run("staged", "k.env", "--exit-zero", cwd=leaking.path)
    assert (refused.code, "options come before the first file" in refused.err) == (2, True)
    assert run("staged", "--exclude", cwd=leaking.path).code == 2


def test_an_option_that_is_also_a_file(run: Run, leaking: Repository) -> None:
    """What stands in front of a word that names nothing is an option: names of files all exist."""
    stage(leaking, ["--exit-zero", "-q", "--exclude"])
    names = ("--exclude", "--exit-zero", "-q", "c.toml", "k.env")
    for words, code in (
        (("--exit-zero", "--no-cache"), 0),
        (("-q", "--exclude=none/"), 1),
        (("--exit-zero", "--exclude", "none/"), 0),
        (("--exit-zero", "--"), 0),
        (("--exclude", "k.env", "--"), 0),
        (("--exit-zero",), 1),
        ((), 1),
    ):
        assert run("staged", *words, *names, cwd=leaking.path).code == code, words
    leaking.write("./--", "x")
    leaking.git("add", "-A")
    assert run("staged", "--exit-zero", "--", *names, cwd=leaking.path).code == 1


def test_an_option_that_tightens_is_not_lost(run: Run, repo: Repository, key: str) -> None:
    """Where it is also a file that the commit does not touch, nobody can tell: neither a leak nor silence is right."""
    repo.commit_file("./--no-allow", "x")
    stage(repo, ["a"], f"{key}  # akpatrol:allow a sample\n")
    assert run("staged", "a", cwd=repo.path).code == 0
    for names in (("a",), ()):
        refused = run("staged", "--no-allow", *names, cwd=repo.path)
        assert (refused.code, "--no-allow is an option" in refused.err) == (2, True)
    assert run("staged", "--no-allow", "--", "a", cwd=repo.path).code == 1
    assert run("staged", "--no-allow", "--no-cache", "a", cwd=repo.path).code == 1
    repo.commit()
    assert run("staged", "--no-allow", "a", cwd=repo.path).code == 0, "every file is named: the option is not meant"
    stage(repo, ["./--no-allow"], "y")
    assert run("staged", "--no-allow", cwd=repo.path).code == 0, "a commit of that file"


def test_the_message_of_a_commit(run: Run, repo: Repository, key: str) -> None:
    for name in ("--exit-zero", "--help", "-q", "--", "--output=x", "message"):
        repo.write(f"./{name}", key)
        for words in ((name,), ("--", name), ("-q", name), ("--exclude", "--", name)):
            assert run("commit-msg", *words, cwd=repo.path).code == 1, words
    stage(repo, ["--exit-zero", "-q"])
    for words in (
        ("--exit-zero", "message"),
        ("message", "--exit-zero", "--no-cache"),
        ("--exit-zero", "--", "message"),
    ):
        assert run("commit-msg", *words, cwd=repo.path).code == 0, words
    assert run("commit-msg", "message", "--exclude", "none", cwd=repo.path).code == 1


def test_outside_a_repository(run: Run, tmp_path: Path) -> None:
    assert run("staged", "--exit-zero", "a", cwd=tmp_path).code == 2
    assert run("staged", "--help", cwd=tmp_path).code == 0
