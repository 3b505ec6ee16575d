"""The values that the page's templates and script show, all from a document.

A report of at most ``ALL_PLACES`` places is readable in full without JavaScript. In a larger one each credential shows
its first ``FIRST_PLACES``; the script shows the others on demand, from the page's data, and the page says so. The same
holds for long lists of skipped items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.report import (
    exposure,
    page_coverage,
    page_credential,
    page_figures,
    page_locations,
    page_paper,
    page_table,
    page_targets,
    timeline,
    work_trees,
)
from akpatrol.report.document import visible_view
from akpatrol.report.links import Linker
from akpatrol.report.messages import capital
from akpatrol.report.number_words import duration_words, plural
from akpatrol.report.overview import allowed_of, allowed_words, findings_of, overview, verdict
from akpatrol.report.page_actions import first_of_all
from akpatrol.report.text_safety import head
from akpatrol.report.verification_text import allowance_words
from akpatrol.report.wording import STATUSES, age, date_words, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from akpatrol.report.page_credential import CredentialPage
    from akpatrol.report.view import ChangesView, CredentialView, ReportView, SummaryView

ALL_PLACES = 2000
FIRST_PLACES = 3
_ITEM_WIDTH = 320
_LINE_WIDTH = 500
_NOT_KNOWN = ("unverified", "unknown", "not_sent")
_KEPT = ("id", "fingerprint", "status", "state", "kind", "confidence", "exposure", "since", "scopes", "change")
"""Fields of a credential that the script needs."""
_NO_ANSWER = {"unverified": "never asked", "unknown": "unclear", "not_sent": "not sent"}


def build(document: ReportView, now: datetime, template: str | None = None) -> dict[str, object]:
    """Return the templates' values; ``data`` is the script's. Raises UsageError for an invalid ``template``."""
    document = work_trees.with_repositories(document)
    view = visible_view(document)
    targets = {target["id"]: target for target in view["scan"]["targets"]}
    linker = Linker(document["scan"]["targets"], template)
    on_forges = [linker.name(target["id"]) for target in document["scan"]["targets"]]
    names = page_locations.names(view["scan"]["targets"], on_forges)
    # All places of a workstation lie in one directory, so its name would say nothing.
    names |= {source["id"]: source["title"] for source in view["sources"]}
    places = page_locations.LocationRows(names, linker, now)
    findings = findings_of(view)
    limit = None if view["summary"]["occurrences"] <= ALL_PLACES else FIRST_PLACES
    strings = page_locations.Strings()
    all_rows = [places.rows(finding, raw) for raw, finding in zip(findings_of(document), findings, strict=True)]
    pages = [
        page_credential.page_of(finding, rows[:limit], number, targets, now)
        for number, (finding, rows) in enumerate(zip(findings, all_rows, strict=True), 1)
    ]
    changes = _changes(view["changes"], findings, pages, now)
    times = timeline.build(findings, now)
    return {
        **_opening(view, pages, now),
        "noun": (noun := _noun(view)),
        "paper": page_paper.summary(pages),
        "same": page_table.same_in_all(pages, noun),
        "credentials": pages,
        "changes": changes,
        "timeline": times,
        "exposure": exposure.build(findings, times.axis),
        "groups": page_figures.groups(pages, all_rows, noun[0]) if len(pages) > 1 else [],
        "removals": page_figures.removals(findings, pages, now),
        "allowed": _allowed(view),
        "coverage": page_coverage.coverage(view),
        "targets": page_targets.targets(view, names),
        "tool": view["tool"],
        "data": {
            "fields": page_locations.LocationRow._fields,
            "kinds": {kind: kind.wording.short for kind in KINDS},
            "credentials": [_for_script(page, rows, strings) for page, rows in zip(pages, all_rows, strict=True)],
            # The last one, since the places above number their texts.
            "strings": strings.texts(),
        },
    }


def _for_script(
    page: CredentialPage, rows: Sequence[page_locations.LocationRow], strings: page_locations.Strings
) -> dict[str, object]:
    fields: Mapping[str, object] = page
    return {
        **{name: fields[name] for name in _KEPT},
        "owner": page["owner_name"],
        "repositories": page["repositories"],
        "shown": len(page["rows"]),
        "text": page_credential.search_text(page),
        "places": [[strings.number(text) for text in row] for row in rows],
    }


def _opening(view: ReportView, pages: Sequence[CredentialPage], now: datetime) -> dict[str, object]:
    summary, scan = view["summary"], view["scan"]
    by_status = summary["by_verification"]
    unknown = sum(by_status[name] for name in _NOT_KNOWN)
    parts = [f"{by_status[name]:,} {words}" for name, words in _NO_ANSWER.items() if by_status[name]]
    targets = {place["target"] for finding in findings_of(view) for place in finding["occurrences"]}
    return {
        "title": verdict(view),
        "complete": view["coverage"]["complete"],
        "heading": _heading(summary),
        "interrupted": scan["interrupted"],
        "first": _first(view, pages),
        "overview": capital(overview(view)) if len(pages) > 1 else "",
        "live": by_status["active"],
        "unverified": unknown,
        "unverified_parts": ", ".join(parts) if len(parts) > 1 or not by_status["unverified"] else "",
        "inactive": by_status["inactive"],
        "in_files": sum(page["state"] in timeline.IN_TRACKABLE_FILES for page in pages),
        "in_browsers": sum(bool(page["exposure"]) for page in pages),
        "findings": summary["findings"],
        "places": summary["occurrences"],
        "repositories": len(targets),
        "looked_at": len(scan["targets"]),
        "started": _moment(scan["started_at"]),
        "started_age": _age(scan["started_at"], now),
        "duration": duration_words(scan["duration_seconds"]),
        "command": scan["command"],
        "made": f"{now:%Y-%m-%d %H:%M} UTC",
        "all_places": all(page["places"] == len(page["rows"]) for page in pages),
        "statuses": STATUSES,
    }


def _noun(view: ReportView) -> tuple[str, str]:
    """Return the words for a target, and for targets."""
    if view["sources"]:
        return "source", "sources"
    is_only_repositories = {target["kind"] for target in view["scan"]["targets"]} <= {"repository"}
    return ("repository", "repositories") if is_only_repositories else ("target", "targets")


def _first(view: ReportView, pages: Sequence[CredentialPage]) -> dict[str, str]:
    """Return the sentence that says what to do first, split around the credential that it names."""
    sentence = capital(first_of_all(view))
    for page in pages:
        before, redacted, after = sentence.partition(page["redacted"])
        if redacted:
            return {"before": before, "redacted": redacted, "after": after, "id": page["id"]}
    return {"before": sentence, "redacted": "", "after": "", "id": ""}


def _heading(summary: SummaryView) -> str:
    number, live = summary["findings"], summary["by_verification"]["active"]
    if not live:
        return plural(number, "leaked credential")
    if live == number:
        return plural(number, "live credential")
    return f"{plural(number, 'leaked credential')}, {live:,} live"


def _moment(date: str) -> str:
    moment = parsed(date)
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else date


def _age(date: str, now: datetime) -> str:
    moment = parsed(date)
    return age((now - moment).total_seconds() / 86400) if moment else ""


def _changes(
    changes: ChangesView | None, findings: Sequence[CredentialView], pages: Sequence[CredentialPage], now: datetime
) -> dict[str, object] | None:
    """Return how each credential changed, and mark those that are on the page.

    A credential that is new since a run, but was first found before it, was gone and is back.
    """
    if changes is None:
        return None
    by_fingerprint = {page["fingerprint"]: page for page in pages}
    earlier = {
        finding["fingerprint"] for finding in findings if _is_before(finding["found_at"], changes["since"]["at"])
    }
    groups: dict[str, list[dict[str, object]]] = {"new": [], "back": [], "changed": [], "gone": []}
    for change in changes["credentials"]:
        page = by_fingerprint.get(change["fingerprint"])
        is_back = change["change"] == "new" and change["fingerprint"] in earlier
        word = "back" if is_back else change["change"]
        if page is not None:
            page["change"] = word
        groups[word].append(
            {
                "id": page and page["id"],
                "redacted": head(change["redacted"], _ITEM_WIDTH),
                "detail": head(change["detail"], _LINE_WIDTH),
            }
        )
    since = f"run {changes['since']['run']}, {date_words(changes['since']['at'], now)}"
    return {"run": changes["since"]["run"], "since": since, "groups": groups, "any": any(groups.values())}


def _is_before(date: str | None, other: str) -> bool:
    first, second = parsed(date) if date else None, parsed(other)
    return bool(first and second and first < second)


def _allowed(view: ReportView) -> dict[str, object]:
    quiet = [
        {
            "redacted": head(finding["redacted"], _ITEM_WIDTH),
            "words": capital(allowance_words(finding["allowed"])) if finding["allowed"] else "",
            "status": STATUSES[finding["verification"]["status"]] if finding["verification"] else "unverified",
        }
        for finding in allowed_of(view)
    ]
    return {"words": allowed_words(view["summary"]), "credentials": quiet}
