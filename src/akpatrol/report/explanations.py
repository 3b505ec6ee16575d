"""What rules did with a text, as plain values and as lines for a person; every secret in it is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypedDict

from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import head, plain, tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.explain import ExplainedMatch, ExplainedRule, Step

SCHEMA_VERSION = "1"
_SIDE_WIDTH = 60
_MARKS = {True: "yes", False: "NO", None: "-"}
_STEP_WIDTH = 12


class StepView(TypedDict):
    """One condition of a rule or of a match; ``passed`` is null where there is none."""

    name: str
    passed: bool | None
    detail: str
    measured: float | None
    bound: float | None


class RuleMatchView(TypedDict):
    """One match of a rule's pattern."""

    line: int
    column: int
    text: str
    secret: str
    found: bool
    confidence: str | None
    steps: list[StepView]


class RuleTrialView(TypedDict):
    """What one rule did with a text."""

    id: str
    description: str
    shipped: bool
    found: bool
    steps: list[StepView]
    matches: list[RuleMatchView]
    more_matches: int


class ExplanationView(TypedDict):
    """What rules did with a text of so many bytes."""

    schema_version: str
    bytes: int
    path: str | None
    rules: list[RuleTrialView]


class MaskedText(Protocol):
    """Masks secrets in texts, and all that may be a part of one beside a match."""

    def text(self, text: str) -> str:
        """Return a text without secrets."""

    def beside(self, data: bytes) -> str:
        """Return text beside a match without secrets and without long random text."""


def view(explained: Sequence[ExplainedRule], size: int, path: str | None, mask: MaskedText) -> ExplanationView:
    """Return the explanation of all rules for a text of ``size`` bytes."""
    return {
        "schema_version": SCHEMA_VERSION,
        "bytes": size,
        "path": None if path is None else plain(mask.text(path)),
        "rules": [_rule(entry, mask) for entry in explained],
    }


def lines(explained: Sequence[ExplainedRule], mask: MaskedText, *, whole: bool) -> Iterator[str]:
    """Yield the explanation for a person: in full for rules that looked at the text, and for all with ``whole``."""
    shown = [entry for entry in explained if whole or entry.applies]
    for entry in shown:
        told = _rule(entry, mask)
        yield f"{told['id']}: {'found' if told['found'] else 'not found'}"
        yield from (f"  {_step(step)}" for step in told["steps"])
        for match in told["matches"]:
            yield f"  match at line {match['line']}, column {match['column']}: {match['text']}"
            yield from (f"    {_step(step)}" for step in match["steps"])
            verdict = f"found, {match['confidence']} confidence" if match["confidence"] else "not found"
            yield f"    verdict: {verdict}"
        if entry.more:
            yield f"  and {plural(entry.more, 'more match', 'more matches')}"
    rest = len(explained) - len(shown)
    if rest:
        words = "does not apply: its" if rest == 1 else "do not apply: their"
        yield f"{plural(rest, 'rule')} {words} text or keywords are not there; -v shows which"


def _step(step: StepView) -> str:
    return f"{step['name']:<{_STEP_WIDTH}} {_MARKS[step['passed']]:<3} {step['detail']}"


def _rule(entry: ExplainedRule, mask: MaskedText) -> RuleTrialView:
    return {
        "id": plain(mask.text(entry.rule.id)),
        "description": plain(mask.text(entry.rule.description)),
        "shipped": entry.rule.shipped,
        "found": entry.is_found,
        "steps": [_step_view(step, mask) for step in entry.steps],
        "matches": [_match(match, mask) for match in entry.matches],
        "more_matches": entry.more,
    }


def _match(match: ExplainedMatch, mask: MaskedText) -> RuleMatchView:
    before, after = (plain(mask.beside(side)) for side in (match.before, match.after))
    masked = plain(match.secret.redacted)
    return {
        "line": match.line,
        "column": match.column,
        "text": " ".join(f"{tail(before, _SIDE_WIDTH)}{masked}{head(after, _SIDE_WIDTH)}".split()),
        "secret": masked,
        "found": match.confidence is not None,
        "confidence": match.confidence,
        "steps": [_step_view(step, mask) for step in match.steps],
    }


def _step_view(step: Step, mask: MaskedText) -> StepView:
    return {
        "name": step.name,
        "passed": step.passed,
        "detail": plain(mask.text(step.detail)),
        "measured": step.measured,
        "bound": step.bound,
    }
