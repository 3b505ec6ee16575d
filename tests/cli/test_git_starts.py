"""How often git is started: each start costs a few milliseconds, and a sweep has thousands of repositories."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Put a git first on PATH that counts its starts; return the function that tells and forgets them."""
    log, wrapper = tmp_path / "starts", tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho . >> {log}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")

    def counted() -> int:
        number = log.read_text().count(".") if log.exists() else 0
        log.unlink(missing_ok=True)
        return number

    return counted


def test_a_clean_history_takes_two(run: Run, repo: Repository, starts: Callable[[], int]) -> None:
    for number in range(3):
        repo.commit_file(f"f{number}", "nothing\n")
    starts()
    assert run("history", "--no-cache", repo.path).code == 0
    assert 1 <= starts() <= 2


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("is_bare", [True, False])
def test_findings_take_five_at_most_however_many_they_are(
    run: Run,
    repo: Repository,
    new_key: Callable[[], str],
    starts: Callable[[], int],
    tmp_path: Path,
    *,
    is_plain: bool,
    is_bare: bool,
) -> None:
    keys = [new_key() for _ in range(5)]
    for number, key in enumerate(keys):
        repo.commit_file(f"d{number}/f", key, f"Add\n\n{key}\n")
        repo.git("mv", f"d{number}/f", f"d{number}/g")
        repo.commit_file(f"d{number}/g", f"{key} again")
    repo.git("tag", "-a", "-m", f"tagged {keys[0]}", "v1")
    repo.git("rm", "-q", "d0/g")
    repo.commit("Remove")
    tested = repo.clone(tmp_path / "bare", "--bare") if is_bare else repo
    if not is_plain:
        tested.git("config", "core.editor", "true")
    starts()
    assert run("history", "--no-cache", tested.path).code == 1
    assert starts() <= (5 if is_plain else 8)
