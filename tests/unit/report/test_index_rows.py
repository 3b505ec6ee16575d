"""The rows of an index: what is counted in each target, whose it is, how much of it was scanned, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.report import Coverage
from akpatrol.model.scan import Severity, Skipped
from akpatrol.report import index_counts, index_page
from tests import reports
from tests.unit.report.indexes import KEYS, look, organization, place, removed, rows, with_history

if TYPE_CHECKING:
    import pytest

INACTIVE = reports.verification(VerificationStatus.INACTIVE)


def test_a_row_counts_the_findings_of_its_target() -> None:
    report = organization(
        reports.live(KEYS[0], place(KEYS[0]), place(KEYS[0], "billing")),
        reports.credential(KEYS[1], place(KEYS[1]), severity=Severity.MEDIUM),
        reports.credential(KEYS[2], place(KEYS[2]), verification=INACTIVE, severity=Severity.LOW),
        reports.credential(KEYS[3], place(KEYS[3]), allowed=reports.allowance()),
    )
    shop, billing = rows(report)
    names = ("name", "found", "live", "open", "lesser")
    assert [shop[name] for name in names] == ["acme/shop", 3, 1, 2, 1]
    assert [billing[name] for name in names] == ["acme/billing", 1, 1, 1, 0]
    assert shop["page"] == "https://github.com/acme/shop"
    assert shop["command"] == "akpatrol history /srv/shop -f html -o report.html"
    assert "1 live credential in 2 repositories" in look(report).said  # once, though in both


def test_rows_of_very_many_targets_name_fewer_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_counts, "_MOST_LISTED", 4)
    report = organization(*(reports.credential(key, place(key), place(key, "billing")) for key in KEYS[:3]))
    found = rows(report)
    assert [(row["found"], len(row["listed"]) // 3) for row in found] == [(3, 2), (3, 2)]


def test_a_list_of_very_many_targets_has_the_most_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("a", "b", "c")
    report = organization(reports.live(KEYS[0], place(KEYS[0], "c")), names=names)
    monkeypatch.setattr(index_page, "_MOST_ROWS", 3)
    assert [row["name"] for row in rows(report)] == ["acme/c", "acme/a", "acme/b"]
    assert "most urgent" not in look(report).said
    monkeypatch.setattr(index_page, "_MOST_ROWS", 2)
    assert [row["name"] for row in rows(report)] == ["acme/c", "acme/a"]
    assert "The list has the 2 most urgent of 3 repositories; the JSON report has them all." in look(report).said


def test_new_and_back_are_of_the_last_run() -> None:
    report = with_history(
        organization(*(reports.credential(key, place(key)) for key in KEYS[:4])),
        [
            (KEYS[0], "shop", 3, None),
            (KEYS[1], "shop", 1, 2),
            (KEYS[1], "shop", 3, None),
            (KEYS[2], "shop", 2, None),
            (KEYS[3], "shop", 1, None),
        ],
    )
    shop = rows(report)[0]
    assert (shop["new"], shop["back"]) == (1, 1)
    said = look(report).said
    assert "1 new since the last run in 1 repository" in said
    assert "1 back again in 1 repository" in said


def test_time_from_leak_to_removal() -> None:
    report = organization(
        reports.credential(KEYS[0], removed(KEYS[0], "2025-01-01T00:00:00Z", "2025-01-11T00:00:00Z")),
        reports.credential(
            KEYS[1],
            removed(KEYS[1], "2025-02-01T00:00:00Z", "2025-02-03T00:00:00Z"),
            removed(KEYS[1], "2025-01-04T00:00:00Z", "2025-01-05T00:00:00Z", path=b"b"),
        ),
        reports.credential(KEYS[2], removed(KEYS[2], "2025-01-01T00:00:00Z", "2025-01-05T00:00:00Z"), place(KEYS[2])),
    )
    shop = rows(report)[0]
    assert (shop["removed"], shop["dated"], shop["mean"], shop["longest"]) == (2, 2, 20, 30)
    said = look(report).said
    for words in ("30 days longest", "20 days median", "20 days mean"):
        assert f"{words} from leak to removal, of 2" in said
    assert rows(organization())[0]["mean"] == -1


def test_the_owner_is_whom_codeowners_names_else_the_forge() -> None:
    report = organization(
        reports.credential(KEYS[0], place(KEYS[0], owners=("@acme/web",))),
        reports.credential(KEYS[1], place(KEYS[1], owners=("@acme/api", "@acme/web"))),
    )
    assert {row["name"]: row["owner"] for row in rows(report)} == {"acme/shop": "@acme/web", "acme/billing": "acme"}
    for address in ("https://github.com/acme/shop/issues", "https://gitlab.com/acme/web/shop/-/issues"):
        issues = reports.target(id="shop", kind="issues", root=address, remote=None)
        assert (
            rows(organization()._replace(targets=(issues,)))[0]["owner"] == address.split("/", 3)[3].split("/shop")[0]
        )
    nobody = reports.target(id="shop", remote=None)
    assert rows(organization()._replace(targets=(nobody,)))[0]["owner"] == ""


def test_how_much_was_scanned() -> None:
    names = ("full", "skips", "later", "failed", "lost")
    report = organization(
        names=names[:4],
        coverage=Coverage(
            skipped=(
                Skipped("/srv/skips: a.lz4", "lz4 is not supported"),
                Skipped("/srv/later: b.lz4", "lz4 is not supported"),
                Skipped("git@github.com:acme/failed.git", "it cannot be cloned"),
                Skipped("https://github.com/acme/lost.git", "it is gone"),
                Skipped("/srv/full: c.lz4", "lz4 is not supported", "known"),
            )
        ),
    )
    report = with_history(report, [])
    assert report.history
    scans = {"full": 3, "skips": 3, "later": 1, "failed": 2}
    failed = frozenset(("https://github.com/acme/lost.git", "git@github.com:acme/failed.git"))
    report = report._replace(history=report.history._replace(scans=scans, failed=failed))
    found = {row["name"]: (row["looked"], row["reasons"], row["date"]) for row in rows(report)}
    assert found == {
        "acme/full": ("full", "", "2026-02-03"),
        "acme/skips": ("skips", "lz4 is not supported (1)", "2026-02-03"),
        "acme/later": ("later", "lz4 is not supported (1)", "2026-02-01"),
        "acme/failed": ("failed", "it cannot be cloned (1)", "2026-02-02"),
        "https://github.com/acme/lost.git": ("failed", "it is gone", ""),
    }
    said = look(report).said
    assert "Scanned in full 1 20.0 % 2026-02-03" in said
    assert "Not reached by the last run 1 20.0 % last scanned by run 1 (1) 2026-02-01" in said
    assert "Not scanned 2 40.0 % it cannot be cloned (1) and it is gone (1) 2026-02-02" in said


def test_live_ones_come_first_then_open_ones_and_the_oldest() -> None:
    old, new = ({"introduced": reports.commit(reports.seeded(1), f"20{year}-01-01T00:00:00Z")} for year in (15, 25))
    names = ("none", "young", "old", "two", "live")
    report = organization(
        reports.credential(KEYS[0], place(KEYS[0], "young", **new)),
        reports.credential(KEYS[1], place(KEYS[1], "old", **old)),
        *(reports.credential(key, place(key, "two")) for key in KEYS[2:4]),
        reports.live(KEYS[4], place(KEYS[4], "live")),
        names=names,
    )
    assert [row["name"] for row in rows(report)] == [f"acme/{name}" for name in reversed(names)]
    assert [row["since"] for row in rows(report)][2:] == ["2015-01-01", "2025-01-01", ""]


def test_a_target_names_so_many_of_its_credentials() -> None:
    random = reports.seeded(3)
    keys = [reports.organization_key(random) for _ in range(25)]
    shop = rows(organization(*(reports.credential(key, place(key)) for key in keys)))[0]
    assert shop["found"] == 25
    assert len(shop["listed"]) == 3 * 20
    assert shop["listed"][1:3] == ["unverified", "in a branch now"]
