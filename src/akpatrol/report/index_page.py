"""The values that an index's template and script show. The page lists the first rows; its script builds the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from akpatrol.report import index_counts, index_rows, index_trend
from akpatrol.report.document import visible_view
from akpatrol.report.index_rows import LookedAt
from akpatrol.report.number_words import listed, plural
from akpatrol.report.overview import coverage_words
from akpatrol.report.page_locations import Strings
from akpatrol.report.text_safety import head
from akpatrol.report.timeline import length_words
from akpatrol.report.wording import STATUSES, date_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from akpatrol.model.history import SweepHistory
    from akpatrol.report.index_counts import TargetCounts
    from akpatrol.report.index_rows import IndexRow
    from akpatrol.report.view import CredentialView, ReportView

FIRST_ROWS = 100
"""Targets that are listed without JavaScript."""
_MOST_ROWS = 25_000  # of the page, which then opens in about a second
_LINE_WIDTH = 500
_NOTICES = 5
_WORDS = {
    LookedAt.FULL: "scanned in full",
    LookedAt.SKIPS: "with skips",
    LookedAt.LATER: "not reached by the last run",
    LookedAt.FAILED: "not scanned",
}
_FIELDS = (
    *("name", "page", "owner", "looked", "reasons", "run", "date", "since", "command"),
    *("found", "live", "open", "lesser", "new", "back", "removed", "dated", "mean", "longest", "listed"),
)
"""What the script knows of each row, in this order; the first nine are numbers of texts, but the run."""


class CoverageRow(NamedTuple):
    """How many targets were scanned so far, why no further, and when they last were."""

    words: str
    number: int
    share: float
    why: str
    dates: str
    view: str


class Tile(NamedTuple):
    """A number that filters the list by ``view``, ``""`` where it cannot."""

    number: str
    words: str
    more: str
    view: str
    style: str = "plain"


def build(
    view: ReportView, credentials: Iterable[CredentialView], history: SweepHistory | None, now: datetime
) -> dict[str, object]:
    """Return the template's values from a document without its credentials, and these one by one."""
    counts = index_counts.counted(credentials, view, history, now)
    owners = index_rows.owners_of(view, counts.targets)
    rows, elsewhere = index_rows.build(view, counts.targets, owners, history)
    noun = _noun(view)
    trend = index_trend.trend(history, owners)
    strings = Strings()
    notices = [*_bound(len(rows), noun), *view["notices"]]
    return {
        "noun": noun,
        "heading": (heading := _heading(rows, counts.whole, noun)),
        "title": heading if view["coverage"]["complete"] else f"INCOMPLETE: {heading}",
        "complete": view["coverage"]["complete"],
        "live": counts.whole.live,
        "interrupted": view["scan"]["interrupted"],
        "started": date_words(view["scan"]["started_at"], now),
        "command": view["scan"]["command"],
        "run": history.runs[-1].id if history else None,
        "changes": view["changes"]["since"]["run"] if view["changes"] else None,
        "notices": [head(visible_view(notice), _LINE_WIDTH) for notice in notices[:_NOTICES]],
        "more_notices": max(0, len(notices) - _NOTICES),
        "coverage": _coverage(rows),
        "scanned": coverage_words(view),
        "elsewhere": elsewhere[:_NOTICES],
        "more_elsewhere": max(0, len(elsewhere) - _NOTICES),
        "tiles": list(_tiles(rows, counts.whole, noun, with_changes=trend is not None)),
        "trend": trend,
        "charts": trend.charts if trend else [],
        "total": len(rows),
        "rows": rows[:FIRST_ROWS],
        "words": _WORDS,
        "length": _length,
        "tool": view["tool"],
        "made": f"{now:%Y-%m-%d %H:%M} UTC",
        "data": {
            "fields": _FIELDS,
            "noun": noun,
            "words": {name.value: words for name, words in _WORDS.items()},
            "statuses": STATUSES,
            "rows": [_for_script(row, strings) for row in rows[:_MOST_ROWS]],
            "trend": trend and {"all": trend.all, "owners": trend.owners},
            # The last one, since the rows above number their texts.
            "strings": strings.texts(),
        },
    }


