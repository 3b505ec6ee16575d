"""Which names of refs git refuses: git decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git.obstacles import REFUSED
from tests.objects import git_of

if TYPE_CHECKING:
    from tests.repositories import Repository


@pytest.mark.parametrize(
    "name",
    [
        "bad name",
        "a..b",
        "end.",
        "co:lon",
        "ca^ret",
        "til~de",
        "what?",
        "star*",
        "[bracket",
        "back\\slash",
        "a@{b",
        "tab\t",
        "line\nend",
        "delete\x7f",
        "dir.lock/x",
        "plain",
        "main (1)".replace(" ", "-"),
        "@",
        "-dash",
        "bracket]",
        "ünïcode",
        "dot.in",
        "x.lock",
        ".hidden",
        ".hidden/x y",
    ],
)
def test_a_name_that_git_refuses_is_kept_from_it(repo: Repository, name: str) -> None:
    commit = repo.commit()
    file = repo.git_dir / "refs/heads" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{commit}\n")
    is_refused = repo.raw("rev-list", "--branches", code=None) == b""
    git = git_of(repo)
    told = [(skip.item, skip.reason) for skip in git.obstacles()]
    assert told == ([(f"refs/heads/{name}", REFUSED)] if is_refused else [])
    assert git.run("rev-list", "--branches").decode().split() == [commit]
