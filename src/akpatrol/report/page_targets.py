"""The table of what was scanned: for each target whether all of it was, and what was found; first those with gaps."""

from __future__ import annotations

import os.path
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from akpatrol.model.credential import VerificationStatus
from akpatrol.report import local_sources
from akpatrol.report.number_words import listed, plural
from akpatrol.report.overview import findings_of
from akpatrol.report.text_safety import head, middle_out
from akpatrol.report.wording import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from akpatrol.report.view import LocalSourceView, ReportView, SkipView

_LISTED = 2000
_WIDTH = 320
_REASON_WIDTH = 200
_SWEEP = "sweep"
_LOCATION = "location"


class TargetRow(NamedTuple):
    """One target; ``view`` is the filter of the page that shows its credentials, "" without any.

    ``unread`` counts items that could not be scanned, ``reasons`` says why. Nothing of a ``failed`` one could be.
    ``scanned`` says how much of one without gaps was.
    """

    name: str
    kind: str
    path: str
    remote: str
    head: str
    failed: bool
    unread: int
    reasons: str
    live: int
    found: int
    places: int
    view: str
    scanned: str = "all of it"


class TargetTable(NamedTuple):
    """The rows, those with gaps first and then those with live credentials, and how many more there are."""

    rows: tuple[TargetRow, ...]
    more: int
    gaps: int

    @property
    def is_first(self) -> bool:
        """True when coverage is what to read first: there are several targets, and not only places of one machine."""
        return len(self.rows) > 1 and self.rows[0].kind != _LOCATION


def targets(view: ReportView, names: Mapping[str, str]) -> TargetTable:
    """Return the table of a visible document; ``names`` are the targets' names by their id."""
    skipped, elsewhere = skips_by_target(view)
    live: Counter[str] = Counter()
    credentials: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for credential in findings_of(view):
        held_by = Counter(place["target"] for place in credential["occurrences"])
        places.update(held_by)
        credentials.update(set(held_by))
        live.update(set(held_by) if status_of(credential) == VerificationStatus.ACTIVE else ())
    rows = [
        TargetRow(
            name=names[target["id"]],
            kind=target["kind"],
            path=middle_out(target["path"], _WIDTH),
            remote=middle_out(target["remote"] or "", _WIDTH),
            head=(target["head"] or "")[:12],
            failed=any(skip["item"] == target["path"] for skip in skipped[target["id"]]),
            unread=len(skipped[target["id"]]),
            reasons=reasons_of(skipped[target["id"]]),
            live=live[target["id"]],
            found=credentials[target["id"]],
            places=places[target["id"]],
            view=urlencode({"repository": names[target["id"]]}) if credentials[target["id"]] else "",
        )
        for target in view["scan"]["targets"]
    ]
    if view["sources"]:
        by_name = {row.name: row for row in rows}
        rows = [_of_source(source, by_name.get(source["title"])) for source in local_sources.ordered(view["sources"])]
    else:
        # A sweep skips a target that it cannot read at all, so it is not among the targets.
        rows += _failed(elsewhere) if view["scan"]["command"] == _SWEEP else []
        rows.sort(key=lambda row: (not row.failed, not row.unread, -row.live, -row.found, row.name))
    gaps = sum(bool(row.unread) for row in rows)
    return TargetTable(tuple(rows[:_LISTED]), max(0, len(rows) - _LISTED), gaps)


def _of_source(source: LocalSourceView, row: TargetRow | None) -> TargetRow:
    """Return the row of a place of a workstation, which is no target when it does not exist."""
    row = row or TargetRow(source["title"], _LOCATION, "", "", "", False, 0, "", 0, 0, 0, "")  # noqa: FBT003 - a field
    newest = f", newest {source['newest'][:10]}" if source["newest"] else ""
    contents = f"{plural(source['files'], 'file')}{newest}" if source["files"] else ""
    return row._replace(
        remote=middle_out(f"{contents}. {source['advice']}" if source["findings"] else contents, _WIDTH),
        unread=source["skipped"],
        reasons="named with the coverage",
        scanned=local_sources.WORDS[source["state"]] if source["state"] in ("absent", "left_out") else row.scanned,
    )


def skips_by_target(view: ReportView) -> tuple[Mapping[str, Sequence[SkipView]], Sequence[SkipView]]:
    """Return the skips of each target, known by the beginning of their path, and the skips in no target."""
    ids = {target["path"]: target["id"] for target in view["scan"]["targets"]}
    # A sweep's items begin with their target. What a single target of another command lacks is its own.
    only = next(iter(ids.values())) if len(ids) == 1 and view["scan"]["command"] != _SWEEP else None
    skipped: defaultdict[str, list[SkipView]] = defaultdict(list)
    elsewhere = []
    for skip in view["coverage"]["skipped"]:
        if skip["accepted"] is not None:
            continue
        inside = next((ids[path] for path in _roots(skip["item"]) if path in ids), only)
        if inside is None:
            elsewhere.append(skip)
        else:
            skipped[inside].append(skip)
    return skipped, elsewhere


def _roots(item: str) -> Iterator[str]:
    """Yield what may be the target of an item: itself, the part before a colon, and the directories that contain it."""
    yield item
    path = item.partition(": ")[0]
    yield path
    while path != (path := os.path.dirname(path)):
        yield path


def _failed(skips: Iterable[SkipView]) -> Iterator[TargetRow]:
    for skip in skips:
        name = middle_out(skip["item"], _WIDTH)
        reason = head(skip["reason"], _REASON_WIDTH)
        yield TargetRow(name, "", "", "", "", True, 1, reason, 0, 0, 0, "")  # noqa: FBT003 - it failed


def reasons_of(skips: Sequence[SkipView]) -> str:
    """Return the reasons of skips in words, the most frequent first."""
    counts = Counter(head(skip["reason"], _REASON_WIDTH) for skip in skips).most_common()
    return listed([f"{reason} ({number:,})" for reason, number in counts])
