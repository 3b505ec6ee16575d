"""A rule, its allowlists, and the rules of one run."""

from __future__ import annotations

from typing import NamedTuple

from akpatrol.kinds import CUSTOM, CredentialKind
from akpatrol.model.scan import Severity


class Allowlist(NamedTuple):
    """gitleaks' own exception for a rule: a match that it covers is not a finding."""

    regexes: tuple[str, ...] = ()
    target: str = "secret"
    stopwords: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    every: bool = False
    by_commit: bool = False
    rule_ids: tuple[str, ...] = ()


class Rule(NamedTuple):
    """One pattern and the facts about its findings; ``file`` is the file that defines it."""

    id: str
    description: str
    regex: str
    keywords: tuple[str, ...] = ()
    secret_group: int = 0
    entropy: float = 0.0
    path: str = ""
    allowlists: tuple[Allowlist, ...] = ()
    kind: CredentialKind = CUSTOM
    anchor: str = ""
    severity: Severity = Severity.HIGH
    page: str = ""
    references: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    shipped: bool = False
    file: str = ""


class RuleSet(NamedTuple):
    """The rules of one run and the bytes of their files."""

    rules: tuple[Rule, ...]
    files: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the files, in hex: runs with the same digest search for the same patterns."""
        from hashlib import sha256  # noqa: PLC0415 - OpenSSL costs milliseconds at start-up

        return sha256(b"\0".join(self.files)).hexdigest()

    def get(self, rule_id: str) -> Rule | None:
        """Return the rule with that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
