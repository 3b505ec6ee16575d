"""Texts for SARIF. No message holds a secret, an author or anything that a viewer would turn into a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.report.messages import PATH_WIDTH, sentence
from akpatrol.report.text_safety import middle_out, visible
from akpatrol.report.wording import credential_name, is_described, kind_name, location

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind
    from akpatrol.report.view import CredentialView, OccurrenceView
    from akpatrol.rules.rule import Rule

DESCRIPTION_LIMIT = 1000
"""Characters; GitHub takes 1,024."""

_NOT_PLAIN = re.compile(r"[\[\]{}]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!])")


def plain_message(text: str) -> str:
    """Return visible text without placeholders and embedded links (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return _NOT_PLAIN.sub(lambda match: f"\\x{ord(match[0]):02x}", visible(text))


def full_description(kind: CredentialKind, rule: Rule | None) -> str:
    """Describe what a rule of ours finds in one or two sentences."""
    return kind.sarif.description or short_description(kind, rule)


def short_description(kind: CredentialKind, rule: Rule | None) -> str:
    """Name what a rule of ours finds."""
    described = rule.description if rule else kind_name(kind, "likely")
    return sentence(visible(described + " in files or history"), DESCRIPTION_LIMIT // 4)


def description(credential: CredentialView) -> str:
    """Describe what the user's rule that names a credential finds."""
    text = credential["title"] if is_described(credential) else credential_name(credential)
    return sentence(text, DESCRIPTION_LIMIT)


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
    if not rule or not rule.references:
        return []
    whose = "See" if rule.kind.is_custom else "Anyreach's documentation:"
    return [f"{whose} {', '.join(rule.references)}."]


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", visible(text))


def location_name(occurrence: OccurrenceView) -> str:
    """Name a place that is not a file."""
    return plain_message(middle_out(location(occurrence), PATH_WIDTH))
