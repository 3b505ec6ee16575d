"""The exact patterns: ``re`` on bounded windows for the shipped rules, RE2 for users' rule files.

Both work on bytes. RE2 runs in LATIN1 mode, so ``.`` and negated classes take one byte of a non-ASCII character where
Go's engine takes the whole character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import RuleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.rules.rule import Rule


_MANY_BYTES = 256 << 20  # that RE2 may take for thousands of patterns; it takes less


class MatchSpan(NamedTuple):
    """A pattern's match, ``[start, end)``, and the secret group inside it, as byte offsets."""

    start: int
    end: int
    secret_start: int
    secret_end: int


class Matcher:
    """One rule's compiled pattern. Raises RuleError when it does not compile."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._pattern: Any = compile_shipped(rule) if rule.shipped else compile_foreign(rule.regex, rule, "regex")
        if rule.secret_group > self._pattern.groups:
            raise RuleError(rule.file, rule.id, "secretGroup", f"the pattern has {self._pattern.groups} groups")

        self.search: Callable[[bytes, int, int], re.Match[bytes] | None] = self._pattern.search

    def find(self, data: bytes, start: int, end: int) -> Iterator[MatchSpan]:
        """Yield matches in ``data[start:end]``; the bytes before ``start`` stay visible to the pattern.

        A shipped rule is tried at every start, so that the findings do not depend on where a window begins.
        """
        position = start
        while position <= end and (match := self._pattern.search(data, position, end)) is not None:
            span = self.span(match)
            if span.secret_start < span.secret_end:  # neither empty nor a group that took no part
                yield span
            position = match.start() + 1 if self._rule.shipped else max(match.end(), match.start() + 1)

    def span(self, match: Any) -> MatchSpan:
        """Return the span of what the pattern's ``search`` found."""
        return MatchSpan(*match.span(), *match.span(self._group(match)))

    def _group(self, match: Any) -> int:
        """Without ``secretGroup`` a user's rule means its first group that is not empty, as in gitleaks."""
        if self._rule.secret_group or self._rule.shipped:
            return self._rule.secret_group
        return next((n for n in range(1, self._pattern.groups + 1) if match.group(n)), 0)


def compile_shipped(rule: Rule) -> re.Pattern[bytes]:
    """Compile with the standard library's ``re``."""
    try:
        return re.compile(rule.regex.encode())
    except re.error as error:
        raise RuleError(rule.file, rule.id, "regex", str(error)) from None


def compile_foreign(regex: str, rule: Rule, key: str) -> Any:
    """Compile with RE2 over bytes; ``key`` names the TOML key in messages. Raises RuleError or UsageError."""
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
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise RuleError(rule.file, rule.id, key, text) from None


def compile_any(patterns: Iterable[bytes]) -> Any:
    """Compile many patterns as one with RE2, whose time does not grow with their number.

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
