"""Say how distinctive what a rule finds is, and how severe it is: from its pattern and keywords, not from its id.

Text that is fixed in a credential names its issuer. A name in the text around it does so less surely, and words such
as "token" not at all.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.model.scan import Severity
from akpatrol.rules.literals import in_pattern, in_secret, is_generic

if TYPE_CHECKING:
    from akpatrol.rules.literals import Literal
    from akpatrol.rules.rule import Rule


class RuleClass(Enum):
    """The kinds of rules, the surest first; a value is the severity of a finding."""

    KNOWN = Severity.HIGH
    """The credential itself holds fixed text, such as a prefix or a private key's first line."""
    NAMED = Severity.MEDIUM
    """Only the text around the credential names the issuer, or a file's path."""
    GENERIC = Severity.LOW
    """Nothing names an issuer: the rule asks for entropy, or for words such as "password"."""


_FIXED = 4  # bytes of a fixed text in a secret; three suffice at its beginning
# In lower case. Words for credentials in general, with the beginnings and ends that patterns make optional.
_WORDS = (
    *("access", "api_key", "api-key", "apikey", "auth", "authorization", "bearer", "client_secret", "creds"),
    *("credential", "key", "passphrase", "passwd", "password", "private", "pwd", "secret", "session", "token"),
)


@lru_cache(4096)
def class_of(rule: Rule) -> RuleClass:
    """Return the class of a rule."""
    if not rule.regex:
        return RuleClass.NAMED
    groups = in_secret(rule)
    if groups and all(_is_fixed(literals) for literals in groups):
        return RuleClass.KNOWN
    if is_generic(rule.id):
        return RuleClass.GENERIC
    names = [_text(literal) for literal in in_pattern(rule.regex)] + list(rule.keywords)
    return RuleClass.NAMED if any(not _is_word(name) for name in names) else RuleClass.GENERIC


def severity(rule: Rule) -> Severity:
    """Return the severity of what a rule finds: the one that its file gives, or else that of its class."""
    if rule.severity is not None:
        return rule.severity
    return class_of(rule).value if rule.is_foreign else Severity.HIGH


def _is_fixed(literals: tuple[Literal, ...]) -> bool:
    return bool(literals) and all(literal.leading or len(literal.places) >= _FIXED for literal in literals)


def _text(literal: Literal) -> str:
    return b"".join(place[-1:] for place in literal.places).decode("latin-1").lower()


def _is_word(text: str) -> bool:
    """Return whether a text is a word for credentials, or the part of one that a literal holds."""
    return any(text in word for word in _WORDS)
