from __future__ import annotations

from typing import Any

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Exposure
from akpatrol.report import document, page, page_paper
from tests import reports

RANDOM = reports.seeded(93)


def summary(*credentials: Any) -> dict[str, Any]:
    report = reports.report(*credentials)
    built = page.build(document.build(report, reports.options(report)), reports.NOW)
    pages: Any = built["credentials"]
    return page_paper.summary(pages)


def asked(status: VerificationStatus) -> Any:
    return reports.asked(status, reports.organization_key(RANDOM))


def test_the_live_ones_are_printed_and_what_to_do_about_them_once() -> None:
    found = summary(
        *(reports.live(reports.organization_key(RANDOM)) for _ in range(2)), asked(VerificationStatus.UNKNOWN)
    )
    assert found["title"] == "2 live credentials"
    assert [action.name for action in found["actions"]] == ["delete", "rotate", "clean", "baseline"]
    assert {one["status"] for one in found["credentials"]} == {"active"}


def test_the_steps_of_different_kinds_stand_in_their_order() -> None:
    token = reports.live(reports.personal_access_token(RANDOM))
    key = reports.live(reports.organization_key(RANDOM))._replace(exposure=Exposure.BROWSER)
    found = summary(token, key)
    names = [action.name for action in found["actions"]]
    assert names == ["delete", "delete", "rotate", "server", "clean", "baseline"]


def test_without_a_live_one_those_are_printed_that_may_be() -> None:
    found = summary(asked(VerificationStatus.UNKNOWN), asked(VerificationStatus.INACTIVE))
    assert found["title"] == "1 credential"
    assert [one["status"] for one in found["credentials"]] == ["unknown"]
    assert summary(asked(VerificationStatus.INACTIVE))["title"] == "1 credential"


def test_no_more_are_printed_than_a_page_has_room_for() -> None:
    found = summary(*(reports.live(reports.organization_key(RANDOM)) for _ in range(42)))
    assert len(found["credentials"]) + found["more"] == 42
    assert found["more"] > 0
