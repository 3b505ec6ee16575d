"""``akpatrol rules export``: other scanners load what it writes, and find the same plain credentials."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.rules.export import FORMATS
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token
from tests.program import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Found = set[tuple[str, str]]

_USERS = r"""
[[rules]]
id = "acme-key"
description = "Acme's \"key\""
regex = '''(acme|ACME)_key=([a-z0-9]{16})'''
secretGroup = 2
entropy = 2.5
path = '''\.env$'''
keywords = ["acme_"]
[[rules.allowlists]]
regexTarget = "line"
condition = "AND"
regexes = ['''fine''']
paths = ['''^tests/''']
[[rules.allowlists]]
stopwords = ["dummy"]
[[rules]]
id = "either"
description = "Either"
regex = '''x_([0-9]{12})|y_([0-9]{12})'''
[[rules]]
id = "part"
description = "Part"
regex = '''part=([0-9]{4})'''
skipReport = true
[[rules]]
id = "whole"
description = "Whole"
regex = '''whole=([a-z]{4})'''
tags = ["a", "b"]
[[rules.required]]
id = "part"
withinLines = 1
[[rules.allowlists]]
commits = ["0123456789"]
[[rules]]
id = "key-file"
description = "A file"
path = '''id_rsa$'''
[[rules]]
id = "case"
description = "Case"
regex = '''(?i)zzz[0-9]{12}'''
"""
_TEXT = "a1b2c3d4e5f6g7h8"


@pytest.fixture
def corpus(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A directory with a credential of each kind in each plain form, and the secrets by file."""
    directory, secrets, rng = tmp_path / "corpus", {}, Random(11)
    directory.mkdir()
    forms = {
        "assignment.py": 'API_KEY = "{}"\n',
        "config.json": '{{"apiKey": "{}", "other": 1}}\n',
        "config.yaml": "anyreach:\n  token: {}\n",
        "local.env": "export ANYREACH_KEY={}\n",
        "url.txt": "GET https://api.example.org/v1/calls?key={}&page=2\n",
    }
    for new in (organization_key, personal_access_token):
        for name, form in forms.items():
            file = f"{new.__name__}.{name}"
            secrets[file] = new(rng)
            (directory / file).write_text(form.format(secrets[file]))
    silent = ("ak_your_key_id.your_secret_goes_here", f"compat_{'x' * 30}", "pat_replace_this_with_your_own_token")
    (directory / "silent.txt").write_text("\n".join(silent))
    return directory, secrets


def _gitleaks(program: str, rules: Path, corpus: Path, report: Path) -> Found:
    options: list[str | Path] = ["--config", rules, "--no-banner", "-f", "json", "-r", report, "--exit-code", "0"]
    _run(program, "dir", corpus, *options)
    found = json.loads(report.read_bytes())
    return {(finding["File"].rpartition("/")[2], finding["Secret"]) for finding in found}


def _betterleaks(program: str, rules: Path, corpus: Path, report: Path) -> Found:
    _run(program, "config", "check", "--config", rules)
    _run(program, "fs", corpus, "--config", rules, "--no-banner", "-s", "-o", report, "--exit-code", "0")
    found = json.loads(report.read_bytes())["findings"]
    return {(finding["location"]["path"].rpartition("/")[2], finding["match"]["value"]) for finding in found}


def _kingfisher(program: str, rules: Path, corpus: Path, report: Path) -> Found:
    shared: list[str | Path] = ["--rules-path", rules, "--load-builtins=false", "--no-update-check"]
    _run(program, "rules", "check", *shared)
    _run(program, "scan", corpus, *shared, "--no-validate", "--format", "json", "-o", report, codes=(0, 200))
    found = json.loads(report.read_text().splitlines()[0])["findings"]
    return {(entry["finding"]["path"].rpartition("/")[2], entry["finding"]["snippet"]) for entry in found}


def _run(program: str, *arguments: str | Path, codes: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, timeout=120, check=False)
    assert done.returncode in codes, done.stderr


_PROGRAMS: dict[str, Callable[[str, Path, Path, Path], Found]] = {
    "gitleaks": _gitleaks,
    "betterleaks": _betterleaks,
    "kingfisher": _kingfisher,
}


