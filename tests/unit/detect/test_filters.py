"""Allowlists as gitleaks evaluates them: what the text says, and what the place of a match adds."""

from __future__ import annotations

import pytest

from akpatrol.detect.filters import Filters
from akpatrol.detect.match import MatchSpan
from akpatrol.rules.rule import Allowlist, Rule

_DATA = b"name = 'secret' # fine\nother"
_SPAN = MatchSpan(0, 15, 8, 14)
_COMMIT = "a" * 40


def _stays(allowlist: Allowlist, path: bytes | None = b"docs/a", commit: str = "") -> bool:
    filters = Filters(Rule("acme", "", "x", allowlists=(allowlist,)))
    waiting = filters.accept(_DATA, _SPAN, path)
    return waiting is not None and filters.admits((path or b"docs/a",), commit, waiting)


@pytest.mark.parametrize("path", [b"docs/a", None], ids=["file", "object"])
@pytest.mark.parametrize(
    ("allowlist", "stays"),
    [
        (Allowlist(regexes=("^secret$",)), False),
        (Allowlist(regexes=("^name",)), True),
        (Allowlist(regexes=("^name",), target="match"), False),
        (Allowlist(regexes=("fine$",), target="match"), True),
        (Allowlist(regexes=("fine$",), target="line"), False),
        (Allowlist(regexes=("other",), target="line"), True),
        (Allowlist(stopwords=("cret",)), False),
        (Allowlist(paths=("^docs/",)), False),
        (Allowlist(paths=("^src/",)), True),
        (Allowlist(paths=("^docs/",), every=True), False),
        (Allowlist(paths=("^docs/",), regexes=("fine$",), target="line", every=True), False),
        (Allowlist(paths=("^docs/",), regexes=("other$",), target="line", every=True), True),
        (Allowlist(paths=("^src/",), stopwords=("cret",), every=True), True),
        (Allowlist(commits=(_COMMIT,)), False),
        (Allowlist(commits=("b" * 40,)), True),
        (Allowlist(commits=(_COMMIT,), paths=("^src/",), every=True), True),
        (Allowlist(commits=(_COMMIT,), paths=("^docs/",), stopwords=("cret",), every=True), False),
        (Allowlist(commits=(_COMMIT,), paths=("^docs/",), stopwords=("none",), every=True), True),
    ],
    ids=repr,
)
def test_allowlist(allowlist: Allowlist, path: bytes | None, stays: bool) -> None:
    """The path of an object, and any commit, are known only once the match is placed."""
    assert _stays(allowlist, path, _COMMIT.upper()) is stays


def test_a_match_on_several_paths_stays_where_one_admits_it() -> None:
    filters = Filters(Rule("acme", "", "x", allowlists=(Allowlist(paths=("^docs/",)),)))
    assert filters.admits((b"docs/a", b"src/a"))
    assert not filters.admits((b"docs/a", b"docs/b"))
    assert filters.admits(())


def test_a_line_is_judged_once_for_all_matches_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        def __init__(self) -> None:
            self.texts: list[bytes] = []

        def search(self, text: bytes) -> bool:
            self.texts.append(text)
            return text.endswith(b"fine")

    pattern = Counting()
    monkeypatch.setattr("akpatrol.detect.filters.together", lambda regexes: [pattern] if regexes else [])
    filters = Filters(Rule("acme", "", "x", allowlists=(Allowlist(regexes=("fine$", "once"), target="line"),)))
    lines = [b" ".join([b"a secret"] * 99) + end for end in (b"", b" fine", b"")]
    data = b"\n".join(lines)
    starts = [place for place in range(len(data)) if data.startswith(b"secret", place)]
    accepted = [filters.accept(data, MatchSpan(at, at + 6, at, at + 6), b"p") is not None for at in starts]
    assert accepted == [True] * 99 + [False] * 99 + [True] * 99
    # A match over two lines is judged by both.
    over = MatchSpan(len(lines[0]) - 1, len(lines[0]) + 2, len(lines[0]) - 1, len(lines[0]))
    assert filters.accept(data, over, b"p") is None
    first, second, third = lines
    # As in gitleaks, the line break before a line is a part of it.
    assert pattern.texts == [first, b"\n" + second, b"\n" + third, first + b"\n" + second]


@pytest.mark.parametrize(
    ("regex", "stays"), [("above", True), ("beside", False), ("^beside", True), (r"^\n?beside", False)]
)
def test_the_line_of_a_match_that_begins_with_a_line_break(regex: str, stays: bool) -> None:
    """As in gitleaks, it is the line after, with the line break before it."""
    data = b"above\nbeside secret"
    filters = Filters(Rule("acme", "", "x", allowlists=(Allowlist(regexes=(regex,), target="line"),)))
    assert (filters.accept(data, MatchSpan(5, len(data), 13, len(data)), b"p") is not None) is stays
