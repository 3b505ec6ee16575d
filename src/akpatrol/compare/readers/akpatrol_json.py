"""Reports of akpatrol, JSON and JSON Lines: read whole or not at all, as ``akpatrol report`` reads them."""

from __future__ import annotations

import os.path
from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.compare.readers.entries import columns
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow
from akpatrol.errors import UsageError
from akpatrol.kinds import CUSTOM
from akpatrol.model.identity import fingerprint, secret_sha256
from akpatrol.report import load
from akpatrol.report.text_safety import path_text
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from akpatrol.compare.document import ReportDocument
    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.scan import Target

_SEVERAL = 2
_OF_FILES = frozenset({"scan", "staged", "workstation"})


class _Akpatrol:
    name = "akpatrol (JSON, JSON Lines)"

    def recognises(self, document: ReportDocument) -> bool:
        value = document.first
        tool = value.get("tool") if isinstance(value, dict) and "schema_version" in value else None
        return isinstance(tool, dict) and tool.get("name") == "akpatrol"

    def read(self, document: ReportDocument, name: str) -> ParsedReport:
        value = document.first
        is_lines = value.get("type") == "header"
        if document.unreadable or not (is_lines or document.is_whole):
            raise UsageError(f"{name}: damaged: {', '.join(document.unreadable[:1]) or 'more than one report'}")
        try:
            whole = load.joined(value, _objects(document.values[1:]), name) if is_lines else value
            report = load.report_of(whole, name)
            raws = [entry.later("secret", entry.text) for entry in Fields(whole).each("credentials")]
            version = Fields(whole).inner("tool").text("version")
        except ValueError as error:
            raise UsageError(f"{name}: not an akpatrol JSON report: {error}", load.HINT) from None
        prefixes = _prefixes(report.targets)
        rows = ((row, raw) for one, raw in zip(report.credentials, raws, strict=True) for row in _rows(one, prefixes))
        coverage = report.coverage
        unread = f"its scan could not read {len([skip for skip in coverage.skipped if not skip.accepted]):,} items"
        facts = ReportFacts(
            f"akpatrol {report.command}",
            version,
            "JSON Lines" if is_lines else "JSON",
            is_history=report.command not in _OF_FILES,
            below_confidence=report.below_confidence,
            skipped=coverage.skipped,
            excluded=coverage.excluded,
            incomplete=() if coverage.complete else (unread,),
            roots=() if prefixes else tuple(target.root for target in report.targets),
            prefixes={prefixes[target.id]: target.root for target in report.targets if prefixes},
        )
        return ParsedReport(facts, tuple(ReportEntry(row, raw) for row, raw in rows))


def _objects(values: tuple[Any, ...]) -> list[dict[str, object]]:
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("a line is not an object")
    return list(values)


def _prefixes(targets: Sequence[Target]) -> dict[str, str]:
    """Return what comes before the paths of each target, where several have paths: its name, if no other has it.

    A repository and its work tree have the same paths.
    """
    names = {target.root: os.path.basename(target.root.rstrip("/")) or target.root for target in targets}
    if len(names) < _SEVERAL:
        return {}
    number = Counter(names.values())
    return {
        target.id: f"{names[target.root] if number[names[target.root]] == 1 else target.root}/" for target in targets
    }


def _rows(credential: Credential, prefixes: Mapping[str, str]) -> Iterator[ReportRow]:
    names = frozenset({f"sha256:{secret_sha256(credential.secret)}", fingerprint(credential.kind, credential.secret)})
    for place in credential.occurrences:
        prefix = prefixes.get(place.target, "")
        yield ReportRow(
            rule=next(iter(place.rule_ids or credential.rule_ids), str(credential.kind)),
            path=None if place.path is None else prefix + path_text(place.path),
            line=place.line,
            names=names,
            masked=credential.secret.redacted,
            kind="" if credential.kind is CUSTOM else str(credential.kind),
            judged=credential.confidence.name.lower(),
            confidence=credential.confidence.name.lower(),
            place=place.place,
            others=tuple(prefix + path_text(path) for path in place.paths),
            member=place.containers[-1].partition(":")[2] if place.containers else "",
            containers=place.containers,
            encodings=place.encodings,
            columns=columns(place.column, place.end_column),
            commit=place.introduced.id if place.introduced else None,
            objects=_objects_of(place),
            refs=place.refs,
            state=place.state,
            state_reason=place.state_reason,
            versions=place.versions.number if place.versions else 1,
            allowed=credential.allowed is not None,
        )


def _objects_of(place: Occurrence) -> tuple[str, ...]:
    versions = (place.versions.first.object, place.versions.last.object) if place.versions else ()
    return tuple(dict.fromkeys(filter(None, (place.object, *versions))))


READER = _Akpatrol()