@pytest.mark.parametrize("name", _PROGRAMS)
def test_the_real_program_finds_the_plain_corpus(
    name: str, corpus: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    program = shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not installed")
    directory, secrets = corpus
    rules = tmp_path / ("rules.yml" if name == "kingfisher" else "rules.toml")
    assert inside("rules", "export", name, "-o", rules).code == 0
    assert _PROGRAMS[name](program, rules, directory, tmp_path / "report.json") == set(secrets.items())


@pytest.mark.parametrize("name", _PROGRAMS)
def test_the_real_program_loads_users_rules(name: str, tmp_path: Path) -> None:
    program = shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "users.toml").write_text(_USERS)
    directory = tmp_path / "corpus"
    directory.mkdir()
    (directory / "a.env").write_text(f"acme_key={_TEXT}\n")
    (directory / "b.env").write_text(f"acme_key=dummy{_TEXT[5:]}\n")
    (directory / "low.env").write_text(f"acme_key={'a' * 16}\n")
    (directory / "a.txt").write_text(f"acme_key={_TEXT[::-1]}\nx_123456789012\nzZz210987654321\n")
    (directory / "whole.txt").write_text("whole=abcd\npart=1234\n")
    (directory / "alone.txt").write_text("whole=abcd\n\n\npart=1234\n")
    rules = tmp_path / ("rules.yml" if name == "kingfisher" else "rules.toml")
    assert inside("rules", "export", name, "--rules", tmp_path / "users.toml", "-o", rules).code == 0
    found = _PROGRAMS[name](program, rules, directory, tmp_path / "report.json")
    expected = {
        *(("a.env", _TEXT), ("a.txt", "zZz210987654321"), ("a.txt", "123456789012")),
        ("whole.txt", "abcd"),
    }
    if name == "kingfisher":  # it has no paths; rules with two groups, and those of several rules, are left out
        expected = {("a.env", _TEXT), ("a.txt", "zZz210987654321"), ("a.txt", _TEXT[::-1])}
    assert found == expected


def test_github(tmp_path: Path) -> None:
    """The expressions compile in Hyperscan, which GitHub uses, and match the test strings between other text."""
    hyperscan = pytest.importorskip("hyperscan")
    (tmp_path / "users.toml").write_text(_USERS)
    done = inside("rules", "export", "github", "--rules", tmp_path / "users.toml")
    blocks = [
        [(line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in block.splitlines()]
        for block in done.out.decode().split("\n\n")
    ]
    names = [value for block in blocks for label, value in block if label == "Pattern name"]
    assert names == [*(rule.description for rule in load().rules), 'Acme\'s "key"']
    for block in blocks:
        fields: dict[str, str] = dict(block)
        whole = f"({fields['Before secret']})(?:{fields['Secret format']})({fields['After secret']})"
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        expressions = [whole.encode(), fields["Secret must not match"].encode()]
        database.compile(expressions=expressions, ids=[0, 1], flags=[hyperscan.HS_FLAG_SINGLEMATCH] * 2)
        for test_string in [value for label, value in block if label == "Test string"]:
            for text in (test_string, f'key = "{test_string}";'):
                assert _hits(database, text) == [0]
        assert _hits(database, "DuMMy") == [1]
    notes = done.err.decode().splitlines()
    assert "either: left out: it has several groups and does not say which one is the secret" in notes
    assert "case: left out: its pattern has flags, such as (?i)" in notes
    assert "part: left out: it is only a part of other rules" in notes
    assert "whole: left out: it needs other rules near by" in notes
    assert "key-file: left out: it finds files by their path" in notes
    assert "acme-key: without its path: it finds more there" in notes
    assert "acme-key: without its bound for entropy: it finds more there" in notes


def _hits(database: object, text: str) -> list[int]:
    hits: list[int] = []
    scan = database.scan  # type: ignore[attr-defined]  # hyperscan has no types
    scan(text.encode(), match_event_handler=lambda number, *_: hits.append(number))
    return hits


def test_gitleaks_file_loads_here_and_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "users.toml").write_text(_USERS)
    done = inside("rules", "export", "gitleaks", "--rules", tmp_path / "users.toml", "--skip-rule", "anyreach-*")
    assert (done.code, done.err) == (0, b"")
    (tmp_path / "again.toml").write_bytes(done.out)
    before, after = (load([tmp_path / name]) for name in ("users.toml", "again.toml"))
    for some, others in ((before.rules, after.rules), (before.path_rules, after.path_rules)):
        assert [rule._replace(file="") for rule in some] == [rule._replace(file="") for rule in others]
    ids = [rule["id"] for rule in tomllib.loads(done.out.decode())["rules"]]
    assert ids == ["acme-key", "either", "part", "whole", "case", "key-file"]


def test_file_and_choice(tmp_path: Path) -> None:
    file = tmp_path / "out.toml"
    done = inside("rules", "export", "gitleaks", "--only-rules", "*-key", "-o", file)
    assert (done.code, done.written) == (0, b"")
    assert [rule["id"] for rule in tomllib.loads(file.read_text())["rules"]] == ["anyreach-organization-key"]


def test_a_rule_that_holds_a_credential_is_left_out(tmp_path: Path, key: str) -> None:
    (tmp_path / "users.toml").write_text(f"[[rules]]\nid = 'leaky'\nregex = 'abc'\ndescription = 'like {key}'\n")
    for name in FORMATS:
        done = inside("rules", "export", name, "--rules", tmp_path / "users.toml")
        assert done.code == 0
        assert b"leaky: left out: it holds a credential" in done.err
        assert key.encode() not in done.written
        assert b"leaky" not in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gitleak"], "did you mean gitleaks?"),
        (["gitleaks", "--skip-rule", "*"], "no rule is left"),
        (["gitleaks", "--only-rules", "acme"], "--only-rules: acme matches no rule"),
        (["gitleaks", "-o", "missing/out"], "missing"),
        ([], "Missing argument"),
    ],
)
def test_mistakes(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = inside("rules", "export", *arguments, cwd=tmp_path)
    assert done.code == 2
    assert words in done.err.decode()
