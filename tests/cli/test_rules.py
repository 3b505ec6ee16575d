"""Rule files: shipped and brought, listed, shown, checked, and broken in every way."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.rules.rule_file import load, shipped_files
from tests.credentials import random_text
from tests.program import execute, inside, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

_RULE = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"
_OWN = _RULE + "[akpatrol.rules.acme]\n"


def test_list() -> None:
    done = inside("rules", "list")
    lines = done.out.decode().splitlines()
    assert [line.split("  ")[0] for line in lines] == [rule.id for rule in load().rules]
    assert (done.code, done.err) == (0, b"")


def test_show() -> None:
    done = inside("rules", "show", "anyreach-organization-key")
    out = done.out.decode()
    assert done.code == 0
    for word in ("id: anyreach-organization-key", "regex: ak_", "severity: high", "page: /api-keys", "steps:"):
        assert word in out


def test_show_unknown_rule_names_the_known_ones() -> None:
    done = inside("rules", "show", "anyreach")
    assert done.code == 2
    assert b"anyreach: no such rule" in done.err
    assert b"anyreach-organization-key" in done.err


def test_check_of_the_shipped_rules() -> None:
    """The examples in rules/ hold, with and without hyperscan."""
    done = inside("rules", "check")
    assert done.code == 0
    numbers = {rule.id: len(rule.examples) + len(rule.counterexamples) for rule in load().rules}
    assert numbers["anyreach-organization-key"] == numbers["anyreach-personal-access-token"] == 4
    lines = [f"{name}: compiles; {number} examples hold" for name, number in numbers.items()]
    assert done.out.decode().splitlines() == lines
    without = execute("rules", "check", patch="import sys; sys.modules['hyperscan'] = None")
    assert without.out == done.out


def test_shipped_rules_load_as_a_users() -> None:
    """The format is the one that users' files have."""
    for file in shipped_files():
        assert inside("rules", "check", file).code == 0


def test_list_and_show_with_a_users_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(_RULE + 'description = "Acme \\u001b[31m token"\n')
    listed = inside("rules", "list", "--rules", "rules.toml", cwd=tmp_path)
    assert b"acme  Acme " in listed.out
    shown = on_terminal("rules", "show", "acme", "--rules", tmp_path / "rules.toml")
    assert b"regex: acme_[0-9a-f]{20}" in shown.out
    assert b"\x1b" not in listed.out + shown.out


