"""Progress on standard error while work takes more than a moment: a bar for a person, lines for a log."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import suppress
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Self

from akpatrol.errors import AkpatrolError
from akpatrol.sources.base import STORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.progress import Progress

    from akpatrol.config.settings import Settings
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source

_A_MOMENT = 0.5  # seconds
_BETWEEN_FRAMES = 0.1
_BETWEEN_LINES = 10.0  # where each frame is a line of a log
_BAR_COLUMNS = 24
_TEXT_COLUMNS = 20  # room for how much is done and the time left; a bar is narrower where it would take that
_ECHO_COLUMNS = 2  # in which a terminal shows "^C", in a line that nothing may push into the next one
_LOG_COLUMNS = 120
_STEADY_SECONDS, _STEADY_SHARE = 3.0, 0.02  # before these, the time left is anybody's guess
_AGREEMENT = 1.5  # times, between what the speed so far and that of the last seconds promise
_LAST_SECONDS = 5.0  # or the last quarter of the time, where that is longer
_LITTLE_SECONDS = 10.0  # of which a wrong guess costs nobody anything
_OBJECTS = ("blobs", "trees", "commits", "tags")


class StatusLine:
    """A bar with a text on a terminal; elsewhere nothing, or lines of a log where the settings ask for progress.

    ``first`` is the text on a terminal from the first moment until there is more to show.
    """

    def __init__(self, settings: Settings, first: str = "") -> None:
        self._on_terminal = bool(sys.stderr) and sys.stderr.isatty()
        self._wanted = bool(sys.stderr) and (
            self._on_terminal if settings.options.progress is None else settings.options.progress
        )
        self._started = monotonic()
        self._next = self._started + _A_MOMENT
        self._bar: Progress | None = None
        # Nobody reports progress while the work is planned, so another thread draws the first frame.
        self._before = Timer(_A_MOMENT, self._show_first, [first]) if first and self._on_terminal else None
        self._drawing = Lock()

    def __enter__(self) -> Self:
        if self._before and self._wanted:
            self._before.daemon = True
            self._before.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._before and self._before.ident:
            self._before.cancel()
            self._before.join()
        if self._bar:
            with suppress(OSError):  # the terminal is gone
                self._bar.stop()

    def due(self) -> bool:
        """Return whether it is time for another frame: ten times a second at most."""
        if not self._wanted or (now := monotonic()) < self._next:
            return False
        self._next = now + (_BETWEEN_FRAMES if self._on_terminal else _BETWEEN_LINES)
        return True

    def show(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Draw a frame; the bar has a length where the ``total`` is known."""
        try:
            if self._on_terminal:
                with self._drawing:
                    self._draw(text, done, total)
            else:
                sys.stderr.write(f"akpatrol: {text}\n")
                sys.stderr.flush()
        except OSError:
            self._wanted = False  # the terminal is gone; the work goes on

    @property
    def is_drawn(self) -> bool:
        """True while a bar stands in the terminal's last line."""
        return bool(self._bar and self._bar.live.is_started and not self._bar.console.is_dumb_terminal)

    @property
    def columns(self) -> int:
        """The width that a text may take."""
        from shutil import get_terminal_size  # noqa: PLC0415 - only for a person who waits

        if not self._on_terminal:
            return _LOG_COLUMNS
        columns = get_terminal_size().columns
        return columns - _bar_columns(columns) - 1 - _ECHO_COLUMNS

    def seconds(self) -> float:
        """Return the time since the start."""
        return max(monotonic() - self._started, _BETWEEN_FRAMES)

    def _show_first(self, text: str) -> None:
        with self._drawing, suppress(OSError):  # the terminal is gone
            if not self._bar:
                self._draw(text, 0, None)

    def _draw(self, text: str, done: int, total: int | None) -> None:
        if not self._bar:
            # With its task, so that its first frame is not of a bar that knows nothing.
            self._bar = _bar()
            self._bar.add_task("", total=total, completed=done, text=text)
            self._bar.start()
            return
        (task,) = self._bar.task_ids
        self._bar.update(task, text=text, completed=done, total=total)
        self._bar.refresh()


