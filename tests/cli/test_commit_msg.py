"""``commit-msg``: the message before the commit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository


def test_message(run: Run, tmp_path: Path, key: str) -> None:
    file = tmp_path / "message"
    file.write_text(f"Subject\n\nUse {key} now\n# a comment\n")
    result = run("commit-msg", file)
    found = result.one(key)
    assert (result.code, found["place"], found["line"], found["column"]) == (1, "commit_message", 3, 5)
    assert found["state"] == "staged"
    file.write_text("Subject\n")
    assert run("commit-msg", file).code == 0
    file.write_bytes(b"")
    assert run("commit-msg", file).code == 0


def test_the_diff_below_the_scissors_is_no_message(run: Run, tmp_path: Path, key: str) -> None:
    """With ``commit --verbose`` git shows the diff there, also the line that takes a key out."""
    cut = "# " + "-" * 24 + " >8 " + "-" * 24 + "\n# Do not modify or remove the line above.\n"
    file = tmp_path / "message"
    file.write_text(f"Take the key out\n{cut}-KEY = {key}\n")
    assert run("commit-msg", file).code == 0
    file.write_text(f"Take {key} out\n{cut}")
    assert run("commit-msg", file).code == 1


def test_no_such_file(run: Run, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        assert run("commit-msg", path).code == 2


def test_as_a_hook(repo: Repository, key: str) -> None:
    hook = repo.git_dir / "hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m akpatrol commit-msg "$1"\n')
    hook.chmod(0o755)
    repo.git("commit", "--allow-empty", "-m", f"Use {key}", code=1)
    repo.git("commit", "--allow-empty", "-m", "Use none")
    assert repo.git("log", "--format=%s") == "Use none"


def test_relative_to_a_directory(run: Run, repo: Repository, key: str) -> None:
    (repo.git_dir / "COMMIT_EDITMSG").write_text(key)
    assert run("commit-msg", "-C", repo.path, ".git/COMMIT_EDITMSG").one(key)
