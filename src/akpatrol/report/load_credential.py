"""Load a credential from a JSON report: the reverse of ``document.build``.

Every text that renderers show unmasked (hashes, masks, dates, ids) must have exactly its form. No raw secret is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

from akpatrol.kinds import KINDS, PREFIXES
from akpatrol.model.credential import (
    Allowance,
    AllowanceSource,
    Commit,
    Credential,
    InventoryKey,
    Moved,
    NamedSecret,
    Occurrence,
    OrganizationAnswer,
    Owner,
    Verification,
    VerificationStatus,
    Version,
    Versions,
    end_of,
)
from akpatrol.model.scan import Attribution, Confidence, End, Exposure, Place, Severity, State, StateReason
from akpatrol.report.text_safety import path_bytes

if TYPE_CHECKING:
    from akpatrol.validate.fields import Fields

_Value = TypeVar("_Value")

_SHA256 = re.compile("[0-9a-f]{64}")
_OBJECT = re.compile("[0-9a-f]{4,64}")
# A whole token does not fit in.
_KEY_ID = re.compile(rf"(?!{PREFIXES})[0-9A-Za-z_-]{{1,200}}")
_MOVED = re.compile("move|copy")


def credential_of(fields: Fields) -> Credential:
    """Return one credential of a report, whose ``secret``, ``first_seen`` and ``remediation`` are not read.

    Raises ValueError for a damaged one.
    """
    occurrences = tuple(map(occurrence_of, fields.each("occurrences")))
    return Credential(
        kind=fields.among("kind", {str(kind): kind for kind in KINDS}),
        secret=NamedSecret(
            fields.masked("redacted"),
            fields.fingerprint("fingerprint"),
            fields.like("secret_sha256", _SHA256),
            fields.maybe("key_id", lambda key: fields.like(key, _KEY_ID)),
        ),
        rule_ids=fields.texts("rule_ids"),
        confidence=fields.enum("confidence", Confidence),
        attribution=fields.enum("attribution", Attribution),
        severity=fields.enum("severity", Severity),
        state=fields.enum("state", State),
        exposure=fields.maybe("exposure", lambda key: fields.enum(key, Exposure)),
        occurrences=occurrences,
        verification=_verification(fields.maybe("verification", fields.inner)),
        owner=_owner(fields.maybe("owner", fields.inner)),
        allowed=_allowance(fields.maybe("allowed", fields.inner)),
        found_at=_shared(fields.later("found_at", fields.moment)),
        end=end_of(occurrences),
        title=fields.later("title", fields.text) or "",
        tags=fields.later("tags", fields.texts) or (),
    )


def occurrence_of(fields: Fields) -> Occurrence:
    """Return one occurrence of a credential. Raises ValueError for a damaged one."""
    context = fields.text("context")
    line = fields.maybe("line", fields.position)
    return Occurrence(
        target=_shared(fields.text("target")),
        place=fields.enum("place", Place),
        path=fields.maybe("path", lambda key: _shared(path_bytes(fields.text(key)))),
        line=line,
        column=fields.maybe("column", fields.position),
        end_line=fields.maybe("end_line", fields.position),
        end_column=fields.maybe("end_column", fields.position),
        offset=fields.count("offset"),
        state=fields.enum("state", State),
        context=_shared((context,)) if context else (),
        paths=_shared(tuple(map(path_bytes, fields.texts("paths")))),
        encodings=_shared(fields.texts("encodings")),
        containers=_shared(fields.texts("containers")),
        object=_shared(fields.maybe("object", lambda key: fields.like(key, _OBJECT))),
        introduced=_shared(_commit(fields.maybe("introduced", fields.inner))),
        removed=_shared(_removal(fields.maybe("removed", fields.inner))),
        refs=_shared(fields.texts("refs")),
        paths_truncated=bool(fields.later("paths_truncated", fields.flag)),
        moved_from=_moved(fields.later("moved_from", fields.inner)),
        state_reason=fields.maybe("state_reason", lambda key: fields.enum(key, StateReason)),
        exposure=fields.maybe("exposure", lambda key: fields.enum(key, Exposure)),
        versions=_versions(fields.later("versions", fields.inner)),
        rule_ids=_shared(fields.later("rule_ids", fields.texts) or ()),
        end=fields.later("end", lambda key: fields.enum(key, End)) or End.CERTAIN,
        alike=fields.later("alike", fields.position),
        owners=_shared(fields.later("owners", fields.texts) or ()),
        lines_before=_shared(tuple(line - other for other in _match_lines(fields)) if line else ()),
    )


def _match_lines(fields: Fields) -> tuple[int, ...]:
    """Return the line of each rule's match; reports of earlier versions have only the first, or none."""
    lines = fields.later("match_lines", fields.positions)
    if lines is not None:
        return lines
    first = fields.later("match_line", fields.position)
    return (first,) if first else ()


