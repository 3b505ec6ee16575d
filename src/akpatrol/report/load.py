"""A report out of its own JSON document: the way back from ``document.build``, for another format or a later run.

Whoever wrote the file may have meant harm. What renderers mask is taken as it stands; what they show as it is (hashes,
masks, dates, ids, numbers) must be exactly that. No raw secret is taken over: credentials have names alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from akpatrol.errors import UsageError
from akpatrol.model.credential import (
    Allowance,
    AllowanceSource,
    Changes,
    Commit,
    Credential,
    CredentialChange,
    InventoryKey,
    Moved,
    NamedSecret,
    Occurrence,
    OrganizationAnswer,
    Owner,
    Taken,
    Verification,
    VerificationStatus,
    Version,
    Versions,
    end_of,
)
from akpatrol.model.report import ChangedFiles, Coverage, QueryAnswer, Report, StaleAllowance
from akpatrol.model.scan import (
    Attribution,
    Confidence,
    End,
    Exclusion,
    Exposure,
    Kind,
    Place,
    Secret,
    Severity,
    Skipped,
    State,
    StateReason,
    Target,
)
from akpatrol.report.document import SCHEMA_VERSION
from akpatrol.report.text_safety import path_bytes
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

HINT = "write one: akpatrol history -f json"

_SHA256 = re.compile("[0-9a-f]{64}")
DIGEST = re.compile("[0-9a-f]{0,64}")
_OBJECT = re.compile("[0-9a-f]{4,64}")
# A whole token does not fit in.
_KEY_ID = re.compile(r"(?!pat_|ak_)[0-9A-Za-z_-]{1,200}")
MOMENT = re.compile("[-+:.? 0-9TZtz]{0,40}")
_WORD = re.compile("[a-z_-]{1,30}")
_CHANGE = re.compile("new|gone|changed")
_MOVED = re.compile("move|copy")


def report_of(document: Mapping[str, Any], name: str = "report") -> Report:
    """Return the report that a document of schema version 1 tells of, its secrets ``NamedSecret``s.

    What people are advised to do is not taken over: renderers advise by their own rules. Raises UsageError, which calls
    the document ``name``, for one that is broken or was written by a newer version.
    """
    try:
        whole = Fields(document)
        version = whole.text("schema_version")
        if version != SCHEMA_VERSION and whole.inner("tool").text("name") == "akpatrol":
            raise UsageError(f"{name}: a report of a newer version of akpatrol", hint="update akpatrol")
        return _report(whole)
    except ValueError as error:
        raise UsageError(f"{name}: not a JSON report of akpatrol: {error}", hint=HINT) from None


def raw_secrets(document: Mapping[str, Any]) -> list[Secret]:
    """Return the secrets that a document written with ``--show-secrets`` holds, so that they can be masked in it."""
    raws = [one.maybe("secret", one.text) for one in Fields(document).each("credentials")]
    return [Secret(raw.encode("utf-8", "surrogatepass")) for raw in raws if raw]


def credential_of(document: Mapping[str, Any]) -> Credential:
    """Return one credential of a document, whose ``secret``, ``first_seen`` and ``remediation`` are not looked at.

    Raises ValueError for one that is broken.
    """
    return _credential(Fields(document))


def _credential(one: Fields) -> Credential:
    occurrences = tuple(map(_occurrence, one.each("occurrences")))
    return Credential(
        kind=one.one("kind", Kind),
        secret=NamedSecret(
            one.masked("redacted"),
            one.fingerprint("fingerprint"),
            one.like("secret_sha256", _SHA256),
            one.maybe("key_id", lambda key: one.like(key, _KEY_ID)),
        ),
        rule_ids=one.texts("rule_ids"),
        confidence=one.one("confidence", Confidence),
        attribution=one.one("attribution", Attribution),
        severity=one.one("severity", Severity),
        state=one.one("state", State),
        exposure=one.maybe("exposure", lambda key: one.one(key, Exposure)),
        occurrences=occurrences,
        verification=_verification(one.maybe("verification", one.inner)),
        owner=_owner(one.maybe("owner", one.inner)),
        allowed=_allowance(one.maybe("allowed", one.inner)),
        found_at=one.later("found_at", lambda key: one.like(key, MOMENT)),
        end=end_of(occurrences),
    )


def coverage_of(document: Mapping[str, Any]) -> Coverage:
    """Return a document's coverage. Raises ValueError for one that is broken, or complete though it is not."""
    return _coverage(Fields(document))


