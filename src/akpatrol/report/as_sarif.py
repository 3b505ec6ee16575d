"""SARIF 2.1.0 as GitHub code scanning uses it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import sarif_om as om

from akpatrol.kinds import CUSTOM, KINDS, named
from akpatrol.model.scan import Place, Severity
from akpatrol.report import advice, document, locations, messages, order
from akpatrol.report import sarif_words as words
from akpatrol.report.as_json import filled, indented
from akpatrol.report.mask import Mask
from akpatrol.report.number_words import plural
from akpatrol.report.overview import allowed_words, changed_words, findings_of, unsearched_words
from akpatrol.report.sarif_locations import base_of, file_uri, repository_uri
from akpatrol.report.wording import parsed, status_of
from akpatrol.rules import rule_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from attrs import Attribute

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView
    from akpatrol.rules.rule import Rule, RuleSet

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "akpatrolFingerprint/v1"
RESULT_LIMIT = 25_000
"""GitHub refuses a run with more."""
NOTIFICATION_LIMIT = 100
_MOST_TARGETS = 10_000  # of a report that names all, also those without a result

_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
_NO_RESULTS = '\n      "results": []'
_ALWAYS = {"level"}
"""Written even at sarif_om's default: for an absent level SARIF takes the rule's."""


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report as SARIF, with secrets masked regardless of the options."""
    masked = options._replace(show_secrets=False)
    run, results = _run(report, masked)
    log = om.SarifLog(version="2.1.0", schema_uri=SCHEMA, runs=[run])
    indent = "\n        "
    yield from filled(indented(tree(log)), _NO_RESULTS, ((indented(tree(result), indent),) for result in results))
    yield "\n"


def tree(value: object) -> object:
    """Return a sarif_om object as plain values under the schema's names, without defaults."""
    if isinstance(value, list | tuple):
        return [tree(item) for item in value]
    if isinstance(value, dict):
        return {key: tree(item) for key, item in value.items()}
    fields = getattr(type(value), "__attrs_attrs__", None)
    if fields is None:
        return value
    return {
        field.metadata["schema_property_name"]: tree(item)
        for field in fields
        if (item := getattr(value, field.name)) is not None and (item != _default(field) or field.name in _ALWAYS)
    }


def _default(field: Attribute[object]) -> object:
    factory = getattr(field.default, "factory", None)
    return factory() if factory else field.default


def _run(report: Report, options: RenderOptions) -> tuple[om.Run, Iterator[om.Result]]:
    """Return the run without its results, and an iterator over the results."""
    view = document.build_visible(report, options)
    redact = Mask(options).redact
    rules = _rules(report.findings, findings_of(view), options.rules)
    findings = locations.in_order(report, view, redact)
    targets = _targets(report, findings)
    bases = _base_ids(targets)
    rule_ids = list(rules)
    run = om.Run(
        tool=om.Tool(
            driver=om.ToolComponent(
                name="akpatrol",
                version=view["tool"]["version"],
                semantic_version=view["tool"]["version"],
                rules=list(rules.values()),
            )
        ),
        automation_details=om.RunAutomationDetails(id=f"akpatrol/{report.command}/"),
        column_kind="unicodeCodePoints",
        invocations=[_invocation(report, view, max(0, len(findings) - RESULT_LIMIT))],
        original_uri_base_ids={
            name: om.ArtifactLocation(uri=file_uri(base, redact, directory=True)) for base, name in bases.items()
        },
        version_control_provenance=_provenance(targets, bases, redact),
        results=[],
        properties={
            "coverage": {key: value for key, value in view["coverage"].items() if key != "skipped"},
            "belowMinConfidence": report.below_confidence,
        },
    )
    return run, (_result(place, rule_ids, _location(place, bases)) for place in islice(findings, RESULT_LIMIT))


def _rules(
    credentials: Iterable[Credential], views: Sequence[CredentialView], rules: RuleSet
) -> dict[str, om.ReportingDescriptor]:
    """Return the descriptors by id: all kinds that have one, then the other rules that found something."""
    known = [kind for kind in KINDS if kind.sarif.id]
    shipped = {kind: next((rule for rule in rules.rules if rule.kind is kind), None) for kind in known}
    descriptors = {kind.sarif.id: _descriptor_of_kind(kind, rule) for kind, rule in shipped.items()}
    for credential, view in zip(order.credentials_in_order(credentials), views, strict=True):
        rule_id = _rule_id(view)
        if rule_id not in descriptors:
            rule = rules.get(next(iter(credential.rule_ids), ""))
            description = words.description(view)
            severity = rule_class.severity(rule) if rule else credential.severity
            descriptor = _descriptor(rule_id, rule, severity, (description, description))
            descriptor.properties["tags"] += dict.fromkeys(rule.tags if rule else view["tags"])
            descriptors[rule_id] = descriptor
    return descriptors


def _rule_id(view: CredentialView) -> str:
    return named(view["kind"]).sarif.id or next(filter(None, view["rule_ids"]), "custom")


def _descriptor_of_kind(kind: CredentialKind, rule: Rule | None) -> om.ReportingDescriptor:
    severity = rule_class.severity(rule) if rule else Severity.HIGH
    texts = words.short_description(kind, rule), words.full_description(kind, rule)
    descriptor = _descriptor(kind.sarif.id, rule, severity, texts)
    descriptor.properties["precision"] = kind.sarif.precision
    return descriptor


