"""``akpatrol staged`` with files alone, as hooks run it, without click, whose import takes a fifth of the time."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def files_of(arguments: Sequence[str]) -> tuple[str, ...] | None:
    """Return the files of such a command line; None for any other, which click reads."""
    if not arguments or arguments[0] != "staged":
        return None
    words = tuple(arguments[1:])
    if not words or not words[0].startswith("-") or words[0] == "-":
        return words
    return words[1:] if words[0] == "--" and not os.path.lexists("--") else None


def run(files: tuple[str, ...]) -> int:
    """Run the command with the defaults of all options."""
    from akpatrol.cli.console import Terminal  # noqa: PLC0415 - only for this command line
    from akpatrol.config.options import of  # noqa: PLC0415
    from akpatrol.pipeline.resolve import resolve  # noqa: PLC0415
    from akpatrol.pipeline.staged import staged  # noqa: PLC0415

    return staged(partial(resolve, of({})), Terminal(), files, named=False)
