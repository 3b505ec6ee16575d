"""Archives of Electron's programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.unwrap.opening import WAYS, open_


def _numbered(tree: Any, blob: bytes) -> bytes:
    text = json.dumps(tree, separators=(",", ":")).encode()
    padded = text + b"\0" * (-len(text) % 4)
    numbers = (4, len(padded) + 8, len(padded) + 4, len(text))
    return b"".join(number.to_bytes(4, "little") for number in numbers) + padded + blob


def _archive(files: dict[str, bytes]) -> bytes:
    tree: dict[str, Any] = {"files": {"beside": {"size": 9, "unpacked": True}, "link": {"link": "a"}}}
    blob = b""
    for path, data in files.items():
        *directories, name = path.split("/")
        within = tree
        for directory in directories:
            within = within["files"].setdefault(directory, {"files": {}})
        within["files"][name] = {"size": len(data), "offset": str(len(blob))}
        blob += data
    return _numbered(tree, blob)


_FILES = {"a.js": b"const a = 1", "lib/b/.key": b"something", "lib/c.js": b"c" * 900, "empty": b""}


@pytest.mark.parametrize("way", WAYS)
def test_files_are_members(way: str) -> None:
    opened = open_(_archive(_FILES), way)
    assert opened.skips == []
    assert sorted(opened.members) == sorted((f"asar:{name}", data) for name, data in _FILES.items())
    assert set(opened.names) == {name.encode() for name in _FILES}


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_told(way: str) -> None:
    data = _archive(_FILES)
    for size in range(40, len(data) - 900, 7):
        assert "truncated" in open_(data[:size], way).reasons
    damaged: list[Any] = [{"size": 1, "offset": "x"}, {"size": -1, "offset": "0"}, {"offset": "0"}, 5]
    for entry in damaged:
        assert "damaged" in open_(_numbered({"files": {"a": entry}}, b"abc"), way).reasons
    nested = b'{"files":{"a":' * 5000
    numbers = (4, len(nested) + 8, len(nested) + 4, len(nested))
    assert "damaged" in open_(b"".join(n.to_bytes(4, "little") for n in numbers) + nested, way).reasons


@pytest.mark.parametrize("way", WAYS)
def test_a_file_under_two_names(way: str) -> None:
    tree = {"files": {name: {"size": 3, "offset": "0"} for name in "ab"}}
    opened = open_(_numbered(tree, b"abc" + b"x" * 900), way)
    assert opened.members[0] == ("asar:a", b"abc")
    assert ("asar:b", b"abc") in opened.members or "another" in opened.reasons


@pytest.mark.parametrize("way", WAYS)
def test_a_file_larger_than_a_block(way: str) -> None:
    large = bytes(range(256)) * (5 << 12)
    assert open_(_archive({"a": b"x", "b": large}), way).contents == [b"x", large]
