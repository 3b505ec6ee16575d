"""Compile patterns with RE2, whose matching time is linear in its input (https://github.com/google/re2/wiki/WhyRE2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from akpatrol.errors import RuleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.rules.rule import Rule

_MANY_BYTES = 256 << 20  # that RE2 may take for thousands of patterns; it takes less


class PatternError(ValueError):
    """A pattern that RE2 refuses, with its reason."""


def compile_foreign(regex: str, rule: Rule, key: str) -> Any:
    """Compile a rule's pattern over bytes; ``key`` names the TOML key in messages. Raises RuleError or UsageError."""
    try:
        return compiled(regex)
    except PatternError as error:
        raise RuleError(rule.file, rule.id, key, str(error)) from None


@lru_cache(8192)
def compiled(regex: str) -> Any:
    """Compile a pattern over bytes. Raises PatternError, or UsageError where RE2 is not installed."""
    try:
        import re2  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "rule files other than the shipped ones require google-re2, which is not installed",
            hint="pip install 'akpatrol[rules]'",
        ) from None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(regex.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else "does not compile"
        raise PatternError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None


def compile_any(patterns: Iterable[bytes]) -> Any:
    """Compile many patterns as one, whose time does not grow with their number.

    Return None where RE2 is missing, or they are too many for it.
    """
    try:
        import re2  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MANY_BYTES
    options.log_errors = False
    try:
        return re2.compile(b"|".join(patterns), options)
    except re2.error:
        return None
