"""A repository that is somewhere else, and a cache for its mirror."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.repositories import Repository
from tests.servers import daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_USAGE = 129


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """Return a repository of three commits."""
    made = Repository(tmp_path / "served" / "org" / "repo")
    for number in range(3):
        made.commit_file(f"file{number}", f"{number}\n" * 100)
    return made


@pytest.fixture
def url(origin: Repository) -> Iterator[str]:
    """Serve the directory above the origin's with a daemon."""
    if subprocess.run(["git", "daemon", "-h"], capture_output=True, check=False).returncode != _USAGE:
        pytest.skip("git has no daemon here")
    with daemon(origin.path.parents[1]) as address:
        yield f"{address}/org/repo"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return where clones are kept."""
    return tmp_path / "cache"
