"""A command's module: options in, one call, the exit code out."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from akpatrol.cli import _COMMANDS

_MOST_LINES = 80


@pytest.mark.parametrize("module", [module for module, _ in _COMMANDS.values()])
def test_a_command_module_is_short(module: str) -> None:
    file = import_module(f"akpatrol.cli.{module}").__file__
    assert file
    assert len(Path(file).read_text().splitlines()) <= _MOST_LINES
