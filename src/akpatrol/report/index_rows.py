"""The rows of an index: one for each target, and one for each that could not be read at all."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.places import Remade
from akpatrol.report import links
from akpatrol.report.document import visible_view
from akpatrol.report.index_counts import TargetCounts
from akpatrol.report.page_locations import names
from akpatrol.report.page_targets import reasons_of, skips_by_target
from akpatrol.report.text_safety import head, middle_out, shell_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.history import SweepHistory
    from akpatrol.report.view import ReportView, SkipView, TargetView

_WIDTH = 320
_REASON_WIDTH = 200
_DAY = timedelta(days=1)
_NO_CAUSES: frozenset[str] = frozenset()


class LookedAt(StrEnum):
    """How much of a target was scanned, the worst first; ``LATER`` was not reached by the last run."""

    FAILED = "failed"
    SKIPS = "skips"
    LATER = "later"
    FULL = "full"


class IndexRow(NamedTuple):
    """One target; texts are safe to show, ``page`` is its web page, ``""`` when it has none.

    ``date`` is when it was last scanned and ``since`` the first leak of what is open, as ``2026-03-01``, ``""`` when
    that is not known. ``reasons`` has the ``causes`` of gaps in words. ``command`` makes a page of this target alone.
    """

    name: str
    page: str
    owner: str
    looked_at: LookedAt
    reasons: str
    causes: frozenset[str]
    run: int
    date: str
    since: str
    command: str
    counts: TargetCounts

    @property
    def short(self) -> str:
        """The name beside its owner, who need not be named twice."""
        return self.name.removeprefix(f"{self.owner}/") if self.owner else self.name

    @property
    def mean(self) -> float:
        """The mean time from leak to removal in days, -1 when nothing was removed at a known time."""
        lengths = self.counts.lengths
        return round(sum(lengths, timedelta()) / len(lengths) / _DAY, 2) if lengths else -1

    @property
    def longest(self) -> float:
        """The longest such time."""
        return round(max(self.counts.lengths) / _DAY, 2) if self.counts.lengths else -1


class IndexRows(NamedTuple):
    """The rows: live ones first, then by what is open and how long. ``elsewhere`` are gaps of no target, in words."""

    rows: tuple[IndexRow, ...]
    elsewhere: tuple[str, ...]


def build(
    view: ReportView, counts: Mapping[str, TargetCounts], owners: Mapping[str, str], history: SweepHistory | None
) -> IndexRows:
    """Return the rows of a document without its credentials."""
    skipped, elsewhere = skips_by_target(view)
    targets = view["scan"]["targets"]
    titles = _titles(targets)
    runs = {run.id: run.started_at for run in history.runs} if history else {}
    found = []
    for target in targets:
        run = history.scans.get(target["id"], 0) if history else 0
        mine = [*skipped.get(target["id"], ()), *_of_remote(elsewhere, target)]
        failed = [skip for skip in mine if skip["item"] in (target["path"], target["remote"])]
        found.append(
            IndexRow(
                name=titles[target["id"]],
                page=_page(target),
                owner=owners[target["id"]],
                looked_at=_looked_at(mine, failed, is_later=bool(history) and run < max(runs)),
                reasons=visible_view(reasons_of(failed or mine)),
                causes=frozenset(map(_cause, failed or mine)) if mine else _NO_CAUSES,
                run=run,
                date=runs.get(run, view["scan"]["started_at"])[:10],
                since=_day(counts.get(target["id"])),
                command=_command(target),
                counts=counts.get(target["id"], TargetCounts()),
            )
        )
    remotes = {target["remote"] for target in targets}
    rest = [skip for skip in elsewhere if skip["item"] not in remotes]
    failed = [skip for skip in rest if skip["item"] in history.failed] if history else rest
    others = [skip for skip in rest if skip["item"] not in history.failed] if history else []
    found += _failed(failed)
    return IndexRows(tuple(sorted(found, key=_urgency)), tuple(map(_sentence, others)))


def _cause(skip: SkipView) -> str:
    return head(visible_view(skip["reason"]), _REASON_WIDTH)


def _sentence(skip: SkipView) -> str:
    return visible_view(f"{middle_out(skip['item'], _WIDTH)}: {head(skip['reason'], _REASON_WIDTH)}")


def owners_of(view: ReportView, counts: Mapping[str, TargetCounts]) -> dict[str, str]:
    """Return the owner of each target: whom CODEOWNERS names for most of its credentials, else the forge's, or ""."""
    return {
        target["id"]: head(visible_view(_named(counts.get(target["id"])) or _on_forge(target)), _WIDTH)
        for target in view["scan"]["targets"]
    }


def _named(counts: TargetCounts | None) -> str:
    if not counts or not counts.owners:
        return ""
    return min(counts.owners, key=lambda owner: (-counts.owners[owner], owner))


def _on_forge(target: TargetView) -> str:
    """Return the owner in a remote's path, or in the address of what a forge has beside code, such as issues."""
    if target["remote"]:
        return (links.repository(target["remote"]) or "").rpartition("/")[0]
    path = links.repository(target["path"]) or ""
    # A group of GitLab may be in another one; elsewhere an owner is one name.
    return path.partition("/-/")[0].rpartition("/")[0] if "/-/" in path else path.partition("/")[0]


def _titles(targets: Sequence[TargetView]) -> dict[str, str]:
    return names(Remade(visible_view, targets), [_forge_name(target) for target in targets])


def _forge_name(target: TargetView) -> str | None:
    """Return a repository's name on any host, since its owner there is known too."""
    name = links.repository(target["remote"] or "")
    return visible_view(name) if name else None


def _page(target: TargetView) -> str:
    home = links.home(target["remote"] or "")
    return home.page if home and len(home.page) <= links.LONGEST else ""


def _command(target: TargetView) -> str:
    verb = "history" if target["kind"] == "repository" else "scan"
    if target["kind"] not in ("repository", "directory", "file") or len(target["path"]) > _WIDTH:
        return ""
    return visible_view(f"akpatrol {verb} {shell_word(target['path'])} -f html -o report.html")


def _of_remote(elsewhere: Sequence[SkipView], target: TargetView) -> Iterator[SkipView]:
    """Yield what is said of a target by its address: that it could not be fetched again."""
    if target["remote"]:
        yield from (skip for skip in elsewhere if skip["item"] == target["remote"])


def _looked_at(skipped: Sequence[SkipView], failed: Sequence[SkipView], *, is_later: bool) -> LookedAt:
    if failed:
        return LookedAt.FAILED
    if is_later:
        return LookedAt.LATER
    return LookedAt.SKIPS if skipped else LookedAt.FULL


def _failed(skips: Sequence[SkipView]) -> Iterator[IndexRow]:
    for skip in skips:
        name = middle_out(visible_view(skip["item"]), _WIDTH)
        reason = head(visible_view(skip["reason"]), _REASON_WIDTH)
        owner = head(visible_view((links.repository(skip["item"]) or "").rpartition("/")[0]), _WIDTH)
        yield IndexRow(name, "", owner, LookedAt.FAILED, reason, frozenset((reason,)), 0, "", "", "", TargetCounts())


def _day(counts: TargetCounts | None) -> str:
    return f"{counts.since:%Y-%m-%d}" if counts and counts.since else ""


def _urgency(row: IndexRow) -> tuple[object, ...]:
    counts = row.counts
    return (-counts.live, -counts.open, row.since or "9999", row.looked_at is LookedAt.FULL, row.name)
