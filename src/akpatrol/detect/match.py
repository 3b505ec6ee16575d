"""The exact patterns: ``re`` on bounded windows for the shipped rules, RE2 for users' rule files.

Both give spans of bytes.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import RuleError
from akpatrol.rules.re2_patterns import compile_foreign
from akpatrol.rules.wide_patterns import has_assertion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.rules.rule import Rule


_REMEMBERED, _LONGEST_BYTES = 512, 256


class MatchSpan(NamedTuple):
    """A pattern's match, ``[start, end)``, and the secret group inside it, as byte offsets."""

    start: int
    end: int
    secret_start: int
    secret_end: int

    def moved(self, by: int) -> MatchSpan:
        """Return the span of the same match in data that start so many bytes earlier."""
        return MatchSpan(self.start + by, self.end + by, self.secret_start + by, self.secret_end + by)


class Matcher:
    """One rule's pattern, compiled when it is needed. Raises RuleError when it does not compile."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        # The versions of a file repeat most of its matches.
        self._alone: dict[bytes, tuple[int, int]] = {}

    @cached_property
    def _pattern(self) -> Any:
        rule = self._rule
        pattern: Any = compile_shipped(rule) if rule.shipped else compile_foreign(rule.regex, rule, "regex")
        if rule.secret_group > pattern.groups:
            raise RuleError(rule.file, rule.id, "secretGroup", f"the pattern has {pattern.groups} groups")
        return pattern

    @cached_property
    def search(self) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
        """The pattern's search in bytes, from a start to an end."""
        search: Callable[[bytes, int, int], re.Match[bytes] | None] = self._pattern.search
        return search

    def find(self, data: bytes, start: int, end: int) -> Iterator[MatchSpan]:
        """Yield matches in ``data[start:end]``; the bytes before ``start`` stay visible to the pattern.

        A shipped rule is tried at every start, so that the findings do not depend on where a window begins.
        """
        position = start
        while position <= end and (match := self._pattern.search(data, position, end)) is not None:
            span = self.span(match)
            if span.secret_start < span.secret_end:
                yield span
            position = match.start() + 1 if self._rule.shipped else max(match.end(), match.start() + 1)

    def span(self, match: Any) -> MatchSpan:
        """Return the span of what the pattern's ``search`` found."""
        text = match.group()
        if self._reads_alone or (not self._rule.shipped and (text[:1] == b"\n" or text[-1:] == b"\n")):
            return self._read_alone(match.start(), text)
        return MatchSpan(*match.span(), *match.span(self._group(match)))

    @cached_property
    def _reads_alone(self) -> bool:
        """Whether the groups may be others in the text of a match alone, where an assertion does not see around it."""
        return not self._rule.shipped and self._pattern.groups > 0 and has_assertion(self._rule.regex)

    def _read_alone(self, start: int, text: bytes) -> MatchSpan:
        """Return the span of a match without the line breaks at its end; the secret has none on either side.

        As in gitleaks, the groups are those of the pattern in what is left; without any, all of that is the secret.
        """
        begin = start + len(text) - len(text.lstrip(b"\n"))
        text = text.strip(b"\n")
        secret = self._alone.get(text)
        if secret is None:
            again = self._pattern.search(text)
            group = self._group(again) if again else 0
            secret = again.span(group) if group else (0, len(text))
            if len(text) <= _LONGEST_BYTES:
                if len(self._alone) >= _REMEMBERED:
                    self._alone.clear()
                self._alone[text] = secret
        return MatchSpan(start, begin + len(text), begin + secret[0], begin + secret[1])

    def _group(self, match: Any) -> int:
        """Without ``secretGroup`` a user's rule means its first group that is not empty, as in gitleaks.

        Where the ``secretGroup`` took no part gitleaks has a finding without a secret, whose entropy is zero: here all
        of the match is the secret.
        """
        if self._rule.shipped:
            return self._rule.secret_group
        if self._rule.secret_group:
            is_missing = not match.group(self._rule.secret_group) and not self._rule.entropy
            return 0 if is_missing else self._rule.secret_group
        return next((n for n in range(1, self._pattern.groups + 1) if match.group(n)), 0)


def compile_shipped(rule: Rule) -> re.Pattern[bytes]:
    """Compile with the standard library's ``re``."""
    try:
        return re.compile(rule.regex.encode())
    except re.error as error:
        raise RuleError(rule.file, rule.id, "regex", str(error)) from None
