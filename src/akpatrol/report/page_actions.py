"""Advice on a page: one sentence for the whole report, and a checklist for each credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.kinds import named
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Attribution, State
from akpatrol.report.advice import Situation, leaked_action, situation, whose_page
from akpatrol.report.number_words import plural
from akpatrol.report.overview import findings_of
from akpatrol.report.text_safety import head, shell_word
from akpatrol.report.timeline import IN_TRACKABLE_FILES
from akpatrol.report.wording import directory_of, status_of
from akpatrol.report.work_trees import states_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.kinds.base import Remediation
    from akpatrol.report.view import CredentialView, ReportView, TargetView

_IN_HISTORY = {State.PRESENT, State.REMOVED, State.UNREACHABLE}


_COMMANDS = 10
"""Commands that one action lists."""
_LONGEST = 500
"""Characters of a directory that a command names."""
_ID_WIDTH = 80


class Command(NamedTuple):
    """A command to run, and the place to run it in where the command does not name it."""

    text: str
    place: str = ""


class Action(NamedTuple):
    """One thing to do; ``name`` is the same in every report, so that ticks persist.

    ``page`` is where to do it, an address or a path of the dashboard's, which ``whose`` says, and ``which`` says what
    of that page's list. ``more`` counts commands that are not listed.
    """

    name: str
    title: str
    text: str = ""
    page: str = ""
    commands: tuple[Command, ...] = ()
    more: int = 0
    which: str = ""
    whose: str = ""


def first_of_all(view: ReportView) -> str:
    """Return the one sentence that says what to do first."""
    findings = findings_of(view)
    leaked = [finding for finding in findings if situation(_states(finding)) is not Situation.IGNORED]
    if leaked:
        return _first_of(leaked)
    if not view["coverage"]["complete"]:
        if view["scan"]["interrupted"]:
            return "This is not clean yet: run it again, to its end."
        return "This is not clean yet: fix what could not be scanned, listed below, and run it again."
    if findings:
        return "Nothing has leaked: git ignores the files. Leave them there and never commit them."
    if view["changes"]:
        return "Nothing new to do: everything was scanned. Earlier findings are not on this page."
    return "Nothing to do: everything was scanned."


def _first_of(leaked: Sequence[CredentialView]) -> str:
    first = leaked[0]
    live = sum(status_of(finding) == VerificationStatus.ACTIVE for finding in leaked)
    if live:
        others = "the other live one" if live == 2 else f"the {live - 1:,} other live ones"  # noqa: PLR2004
        return f"Start with {first['redacted']}: {_action(first)}" + (
            f" Then continue with {others}." if live > 1 else ""
        )
    if all(status_of(finding) == VerificationStatus.INACTIVE for finding in leaked):
        return "Nothing to revoke: the API refuses every one. Add them to the baseline: akpatrol baseline update."
    if len(leaked) == 1:
        return f"Treat {first['redacted']} as live until you know better: {_action(first)}"
    number = plural(len(leaked), "credential")
    if all(named(finding["kind"]).is_custom for finding in leaked):
        return f"Treat {number} as live until you know better, and start with {first['redacted']}: {_action(first)}"
    return (
        f"Find out which are live: run this again with --verify. Until then treat {number}"
        f" as live, and start with {first['redacted']}: {_action(first)}"
    )


def _action(credential: CredentialView) -> str:
    states = _states(credential)
    if situation(states) is Situation.STAGED:
        return "remove it from the staged changes; nothing has leaked yet."
    if situation(states) is Situation.IGNORED:
        return "leave it in the ignored file, and never commit it."
    return leaked_action(credential, states)


def actions(credential: CredentialView, targets: Mapping[str, TargetView]) -> list[Action]:
    """Return what to do about a document's credential, in order; ``targets`` are the document's by their id."""
    states = _states(credential)
    if situation(states) is Situation.IGNORED:
        return [Action("leave", "Leave it in the ignored file", "That is the right place. Never commit it.")]
    if situation(states) is Situation.STAGED:
        keep = "Keep it in a secret manager, or in a file that git ignores."
        return [Action("unstage", "Remove it from the staged changes", f"Nothing has leaked yet. {keep}")]
    return list(_leaked(credential, states, targets))


def _leaked(credential: CredentialView, states: set[str], targets: Mapping[str, TargetView]) -> Iterator[Action]:
    is_ours = not named(credential["kind"]).is_custom
    is_open = credential["attribution"] == Attribution.OPEN and is_ours
    if is_open:
        yield Action(
            "whose",
            "Find out who issued it",
            "It may be another vendor's. The next steps are for an Anyreach credential.",
        )
    dead = status_of(credential) == VerificationStatus.INACTIVE
    if not (dead and not is_open):
        yield _revoke(credential)
        yield Action(
            "rotate",
            "Replace it wherever it is used",
            "Keep the new one in a secret manager. Its places name the repositories and files to check.",
        )
        if credential["exposure"]:
            text = "It ships to browsers, where every visitor can read it, and so will the next one."
            instead = "Call the API from a server instead" if is_ours else "Keep the new one on a server"
            yield Action("server", instead, text)
    yield _clean(states, dead=dead)
    yield _baseline(credential, targets)


def _baseline(credential: CredentialView, targets: Mapping[str, TargetView]) -> Action:
    affected = (targets[place["target"]] for place in credential["occurrences"] if place["target"] in targets)
    commands = tuple(dict.fromkeys(map(_update, affected))) or (Command("akpatrol baseline update"),)
    who = "its issuer" if named(credential["kind"]).is_custom else "the API"
    text = f"Do this last, once {who} refuses it, so that what is left in the history is not reported again."
    scope = (
        "Each command adds every finding of its repository"
        if len(commands) > 1
        else "The command adds every finding of the repository"
    )
    return Action(
        "baseline",
        "Add it to the baseline",
        f"{text} {scope}.",
        commands=commands[:_COMMANDS],
        more=max(0, len(commands) - _COMMANDS),
    )


def _update(target: TargetView) -> Command:
    """Return the command that updates the baseline of a target's repository."""
    directory = directory_of(target["kind"], target["path"])
    if directory.endswith(".git"):  # a bare repository, such as a sweep's mirror, has no place for a baseline
        return Command("akpatrol baseline update", f"in a checkout of {target['remote'] or directory}")
    if not directory.startswith("/") or len(directory) > _LONGEST:
        return Command("akpatrol baseline update")
    return Command(f"akpatrol -C {shell_word(directory)} baseline update")


