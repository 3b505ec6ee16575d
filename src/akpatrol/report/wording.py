"""How numbers, ages, states and names are put into words."""

from __future__ import annotations

import os.path
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from akpatrol.kinds import named
from akpatrol.model.scan import Attribution, End, Place, State, StateReason
from akpatrol.report.number_words import listed, plural
from akpatrol.report.text_safety import head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.report.view import CommitView, CredentialView, MoveView, OccurrenceView, RemovalView

UNVERIFIED = "unverified"
STATUSES = {
    "active": "live",
    "inactive": "inactive",
    "unknown": "unknown",
    "not_sent": "not sent",
    UNVERIFIED: "unverified",
}
"""Every VerificationStatus, as a text so that a run that finds nothing need not load it, and what was never asked."""

ALLOWANCES = {
    "baseline": "by the baseline",
    "configuration": "by the configuration",
    "inline": "inline",
    "gitleaksignore": "by .gitleaksignore",
}
"""Every AllowanceSource, likewise."""

SHORT_ID = 12
"""Hex digits of a git id: enough to be unique in the largest repositories."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+]*://")

_ATTRIBUTIONS = {
    Attribution.CONFIRMED: "confirmed to be Anyreach's",
    Attribution.LIKELY: "likely Anyreach's",
    Attribution.OPEN: "may be another vendor's",
}
_UNREACHABLE = {
    StateReason.STASH: "only in a stash",
    StateReason.REFLOG: "only in a reflog",
    StateReason.DANGLING: "only in an object that no ref reaches",
}
_STATES = {
    State.WORKTREE: "in files",
    State.STAGED: "staged",
    State.PRESENT: "in a branch now",
    State.REMOVED: "only in older commits or other refs",
    State.UNREACHABLE: "reachable from no ref",
    State.IGNORED: "in files that git ignores",
}
_PLACES = {
    Place.COMMIT_MESSAGE: "message of commit",
    Place.AUTHOR: "author of commit",
    Place.COMMITTER: "committer of commit",
    Place.TAG_MESSAGE: "message of tag",
    Place.TAGGER: "tagger of tag",
}
_TEXT_PLACES = frozenset({*_PLACES, Place.REF_NAME})
STDIN = "<stdin>"
_AGES = ((365, "year"), (30, "month"), (7, "week"), (1, "day"))
"""Days in each unit."""

_SHORT_NAME = 8  # digits of a fingerprint
_AUTHOR_WIDTH = 60
_OWNER_WIDTH, _OWNERS = 80, 5
_RULE_WIDTH, _TITLE_WIDTH = 100, 200


def kind_name(kind: str, attribution: str) -> str:
    """Name a credential's kind, and its issuer only when that is known."""
    wording = named(kind).wording
    return (attribution == Attribution.OPEN and wording.unattributed) or wording.name


def credential_name(credential: CredentialView) -> str:
    """Name what a credential is: its kind, or how a user's rule describes it, with the rule's id."""
    if not named(credential["kind"]).is_custom:
        return kind_name(credential["kind"], credential["attribution"])
    rule_id = head(next(iter(credential["rule_ids"]), "a rule"), _RULE_WIDTH)
    if not is_described(credential):
        return f"credential found by {rule_id}"
    return f"{head(credential['title'].rstrip(' .'), _TITLE_WIDTH)} ({rule_id})"


def is_described(credential: CredentialView) -> bool:
    """Return whether the rule that names a credential says what it is, and not only its own id."""
    return bool(credential["title"].strip(" .")) and credential["title"] not in credential["rule_ids"][:1]


def attribution_words(kind: str, attribution: str) -> str:
    """Say who issued a credential."""
    if named(kind).is_custom and attribution != Attribution.CONFIRMED:
        return "of unknown issuer"
    return _ATTRIBUTIONS[Attribution(attribution)]


def status_of(credential: CredentialView) -> str:
    """Return one of STATUSES; ``credential`` is a document's."""
    verification = credential["verification"]
    return verification["status"] if verification else UNVERIFIED


def state_name(state: str) -> str:
    """Say in general where credentials of a state are."""
    return _STATES[State(state)]


def state_words(occurrence: OccurrenceView) -> str:
    """Say where one occurrence is now; ``occurrence`` is a document's."""
    match State(occurrence["state"]):
        case State.WORKTREE:
            return "in the file now" if occurrence["path"] != STDIN else "in the input"
        case State.IGNORED:
            return "git ignores this file"
        case State.STAGED:
            return "staged, not committed yet"
        case State.UNREACHABLE:
            reason = occurrence["state_reason"]
            return _UNREACHABLE[StateReason(reason)] if reason else "reachable from no ref"
        case _:
            return _in_history(occurrence, listed([short_ref(ref) for ref in occurrence["refs"]]))


def doubts(occurrence: OccurrenceView) -> Iterator[str]:
    """Say what makes one occurrence less certain than its text suggests."""
    if occurrence["end"] == End.UNCERTAIN:
        yield "its end is uncertain"
    if occurrence["alike"]:
        yield f"one of {occurrence['alike']:,} identifiers like it in the file"


def code_owners(occurrence: OccurrenceView) -> Iterator[str]:
    """Name the owners of one occurrence's path, if it has any."""
    if owners := occurrence["owners"]:
        yield f"owners: {listed([head(owner, _OWNER_WIDTH) for owner in owners], _OWNERS)}"


