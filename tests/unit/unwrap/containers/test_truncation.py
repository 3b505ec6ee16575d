"""Files of real writers that end early: what is missing is told. ``bench.truncation`` tries each end."""

from __future__ import annotations

import pytest
from bench import truncation
from bench.forms.writers import WRITERS

_ENDS = 24  # of a file; those where a page or a sector ends are the hard ones
_BLOCK = 512


@pytest.mark.slow
@pytest.mark.parametrize("name", [writer.name for writer in WRITERS])
def test_no_end_is_silent(name: str) -> None:
    (writer,) = (writer for writer in WRITERS if writer.name == name)
    for file, data, secret in truncation.files(writer):
        step = max(64, len(data) // _ENDS // _BLOCK * _BLOCK)
        assert [size for size in range(step, len(data), step) if not truncation.is_told(data[:size], secret)] == [], (
            file
        )
