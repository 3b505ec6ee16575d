"""What the page says: plain values for its templates and its script, made of a document and nothing else.

Up to ``ALL_PLACES`` places of a whole report are all in the page itself, open to a reader without JavaScript. Of a
larger report each credential has its first ``FIRST_PLACES`` there; the others are in the page's data, from which the
script shows them on demand, and the page says so. The same holds for long lists of what was not looked at.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from akpatrol.report import page_credential, page_locations, timeline
from akpatrol.report.document import visible_tree
from akpatrol.report.links import Linker
from akpatrol.report.messages import capital
from akpatrol.report.overview import allowed_of, allowed_words, coverage_words, findings_of, overview, verdict
from akpatrol.report.page_actions import first_of_all
from akpatrol.report.text_safety import head, middle_out, shell_word
from akpatrol.report.verification_text import allowance_words
from akpatrol.report.wording import STATUSES, age, date_words, duration_words, parsed, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

ALL_PLACES = 2000
FIRST_PLACES = 3
_LISTED = 200
"""Items of a list of gaps that the page writes, of each reason."""
_ITEM_WIDTH = 320
_LINE_WIDTH = 500
_NOT_KNOWN = ("unverified", "unknown", "not_sent")
_NO_ANSWER = {"unverified": "never asked", "unknown": "unclear", "not_sent": "not sent"}


def build(document: Mapping[str, Any], now: datetime, template: str | None = None) -> dict[str, Any]:
    """Return the templates' values; ``data`` is the script's. Raises UsageError for a ``template`` that is none."""
    whole = visible_tree(dict(document))
    linker = Linker(document["scan"]["targets"], template)
    on_forges = [linker.name(target["id"]) for target in document["scan"]["targets"]]
    names = page_locations.names(whole["scan"]["targets"], on_forges)
    places = page_locations.LocationRows(names, linker, now)
    found = findings_of(whole)
    seen = [page_credential.view(one, number, now) for number, one in enumerate(found, 1)]
    shown = None if whole["summary"]["occurrences"] <= ALL_PLACES else FIRST_PLACES
    strings = page_locations.Strings()
    data = []
    for view, raw, one in zip(seen, findings_of(document), found, strict=True):
        rows = places.rows(one, raw)
        view["rows"] = rows[:shown]
        view["first_place"] = rows[0] if rows else None
        data.append(_for_script(view, rows, strings))
    changes = _changes(whole["changes"], seen, now)
    return {
        **_opening(whole, seen, now),
        "credentials": seen,
        "changes": changes,
        "timeline": timeline.build(found, now),
        "allowed": _allowed(whole),
        "coverage": _coverage(whole, names),
        "tool": whole["tool"],
        "data": {"fields": page_locations.LocationRow._fields, "strings": strings.texts(), "credentials": data},
    }


def _for_script(
    view: Mapping[str, Any], rows: Sequence[page_locations.LocationRow], strings: page_locations.Strings
) -> dict[str, Any]:
    kept = ("id", "fingerprint", "status", "state", "kind", "confidence", "exposure", "since", "severity")
    return {
        **{name: view[name] for name in kept},
        "owner": ", ".join(view["owner_names"]),
        "repositories": view["repositories"],
        "shown": len(view["rows"]),
        "text": page_credential.search_text(view),
        "places": [[strings.number(text) for text in row] for row in rows],
    }


def _opening(whole: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    summary, scan = whole["summary"], whole["scan"]
    by_status = summary["by_verification"]
    unknown = sum(by_status[name] for name in _NOT_KNOWN)
    parts = [f"{by_status[name]:,} {words}" for name, words in _NO_ANSWER.items() if by_status[name]]
    targets = {place["target"] for one in findings_of(whole) for place in one["occurrences"]}
    is_only_repositories = {target["kind"] for target in scan["targets"]} <= {"repository"}
    return {
        "title": verdict(whole),
        "complete": whole["coverage"]["complete"],
        "heading": _heading(summary),
        "first": _first(whole, seen),
        "overview": capital(overview(whole)) if len(seen) > 1 else "",
        "live": by_status["active"],
        "unverified": unknown,
        "unverified_parts": ", ".join(parts) if len(parts) > 1 or not by_status["unverified"] else "",
        "inactive": by_status["inactive"],
        "findings": summary["findings"],
        "places": summary["occurrences"],
        "repositories": len(targets),
        "looked_at": len(scan["targets"]),
        "noun": ("repository", "repositories") if is_only_repositories else ("target", "targets"),
        "started": _moment(scan["started_at"]),
        "started_age": _age(scan["started_at"], now),
        "duration": duration_words(scan["duration_seconds"]),
        "command": scan["command"],
        "made": f"{now:%Y-%m-%d %H:%M} UTC",
        "all_places": all(view["places"] == len(view["rows"]) for view in seen),
        "statuses": STATUSES,
    }


def _first(whole: Mapping[str, Any], seen: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the sentence that says what to do first, apart around the credential that it names."""
    sentence = capital(first_of_all(whole))
    for view in seen:
        before, redacted, after = sentence.partition(view["redacted"])
        if redacted:
            return {"before": before, "redacted": redacted, "after": after, "id": view["id"]}
    return {"before": sentence, "redacted": "", "after": "", "id": ""}


