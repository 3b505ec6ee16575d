from __future__ import annotations

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped
from akpatrol.report import document, page_targets
from tests import reports

KEYS = [reports.organization_key(reports.seeded(seed)) for seed in (91, 92)]
TARGETS = tuple(
    reports.target(id=name, root=f"/srv/{name}", remote=None) for name in ("billing", "infra", "shop", "shop2")
)


def table(report: Report) -> page_targets.TargetTable:
    view = document.build(report, reports.options(report))
    return page_targets.targets(view, {target["id"]: target["id"] for target in view["scan"]["targets"]})


def test_gaps_come_first_then_live_ones_then_the_rest_by_name() -> None:
    skipped = (
        Skipped("/srv/infra: vendor/a.lz4", "lz4 is not supported"),
        Skipped("/srv/infra/b.lz4", "lz4 is not supported"),
        Skipped("/srv/shop2: c", "too large", "test data"),
        Skipped("https://git.example.org/gone", "the server refused it"),
    )
    report = reports.report(
        reports.live(KEYS[0], reports.occurrence(KEYS[0], target="shop")),
        reports.credential(KEYS[1], *(reports.occurrence(KEYS[1], target="shop", line=line) for line in (1, 2))),
        targets=TARGETS,
        command="sweep",
        coverage=Coverage(skipped=skipped),
    )
    found = table(report)
    assert [row.name for row in found.rows] == ["https://git.example.org/gone", "infra", "shop", "billing", "shop2"]
    gone, infra, shop = found.rows[:3]
    assert (gone.failed, gone.reasons) == (True, "the server refused it")
    assert (infra.failed, infra.unread, infra.reasons) == (False, 2, "lz4 is not supported (2)")
    assert (shop.unread, shop.live, shop.found, shop.places, shop.view) == (0, 1, 2, 3, "repository=shop")
    assert (found.gaps, found.more, found.is_first) == (2, 0, True)


def test_a_target_that_was_skipped_as_a_whole_has_failed() -> None:
    found = table(reports.report(targets=TARGETS[:1], coverage=Coverage(skipped=(Skipped("/srv/billing", "damaged"),))))
    assert [(row.name, row.failed, row.reasons) for row in found.rows] == [("billing", True, "damaged (1)")]
    assert not found.is_first


def test_an_item_without_its_target_is_that_of_the_only_one_and_a_target_of_a_sweep_alone() -> None:
    coverage = Coverage(skipped=(Skipped("a.lz4", "lz4 is not supported"),))
    (billing,) = table(reports.report(targets=TARGETS[:1], coverage=coverage)).rows
    assert (billing.failed, billing.reasons) == (False, "lz4 is not supported (1)")
    several = table(reports.report(targets=TARGETS[:2], coverage=coverage))
    assert [(row.name, row.unread) for row in several.rows] == [("billing", 0), ("infra", 0)]
