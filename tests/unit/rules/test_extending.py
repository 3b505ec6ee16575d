"""Rule files that extend others: merged as gitleaks 8.30 merges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import RuleError
from akpatrol.rules.rule_file import load_alone

if TYPE_CHECKING:
    from pathlib import Path

_BASE = """
[[rules]]
id = "acme"
description = "of the base"
regex = "acme_[0-9a-f]{20}"
keywords = ["acme"]
entropy = 2.0
secretGroup = 0
tags = ["a"]
[[rules.allowlists]]
paths = ["old"]
[[rules]]
id = "bcme"
regex = "(b)cme_([0-9a-f]{20})"
"""


def _written(tmp_path: Path, **files: str) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)


def test_rules_are_overridden_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    over = """
[extend]
path = "base.toml"
[[rules]]
id = "acme"
description = "mine"
entropy = 3.5
keywords = ["more"]
tags = ["b"]
path = "x"
[[rules.allowlists]]
stopwords = ["new"]
[[rules]]
id = "bcme"
secretGroup = 2
"""
    _written(tmp_path, base=_BASE, over=over)
    loaded = load_alone(["over.toml"])
    assert not loaded.left_out
    acme, bcme = loaded.get("acme"), loaded.get("bcme")
    assert acme
    assert bcme
    assert (acme.description, acme.entropy, acme.regex, acme.path) == ("mine", 3.5, "acme_[0-9a-f]{20}", "x")
    assert (acme.keywords, acme.tags) == (("acme", "more"), ("a", "b"))
    assert [(entry.paths, entry.stopwords) for entry in acme.allowlists] == [(("old",), ()), ((), ("new",))]
    assert (bcme.description, bcme.secret_group) == ("bcme", 2)


def test_disabled_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _written(tmp_path, base=_BASE, over="[extend]\npath = 'base.toml'\ndisabledRules = ['acme', 'none']\n")
    loaded = load_alone(["over.toml"])
    assert [rule.id for rule in loaded.rules] == ["bcme"]
    assert [str(entry) for entry in loaded.left_out] == [
        "over.toml: rule none: disabledRules: base.toml has no such rule"
    ]


def test_a_third_file_is_read_and_a_fourth_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rule = "[[rules]]\nid = '{}'\nregex = 'x'\n"
    _written(
        tmp_path,
        one="[extend]\npath = 'two.toml'\n" + rule.format("one"),
        two="[extend]\npath = 'three.toml'\n[[allowlists]]\npaths = ['p']\n[[allowlists]]\npaths = ['q']\n"
        "targetRules = ['two']\n" + rule.format("two"),
        three="[extend]\npath = 'four.toml'\n" + rule.format("three"),
        four=rule.format("four"),
    )
    loaded = load_alone(["one.toml"])
    assert [rule.id for rule in loaded.rules] == ["one", "two", "three"]
    assert {entry.paths for rule in loaded.rules for entry in rule.allowlists} == {("p",)}
    assert [(entry.file, entry.key) for entry in loaded.left_out] == [
        ("three.toml", "extend"),
        ("two.toml", "allowlists.targetRules"),
    ]


def test_a_cycle_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _written(tmp_path, base=_BASE + "[extend]\npath = 'base.toml'\n")
    assert [rule.id for rule in load_alone(["base.toml"]).rules] == ["acme", "bcme"]


@pytest.mark.parametrize(("name", "title"), [("gitleaks", ""), ("copy", "title = 'gitleaks config'\n")])
def test_the_default_is_the_users_copy(tmp_path: Path, name: str, title: str) -> None:
    _written(tmp_path, **{name: title + _BASE, "over": "[extend]\nuseDefault = true\ndisabledRules = ['bcme']\n"})
    for order in ([name, "over"], ["over", name]):
        loaded = load_alone([str(tmp_path / f"{file}.toml") for file in order])
        assert ([rule.id for rule in loaded.rules], loaded.left_out) == (["acme"], ())
        assert len(loaded.files) == 2
    with pytest.raises(RuleError, match="useDefault needs"):
        load_alone([str(tmp_path / "over.toml")])


def test_composition_is_the_bases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gitleaks merges neither key."""
    monkeypatch.chdir(tmp_path)
    over = "[extend]\npath = 'base.toml'\n[[rules]]\nid = 'acme'\nskipReport = true\n"
    _written(tmp_path, base=_BASE, over=over)
    loaded = load_alone(["over.toml"])
    assert not any(rule.skip_report for rule in loaded.rules)
    assert [(entry.rule, entry.key, entry.whole) for entry in loaded.left_out] == [("acme", "skipReport", False)]
