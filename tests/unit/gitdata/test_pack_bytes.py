"""Parts of something larger, read through one window, are what its bytes are."""

from __future__ import annotations

from random import Random

import pytest

from akpatrol.gitdata.pack_bytes import PartsRead

_WHOLE = Random(1).randbytes(200_000)


def _at(offset: int, number: int) -> bytes:
    assert offset >= 0
    return _WHOLE[offset : offset + number]


def test_any_byte_and_any_part() -> None:
    expected = _WHOLE[500:150_500]
    parts = PartsRead(_at, 500, len(expected))
    rng = Random(2)
    assert len(parts) == len(expected)
    for _ in range(2000):
        start = rng.randrange(len(expected) + 10)
        stop = start + rng.choice([0, 1, 20, 5000, 60_000])
        assert parts[start:stop] == expected[start:stop]
        if start < len(expected):
            assert parts[start] == expected[start]


def test_beyond_the_end() -> None:
    parts = PartsRead(_at, 0, 1000)
    assert parts[990:2000] == _WHOLE[990:1000]
    with pytest.raises(IndexError):
        parts[1000]
