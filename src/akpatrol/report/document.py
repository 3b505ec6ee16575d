"""A report as one tree of plain values, the same for every format; ``schema.json`` describes it.

Whatever comes from scanned data is masked here and can be encoded. ``--show-secrets`` shows it as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol import __version__
from akpatrol.model.scan import Kind, Place, State
from akpatrol.report import summary
from akpatrol.report.context import context_line
from akpatrol.report.mask import Mask
from akpatrol.report.text_safety import decoded, plain, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.model.credential import (
        Allowance,
        Changes,
        Commit,
        Credential,
        Moved,
        Occurrence,
        OrganizationAnswer,
        Owner,
        Verification,
        Versions,
    )
    from akpatrol.model.report import ChangedFiles, Coverage, QueryAnswer, Report, StaleAllowance
    from akpatrol.model.scan import Secret, Target
    from akpatrol.report import RenderOptions
    from akpatrol.rules.rule_file import Rule, RuleSet

SCHEMA_VERSION = "1"
MOST_PATHS = 100
"""Paths that are listed of a place."""

_STATES = list(State)


def build(report: Report, options: RenderOptions, *, digest: bool = True) -> dict[str, Any]:
    """Return the document; without ``digest`` the rules' one is left empty, which spares a hook loading OpenSSL."""
    whole, credentials = in_parts(report, options, digest=digest)
    whole["credentials"] = list(credentials)
    return whole


def in_parts(
    report: Report, options: RenderOptions, *, digest: bool = True
) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return the document without its credentials, and these one by one: together they take much memory."""
    mask = Mask(options)
    whole = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "akpatrol", "version": __version__},
        "scan": {
            "command": report.command,
            "started_at": report.started_at,
            "duration_seconds": round(report.duration, 3),
            "interrupted": report.interrupted,
            "rules_digest": _digest(report, options) if digest else "",
            "targets": [_target(target, mask) for target in report.targets],
        },
        "coverage": _coverage(report.coverage, mask),
        "credentials": [],
        "notices": mask.texts(report.notices),
        "stale": [_stale(entry, mask) for entry in report.stale],
        "asked": [_asked(one, mask) for one in report.asked],
        "changes": _changes(report.changes, mask) if report.changes else None,
        "summary": summary.build(report, mask),
    }
    return whole, (_credential(one, mask, options) for one in credentials_in_order(report.credentials))


def visible_tree(value: Any, key: str = "") -> Any:
    """Return a part of a document, named ``key``, with no text in it that could steer a terminal."""
    if isinstance(value, str):
        # Indentation says nothing about a single line, and a tab would be shown as \\t.
        return visible(value.strip() if key == "context" else value)
    if isinstance(value, dict):
        return {visible(name): visible_tree(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [visible_tree(item) for item in value]
    return value


def credentials_in_order(credentials: Iterable[Credential]) -> list[Credential]:
    """Return the most urgent first, the live ones before all others; those that git ignores and allowed ones last."""
    listed = list(credentials)
    if not listed:
        return listed
    from akpatrol.model import identity  # noqa: PLC0415 - OpenSSL costs milliseconds; a clean run hashes nothing

    return sorted(
        listed,
        key=lambda credential: (
            not credential.is_finding,
            credential.state is State.IGNORED,
            not credential.is_live,
            -credential.severity,
            _STATES.index(credential.state),
            -credential.confidence,
            identity.fingerprint(credential.kind, credential.secret),
        ),
    )


def occurrences_in_order(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Return the worst first, among equals the oldest."""
    return sorted(
        occurrences,
        key=lambda place: (
            _STATES.index(place.state),
            place.place is Place.GIT_DIR,  # its files tell of what commits hold
            place.introduced.date if place.introduced else "",
            place.target,
            place.place,
            place.path or b"",
            place.containers,
            place.offset,
            place.object or "",
        ),
    )


