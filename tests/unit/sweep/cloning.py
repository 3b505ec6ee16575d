"""Mirrors made for tests, and what they hold."""

from __future__ import annotations

from pathlib import Path

from akpatrol.sweep.clones import Clones
from akpatrol.sweep.urls import CloneWanted
from tests.repositories import Repository


def fetch(
    cache: Path, url: str, network: str | None = None, deadline: float = 100.0, silence: float = 100.0
) -> Repository:
    """Clone or fetch; times are in seconds."""
    made = Clones(str(cache), deadline=deadline, silence=silence)
    return Repository(Path(made.fetch(CloneWanted(url, network), lambda *_: None)))


def refs(repository: Repository) -> str:
    """Return every ref and its id."""
    return repository.git("for-each-ref", "--format=%(refname) %(objectname)")


def objects(repository: Repository) -> set[str]:
    """Return the ids of the objects that are the repository's own, not borrowed."""
    store = repository.git_dir / "objects"
    indexes = [repository.git("show-index", stdin=file.read_bytes()) for file in store.glob("pack/*.idx")]
    packed = {line.split()[1] for index in indexes for line in index.splitlines()}
    return packed | {file.parent.name + file.name for file in store.glob("??/*")}
