"""No raw secret is in a store, whatever place it was found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Secret
from akpatrol.report.document import build
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, TOKEN, day, target

if TYPE_CHECKING:
    from pathlib import Path


def _written(file: Path | str) -> bytes:
    """Return the bytes of all files of a store, the texts of all tables in PostgreSQL."""
    if not isinstance(file, str):
        return b"".join(one.read_bytes() for one in file.parent.iterdir())
    with SweepStore(file, create=False) as store, store._reading() as queries:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        tables = [name for (name,) in queries.execute(query)]
        assert len(tables) == 10
        return repr([queries.execute(f"SELECT * FROM {name}").fetchall() for name in tables]).encode()  # noqa: S608


def test_no_raw_secret_is_in_any_of_its_files(anywhere: Path | str) -> None:
    keys = [KEYS[0], TOKEN]
    places_ = [reports.occurrence(key, path=f"{key}.py".encode(), refs=(f"refs/heads/{key}",)) for key in keys]
    report = reports.report(
        *(reports.credential(key, place) for key, place in zip(keys, places_, strict=True)),
        targets=(target(KEYS[0]),),
    )
    whole = build(report, reports.options(report))
    with SweepStore(str(anywhere), create=True) as store:
        store.put(store.begin(day(1), DIGEST), whole, "signature", CONDITIONS)
        written = _written(anywhere)
    assert Secret(KEYS[0].encode()).redacted.encode() in written
    for key in keys:
        assert key.encode() not in written
        assert key.partition(".")[2].encode() not in written or not key.partition(".")[2]
