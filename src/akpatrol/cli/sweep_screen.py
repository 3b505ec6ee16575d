"""The screen of a sweep on standard error: one bar while it runs, one table at its end."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Self

from akpatrol.cli.console import Terminal
from akpatrol.cli.progress import StatusLine, terminal
from akpatrol.pipeline.sweep import SweepTotals
from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import middle_out, visible

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from akpatrol.config.settings import Settings
    from akpatrol.model.report import Report
    from akpatrol.sweep.tasks import ScannedTarget

_ROWS = 20
_NAME_COLUMNS = 48
_TEXT_COLUMNS = 36  # of how many targets are done and how many findings there are
_MOST_COLUMNS, _ALL_COLUMNS = 76, 98  # with the size and the time left, and with the speed


class SweepTerminal(Terminal):
    """A ``SweepConsole`` on the process's own streams."""

    def sweeping(self, settings: Settings) -> Screen:
        """Show a bar."""
        return Screen(settings)

    def show_table(self, report: Report, totals: SweepTotals) -> None:
        """Show a table of the targets with findings."""
        show_table(report, totals)


class Screen:
    """Follows a sweep: a bar on a terminal, otherwise a line at intervals if the user asked for it."""

    def __init__(self, settings: Settings) -> None:
        terminal = bool(sys.stderr) and sys.stderr.isatty() and settings.options.progress is not False
        self._bar: Progress | None = _bar() if terminal else None
        self._line = None if terminal else StatusLine(settings)
        self._task = self._bar.add_task("sweep", total=None, targets="") if self._bar else None
        self._targets = self._done = self._unchanged = self._size = self._ahead = 0
        self._found: set[str] = set()
        self._cloning = ""

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def met(self, size: int) -> None:
        """Count a target that is to be scanned; ``size`` is in bytes, as stored."""
        self._targets += 1
        self._ahead += size

    def unchanged(self, size: int) -> None:
        """Record that a target is unchanged."""
        self._unchanged += 1
        self.done(size, None)

    def cloning(self, what: str, share: float | None) -> None:
        """Show the progress of a clone; called from several threads."""
        self._cloning = what if share is None else f"{what} {share:.0%}"

    def totals(self, gaps: int) -> SweepTotals:
        """Return what became of the targets, of which so many were not fully read."""
        return SweepTotals(self._targets, self._done - self._unchanged, self._unchanged, gaps)

    def done(self, size: int, outcome: ScannedTarget | None) -> None:
        """Record that a target is done."""
        self._done += 1
        self._size += size
        if outcome:
            self._found.update(outcome.fingerprints)
        self.tick()

    def tick(self) -> None:
        """Draw where it is."""
        progress = f"{self._done:,} of {plural(self._targets, 'target')}, {plural(len(self._found), 'finding')}"
        progress += f", {self._cloning}" if self._cloning and self._done == self._targets else ""
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._size, total=self._ahead, targets=progress)
        elif self._line and self._line.due():
            speed = self._size / 1e6 / self._line.seconds()
            self._line.show(f"{progress}, {self._size / 1e6:,.0f} of {self._ahead / 1e6:,.0f} MB, {speed:,.0f} MB/s")


def show_table(report: Report, totals: SweepTotals) -> None:
    """Write a table of the targets with findings, those with the most first, to standard error."""
    if not sys.stderr:
        return
    from rich.console import Console  # noqa: PLC0415 - only here
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    read = f"{totals.read:,} read, {totals.unchanged:,} unchanged"
    counted = f"{plural(totals.targets, 'target')}: {read}, {totals.gaps:,} not fully read"
    table = Table(title=counted, title_justify="left", caption_justify="left")
    table.add_column("Target")
    for name in ("live", "unverified", "inactive", "places"):
        table.add_column(name, justify="right")
    rows = _rows(report)
    for target, numbers in rows[:_ROWS]:
        table.add_row(Text(middle_out(visible(target), _NAME_COLUMNS)), *(f"{number:,}" for number in numbers))
    if more := len(rows) - _ROWS:
        table.caption = f"{more:,} more targets with findings" if more > 0 else None
    try:
        Console(stderr=True).print(table if rows else Text(counted))
        sys.stderr.flush()
    except OSError:  # the report is written; the rest of this must not fail when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _rows(report: Report) -> list[tuple[str, tuple[int, int, int, int]]]:
    """Return for each target with findings the live, unverified and inactive ones, and their places."""
    names = {target.id: target.remote or target.root for target in report.targets}
    by_target: dict[str, Counter[str]] = defaultdict(Counter)
    for credential in report.findings:
        status = credential.verification.status if credential.verification else ""
        column = {"active": "live", "inactive": "inactive"}.get(status, "unverified")
        for target, places in Counter(place.target for place in credential.occurrences).items():
            by_target[target][column] += 1
            by_target[target]["places"] += places
    rows = [
        (names.get(target, target), (counts["live"], counts["unverified"], counts["inactive"], counts["places"]))
        for target, counts in by_target.items()
    ]
    return sorted(rows, key=lambda row: (*(-number for number in row[1][:3]), row[0]))


def _bar() -> Progress:
    from rich.progress import (  # noqa: PLC0415 - only for a person
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = terminal()
    columns: list[ProgressColumn]
    told = TextColumn("{task.fields[targets]}", markup=False)
    # What has no room would be cut off, or break the line.
    if console.width >= _ALL_COLUMNS:
        columns = [told, BarColumn(24), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    elif console.width >= _MOST_COLUMNS:
        columns = [told, BarColumn(12), DownloadColumn(), TimeRemainingColumn()]
    else:
        columns = [told, BarColumn(max(1, console.width - _TEXT_COLUMNS))]
    return Progress(*columns, console=console, transient=True, refresh_per_second=5)
