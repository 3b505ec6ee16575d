"""Composite rules, and matches with line breaks around them, as gitleaks 8.30.1 evaluates them."""

from __future__ import annotations

import pytest

from akpatrol.config.settings import NamedFile
from akpatrol.detect.engine import Engine
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse
from akpatrol.rules.users_files import users_rules

_PAIR = """
[[rules]]
id = "secret"
regex = 'sec=([0-9a-f]{8})'
[[rules.required]]
id = "id"
%s
[[rules]]
id = "id"
regex = 'kid=([0-9a-f]{4})'
%s
"""
_SECRET = b"sec=0123abcd"
_ID = b"kid=0123"


def _found(data: bytes, where: str = "", of_id: str = "skipReport = true", path: bytes | None = None) -> list[str]:
    engine = Engine(RuleSet(tuple(parse((_PAIR % (where, of_id)).encode(), "f"))), "automaton")
    return [match.rule_id for match in engine.scan(data, path=path)]


@pytest.mark.parametrize(
    ("data", "where", "found"),
    [
        (_SECRET, "", False),
        (_ID + b"\n" * 99 + _SECRET, "", True),
        (_ID + b"\n\n" + _SECRET, "withinLines = 2", True),
        (_SECRET + b"\n\n\n" + _ID, "withinLines = 2", False),
        (_ID + b"\n" + _SECRET, "withinLines = 0", False),
        (b" " * 10 + _ID + b"\n" + _SECRET, "withinColumns = 9", True),  # one less than what an editor shows
        (b" " * 10 + _ID + b"\n" + _SECRET, "withinColumns = 8", False),
        (b"\n" + b" " * 10 + _ID + b"\n" + _SECRET, "withinColumns = 10", True),
        (b"\n" + b" " * 10 + _ID + b"\n" + _SECRET, "withinColumns = 9", False),
        (_ID + b"\n\n\n" + _SECRET, "withinLines = 2\nwithinColumns = 9", False),
    ],
)
def test_proximity(data: bytes, where: str, found: bool) -> None:
    assert _found(data, where) == ["secret"] * found


def test_a_required_rule_may_have_findings_of_its_own() -> None:
    assert _found(_ID + b" " + _SECRET, of_id="") == ["id", "secret"]


def test_conditions_of_a_required_rule_count() -> None:
    data = _ID + b" " + _SECRET
    for of_id in ("entropy = 3.0", "path = 'x$'", "[[rules.allowlists]]\nregexes = ['^0123$']"):
        assert _found(data, of_id=f"skipReport = true\n{of_id}", path=b"a") == []
    assert _found(data, of_id="skipReport = true\npath = 'a$'", path=b"a") == ["secret"]


def test_the_path_of_a_required_rule_counts_once_it_is_known() -> None:
    pair = _PAIR % ("", "path = '^a$'")
    engine = Engine(RuleSet(tuple(parse(pair.encode(), "f"))), "automaton")
    assert [engine.admits("secret", (path,)) for path in (b"a", b"b")] == [True, False]


@pytest.mark.parametrize(
    ("regex", "data", "secret"),
    [
        (r"(?:^|\s)tok=([0-9]{4})\s", b"a\ntok=1234\nb", b"tok=1234"),
        (r"(?:^|\s)tok=([0-9]{4})(?:\s|$)", b"a\ntok=1234\nb", b"1234"),
        (r"\stok=([0-9]{4})\s", b"a\ntok=1234\nb", b"tok=1234"),
        (r"\stok=([0-9]{4})\s", b"a tok=1234 b", b"1234"),
        (r"tok=[0-9]{4}\n*", b"tok=1234\n\n\nb", b"tok=1234"),
        (r"\n+", b"a\n\nb", None),
    ],
)
def test_line_breaks_around_a_match_are_not_part_of_it(regex: str, data: bytes, secret: bytes | None) -> None:
    """The groups are those of what is left, where the pattern still matches."""
    engine = Engine(RuleSet(tuple(parse(f"[[rules]]\nid = 'x'\nregex = '''{regex}'''\n".encode(), "f"))), "automaton")
    assert [match.secret.reveal() for match in engine.scan(data)] == ([secret] if secret else [])


def test_a_match_begins_on_the_line_after_its_first_line_break() -> None:
    rules = "[[rules]]\nid = 'x'\nregex = '\\s*tok=([0-9]{4})'\n"
    engine = Engine(RuleSet(tuple(parse(rules.encode(), "f"))), "automaton")
    assert [match.lines_before for match in engine.scan(b"a\n\n\ntok=1234 tok=5678")] == [2, 0]


@pytest.mark.parametrize(("lines", "found"), [(0, False), (1, True)])
def test_a_required_match_that_begins_with_a_line_break(lines: int, found: bool) -> None:
    rules = _PAIR.replace("kid=", "\\nkid=") % (f"withinLines = {lines}", "skipReport = true")
    engine = Engine(RuleSet(tuple(parse(rules.encode(), "f"))), "automaton")
    assert [match.rule_id for match in engine.scan(_SECRET + b"\n" + _ID)] == ["secret"] * found


@pytest.mark.parametrize(
    ("where", "data", "found"),
    [
        ("", b"\n" * 9 + _SECRET, True),
        ("withinLines = 3", b"\n\n" + _SECRET, True),
        ("withinLines = 2", b"\n\n" + _SECRET, False),
        ("withinColumns = 3", b"  " + _SECRET, True),
        ("withinColumns = 2", b"  " + _SECRET, False),
    ],
)
def test_a_required_rule_may_find_the_file_by_its_path(where: str, data: bytes, found: bool) -> None:
    """As in gitleaks, such a finding is on the line, and in the column, before the first."""
    rules = _PAIR.replace("regex = 'kid=([0-9a-f]{4})'", "path = '[.]env$'") % (where, "skipReport = true")
    users = users_rules([NamedFile("f", rules.encode())], {}, strict=True)
    engine = Engine(RuleSet(users.rules, path_rules=users.path_rules), "automaton")
    assert engine.path_rules == []
    assert [match.rule_id for match in engine.scan(data, path=b"a.env")] == ["secret"] * found
    assert engine.scan(data, path=b"a.txt") == []
    # The path of an object is known only once the match is placed.
    assert [match.rule_id for match in engine.scan(data)] == ["secret"] * found
    assert [engine.admits("secret", (path,)) for path in (b"a.env", b"a.txt")] == [True, False]
