"""Texts for SARIF. No message holds a secret, an author or anything that a viewer would turn into a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.report.messages import PATH_WIDTH
from akpatrol.report.text_safety import head, middle_out, visible
from akpatrol.report.wording import kind_name, location

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind
    from akpatrol.report.view import OccurrenceView
    from akpatrol.rules.rule import Rule

DESCRIPTION_LIMIT = 1000
"""Characters; GitHub takes 1,024."""

_NOT_PLAIN = re.compile(r"[\[\]{}]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!])")


def plain_message(text: str) -> str:
    """Return visible text without placeholders and embedded links (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return _NOT_PLAIN.sub(lambda match: f"\\x{ord(match[0]):02x}", visible(text))


def full_description(kind: CredentialKind, rule: Rule | None) -> str:
    """Describe what a rule finds in one or two sentences."""
    return kind.sarif.description or _sentence(rule.description if rule else "A credential")


def short_description(kind: CredentialKind, rule: Rule | None) -> str:
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


def location_name(occurrence: OccurrenceView) -> str:
    """Name a place that is not a file."""
    return plain_message(middle_out(location(occurrence), PATH_WIDTH))
