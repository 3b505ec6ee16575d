"""Masking text of any kind."""

from __future__ import annotations

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.model.scan import Secret
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import load, parse


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load())


def test_what_has_the_shape_and_what_was_found(engine: Engine, key: str, token: str) -> None:
    redact = Redactor(engine, [Secret(b"hunter2")])
    masked = f"ak_{key[3:7]}***({len(key)})"
    assert redact(f"a {key} b") == redact(f"a {key} b") == f"a {masked} b"
    assert redact(f"https://user:{token}@host/x{key}") == f"https://user:pat_{token[4:8]}***({len(token)})@host/x{key}"
    assert redact("my hunter2!") == "my ***(7)!"


def test_inside_a_word_once_it_is_known(engine: Engine, key: str) -> None:
    assert key not in Redactor(engine, [Secret(key.encode())])(f"x{key}y")


@pytest.mark.parametrize("text", ["", "plain", "é😀", "\udcff", "\x1b[31m", "ak_", "a\0b"])
def test_everything_else_is_left_alone(engine: Engine, text: str) -> None:
    assert Redactor(engine, [Secret(b"hunter2")])(text) == text


def test_overlapping_secrets(engine: Engine) -> None:
    redact = Redactor(engine, [Secret(b"abcdef"), Secret(b"cdefgh"), Secret(b"cd")])
    assert redact("xabcdefghx") == "x***(6)x"


def test_patterns_that_cut_characters() -> None:
    """Users' patterns match bytes; the text stays text."""
    rules = parse(b"[[rules]]\nid = 'x'\nregex = '=.'\n[[rules]]\nid = 'y'\nregex = '.='\n", "f")
    redact = Redactor(Engine(RuleSet(tuple(rules))))
    assert redact("é=é") == "***(2)"
    assert redact("😀=😀 é").endswith(" é")


def test_secret_that_is_no_text(engine: Engine) -> None:
    assert Redactor(engine, [Secret(b"\xff\xfe\xfd")])("ÿþý") == "ÿþý"


def test_a_secret_of_a_few_characters_is_not_looked_for(engine: Engine) -> None:
    """A user's rule may find one, and no path could be read any more."""
    redact = Redactor(engine, [Secret(b"k", ""), Secret(b"abc", ""), Secret(b"4321", "")])
    assert redact("kk/kiosk-abc/4321.txt") == "kk/kiosk-abc/***(4).txt"
