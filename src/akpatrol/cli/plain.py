"""Command lines that are read without click, whose import takes a tenth of the time of a small run.

Each means what click makes of it, which reads all others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# name -> module in this package, whose ``runner`` is given the words behind the name.
_COMMANDS = {"history": "plain_history", "scan": "plain_scan", "staged": "plain_staged"}


def runner(arguments: Sequence[str]) -> Callable[[], int] | None:
    """Return what runs a command line; None where click has to read it."""
    if not arguments or arguments[0] not in _COMMANDS:
        return None
    module: Any = import_module(f"akpatrol.cli.{_COMMANDS[arguments[0]]}")
    run: Callable[[], int] | None = module.runner(arguments[1:])
    return run
