"""A bar on standard error while work takes more than a moment and a person watches."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, Self

from akpatrol.errors import AkpatrolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.options import Settings
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source

_A_MOMENT = 0.5  # seconds
_BETWEEN_FRAMES = 0.1
_BETWEEN_LINES = 10.0  # where each frame is a line of a log
_BAR_COLUMNS = 24
_OBJECTS = ("blobs", "trees", "commits", "tags")


class StatusLine:
    """One line on standard error, drawn over; where nobody watches it is silent, or a line of a log when asked for."""

    def __init__(self, settings: Settings) -> None:
        self._on_terminal = bool(sys.stderr) and sys.stderr.isatty()
        self._wanted = bool(sys.stderr) and (self._on_terminal if settings.progress is None else settings.progress)
        self._started = monotonic()
        self._next = self._started + _A_MOMENT
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on_terminal and self._shown:
            self._write("\r" + " " * self._shown + "\r")

    def due(self) -> bool:
        """Return whether it is time for another frame: ten times a second at most."""
        if not self._wanted or (now := monotonic()) < self._next:
            return False
        self._next = now + (_BETWEEN_FRAMES if self._on_terminal else _BETWEEN_LINES)
        return True

    def show(self, line: str) -> None:
        """Draw a frame."""
        if not self._on_terminal:
            self._write(f"akpatrol: {line}\n")
            return
        line = line[: _columns() - 1]
        self._write("\r" + line.ljust(self._shown))
        self._shown = len(line)

    def seconds(self) -> float:
        """Return how long it has been there."""
        return max(monotonic() - self._started, _BETWEEN_FRAMES)

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._wanted = self._on_terminal = False  # the terminal is gone; the work goes on


class Progress(StatusLine):
    """``with Progress(...) as progress``: how much of the sources is read, how fast, and how long the rest takes."""

    def __init__(self, sources: Sequence[Source], settings: Settings) -> None:
        super().__init__(settings)
        self._sources = sources
        self._hints: dict[int, tuple[int, str] | None] = {}

    def update(self, tally: ScanResult) -> None:
        """Show where the work is."""
        if self.due():
            self.show(self._line(tally, self.seconds()))

    def _line(self, tally: ScanResult, seconds: float) -> str:
        done = sum(tally.counts.get(name, 0) for name in _OBJECTS) or tally.counts.get("files", 0)
        total, noun = self._ahead()
        speed = f"{tally.size / 1e6:,.0f} MB  {tally.size / 1e6 / seconds:,.0f} MB/s"
        if not total:
            return f"{done:,} {noun}  {speed}" if done else speed
        share = min(done / total, 1.0)
        filled = round(share * _BAR_COLUMNS)
        bar = "#" * filled + "-" * (_BAR_COLUMNS - filled)
        left = f"  {_duration(seconds / share - seconds)} left" if share else ""
        return f"[{bar}] {share:4.0%}  {done:,} of {total:,} {noun}  {speed}{left}"

    def _ahead(self) -> tuple[int | None, str]:
        """Return how many things there are in all, None while a source does not know, and what they are called."""
        for index, source in enumerate(self._sources):
            if self._hints.get(index) is None:
                try:
                    self._hints[index] = source.size_hint()
                except AkpatrolError:
                    self._hints[index] = (0, "objects")
        known = [hint for hint in self._hints.values() if hint]
        noun = known[0][1] if known else "files"
        return sum(number for number, _ in known) if len(known) == len(self._sources) else None, noun


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
