"""Reports of kingfisher, JSON and JSON Lines.

https://github.com/mongodb/kingfisher/blob/main/src/reporter.rs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.readers.entries import text
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from typing import Any

    from akpatrol.compare.document import ReportDocument

_KEYS = {"rule", "finding"}
_FAILED = ("scan_failed", "scan_partial", "fetch_failed")


class _Kingfisher:
    name = "kingfisher (JSON, JSON Lines)"

    def recognises(self, document: ReportDocument) -> bool:
        value = document.first
        if not isinstance(value, dict):
            return isinstance(value, list) and any(_is_finding(item) for item in value[:1])
        return _is_finding(value) or _is_report(value) or _is_audit(value)

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        found: list[Any] = []
        rest: dict[str, Any] = {}
        for value in document.values:
            if isinstance(value, list):
                found += value
            elif isinstance(value, dict) and not _is_finding(value) and (_is_report(value) or _is_audit(value)):
                found += value.get("findings") or []
                rest |= value
            else:
                found.append(value)
        read, unreadable = entries.read_each(entries.numbered(found, "finding"), _entry)
        form = "JSON" if document.is_whole else "JSON Lines"
        facts = _facts(rest)._replace(format=form, is_history=any(entry.row.commit for entry in read) or None)
        return ParsedReport(facts, read, (*unreadable, *document.unreadable))


def _is_finding(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _KEYS and isinstance(value["finding"], dict)


def _is_report(value: dict[str, Any]) -> bool:
    metadata, found = value.get("metadata"), value.get("findings")
    named = isinstance(metadata, dict) and "kingfisher_version" in metadata
    return isinstance(found, list) and (named or _is_audit(value) or any(map(_is_finding, found[:1])))


def _is_audit(value: dict[str, Any]) -> bool:
    audit = value.get("audit")
    return isinstance(audit, dict) and str(audit.get("schema", "")).startswith("kingfisher.")


def _facts(document: dict[str, Any]) -> ReportFacts:
    try:
        fields = Fields(document)
        metadata = fields.later("metadata", fields.inner) or Fields({})
        audit = fields.later("audit", fields.inner) or Fields({})
        summary, counts = metadata.later("summary", metadata.inner), audit.later("summary", audit.inner)
        failed = [name for name in _FAILED if counts and counts.later(name, counts.count)]
        return ReportFacts(
            "kingfisher",
            text(metadata, "kingfisher_version"),
            minimum=text(summary, "confidence_level") if summary else "",
            incomplete=tuple(f"its audit counts a repository as {name}" for name in failed),
        )
    except ValueError:
        return ReportFacts("kingfisher", incomplete=("what it says of its scan cannot be read",))


def _entry(fields: Fields) -> ReportEntry:
    rule, found = fields.inner("rule"), fields.inner("finding")
    git = found.later("git_metadata", found.inner)
    commit, file = (git.later(name, git.inner) if git else None for name in ("commit", "file"))
    named = text(file, "path") if file else ""
    where = entries.split(text(found, "path") or named)
    encoding = text(found, "encoding")
    row = ReportRow(
        rule=rule.text("id"),
        path=where.path,
        line=entries.line(found, "line"),
        confidence=text(found, "confidence"),
        place=where.place,
        member=where.member,
        containers=where.containers,
        objects=where.objects,
        encodings=(encoding,) if encoding else (),
        columns=entries.columns(entries.line(found, "column_start"), entries.line(found, "column_end")),
        commit=entries.commit(text(commit, "id")) if commit else None,
    )
    return ReportEntry(row, entries.shown(text(found, "snippet")))


READER = _Kingfisher()
