"""Sentences for the machine-readable formats, all from a visible document, and without authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import named
from akpatrol.model.credential import FileName, VerificationStatus
from akpatrol.report.advice import TO_KNOW, Situation, leaked_action, situation, to_know
from akpatrol.report.number_words import plural
from akpatrol.report.place_view import states_of
from akpatrol.report.spread import removal_words
from akpatrol.report.text_safety import head, middle_out, visible
from akpatrol.report.verification_text import abilities, allowance_words
from akpatrol.report.wording import (
    SHORT_ID,
    STATUSES,
    also_at,
    attribution_words,
    code_owners,
    credential_name,
    doubts,
    is_described,
    location,
    moved_words,
    since_words,
    state_words,
)

if TYPE_CHECKING:
    from akpatrol.report.spread import Spread
    from akpatrol.report.view import CredentialView, OccurrenceView, SkipView, VerificationView

PATH_WIDTH = 500
_NAME_WIDTH = 100


def result_message(
    credential: CredentialView, occurrence: OccurrenceView, action: str, spread: Spread | None = None
) -> str:
    """Name the credential, its place, its commit, the further places it represents, and what to do."""
    kind, attribution = credential["kind"], credential["attribution"]
    occurrence = {**occurrence, "refs": [middle_out(ref, _NAME_WIDTH) for ref in occurrence["refs"]]}
    where = middle_out(location(occurrence), PATH_WIDTH)
    facts = [state_words(occurrence)]
    more = list(spread.facts()) if spread else []
    introduced = occurrence["introduced"]
    if introduced and not (spread and spread.tells_first):
        facts.append(f"{since_words(introduced)} commit {introduced['id'][:SHORT_ID]} of {introduced['date'][:10]}")
    elif occurrence["object"] and not introduced:
        facts.append(f"git object {occurrence['object'][:SHORT_ID]}")
    facts += more
    if moved := occurrence["moved_from"]:
        facts.append(moved_words(moved, middle_out(moved["path"], _NAME_WIDTH)))
    if removed := occurrence["removed"]:
        facts.append(f"{removal_words(occurrence)}commit {removed['id'][:SHORT_ID]} of {removed['date'][:10]}")
    if others := [middle_out(path, _NAME_WIDTH) for path in occurrence["paths"] if path != occurrence["path"]]:
        facts.append(also_at(occurrence, others))
    if occurrence["encodings"]:
        facts.append(
            "encoded as " + ", then ".join(head(encoding, _NAME_WIDTH) for encoding in occurrence["encodings"])
        )
    facts += doubts(occurrence)
    facts += code_owners(occurrence)
    return (
        f"{_found(credential)} at {where}: {'; '.join(facts)}. "
        f"{capital(credential['confidence'])} confidence, {attribution_words(kind, attribution)}, "
        f"{_status_message(credential['verification'])} {_allowance_message(credential)}{action}"
    )


def title(credential: CredentialView) -> str:
    """Name what a credential is."""
    return capital(credential_name(credential))


def sentence(text: str, width: int) -> str:
    """Return a text of at most ``width`` columns as a sentence."""
    return capital(head(text.strip(), width).rstrip(". ")) + "."


def _found(credential: CredentialView) -> str:
    """Begin the sentence about where a credential is; a rule's description is a sentence of its own."""
    if not (named(credential["kind"]).is_custom and is_described(credential)):
        return f"{title(credential)} {credential['redacted']}"
    rule_id = head(next(iter(credential["rule_ids"]), ""), _NAME_WIDTH)
    redacted = credential["redacted"]
    what = "the file" if redacted == FileName.MASK else redacted
    return f"{sentence(credential['title'], PATH_WIDTH)} Rule {rule_id} found {what}"


def action_message(credential: CredentialView) -> str:
    """Say what to do about a credential."""
    states = states_of(credential)
    match situation(states):
        case Situation.IGNORED:
            return "Git ignores this file, which is the right place: never commit it."
        case Situation.STAGED:
            return "Remove it before you commit: nothing has leaked yet."
    sentence = capital(leaked_action(credential, states))
    hint = to_know(credential)
    return f"{sentence} {TO_KNOW} {hint}" if hint else sentence


def skip_message(skip: SkipView) -> str:
    """Say what could not be scanned."""
    accepted = f" Accepted: {skip['accepted']}." if skip["accepted"] else ""
    item, reason = middle_out(visible(skip["item"]), PATH_WIDTH), head(visible(skip["reason"]), PATH_WIDTH)
    return f"Not scanned: {item}: {reason}.{accepted}"


def left_out_message(number: int) -> str:
    """Say how many places a format has no room for."""
    return f"Not in this file: {plural(number, 'more place')}; the JSON report lists them."


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def _status_message(verification: VerificationView | None) -> str:
    if verification is None:
        return "not verified."
    sentence = f"{STATUSES[verification['status']]}: {head(verification['reason'], PATH_WIDTH)}"
    if verification["status"] != VerificationStatus.ACTIVE:
        return sentence
    return f"{sentence} {capital(head(abilities(verification), PATH_WIDTH))}."


def _allowance_message(credential: CredentialView) -> str:
    return f"{capital(allowance_words(credential['allowed']))}. But it is live. " if credential["allowed"] else ""
