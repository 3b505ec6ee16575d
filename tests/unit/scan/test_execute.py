"""How rules and compiled patterns reach the processes that read."""

from __future__ import annotations

import pickle
import tempfile
from typing import TYPE_CHECKING

from akpatrol.config.limits import Limits
from akpatrol.rules.rule_file import load
from akpatrol.scan import execute

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


_PREPARED = pickle.dumps((load(), Limits(decode=False), None, None)).ljust(execute._PIPE_BYTES + 1)


def test_much_is_in_a_file_only_while_processes_may_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with execute._in_file(_PREPARED) as given:
        assert isinstance(given, str)
        examiner = execute._examiner_of(given)
        assert (examiner.rules, examiner.limits) == (load(), Limits(decode=False))
    assert not list(tmp_path.iterdir())
    with execute._in_file(b"little") as given:
        assert given == b"little"


def test_without_a_place_for_files_they_are_handed_over_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python falls back to the current directory, which may be the one that is scanned."""
    monkeypatch.chdir(tmp_path)
    for place in (tmp_path, tmp_path / "nothing"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with execute._in_file(_PREPARED) as given:
            assert given == _PREPARED
            assert execute._examiner_of(given).rules == load()
            assert not list(tmp_path.iterdir())
