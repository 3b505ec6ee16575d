"""What surrounds a run: the process's environment, which only this module reads, and the policy files of a tree.

It imports nothing, because every commit starts the program.
"""

from __future__ import annotations

import os
import sys

# Instead of typing's own, whose import takes as long as everything else that a clean commit needs.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = ".akpatrol.toml"
PYPROJECT = "pyproject.toml"
BASELINE = ".akpatrol-baseline.json"
VARIABLES = "AKPATROL_"
"""What the names of all variables begin with that set an option."""


def environment() -> dict[str, str]:
    """Return the process's environment."""
    return dict(os.environ)


def cache_directory(variables: Mapping[str, str]) -> str | None:
    """Return where the user's caches of this program belong; None when there is no such place."""
    home = variables.get("HOME", "")
    if sys.platform == "darwin":
        place = os.path.join(home, "Library", "Caches")
    elif sys.platform == "win32":
        place = variables.get("LOCALAPPDATA", "")
    else:
        # A relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
        named = variables.get("XDG_CACHE_HOME", "")
        place = named if os.path.isabs(named) else os.path.join(home, ".cache")
    return os.path.join(place, "akpatrol") if os.path.isabs(place) else None


def hook_environment(variables: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return those of git's own variables that are set, with relative paths made absolute."""
    passed = {name: variables[name] for name in names if variables.get(name)}
    single = {name: value for name, value in passed.items() if name != "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
    return passed | {name: os.path.abspath(value) for name, value in single.items()}


def keep_paths(names: tuple[str, ...]) -> None:
    """Make relative paths in git's own variables absolute, before the current directory changes.

    Two stay as they are: the index, which is relative to the top of the work tree wherever the process is, and the list
    of alternates.
    """
    for name in names:
        if name not in ("GIT_INDEX_FILE", "GIT_ALTERNATE_OBJECT_DIRECTORIES") and os.environ.get(name):
            os.environ[name] = os.path.abspath(os.environ[name])
