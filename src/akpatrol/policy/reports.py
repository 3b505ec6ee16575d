"""A JSON report as the scan that a baseline learns from: names and masked forms, whatever else it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.policy.baseline import FILES, HISTORY, Entry, Seen, is_fingerprint, is_masked

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a range, an index or a message holds is in history once it is committed.
_SCANS = {"history": HISTORY, "range": HISTORY, "staged": HISTORY, "commit-msg": HISTORY, "scan": FILES}
_WHOLE = ("history", "scan")


class Here(NamedTuple):
    """The repository whose baseline it is: only a report about all of it may drop entries."""

    root: str
    remote: str | None = None


class Learned(NamedTuple):
    """What a report says, why it may drop nothing ("" when it may), and how many of its credentials are live."""

    seen: Seen
    partial: str
    live: int


def read(content: bytes, name: str, here: Here, template: Entry) -> Learned:
    """Return what a report found; ``template`` has what is the same for all new entries. Raises UsageError."""
    try:
        document = json.loads(content)
        command, coverage = document["scan"]["command"], document["coverage"]
        credentials = [one for one in document["credentials"] if _is_to_learn(one)]
        partial = _partial(document, here)
        entries = {entry.fingerprint: entry for entry in _entries(credentials, template)}
        live = sum((one["verification"] or {}).get("status") == "active" for one in credentials)
        complete = coverage["complete"] is True and not partial
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError):
        raise UsageError(f"{name}: not a JSON report of akpatrol", hint="write one: akpatrol history -f json") from None
    if command not in _SCANS:
        raise UsageError(f"{name}: a report of akpatrol {command}: nothing to learn from for a baseline")
    partial = partial or ("" if complete else "it is incomplete")
    return Learned(Seen(_SCANS[command], entries, complete), partial, live)


def _is_to_learn(credential: dict[str, Any]) -> bool:
    """Tell whether something else than a baseline allows it: then it needs no entry."""
    return not credential["allowed"] or credential["allowed"]["source"] == "baseline"


def _entries(credentials: list[dict[str, Any]], template: Entry) -> Iterator[Entry]:
    for one in credentials:
        if not is_fingerprint(one["fingerprint"]) or not is_masked(one["redacted"]):
            raise ValueError
        yield template._replace(fingerprint=one["fingerprint"], kind=str(one["kind"]), redacted=one["redacted"])


def _partial(document: dict[str, Any], here: Here) -> str:
    """Return why a report does not speak for all of the repository."""
    command, targets = document["scan"]["command"], document["scan"]["targets"]
    if command not in _WHOLE:
        return f"a report of {command} sees only a part"
    same_remote = command == "history" and here.remote and targets[0]["remote"] == here.remote
    if len(targets) != 1 or not (targets[0]["path"] == here.root or same_remote):
        return "it is not about this repository alone"
    if any(one["reason"] == "exclude_option" for one in document["coverage"]["excluded"]):
        return "something was excluded from it"
    low = any(one["confidence"] != "high" for one in document["credentials"])
    if document["summary"]["below_min_confidence"] and not low:
        return "it may leave out what was less sure"
    return ""
