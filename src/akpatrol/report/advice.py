"""Advice about a credential, chosen by where it is, then whether it is live, then its kind.

The pages and the order (delete, replace, clean) come from the documentation: "API keys and personal access
tokens", "Authentication".
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from akpatrol.kinds import named
from akpatrol.model.credential import FileName, VerificationStatus
from akpatrol.model.scan import Attribution, State
from akpatrol.report.order import facts_of
from akpatrol.report.wording import STDIN, status_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.model.credential import Credential
    from akpatrol.report.view import CredentialView
    from akpatrol.rules.rule import Rule

_IN_HISTORY = {State.PRESENT, State.REMOVED, State.UNREACHABLE}
GENERIC_STEPS = (
    "Revoke it where it was issued.",
    "Replace it wherever it is used, and keep the new one in a secret manager.",
    "Then remove it from where it was found.",
)
"""For rules without steps."""

_FILE_STEPS = (
    "Revoke what it holds where that was issued.",
    "Replace it wherever it is used, and keep the new one in a secret manager.",
    "Then remove the file.",
)

_WHOSE = "Find out who issued it: it may be another vendor's. The next steps are for an Anyreach credential."
_BROWSER = "It ships to browsers, where every visitor can read it: call the API from a server instead."
_BROWSER_OF_ANOTHER = "It ships to browsers, where every visitor can read it: keep the new one on a server."
_UNTIL = "Verify it again until the API refuses it."
_DEAD = "Nothing to revoke: the API refuses it. Add it to the baseline: akpatrol baseline update."
_ALLOWED = "Nothing to do while it is allowed and not live."
_DEAD_OF_ANOTHER = "Find out who issued it: Anyreach's API refuses it, but another vendor's may accept it."
_OPTIONAL = "Rewriting history is optional."
_HISTORY = "Rewriting history comes last and replaces none of these steps: every clone keeps its copy."


TO_KNOW = "To find out whether it is live:"


class Situation(Enum):
    """How far a credential has spread."""

    IGNORED = "ignored"
    STAGED = "staged"
    LEAKED = "leaked"


def situation(states: Collection[str]) -> Situation:
    """Judge by all places: a credential that is both staged and committed has leaked."""
    if all(state == State.IGNORED for state in states):
        return Situation.IGNORED
    if all(state in {State.IGNORED, State.STAGED} for state in states):
        return Situation.STAGED
    return Situation.LEAKED


def states_of(credential: Credential) -> set[str]:
    """Return the states of all places, or the credential's state when it has no place."""
    return {str(state) for state in facts_of(credential.occurrences).states} or {str(credential.state)}


def steps(credential: Credential, rule: Rule | None) -> list[str]:
    """Return what to do, in order."""
    if not credential.is_finding:
        return [_ALLOWED]
    states = states_of(credential)
    match situation(states):
        case Situation.IGNORED:
            return ["Leave it in the ignored file: that is the right place. Never commit it."]
        case Situation.STAGED:
            return [
                "Remove it from the staged changes before you commit: nothing has leaked yet.",
                "Keep it in a secret manager, or in a file that git ignores.",
            ]
    in_history = bool(states & _IN_HISTORY)
    verification = credential.verification
    status = verification.status if verification else None
    if status is VerificationStatus.INACTIVE:
        dead = _DEAD_OF_ANOTHER if credential.attribution is Attribution.OPEN else _DEAD
        return [dead, _OPTIONAL] if in_history else [dead]
    is_ours = not credential.kind.is_custom
    whose = [_WHOSE] if credential.attribution is Attribution.OPEN and is_ours else []
    is_file = credential.secret.redacted == FileName.MASK
    of_rule = rule.steps if rule and rule.steps else _FILE_STEPS if is_file else GENERIC_STEPS
    browser = [_BROWSER if is_ours else _BROWSER_OF_ANOTHER] if credential.exposure else []
    until = [_UNTIL] if status is VerificationStatus.ACTIVE else []
    organizations = bool(verification and verification.organizations)
    ask = _to_know(credential.kind, credential.attribution, status, organizations=organizations)
    asking = [f"{TO_KNOW} {ask}"] if ask else []
    history = [_HISTORY] if in_history else []
    return [*whose, *of_rule, *browser, *until, *asking, *history]


def to_know(credential: CredentialView) -> str:
    """Return how to find out whether a credential is live, or "" when its reason already names the option."""
    verification = credential["verification"]
    if not verification or "--" in verification["reason"]:
        return ""
    organizations = bool(verification["organizations"])
    return _to_know(credential["kind"], credential["attribution"], verification["status"], organizations=organizations)


def _to_know(kind: str, attribution: str, status: str | None, *, organizations: bool) -> str:
    if status == VerificationStatus.UNKNOWN:
        is_enough = not named(kind).needs_organization or organizations
        return "verify it again." if is_enough else "verify it again with --org and its organization's id."
    if status == VerificationStatus.NOT_SENT and attribution == Attribution.OPEN and not named(kind).is_custom:
        return "if it is Anyreach's, verify it again with --send-unattributed."
    return ""


def leaked_action(credential: CredentialView, states: Collection[str], program: str = "akpatrol") -> str:
    """Return one sentence with the first thing to do about a leaked credential, and the next ones.

    ``program`` is the word that starts akpatrol where the reader is.
    """
    kind, attribution, page = credential["kind"], credential["attribution"], credential["remediation"]["page"]
    status = status_of(credential)
    if status == VerificationStatus.INACTIVE:
        return _dead_action(credential, states, program)
    in_history = any(state in _IN_HISTORY for state in states)
    is_file = credential["redacted"] == FileName.MASK
    source = "remove the file" if is_file else f"remove it from {_source(credential)}"
    last = "then clean history" if in_history else f"then {source}"
    remediation = named(kind).remediation
    place = f"at {page}{whose_page(kind, page)}" if page else ""
    first = " ".join(filter(None, (remediation.action, place, "now", "" if page else remediation.place)))
    if is_file and not page:
        first = "revoke what it holds now where that was issued"
    live = "it is live, so " if status == VerificationStatus.ACTIVE else ""
    sentence = f"{live}{first}, then replace it where it is used, {last}."
    if attribution == Attribution.OPEN and not named(kind).is_custom:
        return "find out who issued it. If it is Anyreach's: " + sentence
    return sentence


def whose_page(kind: str, page: str) -> str:
    """Return the words after a page that is a path in the application, whose host is not known."""
    return " in your Anyreach organization" if page.startswith("/") and not named(kind).is_custom else ""


def _source(credential: CredentialView) -> str:
    places = credential["occurrences"]
    is_stream = bool(places) and all(place["path"] == STDIN for place in places)
    return "where it came from" if is_stream else "the file"


def _dead_action(credential: CredentialView, states: Collection[str], program: str) -> str:
    if credential["attribution"] == Attribution.OPEN:
        return _DEAD_OF_ANOTHER[0].lower() + _DEAD_OF_ANOTHER[1:]
    if any(state in _IN_HISTORY for state in states):
        return f"nothing to revoke; add it to the baseline: {program} baseline update. Rewriting history is optional."
    source = _source(credential)
    return f"nothing to revoke; remove it from {source}, or add it to the baseline: {program} baseline update."
