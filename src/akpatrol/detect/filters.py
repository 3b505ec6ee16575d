"""Apply gitleaks' own conditions on a match: entropy, path and allowlists, for users' rule files."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from functools import cached_property, lru_cache
from math import log2
from typing import TYPE_CHECKING, Any

from akpatrol.detect.keywords import WordList
from akpatrol.model.member_path import SHOWN, joined, shown, spellings
from akpatrol.rules.re2_patterns import compile_foreign, together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from akpatrol.detect.match import MatchSpan
    from akpatrol.rules.rule import Allowlist, Rule


_REMEMBERED, _LONGEST_BYTES = 512, 256


def entropy(secret: bytes) -> float:
    """Return Shannon's entropy in bits: of characters, by the number of bytes, as gitleaks does; else of bytes."""
    total = len(secret)
    try:
        counts = Counter[int | str](secret if secret.isascii() else secret.decode())
    except UnicodeDecodeError:
        counts = Counter(secret)
    return -sum(n / total * log2(n / total) for n in counts.values()) if total else 0.0


class Filters:
    """The conditions of a user's rule on a match beyond its pattern."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self.required = [required.rule_id for required in rule.required]
        self._last_path: tuple[bytes, bool] | None = None
        self._needs_line = any(allowlist.target == "line" for allowlist in rule.allowlists)
        self._asks_for_commits = any(allowlist.commits for allowlist in rule.allowlists)
        self._admitted: dict[tuple[tuple[bytes, ...], str, tuple[int, ...]], bool] = {}
        # The versions of a file repeat most of its matches.
        self._accepted: dict[tuple[bytes, tuple[int, ...], bytes | None], tuple[int, ...] | None] = {}

    @cached_property
    def _path(self) -> Any:
        return compile_foreign(self._rule.path, self._rule, "path") if self._rule.path else None

    @cached_property
    def _allowlists(self) -> list[_Allowlist]:
        return [_shared(allowlist) for allowlist in self._rule.allowlists]

    def may_match_in(self, path: bytes) -> bool:
        """Return whether any match in the file with this path can be a finding, whatever its text."""
        if not self._last_path or self._last_path[0] != path:
            self._last_path = path, self._admits(path, "", ())
        return self._last_path[1]

    def accept(self, data: bytes, span: MatchSpan, path: bytes | None) -> tuple[int, ...] | None:
        """Return None for a match that is no finding, else the numbers of the allowlists that its place may complete.

        Without a path, as for an object, and for commits, ``admits`` decides once the match is placed.
        """
        start, stop = _line_around(data, span) if self._needs_line else (span.start, span.end)
        if stop - start > _LONGEST_BYTES:
            return self._accept(data, span, path)
        key = data[start:stop], tuple(offset - start for offset in span), path
        if key not in self._accepted:
            if len(self._accepted) >= _REMEMBERED:
                self._accepted.clear()
            self._accepted[key] = self._accept(data, span, path)
        return self._accepted[key]

    def _accept(self, data: bytes, span: MatchSpan, path: bytes | None) -> tuple[int, ...] | None:
        secret = data[span.secret_start : span.secret_end]
        if self._rule.entropy and entropy(secret) <= self._rule.entropy:
            return None
        if path is not None and not self._fits(path):
            return None
        waiting = []
        for number, allowlist in enumerate(self._allowlists):
            match allowlist.covers(data, span, path):
                case Cover.YES:
                    return None
                case Cover.AT_PLACE:
                    waiting.append(number)
        return tuple(waiting)

    def covers(self, data: bytes, span: MatchSpan, path: bytes | None) -> list[Cover]:
        """Return for each allowlist whether it covers the match."""
        return [allowlist.covers(data, span, path) for allowlist in self._allowlists]

    def admits(self, paths: Sequence[bytes], commit: str = "", waiting: Collection[int] = ()) -> bool:
        """Return whether a match that was placed on these paths by this commit stays a finding.

        ``waiting`` are the allowlists that cover it there, for all that its text says.
        """
        key = tuple(paths), commit if self._asks_for_commits else "", tuple(waiting)
        if key not in self._admitted:
            if len(self._admitted) >= _REMEMBERED:
                self._admitted.clear()
            without_path = not paths and not self._path and not self._covered(b"", commit, waiting)
            self._admitted[key] = without_path or any(self._admits(path, commit, waiting) for path in paths)
        return self._admitted[key]

    def finds(self, path: bytes) -> tuple[int, ...] | None:
        """Return what ``accept`` does, for a rule that finds files by their path alone."""
        if not self._path or not self._path.search(path):
            return None
        return self._waiting(path)

    def finds_member(self, path: bytes | None, names: Sequence[bytes]) -> tuple[int, ...] | None:
        """Return what ``finds`` does for a member of an archive, given the archive's path and those down to it.

        The path of the archive alone finds the archive, and not each of its members. Where it is not known yet, a rule
        that names a member in its archive may find it.
        """
        whole = joined(path or b"", names)
        if path is None and SHOWN in self._rule.path:
            return self._completed
        if not self._path or not any(self._path.search(one) for one in (names[-1], shown(whole))):
            return None
        return self._waiting(whole)

    def _waiting(self, path: bytes) -> tuple[int, ...] | None:
        return self._completed if self.admits((path,), waiting=self._completed) else None

    def admits_file(self, path: bytes) -> bool:
        """Return whether a rule without a pattern finds the file, or the member, with this path."""
        return self.admits((path,), waiting=self._completed)

    @property
    def _completed(self) -> tuple[int, ...]:
        """The allowlists that a path and a commit complete, where there is no text."""
        return tuple(number for number, entry in enumerate(self._allowlists) if not entry.has_text)

    def _admits(self, path: bytes, commit: str, waiting: Collection[int]) -> bool:
        return self._fits(path) and not self._covered(path, commit, waiting)

    def _fits(self, path: bytes) -> bool:
        return not self._path or any(self._path.search(spelling) for spelling in spellings(path))

    def _covered(self, path: bytes, commit: str, waiting: Collection[int]) -> bool:
        return any(
            allowlist.covers_place(path, commit, text_covered=number in waiting)
            for number, allowlist in enumerate(self._allowlists)
        )


class Cover(Enum):
    """Whether an allowlist covers a match: it does, it does not, or its path and commit decide."""

    YES = "yes"
    NO = "no"
    AT_PLACE = "at_place"


class _Allowlist:
    """An allowlist, evaluated as in gitleaks (detect/detect.go, ``checkFindingAllowed``)."""

    def __init__(self, allowlist: Allowlist) -> None:
        self._allowlist = allowlist
        self._regexes = together(allowlist.regexes)
        self._paths = together(allowlist.paths)
        self._last_path: tuple[bytes, bool] | None = None
        self._commits = frozenset(allowlist.commits)
        self._stopwords = WordList(allowlist.stopwords)
        self.has_text = bool(allowlist.regexes or allowlist.stopwords)

    def covers(self, data: bytes, span: MatchSpan, path: bytes | None) -> Cover:
        """Return what the text of a match says, and its path, where that is known; its commit never is."""
        checks = self._text_checks(data, span)
        if self._paths and path is not None:
            checks.append(lambda: self._has(path))
        if not self._allowlist.every:
            return Cover.YES if any(check() for check in checks) else Cover.NO
        if not all(check() for check in checks):
            return Cover.NO
        return Cover.AT_PLACE if self._commits or (self._paths and path is None) else Cover.YES

    def covers_place(self, path: bytes, commit: str, *, text_covered: bool) -> bool:
        """Return whether the path and commit of a match are enough, given what ``covers`` said of its text."""
        checks: list[bool] = []
        if self._paths:
            checks.append(bool(path) and self._has(path))
        if self._commits:
            checks.append(commit.lower() in self._commits)
        if not self._allowlist.every:
            return any(checks)
        return text_covered and all(checks)

    def _has(self, path: bytes) -> bool:
        if not self._last_path or self._last_path[0] != path:
            spelled = spellings(path)
            self._last_path = path, any(regex.search(one) for regex in self._paths for one in spelled)
        return self._last_path[1]

    def _text_checks(self, data: bytes, span: MatchSpan) -> list[Callable[[], bool]]:
        checks: list[Callable[[], bool]] = []
        is_line = self._allowlist.target == "line"
        if self._regexes:
            checks.append(
                lambda: self._matches_line(data, span) if is_line else self._matches(self._target(data, span))
            )
        if self._allowlist.stopwords:
            checks.append(lambda: self._stopwords.is_in(data[span.secret_start : span.secret_end]))
        return checks

    def _target(self, data: bytes, span: MatchSpan) -> bytes:
        if self._allowlist.target == "match":
            return data[span.start : span.end].strip(b"\n")
        return data[span.secret_start : span.secret_end]

    def _matches(self, text: bytes) -> bool:
        return any(regex.search(text) for regex in self._regexes)

    def _matches_line(self, data: bytes, span: MatchSpan) -> bool:
        """Return whether a pattern matches the line, which thousands of matches may share."""
        global _last_lines  # noqa: PLW0603 - one value, replaced as a whole
        start, stop = _line_around(data, span)
        if _last_lines[0] is not data:
            _last_lines = data, {}
        last = _last_lines[1].get(self)
        if last is None or last[:2] != (start, stop):
            # As in gitleaks, the line break before it is a part of a line.
            last = _last_lines[1][self] = start, stop, self._matches(data[max(0, start - 1) : stop])
        return last[2]


@lru_cache(1024)
def _shared(allowlist: Allowlist) -> _Allowlist:
    """Return an allowlist's conditions; all rules of a file share those of the file, which so read a path once."""
    return _Allowlist(allowlist)


_known_line: tuple[bytes, int, int] = b"", 0, 0
# The last line that each allowlist was asked for, of one content: many allowlists would hold many.
_last_lines: tuple[bytes, dict[_Allowlist, tuple[int, int, bool]]] = b"", {}


def _line_around(data: bytes, span: MatchSpan) -> tuple[int, int]:
    """Return where the lines of a match begin and end; a long line is measured once for all matches in it.

    A match that begins with a line break begins on the line after it.
    """
    global _known_line  # noqa: PLW0603 - one value, replaced as a whole
    known, start, stop = _known_line
    if known is not data or not start <= span.start <= span.end <= stop:
        begin = span.start + data.startswith(b"\n", span.start)
        stop = data.find(b"\n", max(begin, span.end))
        start, stop = data.rfind(b"\n", 0, begin) + 1, stop if stop >= 0 else len(data)
        if b"\n" not in data[begin : span.end]:
            _known_line = data, start, stop
    return start, stop
