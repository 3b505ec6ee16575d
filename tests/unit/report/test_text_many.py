"""Many credentials in text: the most urgent in full, the others in a line each, and what to do once for all."""

from __future__ import annotations

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.report import render
from akpatrol.report.wording import short_names
from tests import reports, samples


@pytest.mark.parametrize(("number", "named"), [(2, False), (5, False), (6, True), (500, True)])
def test_the_last_line_names_the_worst_once_it_has_left_the_screen(number: int, named: bool) -> None:
    report = samples.crowd(number, reports.seeded(number))
    lines = render(report, "text", reports.options(report)).splitlines()
    first = next(line for line in lines if "***" in line)
    assert lines[-1].startswith("Start with ") is named
    if named:
        assert lines[-1].removeprefix("Start with ").partition(", ")[0] in first
    assert lines.count(lines[0]) == 1  # the verdict is not repeated


def test_only_the_first_are_told_in_full() -> None:
    report = samples.crowd(30, reports.seeded(2))
    lines = render(report, "text", reports.options(report)).splitlines()
    start = lines.index("20 more; -v shows them in full")
    masks = {one.secret.redacted for one in report.credentials}
    assert sum("high confidence" in line for line in lines) == 10
    rest = lines[start + 1 : start + 21]
    assert all(any(mask in line for mask in masks) for line in rest)
    assert all(mask in "\n".join(lines) for mask in masks)
    assert lines[start + 21] == ""


def test_forty_two_fit_on_two_screens() -> None:
    report = samples.crowd(42, reports.seeded(2))
    assert len(render(report, "text", reports.options(report)).splitlines()) < 110


def test_verbose_tells_all_in_full() -> None:
    report = samples.crowd(30, reports.seeded(2))
    told = render(report, "text", reports.options(report, verbose=1))
    assert told.count("high confidence") == 30
    assert "more; -v" not in told


@pytest.mark.parametrize("number", [1, 3, 4, 12])
def test_what_to_do_is_said_beside_few_and_once_for_many(number: int) -> None:
    report = samples.crowd(number, reports.seeded(5))
    lines = render(report, "text", reports.options(report)).splitlines()
    # The live one's is another.
    assert sum(line.startswith("  Next:") for line in lines) == (number if number <= 3 else 2)
    assert ("What to do" in lines) is (number > 3)


def test_different_advice_says_for_how_many_it_is() -> None:
    random = reports.seeded(7)
    keys = [reports.organization_key(random) for _ in range(5)]
    found = [reports.asked(VerificationStatus.INACTIVE, key) for key in keys[:2]]
    found += [reports.credential(key) for key in keys[2:]]
    lines = render(reports.report(*found), "text", reports.options(reports.report(*found))).splitlines()
    advice = lines[lines.index("What to do") :]
    assert advice[1] == "  With 3 of 5:"
    assert "  With 2 of 5:" in advice


def test_short_names_are_unique_and_begin_their_fingerprints() -> None:
    same = "akp1:" + "ab" * 10
    names = short_names([f"{same}1", f"{same}2", "akp1:00"])
    assert names == {f"{same}1": "ab" * 10 + "1", f"{same}2": "ab" * 10 + "2", "akp1:00": "00"}
    assert set(short_names(f"akp1:{number:064x}" for number in range(3)).values()) == {
        f"{number:064x}" for number in range(3)
    }
    assert short_names(["akp1:0123456789", "akp1:9876543210"]) == {
        "akp1:0123456789": "01234567",
        "akp1:9876543210": "98765432",
    }
