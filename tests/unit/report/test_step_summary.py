from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.report import step_summary
from akpatrol.report.step_summary import SIZE_LIMIT
from tests import reports, samples

if TYPE_CHECKING:
    from pathlib import Path

REPORT = samples.crowd(3_000, reports.seeded(2))
OPTIONS = reports.options(redact=str)


def test_it_stands_after_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")
    step_summary.append(reports.report(), OPTIONS, file)
    assert file.read_text().startswith("before\n## akpatrol: No credentials found\n")


def test_a_new_file(tmp_path: Path) -> None:
    step_summary.append(reports.report(), OPTIONS, tmp_path / "summary")
    assert (tmp_path / "summary").exists()


@pytest.mark.parametrize("before", [0, 500_000, SIZE_LIMIT - 20_000])
def test_it_takes_the_room_that_is_left(tmp_path: Path, before: int) -> None:
    file = tmp_path / "summary"
    file.write_bytes(b"x" * before)
    step_summary.append(REPORT, OPTIONS, file)
    assert SIZE_LIMIT - 5_000 < file.stat().st_size <= SIZE_LIMIT
    assert "more findings not shown in detail" in file.read_text()


def test_it_spoils_nothing_when_there_is_no_room(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_bytes(b"x" * (SIZE_LIMIT - 100))
    with pytest.raises(UsageError, match="is full"):
        step_summary.append(REPORT, OPTIONS, file)
    assert file.stat().st_size == SIZE_LIMIT - 100


def test_a_directory_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        step_summary.append(reports.report(), OPTIONS, tmp_path)