def _coverage(one: Fields) -> Coverage:
    coverage = Coverage(
        size=one.count("bytes"),
        counts=one.counts("counts"),
        excluded={entry.one("reason", Exclusion): entry.count("count") for entry in one.each("excluded")},
        skipped=tuple(
            Skipped(skip.text("item"), skip.text("reason"), skip.maybe("accepted", skip.text))
            for skip in one.each("skipped")
        ),
        changed=_changed_files(one.later("changed_files", one.inner)),
    )
    if one.flag("complete") is not coverage.complete:
        raise one.wrong("complete", "does not agree with what was skipped")
    return coverage


def _changed_files(one: Fields | None) -> ChangedFiles | None:
    if one is None:
        return None
    changed = ChangedFiles(one.count("count"), one.count("excluded"))
    if changed.excluded > changed.number:
        raise one.wrong("excluded", "more than there are")
    return changed


def _report(whole: Fields) -> Report:
    scan, summary = whole.inner("scan"), whole.inner("summary")
    coverage, interrupted = _coverage(whole.inner("coverage")), scan.later("interrupted", scan.flag) or False
    if interrupted and coverage.complete:
        raise scan.wrong("interrupted", "must not be true in a report that is complete")
    targets = tuple(map(_target, scan.each("targets")))
    if len({target.id for target in targets}) != len(targets):
        raise scan.wrong("targets", "two have the same id")
    return Report(
        command=scan.like("command", _WORD),
        started_at=scan.start("started_at"),
        duration=scan.seconds("duration_seconds"),
        targets=targets,
        coverage=coverage,
        credentials=tuple(map(_credential, whole.each("credentials"))),
        below_confidence=summary.count("below_min_confidence"),
        already_in_base=summary.later("already_in_base", summary.count) or 0,
        unread_histories=summary.texts("histories_not_read"),
        notices=whole.texts("notices"),
        stale=tuple(
            StaleAllowance(one.text("where"), one.text("entry"), one.text("reason")) for one in whole.each("stale")
        ),
        asked=tuple(map(_asked, whole.each("asked"))),
        changes=_changes(whole.later("changes", whole.inner)),
        rules_digest=scan.like("rules_digest", DIGEST),
        interrupted=interrupted,
    )


def _asked(one: Fields) -> QueryAnswer:
    taken = one.later("taken_for", lambda key: one.one(key, Taken))
    return QueryAnswer(one.text("what"), one.flag("found"), taken)


def target_of(document: Mapping[str, Any]) -> Target:
    """Return a target of a document. Raises ValueError for one that is broken."""
    return _target(Fields(document))


def change_of(document: Mapping[str, Any]) -> CredentialChange:
    """Return one of a document's changes. Raises ValueError for one that is broken."""
    return _change(Fields(document))


def _target(one: Fields) -> Target:
    return Target(
        id=one.text("id"),
        kind=one.like("kind", _WORD),
        root=one.text("path"),
        remote=one.maybe("remote", one.text),
        head=one.maybe("head", one.text),
    )


