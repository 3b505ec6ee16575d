"""One git answers as long as it lives, and what it cannot answer others do."""

from __future__ import annotations

import gc
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import catfile, catfile_session
from tests.objects import git_of
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repo")
    made.commit_file("a", "one\n")
    made.git("tag", "-a", "-m", "tagged", "v1")
    return made


def first_line(_: Stream, line: bytes) -> bytes:
    return line


def test_many_answers_come_in_order_from_one_git(repo: Repository) -> None:
    git = git_of(repo)
    blobs = {repo.blob(f"{number}" * 5000): f"{number}" * 5000 for number in range(130)}
    found = catfile.contents(git, [*blobs, "0" * 40])
    assert {id_: data.decode() for id_, (_, data) in found.items()} == blobs
    lines = catfile.infos(git, [*map(str.encode, blobs), b"HEAD^{tree}", b"v1^{}", b"none"])
    assert lines is not None
    ids = [line.split()[0].decode() for line in lines]
    assert ids == [*blobs, repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD"), "none"]
    assert dict(catfile.types(git, [*blobs, "1" * 40])) == dict.fromkeys(blobs, "blob") | {"1" * 40: ""}
    assert catfile.contents(git, []) == {}


def test_a_corrupt_object_ends_it_and_is_left_out(repo: Repository) -> None:
    git, gone, other = git_of(repo), repo.blob("gone" * 50), repo.blob("there")
    file = repo.git_dir / "objects" / gone[:2] / gone[2:]
    damage(file, file.read_bytes()[:20])
    for _ in range(5):
        assert catfile.contents(git, [gone, other]) == {other: ("blob", b"there")}
    assert catfile_session.answers(git, b"info", [other.encode()], first_line) is None


def test_after_an_interruption_the_next_answer_is_right(repo: Repository) -> None:
    def interrupted(_: Stream, line: bytes) -> bytes:
        raise KeyboardInterrupt(line)

    git, blob = git_of(repo), repo.blob("x").encode()
    with pytest.raises(KeyboardInterrupt):
        catfile_session.answers(git, b"info", [b"HEAD", blob], interrupted)
    assert catfile_session.answers(git, b"info", [blob], first_line) == [blob + b" blob 1\n"]


@pytest.mark.parametrize("name", [b"a\nb", b"x" * 5000])
def test_a_name_that_is_no_line_is_not_asked_for(repo: Repository, name: bytes) -> None:
    git = git_of(repo)
    assert catfile_session.answers(git, b"info", [name], first_line) is None
    assert catfile.infos(git, [b"HEAD^{tree}"]) is not None


def test_it_ends_with_what_it_serves(repo: Repository) -> None:
    children = set(_children())
    git: Git | None = git_of(repo)
    assert git
    catfile.contents(git, [repo.blob("x")])
    assert len(started := set(_children()) - children) == 1
    del git
    gc.collect()
    assert started.isdisjoint(_children())


def test_an_old_git_does_without(tmp_path: Path, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    refusal = 'case "$*" in *--batch-command*) echo "error: unknown option" >&2; exit 129;; esac'
    wrapper.write_text(f'#!/bin/sh\n{refusal}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    git, blob = git_of(repo), repo.blob("x")
    for _ in range(5):
        assert catfile.contents(git, [blob]) == {blob: ("blob", b"x")}
        assert list(catfile.types(git, [blob])) == [(blob, "blob")]


def _children() -> Iterator[str]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        yield from file.read().split()
