"""The name of the person who runs this, as git's own configuration has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.sources.git.runner import Git

_SECONDS = 10


def name(git: Git, variables: Mapping[str, str]) -> str:
    """Return ``user.name`` of the repository, else the one that ``variables`` lead to; "" for none.

    The caller's own configuration is read for this value alone: a repository cannot make more of it than its name.
    """
    return _named(git) or _named(git.with_callers_configuration(variables))


def _named(git: Git) -> str:
    try:
        output = git.run("config", "--get", "user.name", accept=(0, 1), deadline=_SECONDS)
    except GitError:
        return ""  # a configuration is not needed for more than this
    return output.decode("utf-8", "replace").strip()
