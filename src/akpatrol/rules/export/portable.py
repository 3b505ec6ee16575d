"""A rule as other scanners can have it: a pattern alone decides there, so ours get what the judge asks for.

Their lengths are the kind's, they begin at a word's boundary, and texts of little randomness or with a placeholder's
words are excepted.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.keywords import WORDS, Clue
from akpatrol.rules.check import expand

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind
    from akpatrol.rules.rule import Allowlist, Required, Rule, RuleSet

_CHARACTER = "[0-9A-Za-z_-]"
_LEAST_ENTROPY = 3.0  # bits a byte; 20 random hexadecimal digits have less once in some thousand times
_LEAST_WORD = 5  # characters; a shorter word is in random text by chance
_PLACEHOLDERS = tuple(
    word
    for word in WORDS[Clue.PLACEHOLDER]
    if len(word) >= _LEAST_WORD and word.replace("_", "").replace("-", "").isalpha()
)


class PortableRule(NamedTuple):
    """One rule; ``stopwords`` and ``allowlists`` are exceptions. ``test_strings`` are generated texts that it finds.

    The other fields are those of a ``Rule``.
    """

    id: str
    description: str
    regex: str
    keywords: tuple[str, ...] = ()
    secret_group: int = 0
    entropy: float = 0.0
    path: str = ""
    stopwords: tuple[str, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()
    confidence: str = "medium"
    tags: tuple[str, ...] = ()
    required: tuple[Required, ...] = ()
    skip_report: bool = False
    test_strings: tuple[str, ...] = ()

    @property
    def why_not_alone(self) -> str:
        """Why it is nothing for a scanner whose rules are patterns that know nothing of one another."""
        if not self.regex:
            return "it finds files by their path"
        if self.skip_report:
            return "it is only a part of other rules"
        return "it needs other rules near by" if self.required else ""

    @property
    def stopwords_alone(self) -> bool:
        """Whether all exceptions are words, any of which is enough."""
        return all(
            allowlist.stopwords and not (allowlist.every or allowlist.regexes or allowlist.paths or allowlist.commits)
            for allowlist in self.allowlists
        )

    @property
    def all_stopwords(self) -> tuple[str, ...]:
        """The words that are enough for an exception."""
        either = (allowlist for allowlist in self.allowlists if not allowlist.every)
        return (*self.stopwords, *(word for allowlist in either for word in allowlist.stopwords))


class ExportedRules(NamedTuple):
    """The text of a file, and for each rule's id, in order, what the format cannot hold of it."""

    text: str
    remarks: tuple[tuple[str, str], ...] = ()


def portable(rules: RuleSet) -> tuple[PortableRule, ...]:
    """Return the rules as others can have them."""
    every = (*rules.rules, *rules.path_rules)
    return tuple(_of_shipped(rule) if rule.shipped else _of_user(rule) for rule in every)


def _of_user(rule: Rule) -> PortableRule:
    return PortableRule(
        rule.id,
        rule.description,
        rule.regex,
        rule.keywords,
        rule.secret_group,
        rule.entropy,
        rule.path,
        allowlists=rule.allowlists,
        tags=rule.tags,
        required=rule.required,
        skip_report=rule.skip_report,
        test_strings=_test_strings(rule),
    )


def _of_shipped(rule: Rule) -> PortableRule:
    return PortableRule(
        rule.id,
        rule.description,
        rf"\b({_pattern(rule.kind)})",
        rule.keywords,
        secret_group=1,
        entropy=_LEAST_ENTROPY,
        stopwords=_PLACEHOLDERS,
        test_strings=_test_strings(rule),
    )


def _pattern(kind: CredentialKind) -> str:
    """Return the kind's forms, the longer one first."""
    bounds = kind.bounds
    pair = f"{_repeated(bounds.id)}\\.{_repeated(bounds.secret)}" if bounds.id else ""
    forms = [form for form in (pair, _repeated(bounds.body) if bounds.body else "") if form]
    return kind.prefix + (forms[0] if len(forms) == 1 else f"(?:{'|'.join(forms)})")


def _repeated(lengths: range) -> str:
    return f"{_CHARACTER}{{{lengths.start},{lengths.stop - 1}}}"


def _test_strings(rule: Rule) -> tuple[str, ...]:
    return tuple(expand(template, Random(template)) for template in rule.examples)  # noqa: S311 - the same every time
