"""The same sweeps make the same store in every database."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.model import places
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.places import KeptPlaces
from akpatrol.model.scan import Severity, State
from akpatrol.report import render
from akpatrol.report.document import build
from akpatrol.sweep.store import databases, place_file
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, TOKEN, day, found, look, signature, sweep, target, told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.postgres_server import PostgresServer

_NAMES = ("one", "two", "Zwei", "ä")
_KEYS = (*KEYS[:3], TOKEN)
_FOUND = st.dictionaries(
    st.sampled_from(_KEYS),
    st.tuples(
        st.integers(1, 3),
        st.sampled_from([State.PRESENT, State.REMOVED]),
        st.sampled_from([Severity.LOW, Severity.HIGH]),
    ),
    max_size=3,
)
_STEP = st.one_of(
    st.tuples(st.just("look"), st.sampled_from(_NAMES), _FOUND, st.sampled_from([(), ("big",)])),
    st.tuples(st.sampled_from(["same", "retire", "fail"]), st.sampled_from(_NAMES)),
    st.tuples(st.just("answer"), st.sampled_from(_KEYS), st.sampled_from(VerificationStatus)),
)
# The number of a step is the run that it is of: two overlap.
_STEPS = st.lists(st.tuples(st.integers(0, 1), _STEP), max_size=8)


def _answer(key: str, status: VerificationStatus) -> Mapping[str, Any]:
    one = reports.credential(key, verification=reports.verification(status))
    (view,) = build(reports.report(one), reports.options())["credentials"]
    return {view["fingerprint"]: view["verification"]}


def _do(store: SweepStore, run: int, step: Any) -> None:
    what, name, *how = step
    match what:
        case "look":
            ones = (found(key, number, state, severity=severity) for key, (number, state, severity) in how[0].items())
            store.put(run, look(name, *ones, gaps=how[1]), f"signature {run}", CONDITIONS)
        case "same" if store.signatures([target(name)], CONDITIONS)[0]:
            store.unchanged(run, target(name))
        case "retire" if target(name).root in [one.root for one in store.left_out(run)]:
            store.retire(run, target(name))
        case "fail":
            store.skip(run, target(name).root, "it is locked\0")
        case "answer":
            store.verified(run, _answer(name, how[0]))


def _fill(name: str, pairs: Any) -> list[Any]:
    """Run two sweeps at a time, and return all that the store tells."""
    with SweepStore(name, create=True) as store:
        for steps in pairs:
            runs = [store.begin(day(len(store.runs()) + 1), DIGEST) for _ in range(2)]
            for which, step in steps:
                _do(store, runs[which], step)
            for run in runs[: len(steps)]:
                store.finish(run, day(run).replace("T02", "T03"))
    with SweepStore(name, create=False) as store:
        known = store.runs()
        told: list[Any] = [known]
        for each in known:
            report = store.report(each.id, with_history=True)
            history = report.history
            assert history
            assert all(span.until is None or span.since < span.until for span in history.spans)
            told += [history._replace(failed=frozenset()), sorted(history.failed)]
            told += [build(report, reports.options()), store.gaps(each.id), store.changes(known[0], each.id)]
        told.append([signature(store, "repository", f"/org/{one}", CONDITIONS) for one in _NAMES])
        return told


@pytest.mark.slow
@settings(max_examples=15)
@given(pairs=st.lists(_STEPS, min_size=1, max_size=3))
def test_the_same_sweeps_are_told_alike(
    pairs: Any, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> None:
    file = tmp_path_factory.mktemp("store") / "s"
    one, other = _fill(str(file), pairs), _fill(postgres_server.store(), pairs)
    # SQLite keeps what PostgreSQL's text cannot hold.
    assert _without_nul(one) == _without_nul(other)


def _without_nul(told: list[Any]) -> str:
    return repr(told).replace("\\x00", "NUL").replace("\\NUL", "NUL")


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refused(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "psycopg":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    for name in [name for name in sys.modules if "psycopg" in name or name.endswith(("postgres_database", "_schema"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refused)
    with pytest.raises(UsageError, match="requires psycopg, which is not installed") as caught:
        databases.opened("postgresql://h/db", create=False)
    assert caught.value.hint == "pip install 'akpatrol[postgres]'"


def test_a_file_is_one_of_sqlite(tmp_path: Path) -> None:
    database = databases.opened(str(tmp_path / "s"), create=True)
    database.close()
    assert (tmp_path / "s").read_bytes().startswith(b"SQLite format 3\0")


def test_rows_that_are_streamed_come_in_order_while_other_queries_run(anywhere: Path | str) -> None:
    with SweepStore(str(anywhere), create=True) as store:
        run = store.begin(day(1), DIGEST)
        for number in range(7):
            store.skip(run, f"target {number}", "it is locked")
        with store._reading() as queries:
            query = "SELECT name FROM failure WHERE run = ? ORDER BY name"
            one, two = (queries.stream(query, (run,)) for _ in range(2))
            for number, (row,), (other,) in zip(range(7), one, two, strict=True):
                assert row == other == f"target {number}"
                assert queries.execute("SELECT count(*) FROM failure").fetchone()[0] == 7
            # One that is left before its end stops no later one.
            assert next(queries.stream(query, (run,)))[0] == "target 0"
            assert len(list(queries.stream(query, (run,)))) == 7


@pytest.mark.usefixtures("little_room")
def test_a_report_with_places_in_a_file_is_the_same(anywhere: Path | str) -> None:
    sweep(anywhere, look("one", found(KEYS[0], 9), found(KEYS[1])), look("two", found(KEYS[0], 3, State.REMOVED)))
    report = told(anywhere)
    kept = [credential for credential in report.credentials if isinstance(credential.occurrences, KeptPlaces)]
    assert max(len(credential.occurrences) for credential in kept) == 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "MOST_IN_MEMORY", 99)
        expected = told(anywhere)
        texts = [render(expected, name, reports.options()) for name in ("json", "csv", "text", "sarif")]
    assert [render(report, name, reports.options()) for name in ("json", "csv", "text", "sarif")] == texts


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which the last places are in a file."""
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 1)
    monkeypatch.setattr(place_file, "_RUN", 4)
    monkeypatch.setattr(place_file, "_BLOCK", 3)