def test_credential_in_a_rule_file_is_masked(tmp_path: Path, key: str) -> None:
    (tmp_path / "rules.toml").write_text(
        f"{_RULE}description = 'like {key}'\n[akpatrol.rules.acme]\nsteps = ['{key}']\n"
    )
    for arguments in (["list", "--rules"], ["show", "acme", "--rules"], ["check"]):
        done = inside("rules", *arguments, "rules.toml", cwd=tmp_path)
        assert done.code == 0
        assert key.encode() not in done.written


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not TOML", ["not a TOML file", "line 1"]),
        (b"\xff\xfe", ["not a TOML file"]),
        ("", ["rules", "no [[rules]] table"]),
        ("rules = []", ["rules", "no [[rules]] table"]),
        ("rules = 'x'", ["rules"]),
        ("rules = ['x']", ["rules", "table"]),
        ("[rules]", ["rules"]),
        ("a = " + "[" * 5000, ["TOML"]),
        ("a = " + "9" * 5000, ["TOML"]),
        ("[[rules]]\nregex = 'x'", ["id", "needs an id"]),
        ("[[rules]]\nid = ''\nregex = 'x'", ["id", "needs an id"]),
        ("[[rules]]\nid = 3\nregex = 'x'", ["id", "must be a string"]),
        ("[[rules]]\nid = 'acme'", ["rule acme", "regex", "needs a pattern"]),
        ("[[rules]]\nid = 'acme'\nregex = 3", ["rule acme", "regex", "must be a string"]),
        ("[[rules]]\nid = 'acme'\nregex = 'a('", ["rule acme", "regex", "missing )"]),
        ("[[rules]]\nid = 'acme'\nregex = '(?=a)'", ["rule acme", "regex", "(?="]),
        (_RULE + "keyword = ['acme']", ["rule acme", "keyword", "did you mean keywords?"]),
        (_RULE + "keywords = 'acme'", ["rule acme", "keywords", "must be a list of strings"]),
        (_RULE + "keywords = [1]", ["rule acme", "keywords", "must be a list of strings"]),
        (_RULE + "secretGroup = 1", ["rule acme", "secretGroup", "0 groups"]),
        (_RULE + "secretGroup = 'x'", ["rule acme", "secretGroup", "must be a number"]),
        (_RULE + "secretGroup = -1", ["rule acme", "secretGroup", "not negative"]),
        (_RULE + "entropy = '3'", ["rule acme", "entropy", "must be a number"]),
        (_RULE + "entropy = true", ["rule acme", "entropy", "must be a number"]),
        (_RULE + "path = '('", ["rule acme", "path", "missing )"]),
        (_RULE + "allowlists = 3", ["rule acme", "allowlists"]),
        (_RULE + "[[rules.allowlists]]\nregexes = ['(']", ["rule acme", "allowlists.regexes", "missing )"]),
        (_RULE + "[[rules.allowlists]]\npaths = ['(']", ["rule acme", "allowlists.paths", "missing )"]),
        (_RULE + "[[rules.allowlists]]\ncondition = 'XOR'", ["rule acme", "condition", "OR, AND"]),
        (_RULE + "[[rules.allowlists]]\nregexTarget = 'file'", ["rule acme", "regexTarget"]),
        (_RULE + "[[rules.allowlists]]\nstopword = ['x']", ["rule acme", "stopword", "did you mean stopwords?"]),
        (_RULE + "[[rules.allowlists]]\ndescription = 'none'", ["rule acme", "allowlists", "has none of"]),
        (_RULE + "[[rules.required]]\nid = 'x'", ["rule acme", "required", "there is no rule x"]),
        (_RULE + "[[rules.required]]\nwithinLines = 3", ["rule acme", "required", "names no rule"]),
        (_RULE + "[[rules.required]]\nid = 'x'\nwithinLines = 'y'", ["rule acme", "withinLines", "whole number"]),
        (_RULE + _RULE, ["rule acme", "id", "a later rule of the file"]),
        (_RULE.replace("acme", "anyreach-organization-key", 1), ["rule anyreach-organization-key", "id", "already"]),
        (_RULE + "[extend]\nuseDefault = true", ["extend", "download https://", "with --rules too"]),
        (_RULE + "[extend]\npath = 'none.toml'", ["extend.path", "none.toml", "No such file"]),
        (_RULE + "[extend]\npath = 'x'\nuseDefault = true", ["extend", "both"]),
        (_RULE + "[extend]\nurl = 'https://example.com'", ["extend.url", "gitleaks does not read it"]),
        (_RULE + "ID = 'other'", ["ID", "is there twice"]),
        ("minVersion = 'v9.1'\n" + _RULE, ["minVersion", "asks for gitleaks v9.1"]),
        ("minVersion = 'new'\n" + _RULE, ["minVersion", "no version"]),
        ("other = 3\n" + _RULE, ["other", "unknown key"]),
        (_RULE + "[[allowlists]]\npaths = ['(']", ["allowlists.paths", "missing )"]),
        (_RULE + "[[allowlists]]\npaths = ['x']\ntargetRules = ['acne']", ["targetRules", "no rule acne"]),
        ("[[allowlists]]\npaths = ['x']", ["allowlists", "there is no other rule file"]),
        (_OWN + "kind = 'token'", ["rule acme", "kind", "must be one of"]),
        (_OWN + "kind = ['token']", ["rule acme", "kind", "must be one of"]),
        (_OWN + "confidence = 'sure'", ["rule acme", "confidence", "must be one of"]),
        (_OWN + "severity = 'urgent'", ["rule acme", "severity", "must be one of"]),
        (_OWN + "step = ['x']", ["rule acme", "step", "did you mean steps?"]),
        (_OWN + "steps = 'x'", ["rule acme", "steps", "must be a list of strings"]),
        (_RULE + "[akpatrol.rules.acne]\nkind = 'custom'", ["rule acne", "no [[rules]] entry"]),
        (_RULE + "[akpatrol]\nrules = 3", ["rules", "must be a table"]),
        (_RULE + "[akpatrol]\nrule = 3", ["rule", "did you mean rules?"]),
        (_RULE + "[akpatrol.rules.anyreach-organization-key]\nconfidence = 'low'", ["ships", "cannot be changed"]),
        ("akpatrol = 3\n" + _RULE, ["akpatrol", "must be a table"]),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
@pytest.mark.parametrize(
    "how", [["scan", "--rules-strict", "--rules"], ["rules", "check", "--rules-strict"]], ids=" ".join
)
def test_broken_rule_file(run: Run, tmp_path: Path, how: list[str], content: str | bytes, words: list[str]) -> None:
    """The message names file, rule, key and reason."""
    file = tmp_path / "broken.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    # A rules command writes no report.
    done = run(*how, file, cwd=tmp_path) if how[0] == "scan" else inside(*how, file)
    error = done.err if isinstance(done.err, str) else done.err.decode()
    assert done.code == 2, error
    assert error.startswith(f"akpatrol: {file}: "), error
    for word in words:
        assert word in error


