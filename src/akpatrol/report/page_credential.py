"""One credential of a page, in words: what it is, whose, whether it is live, what it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from akpatrol.model.credential import VerificationStatus
from akpatrol.report.messages import capital
from akpatrol.report.page_actions import actions
from akpatrol.report.text_safety import head
from akpatrol.report.verification_text import abilities, allowance_words, owner_lines, verification_lines
from akpatrol.report.wording import (
    STATUSES,
    attribution_words,
    credential_name,
    date_words,
    parsed,
    state_name,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from akpatrol.report.page_actions import Action
    from akpatrol.report.page_locations import LocationRow
    from akpatrol.report.view import CredentialView, TargetView

_NAME_WIDTH = 80
_LINE_WIDTH = 500
_ID_DIGITS = 16

STATUS_WORDS = {name: capital(words) for name, words in STATUSES.items()}
_STATUS_HELP = {
    "active": "The API accepts it: whoever has it can use it now.",
    "inactive": "The API refuses it: it opens nothing.",
    "unknown": "The API was asked and gave no clear answer: treat it as live.",
    "not_sent": "It was not sent to the API: treat it as live.",
    "unverified": "It was not verified: treat it as live until you know better.",
}


def anchor(fingerprint: str) -> str:
    """Return the name by which the page's own links find a credential."""
    return "c-" + fingerprint.rpartition(":")[2][:_ID_DIGITS]


class CredentialPage(TypedDict):
    """One credential in the page's words; ``rows`` are the places that the page itself writes."""

    number: int
    id: str
    fingerprint: str
    sha256: str
    redacted: str
    key_id: str
    kind: str
    kind_name: str
    status: str
    status_words: str
    status_help: str
    severity: str
    state: str
    state_words: str
    confidence: str
    attribution: str
    exposure: str
    rules: list[str]
    first_seen: str
    found_at: str
    since: int
    places: int
    repositories: int
    abilities: str
    scopes: int
    owner_names: list[str]
    owner_name: str
    owner: list[tuple[bool, str]]
    verification: list[tuple[bool, str]]
    allowed: str
    change: str
    actions: list[Action]
    steps: list[str]
    rows: list[LocationRow]
    first_place: LocationRow | None


def page_of(
    credential: CredentialView,
    rows: list[LocationRow],
    number: int,
    targets: Mapping[str, TargetView],
    now: datetime,
) -> CredentialPage:
    """Return a visible credential in the page's words; ``number`` begins with 1, ``targets`` are the document's."""
    status = status_of(credential)
    held_by = {place["target"] for place in credential["occurrences"]}
    return {
        "number": number,
        "id": anchor(credential["fingerprint"]),
        "fingerprint": credential["fingerprint"],
        "sha256": credential["secret_sha256"],
        "redacted": head(credential["redacted"], _NAME_WIDTH),
        "key_id": head(credential["key_id"] or "", _NAME_WIDTH),
        "kind": credential["kind"],
        "kind_name": capital(credential_name(credential)),
        "status": status,
        "status_words": STATUS_WORDS[status],
        "status_help": _STATUS_HELP[status],
        "severity": credential["severity"],
        "state": credential["state"],
        "state_words": capital(state_name(credential["state"])),
        "confidence": credential["confidence"],
        "attribution": capital(attribution_words(credential["kind"], credential["attribution"])),
        "exposure": credential["exposure"] or "",
        "rules": [head(rule, _NAME_WIDTH) for rule in credential["rule_ids"]],
        "first_seen": date_words(credential["first_seen"], now) if credential["first_seen"] else "",
        "found_at": date_words(credential["found_at"], now) if credential["found_at"] else "",
        "since": _sortable(credential["first_seen"] or credential["found_at"]),
        "places": len(credential["occurrences"]),
        "repositories": len(held_by),
        "abilities": _abilities(credential),
        "scopes": len(credential["verification"]["scopes"]) if credential["verification"] else 0,
        "owner_names": [
            head(key["name"], _NAME_WIDTH) for key in (credential["owner"]["keys"] if credential["owner"] else ())
        ],
        "owner_name": _owner_name(credential),
        "owner": [_line(line, "owner: ") for line in owner_lines(credential["owner"], now, verbose=True)],
        "verification": [_line(line) for line in verification_lines(credential["verification"], now, verbose=True)],
        "allowed": capital(allowance_words(credential["allowed"])) if credential["allowed"] else "",
        "change": "",
        "actions": actions(credential, targets),
        "steps": [head(step, _LINE_WIDTH) for step in credential["remediation"]["steps"]],
        "rows": rows,
        "first_place": rows[0] if rows else None,
    }


def search_text(page: CredentialPage) -> str:
    """Return what a search finds a credential by, apart from its places."""
    return " ".join(_searched(page)).lower()


def _searched(page: CredentialPage) -> Iterator[str]:
    yield from (page["redacted"], page["key_id"], page["fingerprint"], page["sha256"])
    yield from (page["kind_name"], page["status_words"], page["state_words"], *page["owner_names"], *page["rules"])


def _owner_name(credential: CredentialView) -> str:
    """Return the names of all keys that it may be, "" when none is known."""
    keys = credential["owner"]["keys"] if credential["owner"] else ()
    return ", ".join(head(key["name"], _NAME_WIDTH) or "without a name" for key in keys)


def _abilities(credential: CredentialView) -> str:
    """Say what a live credential can do, "" for one that is not live."""
    verification = credential["verification"]
    if not verification or status_of(credential) != VerificationStatus.ACTIVE:
        return ""
    return capital(head(abilities(verification), _LINE_WIDTH))


def _line(line: str, label: str = "") -> tuple[bool, str]:
    """Return whether a line belongs beneath the one before it, and the line as a sentence."""
    return line.startswith("- "), capital(head(line.removeprefix("- ").removeprefix(label), _LINE_WIDTH))


def _sortable(date: str | None) -> int:
    """Return seconds since 1970, 0 for no date."""
    moment = parsed(date) if date else None
    return int(moment.timestamp()) if moment else 0