def _heading(summary: Mapping[str, Any]) -> str:
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


def _changes(changes: Mapping[str, Any] | None, seen: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    """Return what became of which credential, and mark those that are in the page."""
    if changes is None:
        return None
    by_fingerprint = {view["fingerprint"]: view for view in seen}
    groups: dict[str, list[dict[str, Any]]] = {"new": [], "changed": [], "gone": []}
    for one in changes["credentials"]:
        view = by_fingerprint.get(one["fingerprint"])
        if view is not None:
            view["change"] = one["change"]
        groups[one["change"]].append(
            {
                "id": view and view["id"],
                "redacted": head(one["redacted"], _ITEM_WIDTH),
                "detail": head(one["detail"], _LINE_WIDTH),
            }
        )
    since = f"run {changes['since']['run']}, {date_words(changes['since']['at'], now)}"
    return {"run": changes["since"]["run"], "since": since, "groups": groups, "any": any(groups.values())}


def _allowed(whole: Mapping[str, Any]) -> dict[str, Any]:
    quiet = [
        {
            "redacted": head(one["redacted"], _ITEM_WIDTH),
            "words": capital(allowance_words(one["allowed"])) if one["allowed"] else "",
            "status": STATUSES[one["verification"]["status"]] if one["verification"] else "unverified",
        }
        for one in allowed_of(whole)
    ]
    return {"words": allowed_words(whole["summary"]), "credentials": quiet}


def _coverage(whole: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    coverage, summary = whole["coverage"], whole["summary"]
    unread = [skip for skip in coverage["skipped"] if skip["accepted"] is None]
    below = summary["below_min_confidence"]
    return {
        "words": coverage_words(whole),
        "targets": [
            {
                "name": names[target["id"]],
                "kind": target["kind"],
                "path": middle_out(target["path"], _ITEM_WIDTH),
                "remote": middle_out(target["remote"] or "", _ITEM_WIDTH),
                "head": (target["head"] or "")[:12],
            }
            for target in whole["scan"]["targets"][: _LISTED * 10]
        ],
        "more_targets": max(0, len(whole["scan"]["targets"]) - _LISTED * 10),
        "unread": len(unread),
        "gaps": list(_gaps(unread)),
        "accepted": list(_gaps([skip for skip in coverage["skipped"] if skip["accepted"] is not None])),
        "histories": _some([f"akpatrol history {shell_word(path)}" for path in summary["histories_not_read"]]),
        "below": f"{plural(below, 'more credential')} below the minimum confidence" if below else "",
        "notices": [head(notice, _LINE_WIDTH) for notice in whole["notices"]],
        "stale": _some([f"{one['entry']}, {one['where']}: {one['reason']}" for one in whole["stale"]]),
        "asked": _some([f"{one['what']}: {'found' if one['found'] else 'not found'}" for one in whole["asked"]]),
    }


def _gaps(skipped: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what could not be read by why, the most frequent reason first."""
    reasons = groupby(skipped, lambda skip: (skip["reason"], skip["accepted"]))
    for (reason, accepted), group in sorted(
        ((reason, list(group)) for reason, group in reasons), key=lambda item: -len(item[1])
    ):
        yield {
            "reason": head(reason, _LINE_WIDTH),
            "accepted": head(accepted or "", _LINE_WIDTH),
            "number": len(group),
            "items": _some([skip["item"] for skip in group]),
        }


def _some(items: Sequence[str]) -> dict[str, Any]:
    """Return the first of a list, and how many more there are."""
    return {"shown": [middle_out(item, _ITEM_WIDTH) for item in items[:_LISTED]], "more": max(0, len(items) - _LISTED)}
