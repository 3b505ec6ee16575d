"""A command's module: options in, one call, the exit code out; and how a command is started."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.cli.group import _COMMANDS
from tests.program import execute

if TYPE_CHECKING:
    from tests.repositories import Repository

_MOST_LINES = 80


@pytest.mark.parametrize("module", [module for module, _ in _COMMANDS.values()])
def test_a_command_module_is_short(module: str) -> None:
    file = import_module(f"akpatrol.cli.{module}").__file__
    assert file
    assert len(Path(file).read_text().splitlines()) <= _MOST_LINES


def test_a_run_collects_garbage(repo: Repository) -> None:
    """Collection is off while modules are imported; a long run that left it off would need ever more memory."""
    noted = "import atexit, gc; atexit.register(lambda: print('collects:', gc.isenabled()))"
    assert execute("staged", patch=noted, cwd=repo.path).out.endswith(b"collects: True\n")
