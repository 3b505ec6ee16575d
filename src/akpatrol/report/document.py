"""A report as one tree of plain values, the same for every format; ``schema.json`` describes it.

All text from scanned data is masked here and can be encoded. ``--show-secrets`` leaves it unmasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from akpatrol import __version__
from akpatrol.report import summary
from akpatrol.report.mask import Mask
from akpatrol.report.order import credentials_in_order, facts_of, occurrences_in_order
from akpatrol.report.text_safety import decoded, plain, visible

if TYPE_CHECKING:
    from akpatrol.model.credential import (
        Allowance,
        Changes,
        Credential,
        OrganizationAnswer,
        Owner,
        Verification,
    )
    from akpatrol.model.report import ChangedFiles, Coverage, QueryAnswer, Report, StaleAllowance
    from akpatrol.model.scan import Secret, Target
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import (
        AllowanceView,
        AnswerView,
        ChangedFilesView,
        ChangesView,
        ChangeView,
        CoverageView,
        CredentialView,
        InventoryKeyView,
        LocalSourceView,
        OwnerView,
        QueryView,
        ReportView,
        SkipView,
        StaleView,
        TargetView,
        VerificationView,
    )

SCHEMA_VERSION = "1"
_View = TypeVar("_View")


def build(report: Report, options: RenderOptions, *, digest: bool = True, at_once: bool = False) -> ReportView:
    """Return the document; without ``digest`` the rules' digest stays empty, so that a hook does not load OpenSSL.

    The credentials of a large report, and their places, are made anew on each pass, unless all is wanted ``at_once``.
    """
    is_large = report.is_large and not at_once
    view, credentials = in_parts(report, options, digest=digest, at_once=at_once)
    view["credentials"] = credentials if is_large else list(credentials)
    return view


def build_visible(report: Report, options: RenderOptions, *, digest: bool = True) -> ReportView:
    """Return the document as ``build`` does, without text that could control a terminal.

    Credential by credential, so that their views are not in memory twice.
    """
    view, credentials = in_parts(report, options, digest=digest)
    view = visible_view(view)
    each = visible_view(credentials)
    view["credentials"] = each if report.is_large else list(each)
    return view


def in_parts(
    report: Report, options: RenderOptions, *, digest: bool = True, at_once: bool = False, with_context: bool = True
) -> tuple[ReportView, Sequence[CredentialView]]:
    """Return the document without its credentials, and these, which are made on each pass: they need much memory.

    To mask the lines around the places takes half of the time, unless the document is made without this ``context``.
    """
    mask = Mask(options)
    view: ReportView = {
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
        "asked": [_query_answer(query, mask) for query in report.answers],
        "changes": _changes(report.changes, mask) if report.changes else None,
        "sources": _sources(report, mask) if report.sources else [],
        "summary": summary.build(report, mask),
    }
    if not report.credentials:
        return view, []
    from akpatrol.model.places import Remade  # noqa: PLC0415 - most runs of a hook find nothing

    is_large, ordered = report.is_large and not at_once, credentials_in_order(report.credentials)
    make = partial(_credential, mask=mask, options=options, is_large=is_large, with_context=with_context)
    return view, Remade(make, ordered)


def visible_view(view: _View) -> _View:
    """Return a view, or a part of it, without text that could control a terminal."""
    return cast("_View", _visible(view))


def _visible(value: object, key: str = "") -> object:
    if isinstance(value, str):
        # Indentation says nothing about a single line, and a tab would be shown as \\t.
        return visible(value.strip() if key == "context" else value)
    if isinstance(value, dict):
        return {visible(name): _visible(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_visible(item) for item in value]
    if isinstance(value, Sequence):
        from akpatrol.report import place_view  # noqa: PLC0415 - most runs of a hook find nothing

        return place_view.remade(_visible, value)
    return value


def _digest(report: Report, options: RenderOptions) -> str:
    return options.rules.digest if report.rules_digest is None else report.rules_digest


def _target(target: Target, mask: Mask) -> TargetView:
    return {
        "id": mask.text(target.id),
        "kind": target.kind,
        "path": mask.text(target.root),
        "remote": None if target.remote is None else mask.remote(target.remote),
        "head": None if target.head is None else mask.text(target.head),
    }


def _coverage(coverage: Coverage, mask: Mask) -> CoverageView:
    skipped: list[SkipView] = [
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
        "unsearched_rules": mask.texts(coverage.unsearched_rules),
        "excluded": [{"reason": reason, "count": number} for reason, number in sorted(coverage.excluded.items())],
        # Several processes report skips in no order of their own.
        "skipped": sorted(skipped, key=lambda skip: (skip["reason"] or "", skip["item"] or "", skip["accepted"] or "")),
    }


def _changed_files(changed: ChangedFiles | None) -> ChangedFilesView | None:
    return {"count": changed.number, "excluded": changed.excluded} if changed else None


def _credential(
    credential: Credential, mask: Mask, options: RenderOptions, *, is_large: bool, with_context: bool
) -> CredentialView:
    from akpatrol.model import identity  # noqa: PLC0415 - most runs of a hook find nothing
    from akpatrol.report import advice, place_view, rule_facts  # noqa: PLC0415

    rule = rule_facts.rule_of(credential, options.rules)
    secret = credential.secret
    facts = facts_of(credential.occurrences)
    places = place_view.PlaceViews(
        lambda place: place_view.build(place, secret, mask, options, with_context=with_context),
        occurrences_in_order(credential.occurrences),
        {state.value for state in facts.states},
        {mask.text(target) for target in facts.targets},
    )
    return {
        "fingerprint": identity.fingerprint(credential.kind, credential.secret),
        "kind": str(credential.kind),
        "title": mask.text(rule_facts.title(credential, options.rules)),
        "rule_ids": mask.texts(credential.rule_ids),
        "tags": mask.texts(rule_facts.tags(credential, options.rules)),
        "redacted": plain(credential.secret.redacted),
        "secret": _raw(credential.secret) if options.show_secrets else None,
        "key_id": identity.key_id(credential.kind, credential.secret),
        "secret_sha256": identity.secret_sha256(credential.secret),
        "confidence": credential.confidence.name.lower(),
        "attribution": credential.attribution.value,
        "severity": credential.severity.name.lower(),
        "state": credential.state.value,
        "exposure": credential.exposure.value if credential.exposure else None,
        "first_seen": facts.first_seen,
        "found_at": credential.found_at,
        "owner": _owner(credential.owner, mask),
        "verification": _verification(credential.verification, mask),
        "allowed": _allowance(credential.allowed, mask),
        "remediation": {
            "page": mask.text(rule_facts.page(rule, options.app_url)) if rule and rule.page else None,
            "steps": mask.texts(advice.steps(credential, rule)),
        },
        "occurrences": places if is_large else list(places),
    }


def _raw(secret: Secret) -> str | None:
    return plain(decoded(secret.reveal())) if secret.is_kept else None


def _verification(verification: Verification | None, mask: Mask) -> VerificationView | None:
    if verification is None:
        return None
    return {
        **_answer(verification, mask),
        "checked_at": verification.checked_at,
        "organizations": [
            {"organization": mask.text(answer.organization), **_answer(answer, mask)}
            for answer in verification.organizations
        ],
    }


def _answer(answer: Verification | OrganizationAnswer, mask: Mask) -> AnswerView:
    return {
        "status": answer.status.value,
        "reason": mask.text(answer.reason),
        "http_status": answer.http_status,
        "scopes": mask.texts(answer.scopes),
        "blast_radius": mask.texts(answer.blast_radius),
    }


def _owner(owner: Owner | None, mask: Mask) -> OwnerView | None:
    if owner is None:
        return None
    keys: list[InventoryKeyView] = [
        {
            "key_id": mask.text(key.key_id),
            "name": mask.text(key.name),
            # The unit of created_at is not documented, so this may be the list's own text.
            "created_at": None if key.created_at is None else mask.text(key.created_at),
            "expires_at": key.expires_at,
            "expired": key.expired,
        }
        for key in owner.keys
    ]
    return {"reason": mask.text(owner.reason), "keys": keys}


def _allowance(allowed: Allowance | None, mask: Mask) -> AllowanceView | None:
    if allowed is None:
        return None
    return {
        "source": allowed.source.value,
        "reason": mask.text(allowed.reason),
        "owner": None if allowed.owner is None else mask.text(allowed.owner),
        "expires": allowed.expires,
        "where": mask.text(allowed.where),
    }


def _changes(changes: Changes, mask: Mask) -> ChangesView:
    credentials: list[ChangeView] = [
        {
            "fingerprint": change.fingerprint,
            "kind": str(change.kind),
            "redacted": change.redacted,
            "change": change.change,
            "detail": mask.text(change.detail),
        }
        for change in changes.credentials
    ]
    return {"since": {"run": changes.run, "at": changes.at}, "credentials": credentials}


def _sources(report: Report, mask: Mask) -> list[LocalSourceView]:
    from akpatrol.report import local_sources  # noqa: PLC0415 - one command has them

    return local_sources.build(report, mask)


def _query_answer(query: QueryAnswer, mask: Mask) -> QueryView:
    taken = query.taken_for.value if query.taken_for else None
    return {"what": mask.text(query.what), "taken_for": taken, "found": query.is_found}


def _stale(entry: StaleAllowance, mask: Mask) -> StaleView:
    return {"where": mask.text(entry.where), "entry": mask.text(entry.entry), "reason": mask.text(entry.reason)}