def _for_script(row: IndexRow, strings: Strings) -> list[object]:
    counts = row.counts
    texts = (row.name, row.page, row.owner, row.looked_at.value, row.reasons)
    more = (row.date, row.since, row.command)
    return [
        *map(strings.number, texts),
        row.run,
        *map(strings.number, more),
        *(counts.found, counts.live, counts.open, counts.lesser, counts.new, counts.back, counts.removed),
        *(len(counts.lengths), row.mean, row.longest),
        [strings.number(text) for credential in counts.listed for text in credential],
    ]


def _bound(rows: int, noun: tuple[str, str]) -> Iterable[str]:
    if rows > _MOST_ROWS:
        yield f"The list has the {_MOST_ROWS:,} most urgent of {plural(rows, *noun)}; the JSON report has them all."


def _noun(view: ReportView) -> tuple[str, str]:
    """Return the words for a target, and for targets."""
    is_only_repositories = {target["kind"] for target in view["scan"]["targets"]} == {"repository"}
    return ("repository", "repositories") if is_only_repositories else ("target", "targets")


def _heading(rows: Sequence[IndexRow], whole: TargetCounts, noun: tuple[str, str]) -> str:
    if whole.live:
        return f"{plural(whole.live, 'live credential')} in {plural(_number(rows, 'live'), *noun)}"
    if whole.open:
        return f"{plural(whole.open, 'open credential')} in {plural(_number(rows, 'open'), *noun)}"
    return f"No open credential in {plural(len(rows), *noun)}"


def _number(rows: Iterable[IndexRow], name: str) -> int:
    return sum(bool(getattr(row.counts, name)) for row in rows)


def _coverage(rows: Sequence[IndexRow]) -> list[CoverageRow]:
    found = []
    for name, words in _WORDS.items():
        mine = [row for row in rows if row.looked_at is name]
        if not mine and name is not LookedAt.FULL:
            continue
        dates = sorted({row.date for row in mine if row.date})
        found.append(
            CoverageRow(
                words=words,
                number=len(mine),
                share=round(100 * len(mine) / len(rows), 1) if rows else 0,
                why=_why(mine, name),
                dates=" to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
                view=urlencode({"looked": name.value}) if 0 < len(mine) < len(rows) else "",
            )
        )
    return found


def _why(rows: Sequence[IndexRow], name: LookedAt) -> str:
    """Return the reasons with how many targets each concerns."""
    if name is LookedAt.LATER:
        causes = Counter(f"last scanned by run {row.run}" for row in rows)
    else:
        causes = Counter(cause for row in rows for cause in row.causes)
    most = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    return listed([f"{cause} ({number:,})" for cause, number in most], limit=5)


def _tiles(
    rows: Sequence[IndexRow], whole: TargetCounts, noun: tuple[str, str], *, with_changes: bool
) -> Iterable[Tile]:
    def inside(name: str) -> str:
        return f"in {plural(_number(rows, name), *noun)}" if _number(rows, name) else ""

    yield Tile(f"{len(rows):,}", noun[0] if len(rows) == 1 else noun[1], "", "all=1" if rows else "")
    for name, words, style in (("live", "live", "s-active"), ("open", "open", "s-unverified")):
        number = getattr(whole, name)
        yield Tile(f"{number:,}", words, inside(name), f"has={name}" if number else "", style)
    if with_changes:
        yield Tile(f"{whole.new:,}", "new since the last run", inside("new"), "has=new" if whole.new else "")
        yield Tile(f"{whole.back:,}", "back again", inside("back"), "has=back" if whole.back else "")
    lengths = [length for row in rows for length in row.counts.lengths]
    if lengths:
        mean = sum(lengths, timedelta()) / len(lengths)
        middle = timedelta(seconds=median(length.total_seconds() for length in lengths))
        more = f"from leak to removal, of {len(lengths):,}"
        for words, length in (("longest", max(lengths)), ("median", middle), ("mean", mean)):
            order = "&sort=-longest" if words == "longest" else "&sort=-mean"
            yield Tile(length_words(length), words, more, f"has=removed{order}", "plain length")


def _length(days: float) -> str:
    return length_words(timedelta(days=days)) if days >= 0 else ""
