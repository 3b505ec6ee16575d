"""Interpret the API's answers: pure decisions without input or output.

The facts are from the documentation ("Authentication", "Errors"): 401 is a missing or invalid credential, or a
personal access token without its organization; 403 is a valid credential whose scopes do not grant the action;
errors are JSON, ``{"detail": "<message>"}``. Any other answer does not come from the API.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import VerificationStatus

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind

CLAIM_MISSING = "missing organization claim"
"""The message of a 401 for a personal access token that is sent without its organization ("Authentication")."""

_UNAUTHORIZED, _FORBIDDEN = 401, 403


class Failure(StrEnum):
    """Why there was no answer at all."""

    TIMED_OUT = "timed_out"
    TLS = "tls"
    UNREACHABLE = "unreachable"
    DROPPED = "dropped"
    PROXY = "proxy"
    BROKEN = "broken"


class Shape(StrEnum):
    """The form of an answer's body."""

    DATA = "data"  # a JSON list or object
    DETAIL = "detail"  # the API's own error, {"detail": "<message>"}
    OTHER = "other"  # a page, a scalar, nothing: not the API's


class Answer(NamedTuple):
    """An answer without its text, which could repeat the credential.

    ``scopes`` is set when the body is a flat list of strings; ``retry_after`` is in seconds.
    Without status and failure, no request was made.
    """

    status: int = 0
    shape: Shape = Shape.OTHER
    claim_missing: bool = False
    failure: Failure | None = None
    scopes: tuple[str, ...] | None = None
    retry_after: float | None = None


class Meaning(StrEnum):
    """The meaning of an answer; as answers to a negative control, the most trustworthy comes first."""

    REFUSED = "refused"
    CLAIM_MISSING = "claim_missing"
    FORBIDDEN = "forbidden"
    ACCEPTED = "accepted"
    NOTHING = "nothing"


class Decision(NamedTuple):
    """A status and the sentences that give its reason."""

    status: VerificationStatus
    reason: str


NOT_ASKED = Answer()

_FAILURES = {
    Failure.TIMED_OUT: "No complete answer arrived in time.",
    Failure.TLS: "The connection is not secure: the server's certificate or TLS setup cannot be trusted.",
    Failure.UNREACHABLE: "The server cannot be reached.",
    Failure.DROPPED: "The connection broke before the answer was complete.",
    Failure.PROXY: "A proxy did not let the request through.",
    Failure.BROKEN: "Verification failed inside akpatrol, which is a bug.",
}
_STATUSES = {
    0: "The API was not asked.",
    _UNAUTHORIZED: "The refusal (401) is not the API's: a firewall's or a proxy's page.",
    _FORBIDDEN: "The refusal (403) is not the API's: a firewall's or a proxy's page.",
    407: "A proxy asks for a password (407).",
    429: "The API limits the request rate (429).",
}


def meaning(answer: Answer) -> Meaning:
    """Return the meaning of one answer. Only the API's own JSON has one."""
    if answer.failure:
        return Meaning.NOTHING
    if _is_success(answer.status) and answer.shape is Shape.DATA:
        return Meaning.ACCEPTED
    if answer.shape is not Shape.DETAIL:
        return Meaning.NOTHING
    if answer.status == _FORBIDDEN:
        return Meaning.FORBIDDEN
    if answer.status == _UNAUTHORIZED:
        return Meaning.CLAIM_MISSING if answer.claim_missing else Meaning.REFUSED
    return Meaning.NOTHING


def worse(before: Answer, after: Answer) -> Answer:
    """Return the less trustworthy of two answers to negative controls."""
    order = list(Meaning)
    return max(before, after, key=lambda answer: order.index(meaning(answer)))


def distrust(kind: CredentialKind, *, organization_given: bool, control: Answer) -> str | None:
    """Return why the answers for a kind cannot be trusted, None if the negative control was refused as it should be."""
    match meaning(control):
        case Meaning.REFUSED:
            return None
        case Meaning.CLAIM_MISSING if not kind.needs_organization:
            return None  # still a 401; then only the positive answers and the plain refusals are trusted
        case Meaning.CLAIM_MISSING if organization_given:
            return "The API asks for an organization although one was sent, so its answers prove nothing."
        case Meaning.CLAIM_MISSING:
            return (
                "Without an organization the API gives this token the same answer as one that cannot exist. "
                "Give --org to find out."
            )
        case Meaning.NOTHING:
            return f"It could not be established whether the API distinguishes credentials. {silence(control)}"
        case _:
            return f"The API accepts a credential that cannot exist ({control.status}), so its answers prove nothing."


def decide(kind: CredentialKind, *, organization_given: bool, control: Answer, answer: Answer) -> Decision:
    """Return what ``answer`` means, given the API's answer to a credential that cannot exist.

    ``organization_given`` says that the header went with both; an organization key never has it.
    """
    if kind.verification is None:
        return Decision(VerificationStatus.NOT_SENT, kind.not_verifiable)
    if doubt := distrust(kind, organization_given=organization_given, control=control):
        return Decision(VerificationStatus.UNKNOWN, doubt)
    status, reason = VerificationStatus.UNKNOWN, silence(answer)
    match meaning(answer):
        case Meaning.ACCEPTED:
            status, reason = VerificationStatus.ACTIVE, f"The API accepts it ({answer.status})."
        case Meaning.FORBIDDEN:
            status, reason = VerificationStatus.ACTIVE, "Valid, but its scopes do not allow listing agents (403)."
        case Meaning.REFUSED:
            status, reason = VerificationStatus.INACTIVE, "The API refuses it (401)."
        case Meaning.CLAIM_MISSING if kind.needs_organization and not organization_given:
            status = VerificationStatus.ACTIVE
            reason = "Valid: the API only asks for its organization (401). --org shows what it can do there."
        case Meaning.CLAIM_MISSING:
            reason = "The API asks for an organization (401), which does not fit this request."
    return Decision(status, reason)


def silence(answer: Answer) -> str:
    """Return why an answer proves nothing about a credential."""
    if answer.failure:
        return _FAILURES[answer.failure]
    status = answer.status
    if status in _STATUSES:
        return _STATUSES[status]
    if _is_success(status):
        return f"What answered ({status}) is not the API: a portal, a proxy or another server."
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
        return f"The answer is a redirect ({status}), which is not followed."
    if status >= 500:  # noqa: PLR2004 - RFC 9110, 15.6
        return f"The server failed ({status})."
    return f"The answer ({status}) proves nothing about the credential."


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - RFC 9110, 15.3
