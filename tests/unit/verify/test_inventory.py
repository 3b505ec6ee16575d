"""Whose key is it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.credential import InventoryKey
from akpatrol.verify.inventory import load, owner
from tests.unit.verify.conftest import make

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRES = 1767225600000  # the documentation's example: 2026-01-01T00:00:00Z


def write(tmp_path: Path, document: Any) -> str:
    file = tmp_path / "keys.json"
    file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return str(file)


@pytest.mark.parametrize("prefix", ["", "ak_"])
@pytest.mark.parametrize("cut", ["", "...", "\N{HORIZONTAL ELLIPSIS}"])
@pytest.mark.parametrize("length", [4, 12])
def test_match(tmp_path: Path, key: str, prefix: str, cut: str, length: int) -> None:
    key_id = key[3:15]
    entry = {"key_id": prefix + key_id[:length] + cut, "name": "billing", "expires_at": EXPIRES, "created_at": 0}
    other = {"key_id": "~~~~", "name": "other", "expires_at": None, "created_at": 0}
    found = owner(make(key), load(write(tmp_path, {"total": 2, "items": [other, entry]}), NOW))
    assert found
    assert found.keys == (
        InventoryKey(key_id[:length], "billing", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", expired=True),
    )


def test_several_and_none(tmp_path: Path, key: str) -> None:
    entries = load(write(tmp_path, [{"key_id": key[:5], "name": "one"}, {"key_id": key[3:9], "name": "two"}]), NOW)
    found = owner(make(key), entries)
    assert found
    assert [known.name for known in found.keys] == ["one", "two"]
    assert "2 keys" in found.reason
    none = owner(make(key), load(write(tmp_path, [{"key_id": "~", "name": "x"}]), NOW))
    assert none
    assert none.keys == ()
    assert none.reason.startswith("None of the inventory's 1 keys")


def test_an_id_that_only_contains_it_is_another(tmp_path: Path, key: str) -> None:
    found = owner(make(key), load(write(tmp_path, [{"key_id": key[5:12], "name": "x"}]), NOW))
    assert found
    assert not found.keys


def test_never_expires(tmp_path: Path, key: str) -> None:
    document = [{"key_id": key[:9], "name": "x", "expires_at": None, "created_at": "2025-05-05"}]
    found = owner(make(key), load(write(tmp_path, document)))
    assert found
    assert found.keys[0][2:] == ("2025-05-05", None, False)


def test_tokens_are_in_no_list(tmp_path: Path, token: str) -> None:
    assert owner(make(token), load(write(tmp_path, []))) is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"{", "not JSON: line 1, column 2"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({}, "neither a list nor an object with one list"),
        (3, "neither a list"),
        ({"a": [], "b": []}, "neither a list"),
        ([1], "entry 1: not an object"),
        ([{"key_id": "abc", "name": "x"}, {"name": "x"}], "entry 2: key_id"),
        ([{"key_id": "ak_...", "name": "x"}], "entry 1: key_id"),
        ([{"key_id": "abc", "name": 3}], "entry 1: name"),
        ([{"key_id": "abc", "expires_at": "soon"}], "entry 1: expires_at"),
        ([{"key_id": "abc", "expires_at": True}], "entry 1: expires_at"),
        ([{"key_id": "abc", "expires_at": 1e300}], "entry 1: expires_at"),
        ([{"key_id": "abc", "created_at": []}], "entry 1: created_at"),
    ],
)
def test_broken(tmp_path: Path, document: Any, reason: str) -> None:
    file = write(tmp_path, document)
    with pytest.raises(UsageError) as caught:
        load(file)
    assert str(caught.value).startswith(f"--inventory: {file}: {reason}")


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json: No such file"):
        load(str(tmp_path / "none.json"))
