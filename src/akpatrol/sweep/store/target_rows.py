"""What a store keeps of one target's scan, reduced where the target was scanned: masked texts, ready to be written."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.report.view import CoverageView, CredentialView, ReportView, VerificationView

# The fields of a credential that differ by target; the others are the same everywhere, or are computed.
_SIGHTING = (
    "rule_ids",
    "title",
    "tags",
    "confidence",
    "attribution",
    "severity",
    "state",
    "exposure",
    "owner",
    "allowed",
)
_KEY_BYTES = 16


class CredentialRow(NamedTuple):
    """What is the same of a credential in all targets; ``secret_sha256`` in hex."""

    fingerprint: str
    kind: str
    redacted: str
    key_id: str | None
    secret_sha256: str


class TargetRows(NamedTuple):
    """The rows of one scanned target.

    ``sightings`` are JSON by fingerprint, ``occurrences`` by fingerprint and a hash of the JSON; ``gaps`` are the items
    that could not be read, and ``coverage`` is JSON.
    """

    kind: str
    path: str
    remote: str | None
    head: str | None
    credentials: tuple[CredentialRow, ...]
    sightings: Mapping[tuple[str], str]
    occurrences: Mapping[tuple[str, bytes], str]
    verifications: tuple[tuple[str, VerificationView], ...]
    complete: bool
    gaps: frozenset[str]
    coverage: str


def rows_of(document: ReportView) -> TargetRows:
    """Return the rows of a document of one target."""
    (target,) = document["scan"]["targets"]
    credentials, coverage, summary = document["credentials"], document["coverage"], document["summary"]
    body = {
        "coverage": coverage,
        "notices": document["notices"],
        "below_min_confidence": summary["below_min_confidence"],
        "histories_not_read": summary["histories_not_read"],
    }
    return TargetRows(
        target["kind"],
        target["path"],
        target["remote"],
        target["head"],
        tuple(
            CredentialRow(one["fingerprint"], one["kind"], one["redacted"], one["key_id"], one["secret_sha256"])
            for one in credentials
        ),
        {(credential["fingerprint"],): packed(_some(credential, _SIGHTING)) for credential in credentials},
        dict(_occurrences(credentials)),
        tuple((one["fingerprint"], one["verification"]) for one in credentials if one["verification"]),
        coverage["complete"],
        frozenset(gaps(coverage)),
        packed(body),
    )


def gaps(coverage: CoverageView) -> set[str]:
    """Return the items that could not be read, without accepted ones."""
    return {skip["item"] for skip in coverage["skipped"] if skip["accepted"] is None}


def packed(value: Mapping[str, object]) -> str:
    """Return a value as JSON that is the same for equal values."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _occurrences(credentials: Iterable[CredentialView]) -> Iterator[tuple[tuple[str, bytes], str]]:
    for credential in credentials:
        for place in credential["occurrences"]:
            body = packed({key: value for key, value in place.items() if key != "target"})
            yield (credential["fingerprint"], sha256(body.encode()).digest()[:_KEY_BYTES]), body


def _some(view: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    return {name: view[name] for name in names}
