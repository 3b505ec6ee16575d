"""Reports of betterleaks from version 2 on, JSON and JSON Lines.

https://github.com/betterleaks/betterleaks; earlier versions write gitleaks' format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.readers.entries import text
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow
from akpatrol.model.scan import Place
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from typing import Any

    from akpatrol.compare.document import ReportDocument

_KEYS = {"rule_id", "match", "location"}
_PLACES = {"git.commit_message": Place.COMMIT_MESSAGE, "git.tag_message": Place.TAG_MESSAGE}
_CUT_SHORT = "its last line, on the scan, is missing"


class _Betterleaks:
    name = "betterleaks (JSON, JSON Lines)"

    def recognises(self, document: ReportDocument) -> bool:
        return any(_is_report(value) or _is_line(value) for value in document.values[:1])

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        if _is_report(document.first):
            found, facts = document.first["findings"] or (), _facts(document.first)
            unread = ["more than one document in the file"] * (len(document.values) > 1)
        else:
            found = [_found(value) for value in document.values if not _is_last(value)]
            last, unread = document.values[-1], []
            facts = _facts(last) if _is_last(last) else ReportFacts("betterleaks", incomplete=(_CUT_SHORT,))
            facts = facts._replace(format="JSON Lines")
        read, unreadable = entries.read_each(entries.numbered(found, "finding"), _entry)
        if facts.is_history is None and read:
            facts = facts._replace(is_history=any(entry.row.commit for entry in read))
        return ParsedReport(facts, read, (*unread, *unreadable, *document.unreadable))


def _is_report(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("findings", False), list | None):
        return False
    scan, found = value.get("scan"), value.get("findings")
    named = isinstance(scan, dict) and "betterleaks_version" in scan
    return named or bool(found and isinstance(found[0], dict) and found[0].keys() >= _KEYS)


def _is_line(value: Any) -> bool:
    found = value.get("finding") if isinstance(value, dict) else None
    return _is_last(value) or (isinstance(found, dict) and found.keys() >= _KEYS)


def _is_last(value: Any) -> bool:
    """Return whether a line is the last one, which is on the scan."""
    scan = value.get("scan") if isinstance(value, dict) and "finding" not in value else None
    return isinstance(scan, dict) and "betterleaks_version" in scan


def _found(value: Any) -> Any:
    return value.get("finding", value) if isinstance(value, dict) else value


def _facts(document: dict[str, Any]) -> ReportFacts:
    scan = document.get("scan")
    fields = Fields(scan if isinstance(scan, dict) else {})
    try:
        source = fields.later("source", fields.inner)
        kind, state = text(source, "type") if source else "", text(fields, "state")
        version = text(fields, "betterleaks_version")
    except ValueError:
        return ReportFacts("betterleaks", incomplete=("what it says of its scan cannot be read",))
    unfinished = (f"its scan ended as {state}",) if state and state != "complete" else ()
    return ReportFacts("betterleaks", version, is_history=kind == "git" if kind else None, incomplete=unfinished)


def _entry(fields: Fields) -> ReportEntry:
    match, location = fields.inner("match"), fields.inner("location")
    attributes = fields.later("attributes", fields.inner) or Fields({})
    where = entries.split(text(location, "path"))
    digest = text(match, "fingerprint")
    # The SHA-256 of the secret; with a key for an HMAC it has a word before it.
    name = digest if ":" in digest else f"sha256:{digest}"
    row = ReportRow(
        rule=fields.text("rule_id"),
        path=where.path,
        line=entries.line(location, "start_line"),
        names=frozenset([name] if digest else ()),
        confidence=text(fields, "confidence"),
        place=_PLACES.get(text(attributes, "resource"), where.place),
        member=where.member,
        containers=where.containers,
        objects=where.objects,
        encodings=entries.texts(fields, "encodings"),
        columns=entries.columns(entries.line(location, "start_column"), entries.line(location, "end_column")),
        commit=entries.commit(text(attributes, "git.sha")),
    )
    return ReportEntry(row, entries.shown(text(match, "value")))


READER = _Betterleaks()
