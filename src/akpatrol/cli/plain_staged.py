"""``akpatrol staged`` with files alone, as hooks run it, without click, whose import takes a fifth of the time."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from akpatrol.config.environment import environment
from akpatrol.errors import ExitCode

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
    from akpatrol.pipeline import clean_commit  # noqa: PLC0415 - only for this command line

    commit = clean_commit.scan(files)
    if commit.words:
        _print_clean(commit.words)
        return ExitCode.CLEAN
    code = _run_in_full(files)
    if commit.lacks_patterns:
        clean_commit.prepare()
    return code


def _print_clean(words: str) -> None:
    from akpatrol.cli.standard_output import is_coloured, is_terminal, print_text  # noqa: PLC0415 - as above
    from akpatrol.report.number_words import nothing_found  # noqa: PLC0415

    verdict, on_terminal = nothing_found(), is_terminal()
    if is_coloured("auto", environment(), on_terminal=on_terminal):
        from akpatrol.report.text_style import Style  # noqa: PLC0415 - only for colours

        verdict = Style(len(verdict), colour=True).verdict(verdict, has_findings=False, complete=True)
    print_text(f"{verdict}\n\n{words}\n")


def _run_in_full(files: tuple[str, ...]) -> int:
    from akpatrol.cli.console import Terminal  # noqa: PLC0415 - few commits come here
    from akpatrol.config.options import of  # noqa: PLC0415
    from akpatrol.pipeline.resolve import resolve  # noqa: PLC0415
    from akpatrol.pipeline.staged import staged  # noqa: PLC0415

    return staged(partial(resolve, of({})), Terminal(), files, named=False)
