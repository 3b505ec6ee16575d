"""Settings: environment and configuration files, read in one place. The command line's tests show the rest."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from akpatrol.config import configuration_file, settings
from akpatrol.config.options import Options
from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence

_WHOLE = """
rules = ["r.toml"]
exclude = ["*.lock", "vendor/"]
min_confidence = "low"
[[accept_skip]]
path = "data/*"
reason = "too big"
[[accept_skip]]
object = "0123456789"
reason = "lost"
expires = 2030-01-31
[[accept_skip]]
path = "x"
reason = "y"
expires = "2030-02-01"
[[accept_skip]]
path = "x"
reason = "y"
expires = 2030-02-01T10:00:00Z
"""


def test_whole_file(tmp_path: Path) -> None:
    file = tmp_path / ".akpatrol.toml"
    file.write_text(_WHOLE)
    (tmp_path / "r.toml").write_bytes(b"rules")
    found = configuration_file.load(str(file), tree=str(tmp_path))
    assert [(Path(rules.name), rules.content) for rules in found.rules] == [(tmp_path / "r.toml", b"rules")]
    assert found.exclude == ("*.lock", "vendor/")
    assert found.options.min_confidence is Confidence.LOW
    assert [entry.expires for entry in found.accept_skip] == [
        None,
        date(2030, 1, 31),
        date(2030, 2, 1),
        date(2030, 2, 1),
    ]
    assert found.options.explicit == {"min_confidence"}


def test_empty_file(tmp_path: Path) -> None:
    file = tmp_path / ".akpatrol.toml"
    file.touch()
    found = configuration_file.load(str(file), tree=str(tmp_path))
    assert (found.rules, found.exclude, found.options) == ((), (), Options())


def test_an_empty_text_takes_back_what_the_extended_file_says(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('api_url = "https://api.example.org"\norg = ["a"]\njobs = 2\n')
    (tmp_path / "own.toml").write_text('extends = "base.toml"\napi_url = ""\norg = ["b"]\n')
    found = configuration_file.load(str(tmp_path / "own.toml"), tree=None).options
    assert (found.api_url, found.organizations, found.jobs) == (Options().api_url, ("a", "b"), 2)


def test_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        configuration_file.load(str(tmp_path / "gone"), tree=None)


def test_processors() -> None:
    assert settings.default_jobs() >= 1


def test_one_process_where_no_other_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.most_jobs(3) == 3
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "access", lambda path, _mode: not path.endswith("shm"))
    assert settings.most_jobs(3) == settings.most_jobs(None) == 1
