"""What a fork borrows from another repository is that one's matter, unless the fork refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import State
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.git import describe, repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.runner import Git
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from akpatrol.model.report import Report


def _history(path: Path, *, include_borrowed: bool) -> Report:
    found = repository.at(bytes(path))
    assert found
    git = Git(found, common=True)
    source = HistorySource(git, describe.target(git), include_borrowed=include_borrowed)
    return scan_sources("sweep", [source], Examiner(rule_file.load()), ScanOptions())


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_only_what_it_refers_to_or_holds(
    repo: Repository, tmp_path: Path, new_key: Callable[[], str], packed: bool
) -> None:
    shared, roots_alone, dangling = (new_key() for _ in range(3))
    repo.write("shared", shared)
    repo.commit("shared")
    repo.git("clone", "--quiet", "--bare", "--shared", str(repo.path), str(tmp_path / "fork"))
    fork = Repository(tmp_path / "fork")
    repo.write("alone", roots_alone)
    repo.commit("alone")
    fork.git("hash-object", "-w", "--stdin", stdin=dangling)
    if packed:
        repo.git("repack", "-adq")
        fork.git("repack", "-adkq")
    told = {one.secret.reveal().decode(): one.state for one in _history(fork.path, include_borrowed=False).credentials}
    assert told == {shared: State.PRESENT, dangling: State.UNREACHABLE}
    assert len(_history(fork.path, include_borrowed=True).credentials) == 3
