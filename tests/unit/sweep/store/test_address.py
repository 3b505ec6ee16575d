"""What is a store, and that the address of one has no password, nor is one shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.sweep.store import address
from tests.unit.sweep.looks import look, sweep

_PASSWORD = "hunter2-and-more"


@pytest.mark.parametrize(
    "name",
    [
        "postgresql://h/db",
        "postgres://u@h:5432/db",
        "postgresql:///?service=nightly",
        "postgresql://[::1]:5432/db?a=b@c:d",
        "postgresql://%2Ftmp/db",
        "postgresql://u@h1:1,h2,[::1]:3/db",
        "postgresql://h",
    ],
)
def test_addresses(name: str) -> None:
    assert address.is_address(name)
    assert address.is_store(name)
    assert address.own_files(name) == ()


@pytest.mark.parametrize("name", ["s.sqlite3", "/a/b", "postgresql:", "postgresql:/h/db", "a b://c", "-", ""])
def test_files(name: str) -> None:
    assert not address.is_address(name)
    assert address.own_files(name) == tuple(
        str(Path(name).resolve()) + suffix for suffix in ("", "-wal", "-shm", "-lock")
    )


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://u:{}@h/db",
        "postgres://:{}@h",
        "postgresql://u:{}@h1,h2:1/db?x=y",
        "postgresql://u:a/{}@h/db",
        "postgresql://u:a@{}@h/db",
        "postgresql://h/db?password={}",
        "postgresql://h/db?sslmode=require&sslpassword={}",
        "postgresql://h/db?pass%77ord={}",
        "postgresql://h/db?PASSWORD={}",
        "postgresql://h/db?oauth_client_secret={}",
        "postgresql://u:{}",
        "postgresql://u:{}/db",
        "postgresq://u:{}@h/db",
        "mysql://u:{}@h/db",
    ],
)
def test_a_password_is_refused_and_not_shown(form: str) -> None:
    with pytest.raises(UsageError) as caught:
        address.is_address(form.format(_PASSWORD))
    assert _PASSWORD not in str(caught.value) + caught.value.hint


@given(st.text(min_size=3).filter(lambda text: not {*text} & {"?", "#"} and text.strip()))
def test_whatever_is_in_a_password(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        address.is_address(f"postgresql://somebody:{password}@host/name")
    assert str(caught.value) == "postgresql://: the address of a store has a password, which other users can see"


def test_a_file_says_that_it_is_a_store(tmp_path: Path) -> None:
    file = tmp_path / "s"
    assert not address.is_store(str(file))
    assert not address.is_store("a\0b")
    assert not address.is_store(str(tmp_path))
    sweep(file, look("one"))
    assert address.is_store(str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[:68] + b"none" + whole[72:])
    assert not address.is_store(str(file))