class _Estimate:
    """The time left, once the speed is steady; what came before the first result says nothing about it."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._samples: deque[tuple[float, float]] = deque()

    def left(self, share: float, seconds: float) -> float | None:
        """Return the seconds left, when ``share`` of the work took ``seconds``; None while that is a guess."""
        samples = self._samples
        samples.append((seconds, share))
        self._first = self._first or samples[0]
        since, before = self._first
        window = max(_LAST_SECONDS, (seconds - since) / 4)
        while len(samples) > 2 and samples[1][0] <= seconds - window:  # noqa: PLR2004 - now, and one before it
            samples.popleft()
        if seconds - since < _STEADY_SECONDS or share < _STEADY_SHARE or share <= samples[0][1]:
            return None
        by_all = (1 - share) * (seconds - since) / (share - before)
        by_last = (1 - share) * (seconds - samples[0][0]) / (share - samples[0][1])
        is_steady = by_all <= _AGREEMENT * by_last and by_last <= _AGREEMENT * by_all
        # Delta chains are read at very different speeds: the last seconds are nearer to the next ones.
        return by_last if is_steady or by_last < _LITTLE_SECONDS else None


class _Totals(NamedTuple):
    """The number of things ahead, None while a source does not know, and their name."""

    number: int | None
    noun: str


class ScanProgress(StatusLine):
    """``with ScanProgress(...) as progress``: how much of the sources is read, how fast, and the time left."""

    def __init__(self, sources: Sequence[Source], settings: Settings) -> None:
        super().__init__(settings, "planning")
        self._sources = sources
        self._hints: dict[int, tuple[int, str] | None] = {}
        self._estimate = _Estimate()

    def update(self, result: ScanResult) -> None:
        """Show where the work is."""
        if self.due():
            total = self._ahead()
            self.show(self._text(result, total, self.seconds()), _done(result, total.noun), total.number or None)

    def _text(self, result: ScanResult, total: _Totals, seconds: float) -> str:
        done = _done(result, total.noun)
        read, speed = f"{result.size / 1e6:,.0f} MB", f"{result.size / 1e6 / seconds:,.0f} MB/s"
        if not total.number or (total.noun == STORED and not done):  # git reads it, and does not say how much
            amount = f"{done:,} {total.noun.removesuffix('s') if done == 1 else total.noun}" if done else ""
            return _fitting([amount, read, speed], self.columns, (2, 0))
        share = min(done / total.number, 1.0)
        left = self._estimate.left(share, seconds)
        ahead = f"{_duration(left)} left" if left is not None else ""
        if total.noun == STORED:
            from akpatrol.report.number_words import size_words  # noqa: PLC0415 - only for a person who waits

            amount = f"{size_words(done)} of {size_words(total.number)} packed"
        else:
            amount = f"{done:,} of {total.number:,} {total.noun}"
        return _fitting([f"{share:4.0%}", amount, read, speed, ahead], self.columns, (3, 2, 1))

    def _ahead(self) -> _Totals:
        for index, source in enumerate(self._sources):
            if self._hints.get(index) is None:
                try:
                    self._hints[index] = source.size_hint()
                except AkpatrolError:
                    self._hints[index] = (0, "objects")
        known = [hint for hint in self._hints.values() if hint]
        noun = known[0][1] if known else "files"
        return _Totals(sum(number for number, _ in known) if len(known) == len(self._sources) else None, noun)


def _bar_columns(columns: int) -> int:
    """Return the width of the bar on a terminal that is so many ``columns`` wide."""
    return max(1, min(_BAR_COLUMNS, columns - _TEXT_COLUMNS - 1 - _ECHO_COLUMNS))


def terminal() -> Console:
    """Return standard error for a bar: its cursor stays, which a run that is killed could not bring back."""
    from rich.console import Console  # noqa: PLC0415 - only for a person who waits

    class WithCursor(Console):
        def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - as rich has it
            return False

    return WithCursor(stderr=True)


def _bar() -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - only for a person who waits

    console = terminal()
    columns = BarColumn(bar_width=_bar_columns(console.width)), TextColumn("{task.fields[text]}", markup=False)
    # Frames are drawn when they are due; lines of others go to standard error as ever.
    return Progress(
        *columns,
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _fitting(parts: list[str], columns: int, spare: Sequence[int]) -> str:
    """Return as much as fits in a line, without the ``spare`` parts, first the first of them; none is cut."""
    text = "  ".join(filter(None, parts))
    if len(text) <= columns or not spare:
        return text
    return _fitting([*parts[: spare[0]], "", *parts[spare[0] + 1 :]], columns, spare[1:])


def _done(result: ScanResult, noun: str) -> int:
    if noun == STORED:
        return result.stored
    return sum(result.counts.get(name, 0) for name in _OBJECTS) or result.counts.get("files", 0)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
