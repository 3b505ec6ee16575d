"""The pipeline's view of its caller: a terminal, a log, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from akpatrol.config.settings import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.model.credential import Credential, Verification
    from akpatrol.model.report import Report
    from akpatrol.report import Renderer
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source


class Console(Protocol):
    """Shows how a run goes, and publishes its report."""

    def ask(self, invitation: str, *, one_line: bool = False) -> bytes:
        """Return what is typed at a prompt without echo, or piped in. Raises UsageError for nothing."""

    def say(self, line: str) -> None:
        """Show one line beside the report."""

    def interrupted(self) -> None:
        """Show that the first Ctrl-C was received; called from a signal's handler."""

    def scanning(
        self, sources: Sequence[Source], settings: Settings
    ) -> AbstractContextManager[Callable[[ScanResult], None]]:
        """Show how far the scan of the sources is."""

    def verifying(
        self, number: int, settings: Settings
    ) -> AbstractContextManager[Callable[[Credential, Verification], None]]:
        """Show the progress of verifying this many credentials."""

    def write(self, text: str, file: str | None) -> None:
        """Write a text to a file, or to standard output. Raises UsageError."""

    def publish(
        self, report: Report, engine: Engine, settings: Settings, text: Renderer | None, *, silent: bool
    ) -> None:
        """Write the report in every format of the settings.

        ``text`` renders it for a person in a command's own way. A ``silent`` report is not written as text.
        """
