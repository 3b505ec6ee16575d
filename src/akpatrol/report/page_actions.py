"""What a page tells people to do: one sentence for the whole, and a list to tick off for each credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.kinds import named
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Attribution, State
from akpatrol.report.advice import Situation, leaked_action, situation
from akpatrol.report.overview import findings_of
from akpatrol.report.wording import plural, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.report.view import CredentialView, ReportView

_IN_HISTORY = {State.PRESENT, State.REMOVED, State.UNREACHABLE}
_IN_FILES = {State.WORKTREE, State.STAGED, State.PRESENT}


class Action(NamedTuple):
    """One thing to do; ``name`` stays the same from report to report, so that a tick does; ``command`` is to be run.

    ``page`` is where to do it, an address or a path of the dashboard's.
    """

    name: str
    title: str
    text: str = ""
    page: str = ""
    command: str = ""


def first_of_all(view: ReportView) -> str:
    """Return the one sentence that says what to do first."""
    found = findings_of(view)
    leaked = [one for one in found if situation(_states(one)) is not Situation.IGNORED]
    if leaked:
        return _first_of(leaked)
    if not view["coverage"]["complete"]:
        return "Do not call this clean yet: look at what could not be read, below, and run it again."
    if found:
        return "Nothing has leaked: git ignores the files. Leave them there and never commit them."
    if view["changes"]:
        return "Nothing new to do: everything was looked at. What was found before is not in this page."
    return "Nothing to do: whatever was to be looked at was looked at."


def _first_of(leaked: Sequence[CredentialView]) -> str:
    first = leaked[0]
    live = sum(status_of(one) == VerificationStatus.ACTIVE for one in leaked)
    if live:
        others = "the other live one" if live == 2 else f"the {live - 1:,} other live ones"  # noqa: PLR2004
        return f"Start with {first['redacted']}: {_action(first)}" + (f" Then go on with {others}." if live > 1 else "")
    if all(status_of(one) == VerificationStatus.INACTIVE for one in leaked):
        return "Nothing to revoke: the API refuses every one. Put them into the baseline: akpatrol baseline update."
    if len(leaked) == 1:
        return f"Take {first['redacted']} for live until you know better: {_action(first)}"
    return (
        f"Find out which are live: run this again with --verify. Until then take {plural(len(leaked), 'credential')}"
        f" for live, and start with {first['redacted']}: {_action(first)}"
    )


def _action(credential: CredentialView) -> str:
    states = _states(credential)
    if situation(states) is Situation.STAGED:
        return "take it out of what is staged; nothing has leaked yet."
    if situation(states) is Situation.IGNORED:
        return "leave it where git ignores it, and never commit it."
    return leaked_action(credential, states)


def actions(credential: CredentialView) -> list[Action]:
    """Return what to do about a document's credential, in order."""
    states = _states(credential)
    if situation(states) is Situation.IGNORED:
        return [Action("leave", "Leave it where git ignores it", "That is the right place. Never commit it.")]
    if situation(states) is Situation.STAGED:
        keep = "Keep it in a secret manager, or in a file that git ignores."
        return [Action("unstage", "Take it out of what is staged", f"Nothing has leaked yet. {keep}")]
    return list(_leaked(credential, states))


def _leaked(credential: CredentialView, states: set[str]) -> Iterator[Action]:
    is_open = credential["attribution"] == Attribution.OPEN and not named(credential["kind"]).is_custom
    if is_open:
        yield Action(
            "whose", "Find out whose it is", "It may be another vendor's. What follows is for one of Anyreach's."
        )
    dead = status_of(credential) == VerificationStatus.INACTIVE
    if not (dead and not is_open):
        yield _revoke(credential)
        yield Action(
            "rotate",
            "Give a new one to whatever used it",
            "From a secret manager. The places below say which repositories and files to look at.",
        )
        if credential["exposure"]:
            text = "It ships to browsers, where every visitor can read it, and so will the next one."
            yield Action("server", "Call the API from a server instead", text)
    yield _clean(states, dead=dead)
    entry = f'akpatrol allow {credential["fingerprint"]} --reason "..."'
    text = "Last, once the API refuses it: so that what is left of it in the history is not reported again."
    yield Action("baseline", "Put it into the baseline", text, command=entry)


def _revoke(credential: CredentialView) -> Action:
    page = credential["remediation"]["page"] or ""
    remediation = named(credential["kind"]).remediation
    live = status_of(credential) == VerificationStatus.ACTIVE
    until = "Then verify it again until the API refuses it:" if live else "To know whether it is live:"
    return Action("delete", remediation.title, f"{remediation.effect} {until}".strip(), page, "akpatrol verify")


def _clean(states: set[str], *, dead: bool) -> Action:
    if not states & _IN_HISTORY:
        return Action("clean", "Take it out of the file")
    files = "Take it out of the files that still have it. " if states & _IN_FILES else ""
    if dead:
        return Action("clean", "Clean the history, if you like", f"{files}It opens nothing any more: this is optional.")
    text = "Rewriting history comes last and replaces nothing of this: every clone keeps what it has."
    return Action("clean", "Then clean the history", files + text)


def _states(credential: CredentialView) -> set[str]:
    return {place["state"] for place in credential["occurrences"]} or {credential["state"]}
