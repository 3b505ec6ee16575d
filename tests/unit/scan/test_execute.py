"""How compiled patterns reach the processes that read."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from akpatrol.scan import execute

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_patterns_are_in_a_file_only_while_processes_may_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with execute._in_file(b"patterns") as given:
        assert isinstance(given, str)
        assert execute._patterns_of(given) == b"patterns"
    assert not list(tmp_path.iterdir())


def test_without_a_place_for_files_they_are_handed_over_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python falls back to the current directory, which may be the one that is scanned."""
    monkeypatch.chdir(tmp_path)
    for place in (tmp_path, tmp_path / "nothing"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with execute._in_file(b"patterns") as given:
            assert execute._patterns_of(given) == given == b"patterns"
            assert not list(tmp_path.iterdir())
    with execute._in_file(None) as nothing:
        assert execute._patterns_of(nothing) is None
