"""Types of objects: every id is asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import catfile
from akpatrol.sources.git.object_types import ObjectTypes
from tests.objects import git_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git
    from tests.repositories import Repository

_NONE = "ab" * 20


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list that grows with the ids of every start of git."""
    starts: list[list[str]] = []
    types = catfile.types

    def recorded(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        starts.append(list(ids))
        return types(git, ids)

    monkeypatch.setattr(catfile, "types", recorded)
    return starts


def test_known_and_expected_ids_are_not_asked_for_again(repo: Repository, asked: list[list[str]]) -> None:
    commit, blob = repo.commit(), repo.blob("x\n")
    types = ObjectTypes(git_of(repo))
    types.expect([blob, _NONE])
    assert asked == []
    assert types.of([commit]) == {commit: "commit"}
    assert types.of([blob, commit, _NONE]) == {blob: "blob", commit: "commit", _NONE: ""}
    assert asked == [[commit, blob, _NONE]]
    assert types.of([]) == {}


def test_what_a_tag_leads_to_is_learned_with_it(repo: Repository, asked: list[list[str]]) -> None:
    commit = repo.commit()
    repo.git("tag", "-a", "-m", "one", "v1")
    tag = repo.id("v1")
    types = ObjectTypes(git_of(repo))
    assert types.of([tag], [tag]) == {tag: "tag"}
    assert types.of([commit]) == {commit: "commit"}
    assert len(asked) == 1


def test_a_corrupt_tag_takes_no_type_from_the_others(repo: Repository) -> None:
    commit = repo.commit()
    repo.git("tag", "-a", "-m", "one", "v1")
    tag = repo.id("v1")
    content = bytearray(repo.loose(tag).read_bytes())
    content[-8:] = b"\xff" * 8
    repo.loose(tag).chmod(0o644)
    repo.loose(tag).write_bytes(bytes(content))
    assert ObjectTypes(git_of(repo)).of([commit, tag], [tag])[commit] == "commit"
