"""Reports in SARIF 2.1.0, of anybody: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

SARIF has no field for a secret. gitleaks and kingfisher write it as the region's snippet; in other tools' snippets,
which may be whole lines, only what akpatrol's own rules find is compared by hash. akpatrol writes a fingerprint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from akpatrol.compare.readers import entries
from akpatrol.compare.readers.entries import text
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow
from akpatrol.model.scan import Place, State
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.compare.document import ReportDocument

_WITH_SECRETS = frozenset({"gitleaks", "betterleaks", "kingfisher"})
_PLACES = {place.value: place for place in Place}
_STATES = {state.value: state for state in State}


class _Located(NamedTuple):
    """A result with one of its locations, and what its run says."""

    tool: str
    result: Fields
    location: Fields
    artifacts: list[Fields]


class _Sarif:
    name = "SARIF"

    def recognises(self, document: ReportDocument) -> bool:
        value = document.first
        if not document.is_whole or not isinstance(value, dict) or not isinstance(value.get("runs"), list):
            return False
        return str(value.get("version", "")).startswith("2.") or "sarif" in str(value.get("$schema", ""))

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        read: list[ReportEntry] = []
        unreadable: list[str] = []
        facts = ReportFacts("SARIF", format="SARIF")
        for number, value in enumerate(document.first["runs"], 1):
            try:
                run = Fields(value, f"run {number}: ")
                facts = _facts(run, facts)
                results, artifacts = run.later("results", run.each) or [], run.later("artifacts", run.each) or []
            except ValueError as error:
                unreadable.append(str(error))
                continue
            for result in results:
                try:
                    read += [_entry(located) for located in _located(facts.tool, result, artifacts)]
                except ValueError as error:
                    unreadable.append(str(error))
        is_history = True if any(entry.row.commit for entry in read) else None
        return ParsedReport(facts._replace(is_history=is_history), tuple(read), tuple(unreadable))


def _facts(run: Fields, facts: ReportFacts) -> ReportFacts:
    """Return what a run says, added to what those before it say."""
    driver = run.inner("tool").inner("driver")
    rules = frozenset(text(rule, "id") for rule in driver.later("rules", driver.each) or ())
    failed = any(
        call.later("executionSuccessful", call.flag) is False for call in run.later("invocations", run.each) or ()
    )
    return facts._replace(
        tool=driver.text("name"),
        version=text(driver, "version") or text(driver, "semanticVersion"),
        rules=(facts.rules or frozenset()) | rules or None,
        incomplete=(*facts.incomplete, *(["a run of it did not succeed"] if failed else ())),
    )


def _located(tool: str, result: Fields, artifacts: list[Fields]) -> Iterator[_Located]:
    for location in result.later("locations", result.each) or [Fields({})]:
        yield _Located(tool, result, location, artifacts)


def _entry(located: _Located) -> ReportEntry:
    tool, result, location, _ = located
    physical = location.later("physicalLocation", location.inner) or Fields({})
    region = physical.later("region", physical.inner) or Fields({})
    properties = result.later("properties", result.inner) or Fields({})
    prints = result.later("partialFingerprints", result.inner) or Fields({})
    is_ours = tool == "akpatrol"
    where = entries.split(_path(physical, located.artifacts))
    row = ReportRow(
        rule=text(result, "ruleId") or _rule(result),
        path=where.path,
        line=entries.line(region, "startLine"),
        confidence=_optional(properties, "confidence"),
        place=where.place,
        member=where.member,
        containers=where.containers,
        objects=where.objects,
        columns=entries.columns(entries.line(region, "startColumn"), entries.line(region, "endColumn")),
        commit=entries.commit(_optional(prints, "commitSha")),
        allowed=bool(result.later("suppressions", result.each)),
    )
    if is_ours:
        named = properties.later("credential", properties.fingerprint)
        state = _STATES.get(_optional(properties, "state"))
        return ReportEntry(_ours(row, location)._replace(names=frozenset([named] if named else ()), state=state))
    snippet = region.later("snippet", region.inner)
    shown = text(snippet, "text") if snippet else ""
    return ReportEntry(row, entries.shown(shown)) if tool in _WITH_SECRETS else ReportEntry(row, snippet=shown)


def _ours(row: ReportRow, location: Fields) -> ReportRow:
    """Return a row of akpatrol's with what its logical location says: a member, or a place that is no file."""
    path = row.path or ""
    for logical in location.later("logicalLocations", location.each) or ():
        kind, name = text(logical, "kind"), text(logical, "fullyQualifiedName")
        if kind == "member":
            containers = tuple(name.split(" > ")[1:])
            row = row._replace(containers=containers, member=containers[-1].partition(":")[2] if containers else "")
        elif kind in _PLACES:
            commit = entries.commit(path.rpartition("/")[2]) if path.startswith(("git/commit/", "git/tag/")) else None
            refs = (path.removeprefix("git/"),) if kind == Place.REF_NAME else ()
            row = row._replace(path=None, place=_PLACES[kind], commit=commit, refs=refs)
    if row.path and path.startswith("git/blob/"):
        row = row._replace(path=None, objects=(path.removeprefix("git/blob/"),))
    return row


def _path(physical: Fields, artifacts: list[Fields]) -> str:
    artifact = physical.later("artifactLocation", physical.inner)
    if artifact is None:
        return ""
    uri, index = text(artifact, "uri"), _index(artifact)
    if not uri and index is not None and index < len(artifacts):
        place = artifacts[index].later("location", artifacts[index].inner)
        uri = text(place, "uri") if place else ""
    path = uri.removeprefix("file://") if uri.startswith("file://") else uri
    return unquote(path, errors="surrogateescape")


def _index(artifact: Fields) -> int | None:
    """Return the place in the run's list of files; None for SARIF's default of -1."""
    try:
        return artifact.later("index", artifact.count)
    except ValueError:
        return None


def _rule(result: Fields) -> str:
    rule = result.later("rule", result.inner)
    return (text(rule, "id") if rule else "") or "no rule"


def _optional(fields: Fields, key: str) -> str:
    """Return a text of a bag of properties, in which a tool may put anything."""
    try:
        return text(fields, key)
    except ValueError:
        return ""


READER = _Sarif()
