"""The page's panels, table, changes and figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.model.credential import Changes, CredentialChange
from akpatrol.model.scan import Exposure, State
from akpatrol.report import render
from tests import reports, samples
from tests.unit.report.html_page import KEY, Page, data, html, look

if TYPE_CHECKING:
    from akpatrol.model.report import Report


def test_a_credential_is_told_in_full() -> None:
    commit = reports.commit(reports.seeded(5), author="Jane Doe <jane@example.org>", summary="Add <b>the</b> client")
    places = (
        reports.occurrence(KEY, state=State.PRESENT, introduced=commit, refs=("refs/heads/main",)),
        reports.occurrence(KEY, path=b"old.py", state=State.REMOVED, introduced=commit, removed=commit),
    )
    report = reports.report(
        reports.live(KEY, *places, found_at="2026-02-01T00:00:00Z"),
        targets=(reports.target(remote="git@github.com:acme/shop.git"),),
    )
    seen = look(report)
    for part in (
        "Live: The API accepts it (200). Checked 2026-03-01, today.",
        "It reads transcripts and recordings, manages members; other scopes: agents:read",
        '"CI deploy", key id Ab12; created 2024-02-01, 2 years ago; expires 2027-01-01',
        "2024-03-01, 2 years ago; first seen by a sweep 2026-02-01",
        f"since {commit.id[:12]} of 2024-03-01 09:30 UTC, 2 years ago by Jane Doe <jane@example.org>.",
        "Add <b>the</b> client",
        "This version was replaced or removed in",
        'API_KEY = "' + report.credentials[0].secret.redacted + '"',
        "acme/shop",
        "Delete it at /api-keys",
        "Replace it wherever it is used",
        "Then clean the history",
        "Add it to the baseline",
    ):
        assert part in seen.said
    links = [attributes.get("href") for tag, attributes in seen.elements if tag == "a"]
    assert f"https://github.com/acme/shop/blob/{commit.id}/config/settings.py#L12" in links
    assert f"https://github.com/acme/shop/commit/{commit.id}" in links


def test_the_steps_stand_in_the_order_in_which_to_take_them() -> None:
    places = (reports.occurrence(KEY, state=State.PRESENT),)
    seen = look(reports.report(reports.live(KEY, *places)))
    steps = [attributes["data-action"] for _, attributes in seen.elements if "data-action" in attributes]
    assert steps == ["delete", "rotate", "clean", "baseline"]


def test_a_panel_says_what_to_do_then_places_then_what_is_known_and_hashes_last() -> None:
    said = look(reports.report(reports.live(KEY, reports.occurrence(KEY, state=State.PRESENT)))).said
    panel = said[said.rindex("What to do") :]
    parts = ("What to do", "1 place", "Live, and what it can do", "Owner", "Key id", "Fingerprint", "SHA-256")
    assert [panel.index(part) for part in parts] == sorted(panel.index(part) for part in parts)


def test_the_baseline_is_each_repository_s_own() -> None:
    places = [reports.occurrence(KEY, target=target) for target in ("t1", "t2", "t3")]
    targets = (
        reports.target(),
        reports.target(id="t2", root="/src/my app"),
        reports.target(id="t3", root="/clones/x-1.git"),
    )
    said = look(reports.report(reports.live(KEY, *places), targets=targets)).said
    assert "akpatrol -C /src/shop baseline update akpatrol -C '/src/my app' baseline update" in said
    assert "akpatrol baseline update in a checkout of git@git.example.org:acme/shop.git" in said
    assert "akpatrol allow" not in said


def test_the_page_to_revoke_it_is_a_link_where_its_address_is_known() -> None:
    report = reports.report(reports.live(KEY))
    page_at = "https://app.example.org/api-keys"
    seen = look(report, app_url="https://app.example.org")
    assert page_at in [attributes.get("href") for tag, attributes in seen.elements if tag == "a"]
    unknown = look(report)
    assert "at /api-keys in your Anyreach organization" in unknown.said
    assert not any("/api-keys" in (attributes.get("href") or "") for _, attributes in unknown.elements)


def test_a_work_tree_and_its_branch_are_one_place_in_two_states() -> None:
    commit = reports.commit(reports.seeded(5), id="a" * 40)
    places = (
        reports.occurrence(KEY, target="t2"),
        reports.occurrence(KEY, state=State.PRESENT, introduced=commit, refs=("refs/heads/main",)),
    )
    root = "/src/shop"
    remote = "git@github.com:acme/shop.git"
    targets = (reports.target(remote=remote), reports.target(id="t2", kind="directory", root=root, remote=None))
    seen = look(reports.report(reports.credential(KEY, *places), targets=targets))
    assert "1 place 1 repository" in seen.said
    assert f"In the file now; in a branch's files now, reachable from main since {'a' * 12}" in seen.said
    assert "Then clean the history" in seen.said
    assert "then clean history" in seen.said
    links = [attributes.get("href") for tag, attributes in seen.elements if tag == "a"]
    assert f"https://github.com/acme/shop/blob/{'a' * 40}/config/settings.py#L12" in links


def test_the_table_says_what_a_live_one_can_do() -> None:
    other = reports.credential(reports.organization_key(reports.seeded(42)))
    said = look(reports.report(reports.live(KEY), other)).said
    table = said[: said.index("What to do")]
    assert "It reads transcripts and recordings, manages members; other scopes: agents:read" in table
    assert "can" not in headings(look(reports.report(other)))


def test_columns_that_say_the_same_in_every_row_are_said_once() -> None:
    random = reports.seeded(43)
    alike = reports.report(*(reports.credential(reports.organization_key(random)) for _ in range(3)))
    seen = look(alike)
    assert (
        "The same for all 3: unverified, high; Anyreach organization API key; in files; start of exposure not known;"
        " 1 place each; in 1 repository each;"
        " owner not known; high confidence." in seen.said
    )
    assert headings(seen) == ["credential", "state", "done"]
    mixed = look(samples.verified(random))
    assert (
        "The same for all 6: in files; start of exposure not known; 1 place each; in 1 repository each;" in mixed.said
    )
    assert headings(mixed) == ["status", "credential", "can", "state", "owner", "done"]
    assert "The same for" not in look(reports.report(reports.credential(KEY))).said


def headings(seen: Page) -> list[str | None]:
    return [attributes["data-sort"] for _, attributes in seen.elements if "data-sort" in attributes]


def test_paths_break_behind_slashes() -> None:
    text = html(reports.report(reports.credential(KEY, reports.occurrence(KEY, path=b"a<b/c&d/e.py"))))
    assert "a&lt;b/<wbr>c&amp;d/<wbr>e.py:12:12" in text


def test_changes_are_told_and_lead_to_what_is_there() -> None:
    found, other = reports.credential(KEY), "akp1:" + "0" * 64
    fingerprint = json.loads(render(reports.report(found), "json", reports.options()))["credentials"][0]["fingerprint"]
    changes = Changes(
        7,
        "2026-02-01T00:00:00Z",
        (
            CredentialChange(fingerprint, ORGANIZATION_KEY, found.secret.redacted, "changed", "1 more place"),
            CredentialChange(other, CUSTOM, "***(20)", "gone"),
        ),
    )
    seen = look(reports.report(found, changes=changes))
    assert "Since run 7, 2026-02-01, 28 days ago" in seen.said or "Since run 7, 2026-02-01, 4 weeks ago" in seen.said
    assert f"1 changed {found.secret.redacted} 1 more place 1 no longer found ***(20)" in seen.said
    nothing = look(reports.report(found, changes=Changes(7, "2026-02-01T00:00:00Z")))
    assert "Nothing has changed." in nothing.said


def test_a_report_of_changes_does_not_call_the_rest_clean() -> None:
    since = Changes(7, "2026-02-01T00:00:00Z")
    seen = look(reports.report(changes=since))
    assert "No new or changed credential since run 7" in seen.said
    assert "Nothing new to do: everything was scanned. Earlier findings are not on this page." in seen.said
    assert "No new or changed credentials found - akpatrol" in seen.said
    assert "a report without --since shows everything" in seen.said
    assert "No leaked credential" not in seen.said
    some = look(reports.report(reports.live(KEY), changes=since)).said
    assert "1 live credential new or changed since run 7" in some
    assert "since run" not in look(reports.report(reports.live(KEY))).said


def test_a_count_of_none_leads_nowhere_and_of_one_filters_nothing() -> None:
    def views(report: Report) -> list[str | None]:
        return [a.get("data-view") for tag, a in look(report).elements if tag == "a" and a.get("href") == "#findings"]

    assert views(reports.report(reports.live(KEY))) == [None, None]  # the skip link and the live one
    both = reports.report(reports.live(KEY), reports.credential(reports.organization_key(reports.seeded(42))))
    owners = ["owner=CI+deploy", "owner=not+known"]
    assert views(both) == [None, "status=active", "status=open", *owners]


def test_tiles_filter_where_they_tell_some_from_others() -> None:
    random = reports.seeded(44)
    keys = [reports.organization_key(random) for _ in range(3)]
    gone = reports.occurrence(keys[2], state=State.REMOVED, path=b"old.py")
    found = [reports.credential(key) for key in keys[:2]] + [reports.credential(keys[2], gone)]
    seen = look(reports.report(found[0]._replace(exposure=Exposure.BROWSER), *found[1:]))
    views = [attributes["data-view"] for _, attributes in seen.elements if "data-view" in attributes]
    assert views == ["status=open", "state=files", "exposure=browser"]
    assert "2 in files now 1 in browsers" in seen.said


def test_what_was_gone_and_is_found_again_is_back() -> None:
    keys = [reports.organization_key(reports.seeded(seed)) for seed in (45, 46)]
    dates = ("2026-01-01T00:00:00Z", "2026-02-20T00:00:00Z")
    found = [reports.credential(key, found_at=date) for key, date in zip(keys, dates, strict=True)]
    built = json.loads(render(reports.report(*found), "json", reports.options()))["credentials"]
    since = Changes(
        7,
        "2026-02-01T00:00:00Z",
        tuple(CredentialChange(one["fingerprint"], ORGANIZATION_KEY, one["redacted"], "new", "") for one in built),
    )
    text = html(reports.report(*found, changes=since))
    assert sorted(one["change"] for one in data(text)["credentials"]) == ["back", "new"]
    assert f"1 back again Show only these {found[0].secret.redacted}" in Page(text).said


def test_figures_say_where_whose_and_by_whom_and_how_long_removal_took() -> None:
    random = reports.seeded(47)
    keys = [reports.organization_key(random) for _ in range(4)]

    def place(key: str, start: str, end: str | None, **changes: Any) -> Any:
        return reports.occurrence(
            key,
            state=State.REMOVED if end else State.PRESENT,
            introduced=reports.commit(random, f"{start}T00:00:00Z", author=changes.pop("author", "Jane")),
            removed=reports.commit(random, f"{end}T00:00:00Z") if end else None,
            **changes,
        )

    places = [
        place(keys[0], "2024-01-01", "2024-01-11"),
        place(keys[1], "2024-01-01", "2024-03-31", target="t2"),
        place(keys[2], "2024-01-01", "2024-01-21", author="Ravi"),
        place(keys[3], "2025-03-01", None),
    ]
    found = [reports.credential(key, where) for key, where in zip(keys, places, strict=True)]
    targets = (reports.target(), reports.target(id="t2", root="/src/billing", remote=None))
    said = look(reports.report(*found, targets=targets)).said
    assert "20 days in the median of 3 removed from every branch 3 months the longest:" in said
    assert "12 months so far, the oldest of 1 still in files:" in said
    assert "By repository shop 3 billing 1" in said
    assert "By author Jane 3 Ravi 1" in said
    assert "By owner" not in said
    assert "Open at once4 now, 1 in files" in said
