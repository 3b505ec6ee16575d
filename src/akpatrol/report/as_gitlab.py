"""GitLab's Secret Detection report.

https://docs.gitlab.com/development/integrations/secure/#report and
https://gitlab.com/gitlab-org/security-products/security-report-schemas, dist/secret-detection-report-format.json.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from akpatrol.kinds import named
from akpatrol.model.scan import State
from akpatrol.report import document, locations
from akpatrol.report.as_json import dumped, fitting
from akpatrol.report.mask import Mask
from akpatrol.report.messages import left_out_message, skip_message, title
from akpatrol.report.number_words import plural
from akpatrol.report.overview import allowed_words, changed_words, unsearched_words
from akpatrol.report.text_safety import head
from akpatrol.report.wording import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import ReportView

SCHEMA_VERSION = "15.2.1"
"""GitLab validates a patch version that it does not have against the newest of its minor version."""
SIZE_LIMIT = 10_000_000
"""Bytes; what a server takes is its administrator's choice."""
MESSAGE_LIMIT = 100
NO_COMMIT = "0000000"
"""The placeholder that GitLab's own analyzer writes when it scans files."""

_HEAD_ROOM = 200_000
"""Bytes for all that is no finding."""
_NAME_WIDTH = 250
_DESCRIPTION_WIDTH = 7_000
"""GitLab does not take in a description above 15,000 characters (https://gitlab.com/gitlab-org/gitlab/-/issues/440853)."""
_SOLUTION_WIDTH = 3_500
_ITEM_WIDTH = 500
_SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{SCHEMA_VERSION}/dist/secret-detection-report-format.json"
)
_CWE = {
    "type": "cwe",
    "name": "CWE-798",
    "value": "798",
    "url": "https://cwe.mitre.org/data/definitions/798.html",
}


def render(report: Report, options: RenderOptions) -> str:
    """Return the report for ``artifacts:reports:secret_detection``, with secrets masked regardless of the options."""
    masked = options._replace(show_secrets=False)
    view = document.build_visible(report, masked)
    findings = locations.in_order(report, view, Mask(masked).redact)
    vulnerabilities = fitting(map(_vulnerability, findings), SIZE_LIMIT - _HEAD_ROOM)
    start = parsed(report.started_at) or options.now
    tool = {
        "id": "akpatrol",
        "name": "akpatrol",
        "version": view["tool"]["version"],
        "vendor": {"name": "akpatrol"},
    }
    return (
        dumped(
            {
                "version": SCHEMA_VERSION,
                "schema": _SCHEMA,
                "scan": {
                    "analyzer": tool,
                    "scanner": tool,
                    "type": "secret_detection",
                    "start_time": _time(start),
                    "end_time": _time(start + timedelta(seconds=report.duration)),
                    "status": "success" if report.coverage.complete else "failure",
                    "messages": list(_messages(view, len(findings) - len(vulnerabilities))),
                },
                "vulnerabilities": vulnerabilities,
            }
        )
        + "\n"
    )


def _cut(text: str, width: int) -> str:
    """Return at most ``width`` characters: some take no column."""
    return head(text, width)[:width]


def _time(moment: datetime) -> str:
    """Return UTC without a zone, the only form that the schema takes."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _vulnerability(place: PathFinding) -> dict[str, object]:
    rule = _cut(next(iter(place.view["rule_ids"]), "custom"), _NAME_WIDTH) or "custom"
    severity = "Info" if place.occurrence.state is State.IGNORED else place.view["severity"].capitalize()
    return {
        "id": str(uuid5(NAMESPACE_URL, f"akpatrol:{place.name}")),
        "category": "secret_detection",
        "name": _cut(title(place.view), _NAME_WIDTH),
        "description": _cut(place.message, _DESCRIPTION_WIDTH),
        "severity": severity,
        "solution": _cut(" ".join(place.view["remediation"]["steps"]), _SOLUTION_WIDTH),
        # GitLab's own analyzer puts the secret here.
        "raw_source_code_extract": place.view["redacted"],
        "location": _location(place),
        "identifiers": [
            {"type": "akpatrol_rule_id", "name": f"akpatrol rule {rule}", "value": _identifier(place, rule)},
            _CWE,
        ],
    }


def _identifier(place: PathFinding, rule: str) -> str:
    """Return what GitLab tracks it by: the kind, whichever rule found it."""
    kind = named(place.view["kind"])
    return rule if kind.is_custom else str(kind)


def _location(place: PathFinding) -> dict[str, object]:
    commit = place.occurrence.introduced
    lines = place.lines
    return {
        "file": place.path,
        "commit": {"sha": commit.id if commit else NO_COMMIT},
        **({"start_line": lines[0], "end_line": lines[1]} if lines else {}),
    }


def _messages(view: ReportView, missing: int) -> Iterator[dict[str, str]]:
    # Unaccepted skips make the run incomplete, so the limit must not drop them.
    skipped = sorted(view["coverage"]["skipped"], key=lambda skip: skip["accepted"] is not None)
    for skip in skipped[:MESSAGE_LIMIT]:
        yield _message("info" if skip["accepted"] else "warn", skip_message(skip))
    if more := skipped[MESSAGE_LIMIT:]:
        yield _message("warn", f"Not scanned: {plural(len(more), 'more item')}; the JSON report lists them.")
    if left_out := changed_words(view["coverage"]["changed_files"]):
        yield _message("info", f"{left_out}.")
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield _message("warn", f"Rules {unsearched}.")
    for notice in view["notices"][:MESSAGE_LIMIT]:
        yield _message("warn", notice)
    if stale := view["stale"]:
        yield _message("info", f"Stale allowances: {len(stale):,}.")
    if allowed := allowed_words(view["summary"]):
        yield _message("info", f"Not in this file: {allowed}.")
    if missing:
        yield _message("warn", left_out_message(missing))


def _message(level: str, text: str) -> dict[str, str]:
    return {"level": level, "value": _cut(text, _ITEM_WIDTH) or "-"}
