"""Nothing that grows with the findings is read from end to end to answer a question."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from akpatrol.query import credential_query
from akpatrol.sweep.store.merge import credentials
from akpatrol.sweep.store.store import SweepStore
from tests.query_plans import explained, scans
from tests.unit.sweep.looks import CONDITIONS, KEYS, TOKEN, found, look, sweep, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME: str = look("one", found(TOKEN))["credentials"][0]["fingerprint"]
_QUESTIONS: dict[str, Callable[[SweepStore], object]] = {
    "report": lambda store: store.report(),
    "coverage": lambda store: store.gaps(),
    "since": lambda store: store.report(since=store.run_named("previous")),
    "trace by hash": lambda store: store.report(questions=credential_query.named("0" * 64)),
    "trace by fingerprint": lambda store: store.report(questions=credential_query.named(_NAME)),
    "trace by its beginning": lambda store: store.report(questions=credential_query.named(_NAME[:14])),
    "trace by key id": lambda store: store.report(questions=credential_query.named("id:abcd")),
    "signatures": lambda store: store.signatures([target("one")], CONDITIONS),
}


@pytest.fixture
def store(anywhere: Path | str) -> Iterator[SweepStore]:
    for number in range(1, 4):
        sweep(anywhere, *(look(name, *map(found, (*KEYS[:number], TOKEN))) for name in ("one", "two")))
    with SweepStore(str(anywhere), create=False) as opened:
        if isinstance(anywhere, str):
            # A table of a few rows is read whole in any case; this asks whether it has to be.
            opened._database._connection.execute("SET enable_seqscan = off")  # type: ignore[attr-defined]
        yield opened


@pytest.mark.parametrize("what", _QUESTIONS)
def test_an_index_answers(store: SweepStore, what: str) -> None:
    with explained(store) as plans:
        _QUESTIONS[what](store)
    assert plans
    assert scans(plans) == []


def test_a_scan_is_seen(store: SweepStore) -> None:
    with explained(store) as plans, store._reading() as queries:
        queries.execute("SELECT count(*) FROM occurrence WHERE body = 'x'").fetchone()
    assert len(scans(plans)) == 1


def test_a_report_is_read_page_by_page(store: SweepStore) -> None:
    with explained(store) as plans, store._reading() as queries:
        assert len(list(islice(credentials(queries, 3), 2))) == 2
    assert all("LIMIT" in query or " IN (" in query for query in plans)
