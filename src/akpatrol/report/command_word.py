"""The command that starts akpatrol where the reader of a report is.

In a hook of pre-commit the program is in an environment that is on no other PATH, so ``akpatrol`` would not be found.
pre-commit sets PRE_COMMIT for its hooks (pre_commit/commands/run.py).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "akpatrol"


class CommandWord(NamedTuple):
    """The word, and whether only a hook finds the program by its name."""

    program: str = _NAME
    in_hook: bool = False


def command_word(environment: Mapping[str, str]) -> CommandWord:
    """Return how to start this program from a shell of the user's."""
    if not environment.get("PRE_COMMIT"):
        return CommandWord()
    from shlex import quote  # noqa: PLC0415 - only in a hook

    script = os.path.join(os.path.dirname(sys.executable), _NAME)
    home = environment.get("HOME", "")
    if not os.path.isfile(script):
        return CommandWord(f"{quote(sys.executable)} -m {_NAME}", in_hook=True)
    if home and script.startswith(home + os.sep):
        return CommandWord("~/" + quote(script[len(home) + 1 :]), in_hook=True)
    return CommandWord(quote(script), in_hook=True)