def _in_history(occurrence: OccurrenceView, refs: str) -> str:
    """Refs are those that reach it: not each of their trees need hold it still."""
    if occurrence["place"] == Place.GIT_DIR:
        return "in the git directory now"
    if occurrence["place"] in _TEXT_PLACES:
        return f"still in {refs or 'a ref'}"
    if occurrence["state"] == State.REMOVED:
        return "gone from every branch's files" + (f", still in the history of {refs}" if refs else "")
    return "in a branch's files now" + (f", reachable from {refs}" if refs else "")


def location(occurrence: OccurrenceView, root: str = "") -> str:
    """Name one occurrence's place, with line and column where it has them."""
    place = Place(occurrence["place"])
    path = joined(root, occurrence["path"] or "")
    commit = occurrence["introduced"]["id"] if occurrence["introduced"] else None
    match place:
        case Place.PATH:
            return " > ".join([path, *occurrence["containers"]]) + " (in its name)"
        case Place.REF_NAME:
            return "name of " + (listed(occurrence["refs"]) or "a ref")
        case Place.GIT_DIR:
            where = f"git directory: {path}"
        case Place.CONTENT:
            where = path or f"object {(occurrence['object'] or '')[:SHORT_ID]}"
        case _:
            id_ = occurrence["object"] if place in {Place.TAG_MESSAGE, Place.TAGGER} else commit or occurrence["object"]
            where = f"{_PLACES[place]} {(id_ or '')[:SHORT_ID]}".rstrip()
    where = " > ".join([where, *occurrence["containers"]])
    numbers = [occurrence["line"], occurrence["column"]]
    return ":".join([where, *(str(number) for number in numbers if number is not None)])


def directory_of(kind: str, root: str) -> str:
    """Return what a target's paths are relative to: itself, a file's directory, or the host or bucket of an address."""
    if is_address(root):
        return "/".join(root.split("/", 3)[:3])
    return os.path.dirname(root) if kind == "file" else root


def is_address(root: str) -> bool:
    """Return whether a target's root is the address of a bucket or of images; a path of this machine begins with /."""
    return _ADDRESS.match(root) is not None


def joined(root: str, path: str) -> str:
    """Put a target's root before a path; either may be empty."""
    return f"{root.rstrip('/')}/{path}" if root and path else root or path


def short_ref(ref: str) -> str:
    """Return a ref's name as git shows it to people."""
    for prefix, words in (("refs/heads/", ""), ("refs/remotes/", ""), ("refs/tags/", "tag ")):
        if ref.startswith(prefix):
            return words + ref.removeprefix(prefix)
    return ref


def commit_words(commit: RemovalView, now: datetime) -> str:
    """Name a commit: short id, author where there is one, date and age."""
    parts = [commit["id"][:SHORT_ID], str(commit.get("author", "")), date_words(commit["date"], now)]
    return ", ".join(part for part in parts if part)


def since_words(commit: CommitView) -> str:
    """Return "since", or "in or before" at a shallow boundary, where an earlier commit may have added it."""
    return "in or before" if commit["boundary"] else "since"


def moved_words(moved: MoveView, path: str = "") -> str:
    """Say from where a place was moved or copied, and since when it was there; ``path`` is that path's name."""
    words = f"{'moved' if moved['kind'] == 'move' else 'copied'} from {path or moved['path']}"
    if not (commit := moved["introduced"]):
        return words
    author = commit["author"].partition(" <")[0][:_AUTHOR_WIDTH]
    since = ", ".join(filter(None, [commit["id"][:SHORT_ID], author, commit["date"][:10]]))
    return f"{words}, there {since_words(commit)} {since}"


def also_at(occurrence: OccurrenceView, others: Sequence[str], limit: int = 3) -> str:
    """Name the other paths, and say when the list is not complete."""
    words = "also at " + listed(others, limit)
    return f"{words}; more than {len(occurrence['paths']):,} paths in all" if occurrence["paths_truncated"] else words


def date_words(date: str, now: datetime) -> str:
    """Return an RFC 3339 date's day in UTC and how long ago it was; an invalid date is returned unchanged."""
    moment = parsed(date)
    return date if moment is None else _with_age(_day(moment), moment, now)


def moment_words(date: str, now: datetime) -> str:
    """Return the same with the minute, to look for in logs."""
    moment = parsed(date)
    return date if moment is None else _with_age(f"{_day(moment)} {moment:%H:%M} UTC", moment, now)


def _day(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def _with_age(words: str, moment: datetime, now: datetime) -> str:
    past = age((now - moment).total_seconds() / 86400)
    return f"{words}, {past}" if past else words


def parsed(date: str) -> datetime | None:
    """Return an RFC 3339 date in UTC, or None."""
    try:
        moment = datetime.fromisoformat(date)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def age(days: float) -> str:
    """Say how long ago ``days`` days are; "" for the future, which commits of wrong clocks have."""
    if days < 0:
        return ""
    for length, unit in _AGES:
        # Up to two units of one kind, the smaller unit says more: "13 months", not "1 year".
        if days >= length * (2 if unit != "day" else 1):
            return f"{plural(int(days // length), unit)} ago"
    return "today"


def short_names(fingerprints: Iterable[str]) -> dict[str, str]:
    """Return for each fingerprint the shortest part of its digits that no other begins with, at least eight."""
    digits = {name: name.partition(":")[2] for name in fingerprints}
    length = _SHORT_NAME
    while len({text[:length] for text in digits.values()}) < len(set(digits.values())):
        length += 1
    return {name: text[:length] for name, text in digits.items()}
