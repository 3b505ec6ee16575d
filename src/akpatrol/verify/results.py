"""Turn the answers about one credential into its verification: pure."""

from __future__ import annotations

from enum import Enum
from time import gmtime, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import OrganizationAnswer, Verification, VerificationStatus
from akpatrol.verify.contract import Answer, Meaning, decide, meaning, silence
from akpatrol.verify.scopes import blast_radius

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from akpatrol.kinds import CredentialKind

_FIRST = (VerificationStatus.ACTIVE, VerificationStatus.UNKNOWN, VerificationStatus.INACTIVE)
"""Live anywhere is live; refused everywhere is inactive."""

INTERRUPTED = "Interrupted before it was sent."
INTERRUPTED_WHILE = "Interrupted while the API was being asked."
UNCONFIRMED = "Interrupted before the API's answers were checked a second time."
GIVEN_UP = "The API stopped answering, so the rest was not sent."


class Stage(Enum):
    """How far the verification of a credential is."""

    BEGUN = "begun"
    ANSWERED = "answered"
    SETTLED = "settled"


class CredentialAnswers(NamedTuple):
    """The answers to one credential, in one organization if one was named."""

    organization: str | None
    answer: Answer
    scopes: Answer | None = None


def now() -> str:
    """Return the time as RFC 3339 in UTC."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())


def verification(
    kind: CredentialKind, answers: Sequence[CredentialAnswers], controls: Mapping[str | None, Answer], checked_at: str
) -> Verification:
    """Judge the answers about one credential by the answers to the negative controls of its kind."""
    parts = [
        _part(kind, credential_answers, controls[credential_answers.organization]) for credential_answers in answers
    ]
    status = next(status for status in _FIRST if any(part.status is status for part in parts))
    deciding = next(part for part in parts if part.status is status)
    scopes = tuple(dict.fromkeys(scope for part in parts for scope in part.scopes))
    prefix = f"In {deciding.organization}: " if deciding.organization else ""
    return Verification(
        status=status,
        reason=prefix + deciding.reason,
        checked_at=checked_at,
        http_status=deciding.http_status,
        organizations=tuple(part for part in parts if part.organization),
        scopes=scopes,
        blast_radius=blast_radius(scopes),
    )


def not_sent(reason: str) -> Verification:
    """Return the verification of a credential that was not sent."""
    return Verification(VerificationStatus.NOT_SENT, reason)


def unconfirmed(confirmed: Verification) -> Verification:
    """Return a result from before an interruption, with a note that the second control is missing."""
    if confirmed.status not in {VerificationStatus.ACTIVE, VerificationStatus.INACTIVE}:
        return confirmed
    return confirmed._replace(reason=f"{confirmed.reason} {UNCONFIRMED}")


def _part(kind: CredentialKind, answers: CredentialAnswers, control: Answer) -> OrganizationAnswer:
    decision = decide(kind, organization_given=answers.organization is not None, control=control, answer=answers.answer)
    scopes, note = _scopes(answers.scopes) if decision.status is VerificationStatus.ACTIVE else ((), "")
    return OrganizationAnswer(
        organization=answers.organization or "",
        status=decision.status,
        reason=decision.reason + note,
        http_status=answers.answer.status or None,
        scopes=scopes,
        blast_radius=blast_radius(scopes),
    )


def _scopes(answer: Answer | None) -> tuple[tuple[str, ...], str]:
    """Return the scopes and, when they could not be read, a sentence that says so."""
    if answer is None:
        return (), ""
    if meaning(answer) is Meaning.ACCEPTED and answer.scopes is not None:
        return answer.scopes, ""
    if meaning(answer) is Meaning.NOTHING:
        return (), f" Its scopes could not be read: {silence(answer)}"
    return (), f" Its scopes could not be read ({answer.status})."
