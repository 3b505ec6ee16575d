"""Several rule files together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.config.settings import NamedFile
from akpatrol.errors import RuleError
from akpatrol.model.scan import Confidence, Severity
from akpatrol.rules.rule_file import load, load_alone, parse
from akpatrol.rules.users_files import users_rules

if TYPE_CHECKING:
    from pathlib import Path

_RULE = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"
_ALLOW = "[[allowlists]]\npaths = ['docs/']\n[[allowlists]]\nstopwords = ['x']\ntargetRules = ['bcme']\n"


def _files(tmp_path: Path, *texts: str) -> list[str]:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text)
    return [str(tmp_path / f"{number}.toml") for number in range(len(texts))]


def test_keys_in_any_case() -> None:
    content = b"""
[[Rules]]
ID = "acme"
Regex = "(acme)_([0-9a-f]{20})"
SecretGroup = 2
KEYWORDS = ["Acme"]
[Rules.AllowList]
RegexTarget = "line"
Regexes = ["x"]
Condition = "and"
[[Rules.Required]]
ID = "acme"
WithinLines = 3
"""
    (rule,) = parse(content, "f")
    assert (rule.secret_group, rule.keywords, rule.allowlists[0].target) == (2, ("acme",), "line")
    assert rule.allowlists[0].every
    assert rule.required[0].within_lines == 3


def test_a_file_of_allowlists_is_for_the_other_files(tmp_path: Path) -> None:
    """Not for the rules that akpatrol ships."""
    other = _RULE.replace("acme", "bcme")
    for order in ([_RULE, _ALLOW, other], [_ALLOW, _RULE, other]):
        loaded = load(_files(tmp_path, *order))
        assert not loaded.left_out
        assert {rule.id: len(rule.allowlists) for rule in loaded.rules if not rule.shipped} == {"acme": 1, "bcme": 2}
        assert not any(rule.allowlists for rule in loaded.rules if rule.shipped)


def test_allowlists_of_a_file_with_rules_are_its_own(tmp_path: Path) -> None:
    loaded = load(_files(tmp_path, _RULE + "[allowlist]\npaths = ['x']\n", _RULE.replace("acme", "bcme")))
    assert {rule.id: len(rule.allowlists) for rule in loaded.rules if not rule.shipped} == {"acme": 1, "bcme": 0}


def test_what_a_change_adds_decides_about_no_other_file() -> None:
    given = [
        NamedFile("rules", _RULE.encode()),
        NamedFile("lists", b"[[allowlists]]\npaths = ['docs/']\n", is_new=True),
        NamedFile("own", b"[akpatrol.rules.acme]\nconfidence = 'low'\n", is_new=True),
    ]
    found = users_rules(given, {}, strict=False)
    assert (found.rules[0].allowlists, found.rules[0].confidence) == ((), Confidence.HIGH)
    assert [entry.file for entry in found.left_out] == ["lists", "own"]


def test_a_table_of_our_own_may_be_in_another_file(tmp_path: Path) -> None:
    table = "[akpatrol.rules.acme]\nseverity = 'low'\nconfidence = 'medium'\npage = '/x'\nsteps = ['y']\n"
    (rule,) = load_alone(_files(tmp_path, table, _RULE)).rules
    assert (rule.severity, rule.confidence, rule.page, rule.steps) == (Severity.LOW, Confidence.MEDIUM, "/x", ("y",))
    with pytest.raises(RuleError, match="only the file of the rule"):
        load_alone(_files(tmp_path, "[akpatrol.rules.acme]\nkind = 'custom'\n", _RULE))
    with pytest.raises(RuleError, match="has a table for this rule too"):
        load_alone(_files(tmp_path, table, _RULE + table))


def test_a_file_that_another_extends_is_no_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _files(tmp_path, _RULE, "[extend]\npath = '0.toml'\n")
    loaded = load_alone(["."])
    assert ([rule.id for rule in loaded.rules], loaded.left_out) == (["acme"], ())


def test_the_first_file_with_an_id_has_it(tmp_path: Path) -> None:
    files = _files(tmp_path, _RULE, _RULE.replace("{20}", "{30}") + _RULE.replace("acme", "anyreach-organization-key"))
    loaded = load(files)
    acme = loaded.get("acme")
    assert acme
    assert "{20}" in acme.regex
    assert [(entry.file, entry.rule, entry.whole) for entry in loaded.left_out] == [
        (files[1], "acme", True),
        (files[1], "anyreach-organization-key", True),
    ]


def test_a_rule_is_left_out_with_those_that_require_it(tmp_path: Path) -> None:
    chain = "".join(
        f"[[rules]]\nid = '{name}'\nregex = '{regex}'\n" + (f"[[rules.required]]\nid = '{needs}'\n" if needs else "")
        for name, regex, needs in [("a", "x", "b"), ("b", "x", "c"), ("c", "(", ""), ("d", "x", "")]
    )
    loaded = load_alone(_files(tmp_path, chain))
    assert [rule.id for rule in loaded.rules] == ["d"]
    assert [entry.rule for entry in loaded.left_out] == ["c", "b", "a"]


def test_the_digest_covers_what_is_extended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _files(tmp_path, _RULE, "[extend]\npath = '0.toml'\n")
    before = load(["1.toml"]).digest
    _files(tmp_path, _RULE.replace("{20}", "{30}"))
    assert load(["1.toml"]).digest != before


def test_an_allowlist_that_covers_nothing_leaves_its_rule(tmp_path: Path) -> None:
    loaded = load_alone(
        _files(tmp_path, _RULE + "[[rules.allowlists]]\ndescription = 'x'\n[[allowlists]]\npaths = []\n")
    )
    assert [rule.allowlists for rule in loaded.rules] == [()]
    assert [(entry.rule, entry.key, entry.whole) for entry in loaded.left_out] == [
        ("acme", "allowlists", False),
        ("", "allowlists", False),
    ]
