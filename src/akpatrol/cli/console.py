"""The terminal of a run: lines and progress on standard error, the report on standard output or in files."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from akpatrol.cli.progress import ScanProgress, StatusLine
from akpatrol.cli.publish import publish, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.model.credential import Credential, Verification
    from akpatrol.model.report import Report
    from akpatrol.report import Renderer
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source


_ERASE_LINE = b"\r\x1b[2K"


class Terminal:
    """A ``Console`` on the process's own streams."""

    def __init__(self) -> None:
        self._line: StatusLine | None = None

    def ask(self, invitation: str, *, one_line: bool = False) -> bytes:
        """Return what is typed at a prompt without echo, or piped in. Raises UsageError for nothing."""
        from akpatrol.cli import prompt  # noqa: PLC0415 - few commands ask

        return prompt.typed(invitation, one_line=one_line)

    def say(self, line: str) -> None:
        """Write a line to standard error."""
        from click import echo  # noqa: PLC0415 - most commits have nothing to say

        echo(f"akpatrol: {line}", err=True)

    def interrupted(self) -> None:
        """Say what a first Ctrl-C does."""
        # Not through sys.stderr, to which this process may be writing as the signal comes.
        with suppress(OSError):
            line = b"akpatrol: interrupted: reporting what was found; Ctrl-C again ends at once\n"
            # A bar and the "^C" behind it would stay on the screen; a "^C" alone is left as it is.
            before = _ERASE_LINE if self._line and self._line.is_drawn else b"\n" * os.isatty(2)
            os.write(2, before + line)

    @contextmanager
    def scanning(self, sources: Sequence[Source], settings: Settings) -> Iterator[Callable[[ScanResult], None]]:
        """Show a bar."""
        with ScanProgress(sources, settings) as self._line:
            yield self._line.update

    @contextmanager
    def verifying(self, number: int, settings: Settings) -> Iterator[Callable[[Credential, Verification], None]]:
        """Show a bar."""
        done = 0
        with StatusLine(settings) as line:

            def show(_credential: Credential, _verification: Verification) -> None:
                nonlocal done
                done += 1
                if line.due():
                    line.show(f"asked about {done:,} of {number:,} credentials", done, number)

            yield show

    def write(self, text: str, file: str | None) -> None:
        """Write a text to a file, or to standard output. Raises UsageError."""
        write_out(text, file)

    def publish(
        self, report: Report, engine: Engine, settings: Settings, text: Renderer | None, *, silent: bool
    ) -> None:
        """Write the report in every format of the settings."""
        publish(report, engine, settings, text, silent=silent)
