"""The summary of a step of GitHub Actions: Markdown at the end of the file that the runner names.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.report import as_markdown, write

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions

SIZE_LIMIT = 1024 * 1024
"""Bytes; GitHub shows nothing of a larger one."""


def append(report: Report, options: RenderOptions, file: Path) -> None:
    """Write as much of the report as there is room for, after what the step wrote before.

    Raises UsageError when that is impossible, or would damage the existing text.
    """
    room = SIZE_LIMIT - _size(file)
    text = as_markdown.render(report, options, room)
    if len(text.encode()) > room:
        raise UsageError("the step summary is full")
    write.append(text, file)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0
