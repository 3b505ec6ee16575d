from __future__ import annotations

import pytest

from akpatrol.report import number_words


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (1000, "1.0 kB"), (56_712_345, "56.7 MB"), (3 * 10**15, "3,000.0 TB")],
)
def test_sizes(size: int, expected: str) -> None:
    assert number_words.size_words(size) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.04, "0.0 s"), (59.2, "59.2 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float, expected: str) -> None:
    assert number_words.duration_words(seconds) == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, "Scanned nothing, 0 bytes in 0.2 s"),
        ({"tags": 2, "blobs": 1, "trees": 0}, "Scanned 1 blob, 2 tags, 0 bytes in 0.2 s"),
        ({"locations": 3, "members": 1000}, "Scanned 1,000 members, 3 locations, 0 bytes in 0.2 s"),
    ],
)
def test_what_was_scanned(counts: dict[str, int], expected: str) -> None:
    assert number_words.scanned_words(counts, 0, 0.2) == expected
