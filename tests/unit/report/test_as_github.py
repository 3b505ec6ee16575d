from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Place, Severity, Skipped, State
from akpatrol.report import render
from akpatrol.report.as_github import ANNOTATION_LIMIT, command
from tests import reports, samples
from tests.unit.report.strategies import hostile, hostile_reports

KEY = reports.organization_key(reports.seeded(10))


def lines(report: Report, **changes: Any) -> list[str]:
    return render(report, "github", reports.options(report, **changes)).splitlines()


def parsed(line: str) -> tuple[str, dict[str, str], str] | None:
    """Read a line as the runner does: https://github.com/actions/runner, src/Runner.Common/ActionCommand.cs."""
    if not line.lstrip().startswith("::"):
        return None
    told, separator, data = line.lstrip()[2:].partition("::")
    assert separator
    name, _, properties = told.partition(" ")
    pairs = [pair.split("=", 1) for pair in properties.strip().split(",") if pair]
    unescaped = {key: _unescaped(value, "\r\n:,%") for key, value in pairs}
    return name, unescaped, _unescaped(data, "\r\n%")


def _unescaped(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def annotated(report: Report) -> list[tuple[str, dict[str, str], str]]:
    return [found for line in lines(report) if (found := parsed(line))]


def one(place: Any, **changes: Any) -> tuple[str, dict[str, str], str]:
    return annotated(reports.report(reports.credential(KEY, place), **changes))[0]


@given(st.sampled_from(["error", "notice"]), st.text(min_size=1).filter(lambda text: text == text.strip()), st.text())
def test_the_runner_reads_what_was_written(name: str, title: str, message: str) -> None:
    assert parsed(command(name, {"title": title, "line": None}, message)) == (name, {"title": title}, message)


def test_nothing_found() -> None:
    assert lines(reports.report()) == [
        "akpatrol: No credentials found",
        "akpatrol: Scanned 1,234 files, 56.7 MB in 1.2 s; left out 3 symbolic links, 1 special file",
    ]


def test_a_finding() -> None:
    name, properties, message = one(reports.occurrence(KEY, path=b"a,b:c%.py"))
    assert name == "error"
    assert properties == {
        "file": "a,b:c%.py",
        "line": "12",
        "endLine": "12",
        "col": "12",
        "endColumn": str(12 + len(KEY)),
        "title": "Anyreach organization API key",
    }
    assert "Delete it at /api-keys in your Anyreach organization now" in message


@pytest.mark.parametrize(
    ("severity", "state", "expected"),
    [
        (Severity.CRITICAL, State.WORKTREE, "error"),
        (Severity.MEDIUM, State.WORKTREE, "warning"),
        (Severity.LOW, State.WORKTREE, "notice"),
        (Severity.HIGH, State.IGNORED, "notice"),
    ],
)
def test_levels(severity: Severity, state: State, expected: str) -> None:
    place = reports.occurrence(KEY, state=state)
    assert annotated(reports.report(reports.credential(KEY, place, severity=severity)))[0][0] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.REMOVED},
        {"state": State.UNREACHABLE},
        {"place": Place.COMMIT_MESSAGE, "path": None},
        {"place": Place.GIT_DIR, "path": b"config"},
    ],
)
def test_what_is_in_no_file_now_is_at_no_line(changes: dict[str, Any]) -> None:
    assert one(reports.occurrence(KEY, **changes))[1].keys() == {"title"}


def test_a_member_of_a_container_is_at_its_file() -> None:
    assert one(reports.occurrence(KEY, containers=("a.py",)))[1].keys() == {"file", "title"}


def test_columns_are_of_one_line() -> None:
    assert one(reports.occurrence(KEY, end_line=14))[1].keys() == {"file", "line", "endLine", "title"}


def test_paths_are_relative_to_the_repositorys_root() -> None:
    target = reports.target(root="/src/shop/app", base="/src/shop")
    assert one(reports.occurrence(KEY), targets=(target,))[1]["file"] == "app/config/settings.py"


def test_gaps_are_one_warning() -> None:
    skipped = tuple(Skipped(f"f{number}", "permission denied") for number in range(5))
    (found,) = annotated(reports.report(coverage=Coverage(skipped=skipped)))
    assert found[:2] == ("warning", {"title": "5 items not scanned"})
    assert found[2].splitlines()[0] == "Not scanned: f0: permission denied."
    assert found[2].splitlines()[-1] == "and 2 more"


def test_notices_and_stale_allowances_are_told() -> None:
    told = annotated(samples.triaged(reports.seeded(1)))
    assert [name for name, _, _ in told] == ["error", "error", "notice", "notice"]
    assert "akpatrol: 5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by .gitleaksignore" in lines(
        samples.triaged(reports.seeded(1))
    )


def test_ten_at_most_the_worst_first() -> None:
    coverage = Coverage(skipped=(Skipped("a", "permission denied"),))
    report = samples.crowd(2_000, reports.seeded(2))._replace(coverage=coverage)
    told = lines(report, redact=str)
    found = [one for line in told if (one := parsed(line))]
    assert len(found) == ANNOTATION_LIMIT
    assert "live" in found[0][2]
    assert found[-1][0] == "warning"
    assert "akpatrol: not annotated: 1,991 more places" in told


@hostile
@given(hostile_reports)
def test_nothing_scanned_becomes_a_command_of_its_own(report: Report) -> None:
    told = lines(report)
    for line in told:
        found = parsed(line)
        assert line.isprintable()
        if found:
            assert found[0] in {"error", "warning", "notice"}
            assert found[1].keys() <= {"file", "line", "endLine", "col", "endColumn", "title"}
        else:
            assert line.startswith("akpatrol: ")
            assert "##[" not in line
    assert sum(line.startswith("::") for line in told) <= ANNOTATION_LIMIT
