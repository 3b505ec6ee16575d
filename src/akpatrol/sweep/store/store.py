"""The store of a sweep: targets, runs, coverage and credentials by fingerprint, with their history.

It is data, not a cache: unknown content is never replaced or removed. It holds masked texts, hashes and positions,
never a raw secret. Every target is one transaction. It is kept in a file of SQLite or in PostgreSQL.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Self

from akpatrol import __version__
from akpatrol.errors import UsageError
from akpatrol.model.report import Report
from akpatrol.model.scan import Confidence
from akpatrol.policy import group
from akpatrol.report.mask import without_password
from akpatrol.report.text_safety import plain
from akpatrol.report.wording import parsed
from akpatrol.runtime.collection import uncollected
from akpatrol.sweep import run_changes
from akpatrol.sweep.store import coverage, databases, history, lookup, merge, rows, runs
from akpatrol.sweep.store.place_file import PlaceFile
from akpatrol.sweep.store.target_rows import rows_of
from akpatrol.validate.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from akpatrol.model.credential import Changes
    from akpatrol.model.scan import Target
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.report.view import ReportView, VerificationView
    from akpatrol.sweep.store.coverage import IncompleteTarget
    from akpatrol.sweep.store.database import Queries
    from akpatrol.sweep.store.schema import SweepRun
    from akpatrol.sweep.store.target_rows import TargetRows

_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


class ScannedRows(NamedTuple):
    """The rows of a target and its signature; ``root`` is its real root where the rows have a masked one."""

    rows: TargetRows
    signature: str | None
    root: str | None = None


class SweepStore:
    """A store, open while it is a context. With ``create`` it is opened for writing, and created when missing.

    ``name`` is a file, or the address of a database. Others may read while a sweep writes; in a file one sweep at a
    time writes. Every method raises UsageError for an unusable store.
    """

    def __init__(self, name: str, *, create: bool) -> None:
        self._database = databases.opened(name, create=create)
        self._name = self._database.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def begin(self, started_at: str, rules_digest: str) -> int:
        """Return the number of a new run."""
        with self._database.writing() as queries:
            run = int(queries.execute("SELECT coalesce(max(id), 0) + 1 FROM run").fetchone()[0])
            query = "INSERT INTO run (id, started_at, rules_digest, version) VALUES (?, ?, ?, ?)"
            queries.execute(query, (run, started_at, rules_digest, __version__))
            return run

    def finish(self, run: int, finished_at: str) -> None:
        """Record that every target of a run was scanned."""
        with self._database.writing() as queries:
            queries.execute("UPDATE run SET finished_at = ? WHERE id = ?", (finished_at, run))

    def signatures(self, targets: Iterable[Target], conditions: str) -> list[str | None]:
        """Return the signature of each target's last scan, if that was complete and under the same conditions."""
        query = """
            SELECT value FROM signature JOIN target ON target = id
            WHERE place = ? AND retired_run IS NULL AND conditions = ?
        """
        with self._reading() as queries:
            places = [(rows.place(target.kind, target.root), conditions) for target in targets]
            found = [queries.execute(query, place).fetchone() for place in places]
            return [str(row[0]) if row else None for row in found]

    def unchanged(self, run: int, *targets: Target) -> None:
        """Record in one transaction that targets were checked in a run and are unchanged."""
        with self._database.writing() as queries:
            for target in targets:
                number = rows.number_of(queries, target.kind, target.root, run)
                rows.looked_again(queries, -1 if number is None else number, run)

    def put(
        self, run: int, document: ReportView, signature: str | None, conditions: str, root: str | None = None
    ) -> None:
        """Store a document of one target, as ``put_all`` does."""
        self.put_all(run, [ScannedRows(rows_of(document), signature, root)], conditions)

    def put_all(self, run: int, scanned: Iterable[ScannedRows], conditions: str) -> None:
        """Store what was scanned in one transaction, which is committed when this returns.

        A signature is stored only for a complete scan; an incomplete target is scanned again.
        """
        with self._database.writing() as queries:
            for one in scanned:
                target = rows.write(queries, run, one.rows, one.root)
                rows.sign(queries, target, run, one.signature if one.rows.complete else None, conditions)

    def skip(self, run: int, name: str, reason: str) -> None:
        """Record that a target could not be read at all; ``name`` is its root or remote, which later scans compare."""
        failure = (plain(without_password(name)), run, plain(without_password(reason)))
        with self._database.writing() as queries:
            queries.execute("DELETE FROM failure WHERE name = ? AND run = ?", failure[:2])
            queries.execute("INSERT INTO failure VALUES (?, ?, ?)", failure)

    def left_out(self, run: int) -> list[Target]:
        """Return the targets that were not scanned in a run, without retired ones."""
        with self._reading() as queries:
            return rows.left_out(queries, run)

    def retire(self, run: int, target: Target) -> None:
        """Record that a target no longer exists: its findings are gone, and it does not count as unread.

        Targets that are merely not part of a run stay as they were, and ``gaps`` says since when.
        """
        with self._database.writing() as queries:
            number = rows.number_of(queries, target.kind, target.root)
            if number is not None:
                rows.retire(queries, number, run)

    def verified(self, run: int, answers: Mapping[str, VerificationView]) -> None:
        """Add the API's answers to the history: a document's ``verification`` by fingerprint.

        The effects on severity and attribution are computed when the store is read.
        """
        with self._database.writing() as queries:
            rows.add_verifications(queries, run, answers.items())

    def runs(self) -> list[SweepRun]:
        """Return all runs, the first one first."""
        with self._reading() as queries:
            return list(runs.runs(queries).values())

    def run_named(self, name: str) -> SweepRun:
        """Return an earlier run than the last one, as ``runs.named`` finds it."""
        with self._reading() as queries:
            known = runs.runs(queries)
            return runs.named(known, name, self._current(known, None).id, self._name, datetime.now(UTC))

    def report(
        self,
        run: int | None = None,
        *,
        since: SweepRun | None = None,
        minimum: Confidence = Confidence.LOW,
        questions: Sequence[CredentialQuery] = (),
        with_history: bool = False,
    ) -> Report:
        """Return one report of all targets, as of a run or the last one.

        It has credentials of at least the ``minimum`` confidence. With ``since``, it has only those that are new or
        changed from then on, and the list of changes. With ``questions``, it has only what may answer them. With
        ``with_history``, it has what the store knows of earlier runs. Targets are called by their number in the store.
        """
        with self._reading() as queries:
            known = runs.runs(queries)
            current = self._current(known, run)
            changes = run_changes.changes(queries, since, current.id, minimum) if since else None
            only = lookup.fingerprints(queries, questions) if questions else None
            if changes:
                only = {change.fingerprint for change in changes.credentials if change.change != "gone"}
            # Before the credentials, for together they need much memory.
            report = self._without_credentials(queries, known, current, minimum if with_history else None)
            with uncollected():
                merged = tuple(merge.credentials(queries, current.id, only, PlaceFile().keep))
            credentials, below = group.at_least(merged, minimum)
            return report._replace(
                credentials=credentials, below_confidence=below + report.below_confidence, changes=changes
            )

    def _without_credentials(
        self, queries: Queries, known: Mapping[int, SweepRun], current: SweepRun, of_history: Confidence | None
    ) -> Report:
        """Return the report of a run without what was found, with the history of at least this confidence, if any."""
        looked = coverage.looked(queries, known, current.id)
        return Report(
            command="sweep",
            started_at=current.started_at,
            duration=_seconds(current),
            targets=tuple(look.target for look in looked.looks),
            coverage=looked.coverage,
            credentials=(),
            below_confidence=sum(look.below_confidence for look in looked.looks),
            unread_histories=looked.unread_histories,
            notices=looked.notices,
            rules_digest=current.rules_digest,
            interrupted=current.finished_at is None,
            history=None if of_history is None else history.history(queries, looked, of_history),
        )

    def document(self, run: int | None = None) -> ReportView:
        """Return the document of a report as of a run or the last one, valid against ``report/schema.json``."""
        from akpatrol.report import RenderOptions, document  # noqa: PLC0415
        from akpatrol.rules import rule_file  # noqa: PLC0415

        return document.build(self.report(run), RenderOptions(str, rule_file.load(), datetime.now(UTC)))

    def changes(self, since: SweepRun, run: int | None = None, *, minimum: Confidence = Confidence.LOW) -> Changes:
        """Return the credentials that are new, gone or changed between an earlier run and another one or the last."""
        with self._reading() as queries:
            current = self._current(runs.runs(queries), run)
            return run_changes.changes(queries, since, current.id, minimum)

    def gaps(self, run: int | None = None) -> list[IncompleteTarget]:
        """Return the targets that were not fully read, as of a run or the last one, and why."""
        with self._reading() as queries:
            known = runs.runs(queries)
            return coverage.looked(queries, known, self._current(known, run).id).gaps()

    def _current(self, known: Mapping[int, SweepRun], run: int | None) -> SweepRun:
        if not known:
            raise UsageError(f"{self._name}: this store has no runs yet")
        if run is not None and run not in known:
            raise UsageError(f"{self._name}: no such run: {run}", hint=f"runs: 1 to {max(known)}")
        return known[max(known) if run is None else run]

    @contextmanager
    def _reading(self) -> Iterator[Queries]:
        """Read from one snapshot."""
        try:
            with self._database.reading() as queries:
                yield queries
        except _DAMAGED as error:
            detail = f": {error}" if isinstance(error, FieldError) else ""
            raise UsageError(f"{self._name}: damaged{detail}", hint="restore it from a backup") from None


def _seconds(run: SweepRun) -> float:
    """Return how long a run took, 0 where that is not known."""
    started, finished = parsed(run.started_at), parsed(run.finished_at or "")
    return max(0.0, (finished - started).total_seconds()) if started and finished else 0.0
