"""A leak in a repository, for the tests of its provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.repositories import Repository


@pytest.fixture
def leak(repo: Repository) -> str:
    """A commit that adds ``f``, the second of main."""
    repo.commit_file("other", "other")
    return repo.commit_file("f", "x")


@pytest.fixture
def blob(repo: Repository, leak: str) -> str:
    """The blob of ``f`` in that commit."""
    return repo.id(f"{leak}:f")