def test_what_is_left_out_of_a_rule_file_is_named(run: Run, tmp_path: Path) -> None:
    """One rule that cannot be read does not refuse the file."""
    (tmp_path / "rules.toml").write_text(
        f"{_RULE}severity = 'high'\n[[rules]]\nid = 'other'\nregex = 'a('\n[metadata]\nowner = 'x'\n"
    )
    done = inside("rules", "check", "rules.toml", cwd=tmp_path)
    assert done.code == 0
    assert done.out.decode().splitlines() == [
        "left out: rules.toml: metadata: unknown key, which has no effect",
        "left out: rules.toml: rule acme: severity: unknown key, which has no effect",
        "left out: rules.toml: rule other: regex: missing ): a(",
        "acme: compiles; 0 examples hold",
    ]
    (tmp_path / "f").write_text("acme_" + random_text(Random(3), "hex", 20))
    report = run("scan", tmp_path / "f", "--rules", tmp_path / "rules.toml").json
    assert [found["rule_ids"] for found in report["credentials"]] == [["acme"]]
    assert report["notices"] == [
        "1 rule and 2 keys of rule files are left out: `akpatrol rules check FILE...` lists them"
    ]


@pytest.mark.parametrize("how", ["scan --rules", "rules list --rules", "rules check"])
def test_rule_file_that_cannot_be_read(tmp_path: Path, how: str) -> None:
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    for name in ("missing.toml", "loop.toml"):
        done = inside(*how.split(), name, cwd=tmp_path)
        assert done.code == 2
        assert name.encode() in done.err


def test_without_re2(tmp_path: Path) -> None:
    """Only rules that users bring need it."""
    (tmp_path / "rules.toml").write_text(_RULE)
    patch = "import sys; sys.modules['re2'] = None"
    done = execute("scan", "--rules", "rules.toml", cwd=tmp_path, patch=patch)
    assert done.code == 2
    assert b"google-re2" in done.err
    assert b"pip install 'akpatrol[rules]'" in done.err
    assert execute("scan", cwd=tmp_path, patch=patch).code == 0


def test_check_tells_which_example_does_not_hold(tmp_path: Path) -> None:
    for key, found in (("examples", "not found"), ("counterexamples", "found")):
        example = "acme_{hex:19}" if key == "examples" else "acme_{hex:20}"
        (tmp_path / "rules.toml").write_text(f"{_OWN}{key} = ['{example}']")
        done = inside("rules", "check", "rules.toml", cwd=tmp_path)
        assert done.code == 2
        assert f"rules.toml: rule acme: {key}: {example} is {found}" in done.err.decode()


def test_check_names_rules_that_are_not_searched_for_in_encodings(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        _RULE + "[[rules]]\nid = 'bare'\nregex = '[0-9a-f]{40}'\n"
        "[[rules]]\nid = 'short'\nregex = 'q~[0-9a-f]{40}'\nkeywords = ['q~']\n"
        "[[rules]]\nid = 'keyword'\nregex = '[0-9a-f]{40}'\nkeywords = ['acme']\n"
    )
    lines = inside("rules", "check", "rules.toml", cwd=tmp_path).out.decode().splitlines()
    told = [line.partition(":")[0] for line in lines if "not searched for in encodings" in line]
    assert told == ["bare", "short"]
    assert len(lines) == 4


def test_check_of_an_unknown_alphabet(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(f"{_OWN}examples = ['{{klingon:3}}']")
    done = inside("rules", "check", "rules.toml", cwd=tmp_path)
    assert done.code == 2
    assert b"unknown alphabet" in done.err


def test_directory_of_rule_files(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.toml").write_text(_RULE)
    (rules / "b.toml").write_text(_RULE.replace("acme", "bcme"))
    (rules / "README").write_text("no rules")
    listed = inside("rules", "list", "--rules", rules).out.decode()
    assert "\nacme  " in listed
    assert "\nbcme  " in listed


def test_rules_by_process_substitution() -> None:
    """A caller may name a pipe."""
    reader, writer = os.pipe()
    os.write(writer, _RULE.encode())
    os.close(writer)
    done = execute("rules", "list", "--rules", f"/dev/fd/{reader}", pass_fds=(reader,))
    os.close(reader)
    assert b"acme" in done.out


def test_check_measures_rules_on_a_sample(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(_RULE)
    (tmp_path / "f").write_text("acme_" + random_text(Random(3), "hex", 20))
    done = inside("rules", "check", "rules.toml", "--sample", "f", cwd=tmp_path).out.decode().splitlines()
    assert done[1] == "on 0.0 MB of f, the most expensive first:"
    assert (
        done[2].partition(" s/GB  ")[2]
        == "1 match  acme: no keywords; its pattern always has acme; it finds too much to be secrets"
    )
    assert "akpatrol's own source" in inside("rules", "check", "rules.toml", "--cost", cwd=tmp_path).out.decode()
