"""Explain, step by step, what rules do with a text: the answer to "why is this found?" and "why is it not?".

Whether a match is found is the engine's own word; the steps are the same conditions, each with what it saw.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.boundaries import Edge, left_edge
from akpatrol.detect.engine import Engine
from akpatrol.detect.filters import Cover, Filters, entropy
from akpatrol.detect.likelihood import is_placeholder, score
from akpatrol.detect.match import Matcher
from akpatrol.detect.prefilter_result import has_anchor
from akpatrol.model.chunks import advance
from akpatrol.model.scan import Secret
from akpatrol.rules.literals import required
from akpatrol.rules.re2_patterns import compile_foreign
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.visible_prefix import visible_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.detect.match import MatchSpan
    from akpatrol.model.scan import Match
    from akpatrol.rules.literals import Literal
    from akpatrol.rules.rule import Allowlist, Required, Rule

MOST_MATCHES = 100
"""Matches of one rule that are explained."""


class Step(NamedTuple):
    """One condition: ``passed`` is None where there is no such condition, or nothing to check it with.

    ``measured`` and ``bound`` are numbers that were compared.
    """

    name: str
    passed: bool | None
    detail: str
    measured: float | None = None
    bound: float | None = None


class ExplainedMatch(NamedTuple):
    """One match of a rule's pattern at ``[start, end)``, the secret in it, and the conditions on it.

    ``confidence`` is that of the finding, None where the match is none.
    """

    line: int
    column: int
    before: bytes
    secret: Secret
    after: bytes
    steps: tuple[Step, ...]
    confidence: str | None


class ExplainedRule(NamedTuple):
    """What one rule did with the text; ``more`` matches are not explained.

    ``finds_file`` says that a rule without a pattern finds the file by its path.
    """

    rule: Rule
    steps: tuple[Step, ...]
    matches: tuple[ExplainedMatch, ...] = ()
    more: int = 0
    finds_file: bool = False

    @property
    def is_found(self) -> bool:
        """Whether the rule finds anything in the text."""
        return self.finds_file or any(match.confidence for match in self.matches)

    @property
    def applies(self) -> bool:
        """Whether the rule looked at the text with its pattern."""
        return all(step.passed is not False for step in self.steps if step.name != "regex")


def explain(tried: Iterable[Rule], rules: RuleSet, data: bytes, path: bytes | None = None) -> Iterator[ExplainedRule]:
    """Yield what each of the tried rules does with the text, which is at ``path`` if that is given.

    ``rules`` are all, for those that are made of others. Raises RuleError.
    """
    for rule in tried:
        if rule.regex:
            components = [rules.get(part.rule_id) for part in rule.required]
            others = [other._replace(skip_report=True) for other in components if other]
            alone = RuleSet(
                (rule, *(other for other in others if other.regex)),
                path_rules=tuple(other for other in others if not other.regex),
            )
            yield _Explanation(alone, data, path).explained()
        else:
            yield _explained_path_rule(rule, path)


def _explained_path_rule(rule: Rule, path: bytes | None) -> ExplainedRule:
    if path is None:
        return ExplainedRule(
            rule, (Step("path", None, f"finds files whose path matches {rule.path}; no path is given"),)
        )
    fits = bool(compile_foreign(rule.path, rule, "path").search(path))
    steps = [Step("path", fits, f"{'matches' if fits else 'does not match'} {rule.path}")]
    finds = Filters(rule).finds(path) is not None
    if fits and rule.allowlists:
        steps.append(Step("allowlists", finds, "none covers the path" if finds else "one covers the path"))
    return ExplainedRule(rule, tuple(steps), finds_file=finds)


class _Explanation:
    """One rule's way through a text."""

    def __init__(self, alone: RuleSet, data: bytes, path: bytes | None) -> None:
        self._alone = alone
        self._rule = rule = alone.rules[0]
        self._data = data
        self._path = path
        self._lowered = data.lower()
        self._matcher = Matcher(rule)
        self._filters = None if rule.shipped else Filters(rule)

    def explained(self) -> ExplainedRule:
        gates = (self._in_path(), self._gate(), self._keywords())
        if any(step.passed is False for step in gates):
            return ExplainedRule(self._rule, gates)
        spans = list(self._matcher.find(self._data, 0, len(self._data)))
        number = len(spans)
        words = "does not match" if not spans else f"matches {number:,} time{'s'[: number != 1]}"
        return ExplainedRule(
            self._rule,
            (*gates, Step("regex", bool(spans), words)),
            tuple(map(self._explained_match, spans[:MOST_MATCHES])),
            max(0, number - MOST_MATCHES),
        )

    def _in_path(self) -> Step:
        pattern = self._rule.path
        if not pattern:
            return Step("path", None, "any path")
        if self._path is None:
            return Step("path", None, f"only paths that match {pattern}; no path is given, so it is not checked")
        fits = bool(compile_foreign(pattern, self._rule, "path").search(self._path))
        return Step("path", fits, f"{'matches' if fits else 'does not match'} {pattern}")

    def _gate(self) -> Step:
        """Return whether the text holds what the first search needs: an anchor, or text that each match holds."""
        if has_anchor(self._rule):
            is_there = re.search(self._rule.anchor.encode(), self._data) is not None
            return Step("gate", is_there, f"{'holds' if is_there else 'does not hold'} {self._rule.anchor}")
        literals = required(self._rule._replace(keywords=()))
        if not literals:
            return Step("gate", None, "the pattern requires no fixed text")
        held = [literal for literal in literals if self._holds(literal)]
        words = f"{'holds' if held else 'holds none of'} {', '.join(dict.fromkeys(map(_written, held or literals)))}"
        return Step("gate", bool(held), words)

    def _holds(self, literal: Literal) -> bool:
        sets = (b"[%b]" % b"".join(b"\\x%02x" % byte for byte in place) for place in literal.places)
        return re.search(b"".join(sets), self._data) is not None

    def _keywords(self) -> Step:
        words = self._rule.keywords
        if not words:
            return Step("keywords", None, "none: the pattern is tried on every text")
        found = [word for word in words if word.lower().encode() in self._lowered]
        return Step("keywords", bool(found), ", ".join(found) or f"none of {', '.join(words)}")

    @cached_property
    def _found(self) -> list[Match]:
        return Engine(self._alone, "automaton").scan(self._data, path=self._path)

    def _explained_match(self, span: MatchSpan) -> ExplainedMatch:
        data, secret = self._data, self._data[span.secret_start : span.secret_end]
        # The judge may end one of ours earlier than the pattern does.
        found = next((match for match in self._found if match.start == span.secret_start), None)
        line, column = advance(1, 1, data[: span.secret_start])
        steps = list(self._judged(span, secret, found) if self._rule.shipped else self._filtered(span, secret))
        if self._rule.required and all(step.passed is not False for step in steps):
            steps.append(
                Step("required", found is not None, f"needs near by: {', '.join(map(_part, self._rule.required))}")
            )
        if self._rule.skip_report:
            steps.append(Step("report", False, "the rule is only part of others (skipReport)"))  # noqa: FBT003
        return ExplainedMatch(
            line,
            column,
            data[span.start : span.secret_start],
            Secret(secret, visible_prefix(self._rule, secret) if self._rule.is_foreign else None),
            data[span.secret_end : span.end],
            tuple(steps),
            found.confidence.name.lower() if found else None,
        )

    def _judged(self, span: MatchSpan, secret: bytes, found: Match | None) -> Iterator[Step]:
        kind = self._rule.kind
        text = secret[len(kind.prefix) :]
        first, dot, rest = text.partition(b".")
        telling = rest if dot else first
        fits = kind.has_form(secret) or found is not None
        yield Step("length", fits, f"{len(first)}{f' and {len(rest)}' if dot else ''} characters after {kind.prefix}")
        inside = left_edge(self._data, span.secret_start) is Edge.INSIDE
        yield Step("boundary", not inside, "continues a word" if inside else "begins where a word begins")
        nats = score(telling)
        yield Step("randomness", nats >= 0, f"{nats:.1f} nats of evidence for random text", round(nats, 1), 0.0)
        holds = any(map(is_placeholder, text.split(b".")))
        yield Step("placeholder", not holds, "reads as a placeholder" if holds else "does not read as a placeholder")
        words = f"{found.confidence.name.lower()} confidence, {found.attribution}" if found else "not a credential here"
        yield Step("judge", found is not None, words)

    def _filtered(self, span: MatchSpan, secret: bytes) -> Iterator[Step]:
        measured, bound = entropy(secret), self._rule.entropy
        if bound:
            words = f"{measured:.2f} bits a byte, must be more than {bound:g}"
            yield Step("entropy", measured > bound, words, round(measured, 3), bound)
        else:
            yield Step("entropy", None, f"{measured:.2f} bits a byte; no bound", round(measured, 3))
        allowlists = self._rule.allowlists
        covers = self._filters.covers(self._data, span, self._path) if self._filters else []
        if not allowlists:
            yield Step("allowlists", None, "none")
        for number, allowlist in enumerate(allowlists):
            entries = ", ".join(self._entries(allowlist, span, secret)) or "nothing in it applies"
            joint = "all of its conditions must hold" if allowlist.every else "any of its conditions is enough"
            if allowlist.commits:
                entries += "; commits are not known here"
            if covers[number] is Cover.AT_PLACE:
                entries += "; its path or commit decides"
            passed = covers[number] is not Cover.YES
            yield Step(f"allowlist {number + 1} of {len(allowlists)}", passed, f"{entries}; {joint}")

    def _entries(self, allowlist: Allowlist, span: MatchSpan, secret: bytes) -> Iterator[str]:
        """Yield what in an allowlist applies to the match."""
        target = {
            "match": self._data[span.start : span.end],
            "line": self._line(span),
        }.get(allowlist.target, secret)
        for regex in allowlist.regexes:
            if compile_foreign(regex, self._rule, "allowlists.regexes").search(target):
                yield f"regex {regex} on the {allowlist.target}"
        for path in allowlist.paths:
            if self._path is not None and compile_foreign(path, self._rule, "allowlists.paths").search(self._path):
                yield f"path {path}"
        lowered = secret.lower()
        yield from (f"stopword {word}" for word in allowlist.stopwords if word.encode() in lowered)

    def _line(self, span: MatchSpan) -> bytes:
        stop = self._data.find(b"\n", span.end)
        return self._data[self._data.rfind(b"\n", 0, span.start) + 1 : stop if stop >= 0 else len(self._data)]


def _part(required: Required) -> str:
    within = ((required.within_lines, "lines"), (required.within_columns, "columns"))
    return " ".join([required.rule_id, *(f"within {number} {unit}" for number, unit in within if number is not None)])


def _written(literal: Literal) -> str:
    """Return a literal as it is read, a place with both cases of a letter in lower case."""
    places: Sequence[bytes] = [bytes(sorted(set(place.lower()))) for place in literal.places]
    return "".join(place.decode("latin-1") if len(place) == 1 else f"[{place.decode('latin-1')}]" for place in places)
