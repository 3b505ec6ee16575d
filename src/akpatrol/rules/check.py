"""Check rules with their own examples: each must be found by every prefilter, and no counterexample may be.

Examples are templates such as ``ak_{base62:12}.{base62:32}``: token-shaped text is generated, never stored.
"""

from __future__ import annotations

import re
import string
from random import Random
from typing import TYPE_CHECKING

from akpatrol.detect.engine import Engine
from akpatrol.errors import RuleError, UsageError
from akpatrol.model.scan import Confidence
from akpatrol.rules.literals import SHORTEST, required
from akpatrol.rules.rule import RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.detect.prefilter import PrefilterChoice
    from akpatrol.rules.rule import Rule

ALPHABETS = {
    "base62": string.ascii_letters + string.digits,
    "base64url": string.ascii_letters + string.digits + "-_",
    "hex": string.digits + "abcdef",
    "lower": string.ascii_lowercase + string.digits,
}
_FIELD = re.compile(r"\{(\w+):(\d+)\}")
_ROUNDS = 20


def check(rules: RuleSet) -> Iterator[str]:
    """Yield a line for each rule that holds, and for what was left out. Raises RuleError at the first that does not."""
    for entry in rules.left_out:
        yield f"left out: {entry}"
    for rule in rules.rules:
        alone = RuleSet((rule,))
        for prefilter in _prefilters():
            engine = Engine(alone, prefilter)
            for template in rule.examples:
                _expect(engine, rule, template, is_example=True)
            for template in rule.counterexamples:
                _expect(engine, rule, template, is_example=False)
        number = len(rule.examples) + len(rule.counterexamples)
        yield f"{rule.id}: compiles; {number} example{'s'[: number != 1]} hold{_unsearched(rule)}"
    for rule in rules.path_rules:
        yield f"{rule.id}: compiles; it finds files by their path"


def _unsearched(rule: Rule) -> str:
    missing = f"neither its pattern nor its keywords require {SHORTEST} consecutive characters"
    return "" if required(rule) else f"; not searched for in encodings: {missing}"


def expand(template: str, random: Random) -> str:
    """Fill a template's fields with random text. Raises UsageError at an unknown alphabet."""

    def field(field_match: re.Match[str]) -> str:
        if field_match[1] not in ALPHABETS:
            raise UsageError(f"{field_match[0]}: unknown alphabet; known alphabets: {', '.join(ALPHABETS)}")
        return "".join(random.choices(ALPHABETS[field_match[1]], k=int(field_match[2])))

    return _FIELD.sub(field, template)


def _prefilters() -> tuple[PrefilterChoice, ...]:
    try:
        import hyperscan  # noqa: F401, PLC0415 - only whether it is installed
    except ImportError:
        return ("automaton",)
    return ("automaton", "hyperscan")


def _expect(engine: Engine, rule: Rule, template: str, *, is_example: bool) -> None:
    random = Random(template)  # noqa: S311 - the same examples on every run
    for _ in range(_ROUNDS):
        data = b'value = "' + expand(template, random).encode() + b'"\n'
        if any(match.confidence >= Confidence.MEDIUM for match in engine.scan(data)) is not is_example:
            key = "examples" if is_example else "counterexamples"
            raise RuleError(rule.file, rule.id, key, f"{template} is {'not found' if is_example else 'found'}")
