"""``akpatrol rules test``: what rules do with a text, without ever showing a secret whole."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.rules.rule_file import load, shipped_files
from tests.credentials import random_text
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

_RULES = (
    "[[rules]]\nid = 'acme-key'\nregex = '''acme_[a-z]+ = '([a-z0-9]{8})'''\nkeywords = ['acme']\n"
    "[[rules]]\nid = 'other-token'\nregex = 'other_[0-9]{20}'\nkeywords = ['other_']\n"
)
_RULE = "anyreach-organization-key"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(_RULES)
    return file


def test_our_rules_on_standard_input(key: str) -> None:
    done = inside("rules", "test", "-", stdin=f"KEY = '{key}'\n".encode())
    lines = done.out.decode().splitlines()
    assert done.code == 1
    assert lines[0] == f"{_RULE}: found"
    assert any(line.split()[:2] == ["judge", "yes"] for line in lines)
    assert lines[-1].startswith("1 rule does not apply")
    assert key not in done.written.decode()
    assert inside("rules", "test", "-", stdin=b"nothing").code == 0


def test_text_as_an_argument(key: str) -> None:
    assert inside("rules", "test", key).code == 1
    assert inside("rules", "test", _RULE, key).code == 1
    assert inside("rules", "test", "anyreach-personal*", key).code == 0


def test_rules_of_a_file(rules: Path) -> None:
    secret = random_text(Random(1), "lower", 8)
    text = f"acme_key = '{secret}'"
    for names, ids in (
        ([rules], ["acme-key", "other-token"]),
        ([rules.parent], ["acme-key", "other-token"]),
        ([rules, "other-*"], ["other-token"]),
        (["--rules", rules, "acme-key"], ["acme-key"]),
        (["--rules", rules], [*(rule.id for rule in load().rules), "acme-key", "other-token"]),
        ([shipped_files()[0]], [rule.id for rule in load().rules]),
    ):
        done = inside("rules", "test", *names, text, "-f", "json")
        document = json.loads(done.out)
        assert [rule["id"] for rule in document["rules"]] == ids, names
        assert done.code == ("acme-key" in ids)
        assert secret not in done.written.decode()
        assert document["bytes"] == len(text)


def test_text_shows_rules_that_apply_and_all_with_v(rules: Path) -> None:
    shown = inside("rules", "test", rules, "acme_key = 'abcdefgh'").out.decode()
    assert "acme-key: found" in shown
    assert "other-token" not in shown
    assert "other-token: not found" in inside("rules", "test", rules, "-v", "acme").out.decode()
    assert "other-token: not found" in inside("rules", "test", rules, "other-token", "acme").out.decode()


def test_secret_beside_a_match_is_masked(rules: Path, key: str) -> None:
    """Also a text that only looks like one: the rest of what a rule cuts."""
    token = random_text(Random(3), "base62", 40)
    rules.write_text("[[rules]]\nid = 'cut'\nregex = '''x=.*([0-9]{4})(?:.*)'''\n")
    done = inside("rules", "test", rules, "-", stdin=f"x={key} {token} 1234 {token[::-1]}".encode())
    assert done.code == 1
    for secret in (key, token, token[::-1], "1234 "):
        assert secret not in done.written.decode()


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["none.toml", "x"], b"", "none.toml: neither a rule file nor the id of a rule"),
        (["anyreach-organisation-key", "x"], b"", f"did you mean {_RULE}?"),
        ([""], b"", "the text is empty"),
        (["-"], b"", "the text is empty"),
        (["-"], b"x" * ((1 << 20) + 1), "longer than 1 MiB"),
        ([], b"", "Missing argument"),
    ],
)
def test_mistakes(arguments: list[str], stdin: bytes, words: str) -> None:
    done = inside("rules", "test", *arguments, stdin=stdin)
    assert done.code == 2
    assert words in done.err.decode()


def test_control_characters_stay_visible() -> None:
    done = inside("rules", "test", "-", "--path", "a\x1b[31m", stdin=b"\x1b[31m ak_ \xff\x00")
    assert b"\x1b" not in done.written
    assert done.code == 0


def test_rules_with_a_path_alone_and_those_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[[rules]]\nid = 'key-file'\npath = 'id_rsa$'\n[[rules]]\nid = 'broken'\nregex = '('\n")
    found = inside("rules", "test", file, "--path", "home/id_rsa", "x")
    assert (found.code, found.out.decode().splitlines()[0]) == (1, "key-file: found")
    assert inside("rules", "test", file, "--path", "home/id_dsa", "x").code == 0
    done = inside("rules", "test", file, "broken", "x")
    assert done.code == 2
    assert b"it is left out" in done.err
    assert inside("rules", "test", file, "x", "--rules-strict").code == 2
