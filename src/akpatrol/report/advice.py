"""What to do about a credential: it follows where the credential is, then what it is.

The pages and the order (delete, replace, clean) are the documentation's: "API keys and personal access
tokens", "Authentication".
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from akpatrol.model import Attribution, Kind, State

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.findings import Credential
    from akpatrol.rules import Rule

_IN_HISTORY = {State.PRESENT, State.REMOVED, State.UNREACHABLE}
GENERIC_STEPS = (
    "Revoke it where it was issued.",
    "Give a new one to whatever used it, from a secret manager.",
    "Then clean the place where it was found.",
)
"""For rules that bring none."""

_WHOSE = "Find out whose it is: it may be another vendor's. The next steps are for one of Anyreach's."
_BROWSER = "It ships to browsers, where every visitor can read it: call the API from a server instead."
_HISTORY = "Rewriting history comes last and replaces nothing of this: every clone keeps what it has."


class Situation(Enum):
    """How far a credential has come."""

    IGNORED = "ignored"
    STAGED = "staged"
    LEAKED = "leaked"


def situation(states: Collection[str]) -> Situation:
    """Judge by every place: one that is staged and also in a commit has leaked."""
    if all(state == State.IGNORED for state in states):
        return Situation.IGNORED
    if all(state in {State.IGNORED, State.STAGED} for state in states):
        return Situation.STAGED
    return Situation.LEAKED


def states_of(credential: Credential) -> set[str]:
    """Return the states of all its places; its own when it has none."""
    return {str(occurrence.state) for occurrence in credential.occurrences} or {str(credential.state)}


def steps(credential: Credential, rule: Rule | None) -> list[str]:
    """Return what to do, in order."""
    states = states_of(credential)
    match situation(states):
        case Situation.IGNORED:
            return ["Leave it where git ignores it: that is the right place. Never commit it."]
        case Situation.STAGED:
            return [
                "Take it out of what is staged before committing: nothing has leaked yet.",
                "Keep it in a secret manager, or in a file that git ignores.",
            ]
    whose = [_WHOSE] if credential.attribution is Attribution.OPEN else []
    own = rule.steps if rule and rule.steps else GENERIC_STEPS
    browser = [_BROWSER] if credential.exposure else []
    history = [_HISTORY] if states & _IN_HISTORY else []
    return [*whose, *own, *browser, *history]


def leaked_action(kind: str, attribution: str, page: str | None, states: Collection[str]) -> str:
    """Return the one sentence that says what to do about a leaked credential first, and what follows."""
    last = "then clean history" if any(state in _IN_HISTORY for state in states) else "then take it out of the file"
    at = f" at {page}" if page else ""
    if kind == Kind.PERSONAL_ACCESS_TOKEN:
        first = f"ask its owner to delete it{at} now"
    elif kind == Kind.ORGANIZATION_KEY:
        first = f"delete it{at} now"
    else:
        first = f"revoke it{at or ' where it was issued'} now"
    sentence = f"{first}, then replace it where it is used, {last}."
    if attribution == Attribution.OPEN and kind != Kind.CUSTOM:
        return "find out whose it is. If it is Anyreach's: " + sentence
    return sentence
