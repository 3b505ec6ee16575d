"""The store of a sweep: one SQLite file of targets, runs, coverage and credentials by fingerprint, with their history.

It is data, not a cache: unknown content is never replaced or removed. It holds masked texts, hashes and positions,
never a raw secret. Every target is one transaction. With a write-ahead log and ``synchronous = NORMAL``, committed data
survives any end of the process; a power failure may lose the last transactions but
leaves the file intact (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import quote

from akpatrol import __version__
from akpatrol.errors import UsageError
from akpatrol.model.report import Report
from akpatrol.model.scan import Confidence
from akpatrol.policy import group
from akpatrol.report.mask import without_password
from akpatrol.report.text_safety import plain
from akpatrol.report.wording import parsed
from akpatrol.sweep import run_changes
from akpatrol.sweep.store import coverage, merge, rows, runs, schema
from akpatrol.sweep.store.lock import Lock, check_own
from akpatrol.sweep.store.target_rows import rows_of
from akpatrol.validate.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.model.credential import Changes
    from akpatrol.model.scan import Target
    from akpatrol.report.view import ReportView, VerificationView
    from akpatrol.sweep.store.coverage import IncompleteTarget
    from akpatrol.sweep.store.schema import SweepRun
    from akpatrol.sweep.store.target_rows import TargetRows

_BUSY_SECONDS = 60.0
_VALUE_BYTES = 256 << 20
_DAMAGED = (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


class ScannedRows(NamedTuple):
    """The rows of a target and its signature; ``root`` is its real root where the rows have a masked one."""

    rows: TargetRows
    signature: str | None
    root: str | None = None


class SweepStore:
    """A store, open while it is a context. With ``create`` it is opened for writing, and created when missing.

    One sweep at a time writes; others may read meanwhile. Every method raises UsageError for an unusable file.
    """

    def __init__(self, file: str, *, create: bool) -> None:
        self._file = file
        if not create and not os.path.isfile(file):
            raise UsageError(f"{file}: no such store", hint="create it: akpatrol sweep")
        if create:
            check_own(file)
        self._lock: Lock | None = Lock(file) if create else None
        self._connection: sqlite3.Connection | None = None
        try:
            with self._explained():
                self._open(create=create)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._connection:
            self._connection.close()
            self._connection = None
        if self._lock:
            self._lock.close()
            self._lock = None

    def begin(self, started_at: str, rules_digest: str) -> int:
        """Return the number of a new run."""
        with self._writing() as connection:
            query = "INSERT INTO run (started_at, rules_digest, version) VALUES (?, ?, ?)"
            return int(connection.execute(query, (started_at, rules_digest, __version__)).lastrowid or 0)

    def finish(self, run: int, finished_at: str) -> None:
        """Record that every target of a run was scanned."""
        with self._writing() as connection:
            connection.execute("UPDATE run SET finished_at = ? WHERE id = ?", (finished_at, run))

    def signatures(self, targets: Iterable[Target], conditions: str) -> list[str | None]:
        """Return the signature of each target's last scan, if that was complete and under the same conditions."""
        query = """
            SELECT value FROM signature JOIN target ON target = id
            WHERE place = ? AND retired_run IS NULL AND conditions = ?
        """
        with self._reading() as connection:
            places = [(rows.place(target.kind, target.root), conditions) for target in targets]
            found = [connection.execute(query, place).fetchone() for place in places]
            return [str(row[0]) if row else None for row in found]

    def unchanged(self, run: int, *targets: Target) -> None:
        """Record in one transaction that targets were checked in a run and are unchanged."""
        with self._writing() as connection:
            for target in targets:
                number = rows.number_of(connection, target.kind, target.root)
                rows.looked_again(connection, -1 if number is None else number, run)

    def put(
        self, run: int, document: ReportView, signature: str | None, conditions: str, root: str | None = None
    ) -> None:
        """Store a document of one target, as ``put_all`` does."""
        self.put_all(run, [ScannedRows(rows_of(document), signature, root)], conditions)

    def put_all(self, run: int, scanned: Iterable[ScannedRows], conditions: str) -> None:
        """Store what was scanned in one transaction, which is committed when this returns.

        A signature is stored only for a complete scan; an incomplete target is scanned again.
        """
        with self._writing() as connection:
            for one in scanned:
                target = rows.write(connection, run, one.rows, one.root)
                connection.execute("DELETE FROM signature WHERE target = ?", (target,))
                if one.signature and one.rows.complete:
                    connection.execute("INSERT INTO signature VALUES (?, ?, ?)", (target, one.signature, conditions))

    def skip(self, run: int, name: str, reason: str) -> None:
        """Record that a target could not be read at all; ``name`` is its root or remote, which later scans compare."""
        failure = (plain(without_password(name)), run, plain(without_password(reason)))
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", failure)

    def left_out(self, run: int) -> list[Target]:
        """Return the targets that were not scanned in a run, without retired ones."""
        with self._reading() as connection:
            return rows.left_out(connection, run)

    def retire(self, run: int, target: Target) -> None:
        """Record that a target no longer exists: its findings are gone, and it does not count as unread.

        Targets that are merely not part of a run stay as they were, and ``gaps`` says since when.
        """
        with self._writing() as connection:
            number = rows.number_of(connection, target.kind, target.root)
            if number is not None:
                rows.retire(connection, number, run)

    def verified(self, run: int, answers: Mapping[str, VerificationView]) -> None:
        """Add the API's answers to the history: a document's ``verification`` by fingerprint.

        The effects on severity and attribution are computed when the store is read.
        """
        with self._writing() as connection:
            rows.add_verifications(connection, run, answers.items())

    def runs(self) -> list[SweepRun]:
        """Return all runs, the first one first."""
        with self._reading() as connection:
            return list(runs.runs(connection).values())

    def run_named(self, name: str) -> SweepRun:
        """Return an earlier run than the last one, as ``runs.named`` finds it."""
        with self._reading() as connection:
            known = runs.runs(connection)
            return runs.named(known, name, self._current(known, None).id, self._file, datetime.now(UTC))

    def report(
        self, run: int | None = None, *, since: SweepRun | None = None, minimum: Confidence = Confidence.LOW
    ) -> Report:
        """Return one report of all targets, as of a run or the last one.

        It has credentials of at least the ``minimum`` confidence. With ``since``, it has only those that are new or
        changed from then on, and the list of changes. Targets are called by their number in the store.
        """
        with self._reading() as connection:
            known = runs.runs(connection)
            current = self._current(known, run)
            changes = self._changes(connection, since, current, minimum) if since else None
            only = (
                {change.fingerprint for change in changes.credentials if change.change != "gone"} if changes else None
            )
            merged = tuple(merge.credentials(connection, current.id, only))
            credentials, below = group.at_least(merged, minimum)
            looked = coverage.looked(connection, known, current.id)
            return Report(
                command="sweep",
                started_at=current.started_at,
                duration=_seconds(current),
                targets=tuple(look.target for look in looked.looks),
                coverage=looked.coverage,
                credentials=credentials,
                below_confidence=below + sum(look.below_confidence for look in looked.looks),
                unread_histories=looked.unread_histories,
                notices=looked.notices,
                changes=changes,
                rules_digest=current.rules_digest,
                interrupted=current.finished_at is None,
            )

    def document(self, run: int | None = None) -> ReportView:
        """Return the document of a report as of a run or the last one, valid against ``report/schema.json``."""
        from akpatrol.report import RenderOptions, document  # noqa: PLC0415
        from akpatrol.rules import rule_file  # noqa: PLC0415

        return document.build(self.report(run), RenderOptions(str, rule_file.load(), datetime.now(UTC)))

    def changes(self, since: SweepRun, run: int | None = None, *, minimum: Confidence = Confidence.LOW) -> Changes:
        """Return the credentials that are new, gone or changed between an earlier run and another one or the last."""
        with self._reading() as connection:
            current = self._current(runs.runs(connection), run)
            return self._changes(connection, since, current, minimum)

    def gaps(self, run: int | None = None) -> list[IncompleteTarget]:
        """Return the targets that were not fully read, as of a run or the last one, and why."""
        with self._reading() as connection:
            known = runs.runs(connection)
            return coverage.looked(connection, known, self._current(known, run).id).gaps()

    def _changes(
        self, connection: sqlite3.Connection, earlier: SweepRun, current: SweepRun, minimum: Confidence
    ) -> Changes:
        return run_changes.changes(connection, earlier, current.id, minimum)

    def _current(self, known: Mapping[int, SweepRun], run: int | None) -> SweepRun:
        if not known:
            raise UsageError(f"{self._file}: this store has no runs yet")
        if run is not None and run not in known:
            raise UsageError(f"{self._file}: no such run: {run}", hint=f"runs: 1 to {max(known)}")
        return known[max(known) if run is None else run]

    def _open(self, *, create: bool) -> None:
        if create and not os.path.lexists(self._file):
            os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = self._connection = _connected(self._file)
        if create and schema.is_blank(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            schema.migrate(connection)
        elif schema.is_old(connection, self._file):
            self._lock = self._lock or Lock(self._file)
            schema.migrate(connection)
        blank = sqlite3.connect(":memory:", isolation_level=None)
        schema.check_shape(connection, blank, self._file)
        blank.close()
        if not create:
            connection.execute("PRAGMA query_only = ON")
            if self._lock:
                self._lock.close()
                self._lock = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Read from one snapshot."""
        with self._explained(), self._opened() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing."""
        try:
            with self._opened() as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{self._file}: cannot be written: {error}", hint="earlier data is intact") from None

    def _opened(self) -> sqlite3.Connection:
        if not self._connection:
            raise UsageError(f"{self._file}: closed")
        return self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"{self._file}: {error.strerror or error}") from None
        except _DAMAGED as error:
            raise _unusable(self._file, error) from None


def _unusable(file: str, error: Exception) -> UsageError:
    # Codes may be extended in their higher bytes: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return UsageError(f"{file}: not an akpatrol store", hint="name another file; this one was not changed")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
        detail = f": {error}" if isinstance(error, FieldError) else ""
        return UsageError(f"{file}: damaged{detail}", hint="restore it from a backup")
    return UsageError(f"{file}: cannot be read: {error}")


def _connected(file: str) -> sqlite3.Connection:
    address = f"file:{quote(os.fsencode(os.path.abspath(file)))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _seconds(run: SweepRun) -> float:
    """Return how long a run took, 0 where that is not known."""
    started, finished = parsed(run.started_at), parsed(run.finished_at or "")
    return max(0.0, (finished - started).total_seconds()) if started and finished else 0.0
