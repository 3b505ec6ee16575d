"""Reports of gitleaks, JSON and CSV, and of tools that write the same.

https://github.com/gitleaks/gitleaks/blob/master/report/finding.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow

if TYPE_CHECKING:
    from akpatrol.compare.document import ReportDocument
    from akpatrol.validate.fields import Fields

_KEYS = {"RuleID", "File", "Secret", "StartLine"}
_DECODED = "decoded:"


class _Gitleaks:
    name = "gitleaks (JSON, CSV)"

    def recognises(self, document: ReportDocument) -> bool:
        if document.is_table:
            return isinstance(document.first, dict) and document.first.keys() >= _KEYS
        value = document.first
        if not document.is_whole or not isinstance(value, list):
            return False
        # An empty list is what gitleaks writes when it found nothing.
        return not value or any(isinstance(item, dict) and item.keys() >= _KEYS for item in value)

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        if document.is_table:
            rows = () if document.is_whole else document.values
            items = entries.numbered(({**row, **_numbers(row)} for row in rows), "row")
        else:
            items = entries.numbered(document.first, "entry")
        read, unreadable = entries.read_each(items, _entry)
        is_history = any(entry.row.commit for entry in read) if read else None
        facts = ReportFacts("gitleaks", format="CSV" if document.is_table else "JSON", is_history=is_history)
        return ParsedReport(facts, read, (*unreadable, *document.unreadable))


def _numbers(row: dict[str, str | None]) -> dict[str, int]:
    """Return a table's numbers, which are texts in it."""
    names = ("StartLine", "EndLine", "StartColumn", "EndColumn")
    return {name: int(text) for name in names if (text := row.get(name)) and text.isascii() and text.isdecimal()}


def _entry(fields: Fields) -> ReportEntry:
    where = entries.split(fields.text("File"))
    tags = entries.texts(fields, "Tags") if not _is_text(fields) else tuple(fields.text("Tags").split(" "))
    start, end = entries.line(fields, "StartColumn"), entries.line(fields, "EndColumn")
    row = ReportRow(
        rule=fields.text("RuleID"),
        path=where.path,
        line=entries.line(fields, "StartLine"),
        place=where.place,
        member=where.member,
        containers=where.containers,
        objects=where.objects,
        encodings=tuple(tag.removeprefix(_DECODED) for tag in tags if tag.startswith(_DECODED)),
        columns=entries.columns(start, end),
        commit=entries.commit(entries.text(fields, "Commit")),
    )
    return ReportEntry(row, entries.shown(fields.text("Secret")))


def _is_text(fields: Fields) -> bool:
    """Return whether the tags are those of a table."""
    try:
        entries.text(fields, "Tags")
    except ValueError:
        return False
    return fields.has("Tags")


READER = _Gitleaks()
