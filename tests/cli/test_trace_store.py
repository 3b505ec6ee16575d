"""``trace`` in a store of sweeps: by the hash of what is typed, without a scan."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key
from tests.program import Done, inside

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.conftest import Run


@pytest.fixture
def store(run: Run, tmp_path: Path, key: str) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.env").write_text(f"ANYREACH_API_KEY={key}\n")
    assert run("sweep", tmp_path / "logs", "--store", tmp_path / "s.sqlite3").code == 1
    (tmp_path / "logs" / "a.env").unlink()  # only the store knows
    return tmp_path / "s.sqlite3"


def _trace(asked: str, *words: str | Path) -> Done:
    return inside("trace", *words, stdin=asked.encode())


def test_a_credential_is_found_by_each_of_its_names(store: Path, key: str) -> None:
    digest = sha256(key.encode()).hexdigest()
    key_id = key.removeprefix("ak_").partition(".")[0]
    for asked in (key, digest, f"id:{key_id}"):
        done = _trace(asked, store)
        assert done.code == 1, done.err
        assert b"logs/a.env:1:18" in done.out
        assert key.encode() not in done.written


def test_another_one_is_not_there(store: Path, rng: Random) -> None:
    done = _trace(organization_key(rng), store)
    assert (done.code, b"found nowhere" in done.out) == (0, True), done.out


def test_a_text_may_be_there_in_a_longer_one(store: Path, key: str) -> None:
    done = _trace(key.partition(".")[2], store)
    assert done.code == 3
    assert b"only the hash of all that was given could be compared" in b" ".join(done.out.split())


def test_a_store_is_asked_alone_and_offline(store: Path, key: str) -> None:
    assert b"a store cannot be traced together with other targets" in _trace(key, store, ".").err
    done = _trace(key, store, "--verify")
    assert (done.code, b"a store has no secrets to send" in done.err) == (2, True)
