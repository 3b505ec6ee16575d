"""What SARIF says in words. No message holds a secret, an author or what a viewer would take for a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from akpatrol.findings import VerificationStatus
from akpatrol.model import Kind
from akpatrol.report.advice import TO_KNOW, Situation, leaked_action, situation, to_know
from akpatrol.report.standing import abilities
from akpatrol.report.text_safety import head, middle_out, visible
from akpatrol.report.words import SHORT_ID, STATUSES, attribution_words, kind_name, listed, location, state_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.rules import Rule

DESCRIPTION_LIMIT = 1000
"""Characters; GitHub takes 1,024."""

_PATH_WIDTH = 500
_NAME_WIDTH = 100
_NOT_PLAIN = re.compile(r"[\[\]{}]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!])")
_FULL = {
    Kind.ORGANIZATION_KEY: (
        "An Anyreach organization API key gives whoever has it the organization that it belongs to, "
        "until it is deleted or expires."
    ),
    Kind.PERSONAL_ACCESS_TOKEN: (
        "An Anyreach personal access token acts for its user in every organization of theirs, until it is "
        "deleted or expires. Other vendors use the prefix pat_ too, so find out whose a token is first."
    ),
}


def plain_message(text: str) -> str:
    """Return visible text without placeholders and embedded links (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return _NOT_PLAIN.sub(lambda match: f"\\x{ord(match[0]):02x}", visible(text))


def result_message(credential: Mapping[str, Any], occurrence: Mapping[str, Any], action: str) -> str:
    """Say what is where since which commit, and what to do; the first two are parts of a visible document."""
    kind, attribution = credential["kind"], credential["attribution"]
    occurrence = {**occurrence, "refs": [middle_out(ref, _NAME_WIDTH) for ref in occurrence["refs"]]}
    where = middle_out(location(occurrence), _PATH_WIDTH)
    facts = [state_words(occurrence)]
    if introduced := occurrence["introduced"]:
        facts.append(f"since commit {introduced['id'][:SHORT_ID]} of {introduced['date'][:10]}")
    elif occurrence["object"]:
        facts.append(f"git object {occurrence['object'][:SHORT_ID]}")
    if removed := occurrence["removed"]:
        facts.append(f"this version replaced or removed in commit {removed['id'][:SHORT_ID]} of {removed['date'][:10]}")
    if others := [middle_out(path, _NAME_WIDTH) for path in occurrence["paths"] if path != occurrence["path"]]:
        facts.append("also at " + listed(others))
    if occurrence["encodings"]:
        facts.append(
            "encoded as " + ", then ".join(head(encoding, _NAME_WIDTH) for encoding in occurrence["encodings"])
        )
    name = kind_name(kind, attribution)
    if kind == Kind.CUSTOM:
        name += " found by " + head(next(iter(credential["rule_ids"]), "a rule"), _NAME_WIDTH)
    return plain_message(
        f"{_capital(name)} {credential['redacted']} at {where}: {'; '.join(facts)}. "
        f"{_capital(credential['confidence'])} confidence, {attribution_words(kind, attribution)}, "
        f"{_status_message(credential['verification'])} {action}"
    )


def _status_message(verification: Mapping[str, Any] | None) -> str:
    if verification is None:
        return "not verified."
    sentence = f"{STATUSES[verification['status']]}: {head(verification['reason'], _PATH_WIDTH)}"
    if verification["status"] != VerificationStatus.ACTIVE:
        return sentence
    return f"{sentence} {_capital(head(abilities(verification), _PATH_WIDTH))}."


def action_message(credential: Mapping[str, Any]) -> str:
    """Say what to do about a credential of a visible document."""
    states = {place["state"] for place in credential["occurrences"]}
    match situation(states):
        case Situation.IGNORED:
            return "Git ignores this file, the right place: never commit it."
        case Situation.STAGED:
            return "Take it out before committing: nothing has leaked yet."
    sentence = _capital(leaked_action(credential, states))
    hint = to_know(credential)
    return f"{sentence} {TO_KNOW} {hint}" if hint else sentence


def skip_message(skip: Mapping[str, Any]) -> str:
    """Say what could not be looked at; ``skip`` is a part of a document."""
    accepted = f" Accepted: {skip['accepted']}." if skip["accepted"] else ""
    item, reason = middle_out(visible(skip["item"]), _PATH_WIDTH), head(visible(skip["reason"]), _PATH_WIDTH)
    return plain_message(f"Not looked at: {item}: {reason}.{accepted}")


def full_description(kind: Kind, rule: Rule | None) -> str:
    """Describe what a rule finds in one or two sentences."""
    return _FULL.get(kind) or _sentence(rule.description if rule else "A credential")


def short_description(kind: Kind, rule: Rule | None) -> str:
    """Name what a rule finds."""
    described = rule.description if rule else kind_name(kind, "likely")
    return _sentence(described + " in files or history")


def help_text(rule: Rule | None, steps: list[str]) -> str:
    """Say what to do, as plain text."""
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    return visible(" ".join(["What to do:", *numbered, *_references(rule)]))


def help_markdown(rule: Rule | None, steps: list[str]) -> str:
    """Say what to do, as Markdown in which rules write plain text only."""
    numbered = [f"{number}. {_escaped(step)}" for number, step in enumerate(steps, 1)]
    return "\n".join(
        [
            "**What to do**",
            "",
            *numbered,
            *(line for text in _references(rule) for line in ("", _escaped(text))),
        ]
    )


def _references(rule: Rule | None) -> list[str]:
    return [f"Anyreach's documentation: {', '.join(rule.references)}."] if rule and rule.references else []


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", visible(text))


def _sentence(text: str) -> str:
    return visible(head(text, DESCRIPTION_LIMIT // 4)).rstrip(". ") + "."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def location_name(occurrence: Mapping[str, Any]) -> str:
    """Name a place that is no file."""
    return plain_message(middle_out(location(occurrence), _PATH_WIDTH))
