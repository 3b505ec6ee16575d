"""A scan of sources: all that they yield comes together in one report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model.scan import Chunk, Confidence, Counted, Excluded, Exclusion, Origin, Skipped, State, Target
from akpatrol.policy.group import AcceptedSkip
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.base import Amount
from akpatrol.sources.occurrence import component, occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Item, Placed


class _Unit:
    title = "a unit"

    def __init__(self, *items: Item) -> None:
        self._items = items

    def read(self) -> Iterator[Item]:
        return iter(self._items)


class _Source:
    parallel = False

    def __init__(self, *planned: Any, gaps: tuple[Skipped, ...] = ()) -> None:
        self._planned = planned
        self._gaps = gaps
        self.asked: list[int] = []

    def targets(self) -> tuple[Target, ...]:
        return (Target("0", "directory", "/x"),)

    def size_hint(self) -> None: ...

    def amount(self) -> Amount:
        return Amount.UNKNOWN

    def plan(self) -> Iterator[Any]:
        return iter(self._planned)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        self.asked.append(len(findings))
        for finding in findings:
            yield finding.match, occurrence(finding, State.WORKTREE)

    def check(self) -> Iterator[Skipped]:
        return iter(self._gaps)

    def unread_histories(self) -> tuple[str, ...]:
        return ("/x", "/x")


def _chunk(text: str) -> Chunk:
    return Chunk(Origin("0", path=b"f"), text.encode())


def _run(*sources: Any, **options: Any) -> Any:
    return scan_sources("scan", sources, Examiner(load()), ScanOptions(**options))


def test_everything_comes_together(key: str) -> None:
    one = _Source(Excluded(Exclusion.SYMLINK, 2), _Unit(_chunk(key), Counted("files", 1, 10)), Skipped("a", "b"))
    two = _Source(
        _Unit(Counted("files", 2, 5), Skipped("a", "b"), Excluded(Exclusion.SYMLINK)), gaps=(Skipped("c", "d"),)
    )
    report = _run(one, two)
    assert (one.asked, two.asked) == ([1], [])
    assert (report.coverage.size, report.coverage.counts) == (15, {"files": 3})
    assert report.coverage.excluded == {"symlink": 3}
    assert report.coverage.skipped == (Skipped("a", "b"), Skipped("c", "d"))
    assert not report.coverage.complete
    assert len(report.credentials) == 1
    assert report.unread_histories == ("/x",)
    assert report.duration >= 0


def test_each_source_places_its_own_hits(key: str) -> None:
    sources = [_Source(_Unit(_chunk(key)), _Unit(_chunk(f"{key} {key}"))), _Source(_Unit(_chunk(key)))]
    _run(*sources)
    assert [source.asked for source in sources] == [[3], [1]]


def test_accepted_skip_leaves_the_scan_complete() -> None:
    report = _run(_Source(Skipped("a", "b")), accepted=[AcceptedSkip("known", lambda _: True)])
    assert report.coverage.complete
    assert report.coverage.skipped[0].accepted == "known"


def test_minimum_confidence(key: str) -> None:
    report = _run(_Source(_Unit(_chunk(f"dummy example {key}"))), minimum=Confidence.LOW)
    assert len(report.credentials) == 1
    high = _run(_Source(_Unit(_chunk(f"dummy example {key}"))), minimum=Confidence.HIGH)
    assert len(high.credentials) + high.below_confidence == 1


def test_progress_is_told_while_a_unit_is_read() -> None:
    seen: list[int] = []

    def note(tally: ScanResult) -> None:
        seen.append(tally.size)

    unit = _Unit(Counted("files", 0, 4), Counted("files", 1, 2))
    scan_sources("scan", [_Source(unit)], Examiner(load()), ScanOptions(), note)
    assert seen[:2] == [4, 6]


def test_component() -> None:
    assert [component(b"ab/cd/ef", offset) for offset in (0, 2, 3, 7)] == [b"ab", b"ab", b"ab/cd", b"ab/cd/ef"]
