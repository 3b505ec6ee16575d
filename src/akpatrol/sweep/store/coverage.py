"""Coverage as of any run: the sum over all targets, and the list of those that were not fully read."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.model.report import Coverage
from akpatrol.model.scan import Skipped
from akpatrol.report.load import coverage_of, target_of
from akpatrol.report.number_words import plural
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.scan import Target
    from akpatrol.sweep.store.database import Queries
    from akpatrol.sweep.store.schema import SweepRun

_LOOKS = """
SELECT target.id, kind, root, remote, head, CASE WHEN last_run < :run THEN last_run ELSE :run END, body
FROM target JOIN coverage ON coverage.target = target.id
AND run = (SELECT max(run) FROM coverage AS other WHERE other.target = target.id AND run <= :run)
WHERE retired_run IS NULL OR retired_run > :run ORDER BY target.id
"""
# The last failures, unless the target was scanned since then under the same name.
_FAILURES = """
WITH last AS (SELECT name, max(run) AS run FROM failure WHERE run <= :run GROUP BY name),
scan AS (SELECT target, max(last_run) AS run FROM coverage WHERE run <= :run GROUP BY target),
scanned AS (
    SELECT name, max(run) AS run FROM (
        SELECT root AS name, run FROM scan JOIN target ON id = target
        UNION ALL SELECT remote, run FROM scan JOIN target ON id = target WHERE remote IS NOT NULL
    ) AS named GROUP BY name
)
SELECT failure.name, failure.run, reason FROM failure JOIN last ON last.name = failure.name AND last.run = failure.run
LEFT JOIN scanned ON scanned.name = failure.name
WHERE scanned.run IS NULL OR scanned.run < failure.run ORDER BY failure.name
"""
UNFINISHED = "did not finish: some targets may be missing"
"""The reason of the gap that is a run itself."""
_REASONS = 5
_HOW = "akpatrol report --coverage lists them"


class LastScan(NamedTuple):
    """The last scan of a target: its run and its result."""

    target: Target
    run: int
    coverage: Coverage
    notices: tuple[str, ...]
    below_confidence: int
    unread_histories: tuple[str, ...]


class FailedTarget(NamedTuple):
    """A target that could not be read at all, by name, and the run in which it failed."""

    name: str
    run: int
    reason: str


class IncompleteTarget(NamedTuple):
    """A target that was not fully read; ``run`` and ``at`` say when it was last scanned, if ever."""

    target: str
    kind: str | None
    remote: str | None
    run: int | None
    at: str | None
    complete: bool
    reason: str


class StoreCoverage(NamedTuple):
    """The coverage of all targets as of ``run``."""

    run: SweepRun
    runs: Mapping[int, SweepRun]
    looks: Sequence[LastScan]
    failures: Sequence[FailedTarget]

    @property
    def coverage(self) -> Coverage:
        """The sum over all targets."""
        counts: Counter[str] = Counter()
        excluded: Counter[str] = Counter()
        for look in self.looks:
            counts.update(look.coverage.counts)
            excluded.update(look.coverage.excluded)
        return Coverage(
            sum(look.coverage.size for look in self.looks),
            dict(sorted(counts.items())),
            dict(sorted(excluded.items())),
            (*self._unfinished(), *self._skipped()),
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """The targets' notices, and how many targets were not scanned in this run."""
        stale = [look.run for look in self.looks if look.run < self.run.id]
        notices = [f"{look.target.root}: {notice}" for look in self.looks for notice in look.notices]
        if not stale:
            return tuple(notices)
        were = plural(len(stale), "target was", "targets were")
        first = f"from run {min(stale)} ({self.runs[min(stale)].started_at[:10]}) on"
        return (f"{were} not scanned in run {self.run.id}: results are from earlier runs, {first}; {_HOW}.", *notices)

    @property
    def unread_histories(self) -> tuple[str, ...]:
        """Repositories that were met and are no target themselves."""
        known = {look.target.root for look in self.looks if look.target.kind == "repository"}
        return tuple(path for look in self.looks for path in look.unread_histories if path not in known)

    def gaps(self) -> list[IncompleteTarget]:
        """Return the targets that were not fully read, and last those that were not scanned in this run."""
        unread = [*self._unfinished(), *(Skipped(failure.name, failure.reason) for failure in self.failures)]
        targets = [
            IncompleteTarget(skip.item, None, None, None, None, complete=False, reason=skip.reason) for skip in unread
        ]
        targets += [gap for look in self.looks if (gap := self._gap(look))]
        return sorted(targets, key=lambda gap: (gap.complete, gap.target))

    def _unfinished(self) -> Iterator[Skipped]:
        if not self.run.finished_at:
            yield Skipped(f"run {self.run.id}", UNFINISHED)

    def _skipped(self) -> Iterator[Skipped]:
        yield from (Skipped(failure.name, failure.reason) for failure in self.failures)
        for look in self.looks:
            for skip in look.coverage.skipped:
                item = skip.item if skip.item == look.target.root else f"{look.target.root}: {skip.item}"
                yield skip._replace(item=item)

    def _gap(self, look: LastScan) -> IncompleteTarget | None:
        reasons = [skip.reason for skip in look.coverage.skipped if not skip.accepted]
        details = [f"{reason} ({number:,})" for reason, number in Counter(reasons).most_common(_REASONS)]
        if (more := len(set(reasons)) - _REASONS) > 0:
            details.append(plural(more, "more reason"))
        if look.run < self.run.id:
            details.append(self._since(look.run))
        if not details:
            return None
        target, at = look.target, self.runs[look.run].started_at
        return IncompleteTarget(target.root, target.kind, target.remote, look.run, at, not reasons, "; ".join(details))

    def _since(self, run: int) -> str:
        return f"not scanned since run {run} ({self.runs[run].started_at[:10]})"


def looked(queries: Queries, runs: Mapping[int, SweepRun], run: int) -> StoreCoverage:
    """Return the coverage as of a run. Raises ValueError, TypeError or KeyError for damaged rows."""
    looks = [_look(row) for row in queries.execute(_LOOKS, {"run": run})]
    failures = [_failure(*row) for row in queries.execute(_FAILURES, {"run": run})]
    return StoreCoverage(runs[run], runs, looks, failures)


def _failure(name: str, run: int, reason: str) -> FailedTarget:
    fields = Fields({"name": name, "reason": reason})
    return FailedTarget(fields.text("name"), run, fields.text("reason"))


def _look(row: tuple[Any, ...]) -> LastScan:
    number, *named, run, body = row
    fields = Fields(json.loads(body))
    names = ("kind", "path", "remote", "head")
    target = target_of(Fields({"id": str(number)} | dict(zip(names, named, strict=True))))
    return LastScan(
        target._replace(base=target.root if target.kind == "repository" else None),
        run,
        coverage_of(fields.inner("coverage")),
        fields.texts("notices"),
        fields.count("below_min_confidence"),
        fields.texts("histories_not_read"),
    )