def _revoke(credential: CredentialView) -> Action:
    page = credential["remediation"]["page"] or ""
    kind = named(credential["kind"])
    remediation = kind.remediation
    if kind.is_custom:
        return Action("delete", _title(remediation, page), "Its issuer alone knows whether it is live.", page)
    live = status_of(credential) == VerificationStatus.ACTIVE
    until = "Then verify it again until the API refuses it:" if live else "To find out whether it is live:"
    which = f"Its id is {head(credential['key_id'], _ID_WIDTH)}." if credential["key_id"] else ""
    text = f"{remediation.effect} {until}".strip()
    commands, whose = (Command("akpatrol verify"),), whose_page(kind, page)
    return Action("delete", _title(remediation, page), text, page, commands, which=which, whose=whose)


def _title(remediation: Remediation, page: str) -> str:
    """Return what to do as a heading, which the page follows where there is one."""
    return remediation._replace(place="").title if page else remediation.title


def _clean(states: set[str], *, dead: bool) -> Action:
    if not states & _IN_HISTORY:
        return Action("clean", "Remove it from the file")
    files = "Remove it from the files that still have it. " if states & IN_TRACKABLE_FILES else ""
    if dead:
        return Action("clean", "Clean the history (optional)", f"{files}It no longer opens anything.")
    text = "Rewriting history comes last and replaces none of these steps: every clone keeps its copy."
    return Action("clean", "Then clean the history", files + text)


def _states(credential: CredentialView) -> set[str]:
    places = credential["occurrences"]
    return {state for place in places for state in states_of(place)} or {credential["state"]}
