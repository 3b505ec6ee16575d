"""Which credentials of a store a query may mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.query import credential_query
from akpatrol.sweep.store import lookup
from akpatrol.sweep.store.store import SweepStore
from tests.unit.sweep.looks import KEYS, TOKEN, found, look, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOK = look("one", *map(found, (*KEYS[:3], TOKEN)))
_FIRST = next(one for one in _LOOK["credentials"] if one["key_id"])


@pytest.fixture
def store(anywhere: Path | str) -> Iterator[SweepStore]:
    sweep(anywhere, _LOOK)
    with SweepStore(str(anywhere), create=False) as opened:
        yield opened


def _named(store: SweepStore, text: str) -> set[str]:
    with store._reading() as queries:
        return lookup.fingerprints(queries, credential_query.named(text))


def test_each_name_of_a_credential(store: SweepStore) -> None:
    fingerprint, key_id = _FIRST["fingerprint"], _FIRST["key_id"]
    assert key_id
    for text in (fingerprint, fingerprint[:14], _FIRST["secret_sha256"], f"id:{key_id}", f"id:{key_id[:4]}", key_id):
        assert _named(store, text) == {fingerprint}
        assert [one.secret.redacted for one in store.report(questions=credential_query.named(text)).credentials] == [
            _FIRST["redacted"]
        ]


def test_what_is_not_there(store: SweepStore) -> None:
    for text in ("0" * 64, "akp1:" + "0" * 16, "id:%%%%", "id:zzzzzzzz"):
        assert _named(store, text) == set()


def test_several_at_once(store: SweepStore) -> None:
    names = [one["fingerprint"] for one in _LOOK["credentials"]]
    asked = [question for name in names[:2] for question in credential_query.named(name)]
    assert len(store.report(questions=asked).credentials) == 2
