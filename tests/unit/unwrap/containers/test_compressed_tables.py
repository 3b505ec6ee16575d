"""Tables in blocks: a gap where they are compressed, and only there."""

from __future__ import annotations

import struct

import pytest

from akpatrol.unwrap.containers import columns
from tests.unit.unwrap.opening import WAYS, open_


def _arrow(kind: int, *, compressed: bool, body: int = 64) -> bytes:
    """Return a file of one message of that kind, whose header is a table with its fourth field or without."""
    message = struct.pack("<I6H", 16, 12, 20, 16, 18, 4, 8) + struct.pack("<iIqhBx", 12, 28, body, 4, kind)
    batch = struct.pack("<6H", 12, 8, 0, 0, 0, 4 if compressed else 0) + struct.pack("<iI", 12, 0)
    whole = message + batch
    return b"ARROW1\0\0\xff\xff\xff\xff" + struct.pack("<I", len(whole)) + whole + bytes(body) + b"\xff" * 4 + bytes(4)


def _mat(*kinds: int) -> bytes:
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    return header + b"".join(struct.pack("<2I", kind, 16) + bytes(16) for kind in kinds)


@pytest.fixture(autouse=True)
def _without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "place", lambda _name: None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_arrow(1, compressed=True), ""),
        (_arrow(3, compressed=False), ""),
        (_arrow(3, compressed=True), "Arrow: its columns are compressed"),
        (_arrow(3, compressed=False)[:-8] + _arrow(3, compressed=True)[8:], "Arrow: its columns are compressed"),
        (_arrow(3, compressed=True)[:20], "Arrow: damaged"),
        (_mat(14, 14), ""),
        (_mat(14, 15), "MATLAB data: its elements are compressed"),
    ],
)
def test_compression_is_told(data: bytes, reason: str, way: str) -> None:
    assert open_(data, way).reasons.startswith(reason)
    assert bool(open_(data, way).skips) == bool(reason)
