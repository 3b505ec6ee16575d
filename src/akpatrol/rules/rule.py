"""A rule, its allowlists, and the rules of one run."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from akpatrol.kinds import CUSTOM, CredentialKind
from akpatrol.model.scan import Confidence, Severity


class Allowlist(NamedTuple):
    """gitleaks' own exception for a rule: a match that it covers is not a finding.

    Any one of its conditions is enough, or all are needed when ``every`` is set. ``commits`` are ids in lower case.
    """

    regexes: tuple[str, ...] = ()
    target: str = "secret"
    stopwords: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    every: bool = False
    commits: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when it covers nothing."""
        return not (self.regexes or self.stopwords or self.paths or self.commits)


class Required(NamedTuple):
    """A rule that must match too, at most so many lines and columns away; None for any distance."""

    rule_id: str
    within_lines: int | None = None
    within_columns: int | None = None


class Rule(NamedTuple):
    """One pattern and the facts about its findings; ``file`` is the file that defines it.

    Without a pattern, each file whose path matches ``path`` is a finding. A finding of a composite rule needs matches
    of the ``required`` rules; a rule with ``skip_report`` has no findings of its own. No finding has more than the
    rule's ``confidence``. Without a ``severity``, ``rule_class`` says how severe it is.
    """

    id: str
    description: str
    regex: str
    keywords: tuple[str, ...] = ()
    secret_group: int = 0
    entropy: float = 0.0
    path: str = ""
    allowlists: tuple[Allowlist, ...] = ()
    tags: tuple[str, ...] = ()
    required: tuple[Required, ...] = ()
    skip_report: bool = False
    kind: CredentialKind = CUSTOM
    anchor: str = ""
    severity: Severity | None = None
    confidence: Confidence = Confidence.HIGH
    page: str = ""
    references: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    shipped: bool = False
    file: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether it is a user's rule for credentials that are not Anyreach's."""
        return self.kind.is_custom and not self.shipped


class LeftOut(NamedTuple):
    """Part of a rule file that has no effect here: a ``rule``, or one ``key`` of it or of the file.

    ``whole`` says that the whole rule is left out.
    """

    file: str
    rule: str
    key: str
    reason: str
    whole: bool = False

    def __str__(self) -> str:
        rule = f"rule {self.rule}: " if self.rule else ""
        return f"{self.file}: {rule}{f'{self.key}: ' if self.key else ''}{self.reason}"


class RuleSet(NamedTuple):
    """The rules of one run, the bytes of their files, and what was left out of these.

    ``path_rules`` have no pattern: they find files by their path alone. ``unsearched`` rules are switched off. Foreign
    rules apply to the content and the names of files, and ``everywhere`` to messages, people and refs too.
    """

    rules: tuple[Rule, ...]
    files: tuple[bytes, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    path_rules: tuple[Rule, ...] = ()
    unsearched: tuple[Rule, ...] = ()
    everywhere: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over the files, in hex: runs with the same digest search for the same patterns."""
        return _digest((*self.files, *([b"everywhere"] if self.everywhere else [])))

    @property
    def ask_for_paths(self) -> bool:
        """Whether a rule with a pattern asks for the path of what it matches in."""
        return any(rule.path or any(entry.paths for entry in rule.allowlists) for rule in self.rules)

    def get(self, rule_id: str) -> Rule | None:
        """Return the rule with that id, or None."""
        global _last  # noqa: PLW0603 - one value, replaced as a whole
        known, by_id = _last
        if known is not self:
            by_id = {rule.id: rule for rule in (*self.path_rules, *self.rules)}
            _last = self, by_id
        return by_id.get(rule_id)


_last: tuple[RuleSet | None, dict[str, Rule]] = None, {}


@lru_cache(4)
def _digest(parts: tuple[bytes, ...]) -> str:
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL costs milliseconds at start-up

    return sha256(b"\0".join(parts)).hexdigest()
