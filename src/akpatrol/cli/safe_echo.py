"""Print lines that may contain foreign text, without credentials and safe for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def safe_echo() -> Callable[[str], None]:
    """Return a function that prints a line."""
    from akpatrol.detect.engine import Engine  # noqa: PLC0415 - not for --help
    from akpatrol.detect.redact import Redactor  # noqa: PLC0415
    from akpatrol.report.text_safety import visible  # noqa: PLC0415
    from akpatrol.rules import rule_file  # noqa: PLC0415

    redact = Redactor(Engine(rule_file.load()))
    return lambda line: click.echo(visible(redact(line)))
