"""Turn a pattern's match into a match of the engine, if the judge takes it for a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.judge import judge
from akpatrol.model.scan import End, Match, Secret
from akpatrol.rules.visible_prefix import visible_prefix

if TYPE_CHECKING:
    from akpatrol.detect.enclosing_text import Outer
    from akpatrol.detect.match import MatchSpan
    from akpatrol.detect.medium import Medium
    from akpatrol.detect.nearby_clues import Nearby
    from akpatrol.rules.rule import Rule


def judged_match(rule: Rule, medium: Medium, span: MatchSpan, near: Nearby | None, outer: Outer) -> Match | None:
    """Return the match, None where it is no credential; without ``near`` no clue near by bears on it."""
    clues = near.clues(span.start, span.end) | outer.clues() if near else outer.clues()
    verdict = judge(rule, medium, span.secret_start, span.secret_end, clues)
    if verdict is None:
        return None
    secret = medium.data[verdict.start : verdict.end]
    return Match(
        rule_id=rule.id,
        kind=rule.kind,
        secret=Secret(secret, visible_prefix(rule, secret) if rule.is_foreign else None),
        start=verdict.start,
        end=verdict.end,
        confidence=min(verdict.confidence, rule.confidence),
        attribution=verdict.attribution,
        exposure=verdict.exposure,
        ending=End.CERTAIN if verdict.end_is_certain else End.UNCERTAIN,
        lines_before=_lines_before(medium.data, span),
    )


def _lines_before(data: bytes, span: MatchSpan) -> int:
    """Count the lines from a match's start to its secret; a line break that it begins with is not one (gitleaks)."""
    start = span.start + data.startswith(b"\n", span.start)
    return data.count(b"\n", start, span.secret_start) if start < span.secret_start else 0
