"""Matches of several rules in one place: what each of them says there, and what stays where one may not apply."""

from __future__ import annotations

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Chunk, Match, Origin
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse

_RULES = rb"""
[[rules]]
id = "in-settings"
regex = '''door:\s*(?:#[^\n]*\s*)?((?:key: )?[0-9a-z]{20})'''
path = '''[.]yaml$'''
[[rules]]
id = "in-headers"
regex = '''-H\s+"?(?:\w+:\s*){1,2}([0-9a-z]{20})'''
[[rules]]
id = "generic-key"
regex = '''key:\s*([0-9a-z]{20})'''
"""
_TOKEN = "0a1b2c3d4e" * 2
_INSIDE = f"door:\n  # a comment\n  key: {_TOKEN}\n"
_AROUND = f"-H\n\ndoor:\n {_TOKEN}\n"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(RuleSet(tuple(parse(_RULES, "f"))), "automaton")


def _admitted(engine: Engine, text: str, path: bytes) -> list[Match]:
    """What is reported for an object, whose path is known only afterwards."""
    chunk = Chunk(Origin("0", object="1" * 40), text.encode())
    found = (engine.admitted(match, (path,)) for match in engine.joined(chunk, engine.scan(chunk.data)))
    return [match for match in found if match]


def test_each_rule_has_the_line_where_its_text_begins(engine: Engine) -> None:
    (match,) = _admitted(engine, _AROUND, b"a.yaml")
    assert match.rule_ids == ("in-settings", "in-headers")
    assert match.lines_before_by_rule == (1, 3)


def test_a_rule_whose_text_begins_below_the_secret() -> None:
    patterns = {"long": r"head\nkey=[0-9a-z]{20}", "short": "key=([0-9a-z]{20})"}
    rules = "".join(f"[[rules]]\nid = '{name}'\nregex = '{regex}'\n" for name, regex in patterns.items())
    engine = Engine(RuleSet(tuple(parse(rules.encode(), "f"))), "automaton")
    (match,) = _admitted(engine, f"a\nhead\nkey={_TOKEN}\n", b"a")
    assert (match.rule_ids, match.lines_before_by_rule) == (("long", "short"), (0, -1))


def test_several_secrets_within_another_match_stay() -> None:
    patterns = {"block": "BEGIN[^#]*END", "short": "key=([0-9a-z]{20})"}
    rules = "".join(f"[[rules]]\nid = '{name}'\nregex = '{regex}'\n" for name, regex in patterns.items())
    engine = Engine(RuleSet(tuple(parse(rules.encode(), "f"))), "automaton")
    text = f"BEGIN\nkey={_TOKEN}\nkey={_TOKEN[::-1]}\nEND\n"
    found = [(match.rule_ids, match.secret.reveal().decode()) for match in _admitted(engine, text, b"a")]
    assert found == [(("block",), text.strip()), (("short",), _TOKEN), (("short",), _TOKEN[::-1])]


def test_the_rule_that_takes_over_has_its_own_line(engine: Engine) -> None:
    (match,) = _admitted(engine, _AROUND, b"a.go")
    assert (match.rule_id, match.lines_before, match.others) == ("in-headers", 3, ())


def test_a_rule_that_does_not_apply_hides_no_other_secret(engine: Engine) -> None:
    """What another rule finds inside is another secret, which has to be there where the first rule is not."""
    (match,) = _admitted(engine, _INSIDE, b"a.go")
    assert (match.rule_ids, match.secret.reveal().decode()) == (("generic-key",), _TOKEN)
    (match,) = _admitted(engine, _INSIDE, b"a.yaml")
    assert (match.rule_ids[0], match.secret.reveal().decode()) == ("in-settings", f"key: {_TOKEN}")


@pytest.mark.parametrize("path", [b"a.yaml", b"a.go"])
@pytest.mark.parametrize("text", [_INSIDE, _AROUND])
def test_the_same_where_the_path_is_known(engine: Engine, text: str, path: bytes) -> None:
    chunk = Chunk(Origin("0", path=path), text.encode())
    known = engine.joined(chunk, engine.scan(chunk.data, path=path))
    assert [match._replace(superseded=()) for match in _admitted(engine, text, path)] == known
