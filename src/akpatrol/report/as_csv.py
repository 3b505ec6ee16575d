"""CSV: one row for each location of each finding, for spreadsheets and databases.

The standard library's dialect ``unix`` has a comma between cells, quotes around each, and a line feed after a row.
A spreadsheet runs a cell that begins like a formula, so that such a cell has an apostrophe before it
(https://owasp.org/www-community/attacks/CSV_Injection). A semicolon separates cells in some locales, and quotes do not
protect after the first of them: what follows one is treated like the beginning of a cell.
"""

from __future__ import annotations

import csv
import re
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING

from akpatrol.report import document
from akpatrol.report.messages import action_message
from akpatrol.report.overview import changed_words, unsearched_words, verdict
from akpatrol.report.wording import status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView, TargetView

COLUMNS = (
    "record",
    "severity",
    "title",
    "redacted",
    "verification",
    "checked_at",
    "state",
    "remote",
    "target",
    "path",
    "line",
    "column",
    "place",
    "containers",
    "encodings",
    "object",
    "versions",
    "introduced_commit",
    "introduced_date",
    "removed_commit",
    "removed_date",
    "refs",
    "owners",
    "exposure",
    "confidence",
    "attribution",
    "first_seen",
    "kind",
    "rule_ids",
    "key_id",
    "fingerprint",
    "secret_sha256",
    "context",
    "message",
)
"""The header. A later version may add columns at the end; it renames and moves none."""

# The signs are also known in their full width.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\t\r\n＝＋－＠])")  # noqa: RUF001 - the full width is meant


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report as CSV, a row at a time, with secrets masked regardless of the options."""
    stream = StringIO()
    writer = csv.DictWriter(stream, COLUMNS, dialect="unix")
    writer.writeheader()
    for row in _rows(report, options._replace(show_secrets=False)):
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield stream.getvalue()
        stream.seek(0)
        stream.truncate()


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula; nothing for None."""
    return "" if value is None else _FORMULA.sub(r"\1'", str(value))


def _rows(report: Report, options: RenderOptions) -> Iterator[Mapping[str, object]]:
    view, credentials = document.in_parts(report, options)
    view = document.visible_view(view)
    targets = {target["id"]: target for target in view["scan"]["targets"]}
    for credential in islice(credentials, view["summary"]["findings"]):
        yield from _locations(document.visible_view(credential), targets)
    yield from _about_the_run(view)


def _locations(credential: CredentialView, targets: Mapping[str, TargetView]) -> Iterator[Mapping[str, object]]:
    verification = credential["verification"]
    facts = {
        "record": "finding",
        **{name: credential.get(name) for name in COLUMNS if isinstance(credential.get(name), str)},
        "rule_ids": ", ".join(credential["rule_ids"]),
        "verification": status_of(credential),
        "checked_at": verification["checked_at"] if verification else None,
        "message": action_message(credential),
    }
    for place in credential["occurrences"]:
        yield {**facts, **_location(place, targets.get(place["target"]))}
    if not credential["occurrences"]:
        yield facts


def _location(place: OccurrenceView, target: TargetView | None) -> Mapping[str, object]:
    introduced, removed, versions = place["introduced"], place["removed"], place["versions"]
    return {
        "state": place["state"],
        "remote": target["remote"] if target else None,
        "target": target["path"] if target else place["target"],
        "path": place["path"],
        "line": place["line"],
        "column": place["column"],
        "place": place["place"],
        "containers": " > ".join(place["containers"]),
        "encodings": ", ".join(place["encodings"]),
        "object": place["object"],
        "versions": versions["count"] if versions else None,
        "introduced_commit": introduced["id"] if introduced else None,
        "introduced_date": introduced["date"] if introduced else None,
        "removed_commit": removed["id"] if removed else None,
        "removed_date": removed["date"] if removed else None,
        "refs": ", ".join(place["refs"]),
        "owners": ", ".join(place["owners"]),
        "exposure": place["exposure"],
        "context": place["context"],
    }


def _about_the_run(view: ReportView) -> Iterator[Mapping[str, object]]:
    """Yield the rows that are no findings; the last one shows that the file is whole."""
    for skip in view["coverage"]["skipped"]:
        reason = f"{skip['reason']}; accepted: {skip['accepted']}" if skip["accepted"] else skip["reason"]
        yield {"record": "accepted" if skip["accepted"] else "not scanned", "path": skip["item"], "message": reason}
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield {"record": "notice", "message": f"Rules {unsearched}."}
    if left_out := changed_words(view["coverage"]["changed_files"]):
        yield {"record": "notice", "message": f"{left_out}."}
    for notice in view["notices"]:
        yield {"record": "notice", "message": notice}
    yield {"record": "verdict", "message": verdict(view)}