def _descriptor(rule_id: str, rule: Rule | None, severity: Severity, texts: tuple[str, str]) -> om.ReportingDescriptor:
    """Return a rule's descriptor; ``texts`` are its short and its full description."""
    steps = list(rule.steps if rule and rule.steps else advice.GENERIC_STEPS)
    short, full = texts
    return om.ReportingDescriptor(
        id=rule_id,
        name="".join(part.capitalize() for part in rule_id.replace("_", "-").split("-")),
        short_description=om.MultiformatMessageString(text=short),
        full_description=om.MultiformatMessageString(text=full),
        help=om.MultiformatMessageString(text=words.help_text(rule, steps), markdown=words.help_markdown(rule, steps)),
        default_configuration=om.ReportingConfiguration(level=locations.level_of(severity)),
        properties={
            "security-severity": _SCORES[severity],
            "precision": CUSTOM.sarif.precision,
            "tags": ["security", "secrets", "external/cwe/cwe-798"],
        },
    )


def _location(place: PathFinding, bases: Mapping[str, str]) -> om.Location:
    base = bases.get(base_of(place.target)) if place.target else None
    artifact = om.ArtifactLocation(uri=place.uri, uri_base_id=base)
    return om.Location(
        physical_location=om.PhysicalLocation(artifact_location=artifact, region=_region(place)),
        logical_locations=_logical_locations(place.occurrence_view),
    )


def _region(place: PathFinding) -> om.Region | None:
    if place.lines is None:
        return None
    line, column = place.lines[0], place.occurrence.column
    region = om.Region(start_line=line, start_column=column)
    end_line, end_column = place.occurrence.end_line, place.occurrence.end_column
    if column and end_line and end_column and (end_line, end_column) > (line, column):
        region.end_line, region.end_column = end_line, end_column
    return region


def _logical_locations(view: OccurrenceView) -> list[om.LogicalLocation] | None:
    if view["containers"]:
        name = " > ".join([view["path"] or "standard input", *view["containers"]])
        return [om.LogicalLocation(fully_qualified_name=name, kind="member")]
    if view["place"] in {Place.CONTENT, Place.PATH}:
        return None
    return [om.LogicalLocation(fully_qualified_name=words.location_name(view), kind=view["place"])]


def _result(place: PathFinding, rule_ids: list[str], location: om.Location) -> om.Result:
    rule_id = _rule_id(place.view)
    return om.Result(
        rule_id=rule_id,
        rule_index=rule_ids.index(rule_id),
        level=place.level,
        message=om.Message(text=words.plain_message(place.message)),
        locations=[location],
        occurrence_count=place.spread.number,
        partial_fingerprints={FINGERPRINT: place.name},
        properties={
            "credential": place.view["fingerprint"],
            "confidence": place.view["confidence"],
            "attribution": place.view["attribution"],
            "state": place.occurrence_view["state"],
            "owners": place.occurrence_view["owners"],
            "verification": status_of(place.view),
        },
    )


def _targets(report: Report, findings: Sequence[PathFinding]) -> Sequence[Target]:
    """Return the targets; of very many, those that a result is in."""
    if len(report.targets) <= _MOST_TARGETS:
        return report.targets
    named = {place.occurrence.target for place in islice(findings, RESULT_LIMIT)}
    return [target for target in report.targets if target.id in named]


def _base_ids(targets: Iterable[Target]) -> dict[str, str]:
    bases = dict.fromkeys(base_of(target) for target in targets if base_of(target).startswith("/"))
    return {base: f"SRCROOT{number}" if number > 1 else "SRCROOT" for number, base in enumerate(bases, 1)}


def _provenance(
    targets: Iterable[Target], bases: Mapping[str, str], redact: Callable[[str], str]
) -> list[om.VersionControlDetails] | None:
    by_revision = {}
    for target in targets:
        uri = repository_uri(target, redact) if target.remote or target.head else None
        if uri:
            base = bases.get(base_of(target))
            by_revision[uri, target.head] = om.VersionControlDetails(
                repository_uri=uri,
                revision_id=redact(target.head) if target.head else None,
                mapped_to=om.ArtifactLocation(uri_base_id=base) if base else None,
            )
    return list(by_revision.values()) or None


def _invocation(report: Report, view: ReportView, missing: int) -> om.Invocation:
    start = parsed(report.started_at)
    notifications = list(_notifications(report, view, missing))
    return om.Invocation(
        execution_successful=report.coverage.complete and not report.interrupted,
        start_time_utc=_time(start) if start else None,
        end_time_utc=_time(start + timedelta(seconds=report.duration)) if start else None,
        tool_execution_notifications=notifications or None,
    )


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _notifications(report: Report, view: ReportView, missing: int) -> Iterator[om.Notification]:
    # Unaccepted skips make the run incomplete, so the limit must not drop them.
    skipped = sorted(view["coverage"]["skipped"], key=lambda skip: skip["accepted"] is not None)
    for skip in skipped[:NOTIFICATION_LIMIT]:
        yield _notification(messages.skip_message(skip), "note" if skip["accepted"] else "error")
    if more := skipped[NOTIFICATION_LIMIT:]:
        level = "note" if all(skip["accepted"] for skip in more) else "error"
        yield _notification(f"Not scanned: {plural(len(more), 'more item')}; the JSON report lists them.", level)
    if left_out := changed_words(view["coverage"]["changed_files"]):
        yield _notification(f"{left_out}.", "note")
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield _notification(f"Rules {unsearched}.", "warning")
    if unread := report.unread_histories:
        yield _notification(f"Histories not scanned: {len(unread)}.", "note")
    if allowed := allowed_words(view["summary"]):
        yield _notification(f"Not in this file: {allowed}.", "note")
    for notice in view["notices"][:NOTIFICATION_LIMIT]:
        yield _notification(notice, "warning")
    if stale := view["stale"]:
        yield _notification(f"Stale allowances: {len(stale):,}.", "note")
    if missing:
        yield _notification(messages.left_out_message(missing), "warning")


def _notification(text: str, level: str) -> om.Notification:
    return om.Notification(message=om.Message(text=words.plain_message(text)), level=level)
