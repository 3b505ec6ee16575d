"""``akpatrol staged`` with files alone, as hooks run it, without click, whose import takes a fifth of the time."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from akpatrol.config.environment import environment
from akpatrol.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def files_of(words: Sequence[str]) -> tuple[str, ...] | None:
    """Return the files that words alone name; None for others, which click reads."""
    if not words or not words[0].startswith("-") or words[0] == "-":
        return tuple(words)
    return tuple(words[1:]) if words[0] == "--" and not os.path.lexists("--") else None


def runner(words: Sequence[str]) -> Callable[[], int] | None:
    """Return what runs the command; None where click has to read the words."""
    files = files_of(words)
    return None if files is None else partial(run, files)


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
