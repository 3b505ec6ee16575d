"""A git that is asked by lines answers each before the next, and is gone when it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from tests.objects import git_of

if TYPE_CHECKING:
    from tests.repositories import Repository


def test_each_question_is_answered_before_the_next(repo: Repository) -> None:
    repo.commit_file("a", "b")
    conversation = git_of(repo).conversation("cat-file", "--batch-check")
    for name in ("HEAD", "HEAD^{tree}", "HEAD:a"):
        conversation.ask(f"{name}\n".encode())
        assert conversation.stream.readline().decode().split()[0] == repo.git("rev-parse", name)
    conversation.close()
    conversation.close()
    with pytest.raises(ValueError, match="closed"):
        conversation.stream.readline()


def test_one_that_refuses_its_arguments_says_so(repo: Repository) -> None:
    conversation = git_of(repo).conversation("cat-file", "--no-such-option")
    assert conversation.stream.readline() == b""
    with pytest.raises(GitError, match="no-such-option"):
        conversation.stream.finish()
    conversation.close()