def rule_of(credential: Credential, rules: RuleSet) -> Rule | None:
    """Return the rule that knows what to do about the credential: one that found it, else one of its kind."""
    known = (rules.get(rule_id) for rule_id in credential.rule_ids)
    alike = (rule for rule in rules.rules if rule.kind is credential.kind and rule.kind is not Kind.CUSTOM)
    return next((rule for rule in known if rule), None) or next(alike, None)


def _digest(report: Report, options: RenderOptions) -> str:
    return options.rules.digest if report.rules_digest is None else report.rules_digest


def _target(target: Target, mask: Mask) -> dict[str, Any]:
    return {
        "id": mask.text(target.id),
        "kind": target.kind,
        "path": mask.text(target.root),
        "remote": None if target.remote is None else mask.remote(target.remote),
        "head": None if target.head is None else mask.text(target.head),
    }


def _coverage(coverage: Coverage, mask: Mask) -> dict[str, Any]:
    skipped = [
        {
            "item": mask.text(skip.item),
            "reason": mask.text(skip.reason),
            "accepted": mask.text(skip.accepted) if skip.accepted else None,
        }
        for skip in coverage.skipped
    ]
    return {
        "complete": coverage.complete,
        "bytes": coverage.size,
        "counts": {mask.text(name): number for name, number in sorted(coverage.counts.items())},
        "changed_files": _changed_files(coverage.changed),
        "excluded": [{"reason": reason, "count": number} for reason, number in sorted(coverage.excluded.items())],
        # Several processes report skips in no order of their own.
        "skipped": sorted(skipped, key=lambda skip: (skip["reason"] or "", skip["item"] or "", skip["accepted"] or "")),
    }


def _changed_files(changed: ChangedFiles | None) -> dict[str, int] | None:
    return {"count": changed.number, "excluded": changed.excluded} if changed else None


def _credential(credential: Credential, mask: Mask, options: RenderOptions) -> dict[str, Any]:
    from akpatrol.model import identity  # noqa: PLC0415 - most runs of a hook find nothing
    from akpatrol.report import advice  # noqa: PLC0415

    rule = rule_of(credential, options.rules)
    dates = [place.introduced.date for place in credential.occurrences if place.introduced]
    return {
        "fingerprint": identity.fingerprint(credential.kind, credential.secret),
        "kind": credential.kind.value,
        "rule_ids": mask.texts(credential.rule_ids),
        "redacted": plain(credential.secret.redacted),
        "secret": _raw(credential.secret) if options.show_secrets else None,
        "key_id": identity.key_id(credential.kind, credential.secret),
        "secret_sha256": identity.secret_sha256(credential.secret),
        "confidence": credential.confidence.name.lower(),
        "attribution": credential.attribution.value,
        "severity": credential.severity.name.lower(),
        "state": credential.state.value,
        "exposure": credential.exposure.value if credential.exposure else None,
        "first_seen": min(dates, default=None),
        "found_at": credential.found_at,
        "owner": _owner(credential.owner, mask),
        "verification": _verification(credential.verification, mask),
        "allowed": _allowance(credential.allowed, mask),
        "remediation": {
            "page": mask.text(rule.page) if rule and rule.page else None,
            "steps": mask.texts(advice.steps(credential, rule)),
        },
        "occurrences": [
            _occurrence(place, credential.secret, mask, options)
            for place in occurrences_in_order(credential.occurrences)
        ],
    }


def _raw(secret: Secret) -> str | None:
    return plain(decoded(secret.reveal())) if secret.is_kept else None


def _verification(found: Verification | None, mask: Mask) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        **_answer(found, mask),
        "checked_at": found.checked_at,
        "organizations": [
            {"organization": mask.text(answer.organization), **_answer(answer, mask)} for answer in found.organizations
        ],
    }