def _occurrence(one: Fields) -> Occurrence:
    context = one.text("context")
    return Occurrence(
        target=one.text("target"),
        place=one.one("place", Place),
        path=one.maybe("path", lambda key: path_bytes(one.text(key))),
        line=one.maybe("line", one.position),
        column=one.maybe("column", one.position),
        end_line=one.maybe("end_line", one.position),
        end_column=one.maybe("end_column", one.position),
        offset=one.count("offset"),
        state=one.one("state", State),
        context=(context,) if context else (),
        paths=tuple(map(path_bytes, one.texts("paths"))),
        encodings=one.texts("encodings"),
        containers=one.texts("containers"),
        object=one.maybe("object", lambda key: one.like(key, _OBJECT)),
        introduced=_commit(one.maybe("introduced", one.inner)),
        removed=_removal(one.maybe("removed", one.inner)),
        refs=one.texts("refs"),
        paths_truncated=bool(one.later("paths_truncated", one.flag)),
        moved_from=_moved(one.later("moved_from", one.inner)),
        state_reason=one.maybe("state_reason", lambda key: one.one(key, StateReason)),
        exposure=one.maybe("exposure", lambda key: one.one(key, Exposure)),
        versions=_versions(one.later("versions", one.inner)),
        rule_ids=one.later("rule_ids", one.texts) or (),
        end=one.later("end", lambda key: one.one(key, End)) or End.CERTAIN,
        alike=one.later("alike", one.position),
    )


def _versions(one: Fields | None) -> Versions | None:
    if one is None:
        return None
    return Versions(one.position("count"), _version(one.inner("first")), _version(one.inner("last")))


def _version(one: Fields) -> Version:
    commit = one.maybe("commit", lambda key: one.like(key, _OBJECT))
    return Version(one.like("object", _OBJECT), commit, one.maybe("date", lambda key: one.like(key, MOMENT)))


def _commit(one: Fields | None) -> Commit | None:
    if one is None:
        return None
    return Commit(
        one.like("id", _OBJECT),
        one.like("date", MOMENT),
        one.text("author"),
        one.text("summary"),
        boundary=bool(one.later("boundary", one.flag)),
    )


def _moved(one: Fields | None) -> Moved | None:
    if one is None:
        return None
    introduced = _commit(one.maybe("introduced", one.inner))
    return Moved(one.like("kind", _MOVED), path_bytes(one.text("path")), introduced)


def _removal(one: Fields | None) -> Commit | None:
    return Commit(one.like("id", _OBJECT), one.like("date", MOMENT)) if one else None


def _verification(one: Fields | None) -> Verification | None:
    if one is None:
        return None
    return Verification(
        status=one.one("status", VerificationStatus),
        reason=one.text("reason"),
        checked_at=_moment(one, "checked_at"),
        http_status=one.maybe("http_status", one.http_status),
        organizations=tuple(map(_answer, one.each("organizations"))),
        scopes=one.texts("scopes"),
        blast_radius=one.texts("blast_radius"),
    )


def _answer(one: Fields) -> OrganizationAnswer:
    return OrganizationAnswer(
        organization=one.text("organization"),
        status=one.one("status", VerificationStatus),
        reason=one.text("reason"),
        http_status=one.maybe("http_status", one.http_status),
        scopes=one.texts("scopes"),
        blast_radius=one.texts("blast_radius"),
    )


def _owner(one: Fields | None) -> Owner | None:
    if one is None:
        return None
    keys = [
        InventoryKey(
            key_id=key.text("key_id"),
            name=key.text("name"),
            created_at=key.maybe("created_at", key.text),
            expires_at=_moment(key, "expires_at"),
            expired=key.flag("expired"),
        )
        for key in one.each("keys")
    ]
    return Owner(one.text("reason"), tuple(keys))


def _allowance(one: Fields | None) -> Allowance | None:
    if one is None:
        return None
    return Allowance(
        source=one.one("source", AllowanceSource),
        reason=one.text("reason"),
        where=one.text("where"),
        owner=one.maybe("owner", one.text),
        expires=_moment(one, "expires"),
    )


def _moment(one: Fields, key: str) -> str | None:
    return one.maybe(key, lambda name: one.like(name, MOMENT))


def _changes(one: Fields | None) -> Changes | None:
    if one is None:
        return None
    since = one.inner("since")
    credentials = tuple(map(_change, one.each("credentials")))
    return Changes(since.position("run"), since.like("at", MOMENT), credentials)


def _change(one: Fields) -> CredentialChange:
    return CredentialChange(
        fingerprint=one.fingerprint("fingerprint"),
        kind=one.one("kind", Kind),
        redacted=one.masked("redacted"),
        change=one.like("change", _CHANGE),
        detail=one.text("detail"),
    )
