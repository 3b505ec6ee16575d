"""Words for whether a credential is live, its abilities, owner and allowance, all from a visible document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.credential import VerificationStatus
from akpatrol.report.number_words import listed
from akpatrol.report.text_safety import head, middle_out
from akpatrol.report.wording import ALLOWANCES, STATUSES, date_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from akpatrol.report.view import AllowanceView, AnswerView, InventoryKeyView, OwnerView, VerificationView

_NAME_WIDTH = 60
_REASON_WIDTH = 500


def verification_lines(verification: VerificationView | None, now: datetime, *, verbose: bool) -> Iterator[str]:
    """Yield whether it is live, since when that is known, and what it can do in each organization."""
    if verification is None:
        return
    checked = f" Checked {date_words(verification['checked_at'], now)}." if verification["checked_at"] else ""
    yield _status(verification, verification["reason"]) + checked
    if not verification["organizations"]:
        yield from _abilities_lines(verification, verbose=verbose)
    for answer in verification["organizations"]:
        # The line above has one organization's reason already.
        reason = "" if answer["reason"] in verification["reason"] else answer["reason"]
        yield f"in {head(answer['organization'], _NAME_WIDTH)}: {_status(answer, reason)}"
        yield from (f"- {line}" for line in _abilities_lines(answer, verbose=verbose))


def allowance_words(allowed: AllowanceView) -> str:
    """Say who allowed it, where and why, and how long that holds."""
    facts = [head(allowed["reason"], _REASON_WIDTH)]
    if allowed["owner"]:
        facts.append(f"owner {head(allowed['owner'], _NAME_WIDTH)}")
    if allowed["expires"]:
        facts.append(f"until {allowed['expires']}")
    return f"allowed {ALLOWANCES[allowed['source']]}, {middle_out(allowed['where'], _REASON_WIDTH)}: {'; '.join(facts)}"


def owner_lines(owner: OwnerView | None, now: datetime, *, verbose: bool) -> Iterator[str]:
    """Name the owner: every key that it may be, or why none is known."""
    if owner is None:
        return
    keys = [_key(key, now) for key in owner["keys"]]
    reason = head(owner["reason"], _REASON_WIDTH)
    if len(keys) == 1:
        yield f"owner: {keys[0]}" + (f". {reason}" if verbose else "")
        return
    yield f"owner: {reason}"
    yield from (f"- {key}" for key in keys)


def abilities(answer: AnswerView) -> str:
    """Say what a live credential can do; a scope without a documented meaning is shown by name."""
    does = [word for word in answer["blast_radius"] if word not in answer["scopes"]]
    others = _names([word for word in answer["blast_radius"] if word in answer["scopes"]])
    parts = [
        f"it {', '.join(does)}" if does else "",
        f"{'other ' if does else ''}scopes: {listed(others)}" if others else "",
    ]
    return "; ".join(part for part in parts if part) or "what it can do is not known, so assume everything"


def _abilities_lines(answer: AnswerView, *, verbose: bool) -> Iterator[str]:
    if answer["status"] != VerificationStatus.ACTIVE:
        return
    yield abilities(answer)
    if verbose and answer["scopes"]:
        yield "all scopes: " + ", ".join(_names(answer["scopes"]))


def _status(answer: AnswerView, reason: str) -> str:
    return ": ".join(filter(None, [STATUSES[answer["status"]], head(reason, _REASON_WIDTH)]))


def _key(key: InventoryKeyView, now: datetime) -> str:
    name = f'"{head(key["name"], _NAME_WIDTH)}"' if key["name"] else "a key without a name"
    created = f"created {_date(key['created_at'], now)}" if key["created_at"] else ""
    parts = [f"{name}, key id {head(key['key_id'], _NAME_WIDTH)}", created, _expiry(key, now)]
    return "; ".join(filter(None, parts))


def _expiry(key: InventoryKeyView, now: datetime) -> str:
    if not key["expires_at"]:
        return "expired" if key["expired"] else "never expires"
    return f"{'expired' if key['expired'] else 'expires'} {_date(key['expires_at'], now)}"


def _date(date: str, now: datetime) -> str:
    return head(date_words(date, now), _NAME_WIDTH)


def _names(scopes: Sequence[str]) -> list[str]:
    return [head(scope, _NAME_WIDTH) for scope in scopes]
