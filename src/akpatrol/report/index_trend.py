"""How many credentials were open in each run, new and no longer open: of all targets, and of each owner's."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from akpatrol.model.history import OpenSpan, SweepHistory

RUNS = 60
"""The last runs, which are drawn; a narrow screen has room for no more."""
HEIGHT, WIDTH = 40, 10
"""Of a drawing, and of each run in it."""
_GAP = 1


class RunFigures(NamedTuple):
    """The credentials of one run: how many are open, are new among these, and closed since the run before it."""

    open: int
    new: int
    closed: int


class Chart(NamedTuple):
    """One drawing: the word for its numbers, its path, and what it says in words."""

    name: str
    path: str
    text: str


class Trend(NamedTuple):
    """The figures of the last runs, of all targets and by owner; ``runs`` are their numbers and days."""

    runs: tuple[tuple[int, str], ...]
    all: tuple[RunFigures, ...]
    owners: Mapping[str, tuple[RunFigures, ...]]

    @property
    def charts(self) -> list[Chart]:
        """The drawings of all targets; what is new in the first run that is drawn is not known."""
        opened = [run.open for run in self.all]
        new = [0, *(run.new for run in self.all[1:])]
        closed = [0, *(run.closed for run in self.all[1:])]
        return [
            Chart("open", _area(opened), f"{opened[-1]:,} now, {max(opened):,} at most"),
            Chart("new", _bars(new), f"{new[-1]:,} in the last run, {sum(new):,} in all"),
            Chart("closed", _bars(closed), f"{closed[-1]:,} in the last run, {sum(closed):,} in all"),
        ]

    @property
    def table(self) -> list[tuple[int, str, RunFigures]]:
        """The same as rows, the last run first."""
        return [(number, day, run) for (number, day), run in zip(self.runs, self.all, strict=True)][::-1]

    @property
    def width(self) -> int:
        """The width of the drawings."""
        return WIDTH * len(self.runs)


def _heights(numbers: Sequence[int]) -> list[float]:
    most = max(1, *numbers)
    return [round(HEIGHT * number / most, 2) for number in numbers]


def _area(numbers: Sequence[int]) -> str:
    steps = "".join(f"V{HEIGHT - height:g}h{WIDTH}" for height in _heights(numbers))
    return f"M0 {HEIGHT}{steps}V{HEIGHT}z"


def _bars(numbers: Sequence[int]) -> str:
    inner = WIDTH - 2 * _GAP
    return "".join(
        f"M{WIDTH * index + _GAP} {HEIGHT}v-{height:g}h{inner}v{height:g}z"
        for index, height in enumerate(_heights(numbers))
        if height
    )


def trend(history: SweepHistory | None, owners: Mapping[str, str]) -> Trend | None:
    """Return the trend; None without a run before the last one. ``owners`` are the targets' owners by their id.

    A credential that several targets of one owner hold counts once. Owners without any credential have no figures.
    """
    if history is None or len(history.runs) < 2:  # noqa: PLR2004 - the last one and one before it
        return None
    every: defaultdict[str, dict[int, list[int]]] = defaultdict(dict)
    whole: dict[int, list[int]] = {}
    for _, group in groupby(history.spans, lambda span: span.fingerprint):
        spans = list(group)
        _add(whole, spans)
        # A target that is gone has a past, and no owner.
        spans = [span for span in spans if span.target in owners]
        for owner in {owners[span.target] for span in spans}:
            _add(every[owner], [span for span in spans if owners[span.target] == owner])
    numbers = [run.id for run in history.runs]
    runs = tuple((run.id, run.started_at[:10]) for run in history.runs[-RUNS:])
    return Trend(
        runs, _figures(whole, numbers), {owner: _figures(events, numbers) for owner, events in sorted(every.items())}
    )


def _add(events: dict[int, list[int]], spans: Sequence[OpenSpan]) -> None:
    """Count when a credential opens and closes, in any of the targets that hold it."""
    steps: defaultdict[int, int] = defaultdict(int)
    for span in spans:
        steps[span.since] += 1
        if span.until is not None:
            steps[span.until] -= 1
    number = 0
    for run in sorted(steps):
        before, number = number, number + steps[run]
        if bool(before) != bool(number):
            events.setdefault(run, [0, 0])[not number] += 1


def _figures(events: Mapping[int, Sequence[int]], numbers: Iterable[int]) -> tuple[RunFigures, ...]:
    changes = [events.get(run, (0, 0)) for run in numbers]
    opened = accumulate(new - closed for new, closed in changes)
    return tuple(RunFigures(number, *change) for number, change in zip(opened, changes, strict=True))[-RUNS:]
