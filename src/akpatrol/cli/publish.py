"""Publish a report: every format rendered, files written, and standard output last."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.cli.standard_output import is_coloured, is_terminal, print_pieces
from akpatrol.errors import UsageError
from akpatrol.report import RenderOptions, command_word
from akpatrol.report import pieces as pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.config.settings import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.model.report import Report
    from akpatrol.report import Renderer

_WIDTH = 100


def publish(report: Report, engine: Engine, settings: Settings, text: Renderer | None, *, silent: bool) -> None:
    """Write the report in every format of the settings; a ``silent`` report is not written as text."""
    from datetime import UTC, datetime  # noqa: PLC0415 - after the scan

    from akpatrol.detect.redact import Redactor  # noqa: PLC0415 - only when there is something to say

    redact = Redactor(engine, [credential.secret for credential in report.credentials])
    command = command_word.command_word(settings.environment)
    is_large = report.is_large
    rendered: list[tuple[str | None, Iterable[str]]] = []
    for format_, file in settings.outputs:
        colour, width = appearance(file, settings)
        options = RenderOptions(
            redact=redact,
            show_secrets=settings.options.show_secrets,
            colour=colour,
            width=width,
            rules=engine.rules,
            now=datetime.now(UTC),
            verbose=settings.options.verbose,
            here=_here(),
            link_template=settings.link_template,
            app_url=(settings.options.app_url or "").rstrip("/") or None,
            program=command.program,
            in_hook=command.in_hook,
        )
        if file or not (silent and format_ == "text"):
            renderer = text if format_ == "text" and not file else None
            pieces = (renderer(report, options),) if renderer else pieces_of(report, format_, options)
            rendered.append((file, pieces if is_large else tuple(pieces)))
    summary = settings.environment.get("GITHUB_STEP_SUMMARY")
    if summary and any(format_ == "github" for format_, _ in settings.outputs):
        _append_summary(report, options, summary)
    # Everything is rendered before anything is written, unless there is no room for it, and files are written before a
    # pipe whose reader may go away.
    for file, pieces in sorted(rendered, key=lambda output: output[0] is None):
        _write_out(pieces, file)


def _append_summary(report: Report, options: RenderOptions, file: str) -> None:
    """Add the report to the step summary of GitHub Actions; a failure to write it changes nothing else."""
    from pathlib import Path  # noqa: PLC0415 - only there

    from akpatrol.report import step_summary  # noqa: PLC0415

    try:
        step_summary.append(report, options, Path(file))
    except UsageError as error:
        from click import echo  # noqa: PLC0415 - hardly ever

        echo(f"akpatrol: {options.redact(str(error))}", err=True)


def _here() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def write_out(text: str, file: str | None) -> None:
    """Write a text to a file, or to standard output."""
    _write_out((text,), file)


def _write_out(pieces: Iterable[str], file: str | None) -> None:
    if file:
        from pathlib import Path  # noqa: PLC0415 - only with files

        from akpatrol.report.write import write  # noqa: PLC0415

        write(pieces, Path(file))
    else:
        print_pieces(pieces)


def appearance(file: str | None, settings: Settings) -> tuple[bool, int]:
    """Return whether to colour text that goes to a file, or to standard output, and its width in columns."""
    on_terminal = file is None and is_terminal()
    colour = is_coloured(settings.options.color, settings.environment, on_terminal=on_terminal)
    return colour, _columns() if on_terminal else _WIDTH


def _columns() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415 - only for a person

    return get_terminal_size().columns
