"""The process's environment, read in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.config import environment
from akpatrol.config.options import OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_hook_variables_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    variables = {"GIT_DIR": ".git", "GIT_INDEX_FILE": "/x/index", "GIT_WORK_TREE": "", "OTHER": "y"}
    names = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
    more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": "a:b"}
    assert environment.hook_environment(variables | more, names) == {
        "GIT_DIR": str(tmp_path / ".git"),
        "GIT_INDEX_FILE": "/x/index",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "a:b",
    }


def test_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    found = environment.environment()
    monkeypatch.delenv("NO_COLOR")
    assert found["NO_COLOR"] == "1"


def test_variables_that_set_options_have_one_prefix() -> None:
    variables = [entry.variable for entry in OPTIONS.values() if entry.variable]
    assert variables
    assert all(name.startswith(environment.VARIABLES) for name in variables)
