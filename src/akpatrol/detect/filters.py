"""Apply gitleaks' own conditions on a match: entropy, path and allowlists, for users' rule files."""

from __future__ import annotations

from collections import Counter
from math import log2
from typing import TYPE_CHECKING, Any

from akpatrol.detect.keywords import WordList
from akpatrol.detect.match import MatchSpan, compile_foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.rules.rule import Allowlist, Rule


def entropy(secret: bytes) -> float:
    """Return Shannon's entropy in bits a byte."""
    total = len(secret)
    return -sum(n / total * log2(n / total) for n in Counter(secret).values()) if total else 0.0


class Filters:
    """The conditions of a user's rule on a match beyond its pattern."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._path: Any = compile_foreign(rule.path, rule, "path") if rule.path else None
        self._allowlists = [_Allowlist(allowlist, rule) for allowlist in rule.allowlists]

    def accept(self, data: bytes, span: MatchSpan, path: bytes | None) -> bool:
        """Return whether the match stays a finding; without a path, as for an object, ``admits`` checks later."""
        secret = data[span.secret_start : span.secret_end]
        if self._rule.entropy and entropy(secret) <= self._rule.entropy:
            return False
        if self._path and path is not None and not self._path.search(path):
            return False
        return not any(allowlist.covers(data, span, path) for allowlist in self._allowlists)

    def admits(self, paths: Sequence[bytes]) -> bool:
        """Return whether a match that was placed on these paths stays a finding."""
        if not paths:
            return not self._path
        return any(self._admits(path) for path in paths)

    def _admits(self, path: bytes) -> bool:
        if self._path and not self._path.search(path):
            return False
        return not any(allowlist.covers_path(path) for allowlist in self._allowlists)


class _Allowlist:
    def __init__(self, allowlist: Allowlist, rule: Rule) -> None:
        self._allowlist = allowlist
        self._regexes = [compile_foreign(regex, rule, "allowlists.regexes") for regex in allowlist.regexes]
        self._paths = [compile_foreign(regex, rule, "allowlists.paths") for regex in allowlist.paths]
        self._stopwords = WordList(allowlist.stopwords)

    def covers(self, data: bytes, span: MatchSpan, path: bytes | None) -> bool:
        checks: list[Callable[[], bool]] = []
        if self._regexes:
            text = self._target(data, span)
            checks.append(lambda: any(regex.search(text) for regex in self._regexes))
        if self._paths:
            checks.append(lambda: bool(path) and any(regex.search(path) for regex in self._paths))
        if self._allowlist.stopwords:
            checks.append(lambda: self._stopwords.is_in(data[span.secret_start : span.secret_end]))
        if self._allowlist.by_commit:
            checks.append(lambda: False)  # commits are not known while content is read: nothing is hidden by them
        return bool(checks) and (all if self._allowlist.every else any)(check() for check in checks)

    def covers_path(self, path: bytes) -> bool:
        """Return whether the path alone is enough."""
        return not self._allowlist.every and any(regex.search(path) for regex in self._paths)

    def _target(self, data: bytes, span: MatchSpan) -> bytes:
        match self._allowlist.target:
            case "match":
                return data[span.start : span.end]
            case "line":
                stop = data.find(b"\n", span.end)
                return data[data.rfind(b"\n", 0, span.start) + 1 : stop if stop >= 0 else len(data)]
            case _:
                return data[span.secret_start : span.secret_end]