def _shared(value: _Value) -> _Value:
    """Return the value that was read before, if it is equal: many places differ in few things."""
    return cast("_Value", _first(value))


@lru_cache(1 << 16)
def _first(value: object) -> object:
    return value


def _versions(fields: Fields | None) -> Versions | None:
    if fields is None:
        return None
    return Versions(fields.position("count"), _version(fields.inner("first")), _version(fields.inner("last")))


def _version(fields: Fields) -> Version:
    commit = fields.maybe("commit", lambda key: fields.like(key, _OBJECT))
    return Version(fields.like("object", _OBJECT), commit, fields.maybe("date", fields.moment))


def _commit(fields: Fields | None) -> Commit | None:
    if fields is None:
        return None
    return Commit(
        fields.like("id", _OBJECT),
        fields.moment("date"),
        fields.text("author"),
        fields.text("summary"),
        boundary=bool(fields.later("boundary", fields.flag)),
    )


def _moved(fields: Fields | None) -> Moved | None:
    if fields is None:
        return None
    introduced = _commit(fields.maybe("introduced", fields.inner))
    return Moved(fields.like("kind", _MOVED), path_bytes(fields.text("path")), introduced)


def _removal(fields: Fields | None) -> Commit | None:
    return Commit(fields.like("id", _OBJECT), fields.moment("date")) if fields else None


def _verification(fields: Fields | None) -> Verification | None:
    if fields is None:
        return None
    return Verification(
        status=fields.enum("status", VerificationStatus),
        reason=fields.text("reason"),
        checked_at=fields.maybe("checked_at", fields.moment),
        http_status=fields.maybe("http_status", fields.http_status),
        organizations=tuple(map(_answer, fields.each("organizations"))),
        scopes=fields.texts("scopes"),
        blast_radius=fields.texts("blast_radius"),
    )


def _answer(fields: Fields) -> OrganizationAnswer:
    return OrganizationAnswer(
        organization=fields.text("organization"),
        status=fields.enum("status", VerificationStatus),
        reason=fields.text("reason"),
        http_status=fields.maybe("http_status", fields.http_status),
        scopes=fields.texts("scopes"),
        blast_radius=fields.texts("blast_radius"),
    )


def _owner(fields: Fields | None) -> Owner | None:
    if fields is None:
        return None
    keys = [
        InventoryKey(
            key_id=key.text("key_id"),
            name=key.text("name"),
            created_at=key.maybe("created_at", key.text),
            expires_at=key.maybe("expires_at", key.moment),
            expired=key.flag("expired"),
        )
        for key in fields.each("keys")
    ]
    return Owner(fields.text("reason"), tuple(keys))


def _allowance(fields: Fields | None) -> Allowance | None:
    if fields is None:
        return None
    return Allowance(
        source=fields.enum("source", AllowanceSource),
        reason=fields.text("reason"),
        where=fields.text("where"),
        owner=fields.maybe("owner", fields.text),
        expires=fields.maybe("expires", fields.moment),
    )