def _answer(found: Verification | OrganizationAnswer, mask: Mask) -> dict[str, Any]:
    return {
        "status": found.status.value,
        "reason": mask.text(found.reason),
        "http_status": found.http_status,
        "scopes": mask.texts(found.scopes),
        "blast_radius": mask.texts(found.blast_radius),
    }


def _owner(owner: Owner | None, mask: Mask) -> dict[str, Any] | None:
    if owner is None:
        return None
    keys = [
        {
            "key_id": mask.text(key.key_id),
            "name": mask.text(key.name),
            # The unit of created_at is not documented: the list's own text may stand here.
            "created_at": None if key.created_at is None else mask.text(key.created_at),
            "expires_at": key.expires_at,
            "expired": key.expired,
        }
        for key in owner.keys
    ]
    return {"reason": mask.text(owner.reason), "keys": keys}


def _allowance(allowed: Allowance | None, mask: Mask) -> dict[str, Any] | None:
    if allowed is None:
        return None
    return {
        "source": allowed.source.value,
        "reason": mask.text(allowed.reason),
        "owner": None if allowed.owner is None else mask.text(allowed.owner),
        "expires": allowed.expires,
        "where": mask.text(allowed.where),
    }


def _changes(changes: Changes, mask: Mask) -> dict[str, Any]:
    credentials = [
        {
            "fingerprint": one.fingerprint,
            "kind": one.kind.value,
            "redacted": one.redacted,
            "change": one.change,
            "detail": mask.text(one.detail),
        }
        for one in changes.credentials
    ]
    return {"since": {"run": changes.run, "at": changes.at}, "credentials": credentials}


def _asked(one: QueryAnswer, mask: Mask) -> dict[str, Any]:
    taken = one.taken_for.value if one.taken_for else None
    return {"what": mask.text(one.what), "taken_for": taken, "found": one.found}


def _stale(entry: StaleAllowance, mask: Mask) -> dict[str, str]:
    return {"where": mask.text(entry.where), "entry": mask.text(entry.entry), "reason": mask.text(entry.reason)}


def _occurrence(place: Occurrence, secret: Secret, mask: Mask, options: RenderOptions) -> dict[str, Any]:
    context = context_line(place.context, secret, mask.text, show_secrets=options.show_secrets)
    return {
        "target": mask.text(place.target),
        "place": place.place.value,
        "path": None if place.path is None else mask.path(place.path),
        "paths": [mask.path(path) for path in place.paths[:MOST_PATHS]],
        "paths_truncated": place.paths_truncated or len(place.paths) > MOST_PATHS,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "offset": place.offset,
        "end": place.end.value,
        "alike": place.alike,
        "encodings": mask.texts(place.encodings),
        "containers": mask.texts(place.containers),
        "object": place.object,
        "versions": _versions(place.versions),
        "introduced": _commit(place.introduced, mask),
        "moved_from": _moved(place.moved_from, mask),
        "removed": {"id": place.removed.id, "date": place.removed.date} if place.removed else None,
        "refs": mask.texts(place.refs),
        "state": place.state.value,
        "state_reason": place.state_reason.value if place.state_reason else None,
        "exposure": place.exposure.value if place.exposure else None,
        "rule_ids": mask.texts(place.rule_ids),
        "context": context,
    }


def _versions(versions: Versions | None) -> dict[str, Any] | None:
    if versions is None:
        return None
    return {"count": versions.number, "first": versions.first._asdict(), "last": versions.last._asdict()}


def _commit(commit: Commit | None, mask: Mask) -> dict[str, Any] | None:
    if commit is None:
        return None
    return {
        "id": commit.id,
        "author": mask.text(commit.author),
        "date": commit.date,
        "summary": mask.text(commit.summary),
        "boundary": commit.boundary,
    }


def _moved(moved: Moved | None, mask: Mask) -> dict[str, Any] | None:
    if moved is None:
        return None
    return {"kind": moved.kind, "path": mask.path(moved.path), "introduced": _commit(moved.introduced, mask)}
