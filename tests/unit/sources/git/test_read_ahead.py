"""A running git's output, read by a thread."""

from __future__ import annotations

from threading import active_count
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import read_ahead
from akpatrol.sources.git.read_ahead import ReadAhead
from tests.objects import git_of

if TYPE_CHECKING:
    from random import Random

    from tests.repositories import Repository

_BYTES = 1 << 20


@pytest.fixture
def blob(repo: Repository, rng: Random) -> str:
    return repo.blob(b"\0".join(b"%d" % rng.randrange(10**9) for _ in range(_BYTES // 10)))


def test_the_parts_are_those_of_the_stream(repo: Repository, blob: str) -> None:
    git = git_of(repo)
    parts = git.run("cat-file", "blob", blob).split(b"\0")
    with git.stream("cat-file", "blob", blob) as stream, ReadAhead(stream) as ahead:
        assert list(ahead.parts()) == parts
        stream.finish()


def test_no_more_than_the_limit_is_read_ahead_and_nothing_is_lost(
    repo: Repository, blob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "_MOST_BYTES", 2 << 16)
    test_the_parts_are_those_of_the_stream(repo, blob)


def test_leaving_with_a_full_buffer_ends_the_thread(
    repo: Repository, blob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "_MOST_BYTES", 1 << 16)
    before = active_count()
    with git_of(repo).stream("cat-file", "blob", blob) as stream, ReadAhead(stream) as ahead:
        assert next(ahead.parts())
    assert active_count() <= before + 1  # the stream's watch may still be ending
