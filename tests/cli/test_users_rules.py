"""Rules that users bring, in a scan: what they find, as gitleaks does."""

from __future__ import annotations

import gzip
from base64 import b64encode
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.credentials import random_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_GITLEAKS = r"""
title = "a file as gitleaks users have it"
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''(?i)acme[\w.-]{0,20}\s*[:=]\s*['"]?([a-z0-9]{32})\b'''
keywords = ["ACME"]
secretGroup = 1
entropy = 3.0
tags = ["acme"]
[[rules.allowlists]]
description = "test data"
condition = "AND"
paths = ['''(^|/)tests/''']
regexes = ['''^f''']
[[rules.allowlists]]
stopwords = ["stopword"]
[[rules]]
id = "dotenv-password"
description = "Password in a .env file"
regex = '''PASSWORD=(\S+)'''
path = '''\.env$'''
[rules.allowlist]
regexTarget = "line"
regexes = ["# fine$"]
[[rules]]
id = "no-keyword"
description = "Without keywords"
regex = '''ZZ[0-9]{10}ZZ'''
"""


@pytest.fixture
def acme(tmp_path: Path) -> list[str]:
    (tmp_path / "acme.toml").write_text(_GITLEAKS)
    return ["--rules", str(tmp_path / "acme.toml")]


def _found(run: Run, acme: list[str], tmp_path: Path, **content: str) -> set[tuple[str, str]]:
    tree = tmp_path / "tree"
    for name, text in content.items():
        file = tree / name.replace("__", "/").replace("DOT", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    report = run("scan", tree, *acme).json
    return {
        (credential["rule_ids"][0], occurrence["path"])
        for credential in report["credentials"]
        for occurrence in credential["occurrences"]
    }


def test_gitleaks_file(run: Run, acme: list[str], tmp_path: Path) -> None:
    token = "e" + random_text(Random(3), "lower", 31)
    allowed = "f" + token[1:]
    found = _found(
        run,
        acme,
        tmp_path,
        a=f"Acme_key = '{token}'",
        b=f"acme: {'a' * 32}",  # too regular
        c=f"other: {token}",  # no keyword
        tests__d=f"acme: {allowed}",
        tests__e=f"acme: {token}",
        f=f"acme: {allowed}",
        g=f"acme: {token[:12]}stopword{token[12:24]}",
        DOTenv="PASSWORD=hunter2hunter2\nPASSWORD=x1x2x3x4 # fine\n",
        notDOTtxt="PASSWORD=hunter2hunter2\n",
        z="ZZ0123456789ZZ",
    )
    assert found == {
        ("acme-token", "a"),
        ("acme-token", "tests/e"),
        ("acme-token", "f"),
        ("dotenv-password", ".env"),
        ("no-keyword", "z"),
    }


def test_secret_is_the_group(run: Run, acme: list[str], tmp_path: Path) -> None:
    token = random_text(Random(4), "lower", 32)
    (tmp_path / "f").write_text(f"acme: {token}\n")
    found = run("scan", tmp_path / "f", *acme).one(token)
    assert (found["column"], found["end_column"]) == (7, 39)
    assert found["context"] == f"acme: ***({len(token)})"


@pytest.mark.parametrize("gate", ["automaton", "hyperscan"])
def test_users_rules_find_the_same_behind_both_gates(run: Run, tmp_path: Path, gate: str) -> None:
    """Also after much input, with keywords that are not ASCII, and what hyperscan cannot compile."""
    (tmp_path / "rules.toml").write_text(
        "[[rules]]\nid = 'umlaut'\nregex = 'schlüssel=(\\d{8})'\nkeywords = ['schlüssel']\n"
        "[[rules]]\nid = 'unicode'\nregex = '\\pN{9}x'\n"
        "[[rules]]\nid = 'optional'\nregex = 'a(b)?c{5}'\nsecretGroup = 1\n"
        "[[rules]]\nid = 'anchored'\nregex = '^START-(\\d{6})'\n",
        encoding="utf-8",
    )
    filler = "\n" * (2 << 20) if gate == "hyperscan" else ""
    text = f"START-654321\nschlüssel=12345678 987654321x accccc abccccc{filler}"
    (tmp_path / "f").write_text(text, encoding="utf-8")
    report = run("scan", tmp_path / "f", "--rules", tmp_path / "rules.toml").json
    assert sorted(credential["rule_ids"][0] for credential in report["credentials"]) == [
        "anchored",
        "optional",
        "optional",  # all of the match, where the group took no part
        "umlaut",
        "unicode",
    ]


def test_anchor_of_a_users_rule_hides_nothing(run: Run, tmp_path: Path) -> None:
    """It may be wrong, and conditions still count."""
    (tmp_path / "rules.toml").write_text(
        "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\nentropy = 2.0\n"
        "[akpatrol.rules.acme]\nanchor = 'something else('\n"
    )
    good, regular = f"acme_{random_text(Random(5), 'hex', 20)}", "acme_" + "a" * 20
    (tmp_path / "f").write_text(f"{good}\n{regular}\n" + "\n" * (2 << 20))
    result = run("scan", tmp_path / "f", "--rules", tmp_path / "rules.toml")
    assert len(result.json["credentials"]) == 1
    assert result.one(good)["line"] == 1


@pytest.mark.parametrize("kind", ["organization_key", "personal_access_token"])
def test_users_rule_of_a_shipped_kind(run: Run, tmp_path: Path, key: str, kind: str) -> None:
    """Whatever such a rule matches, also less than the kind's prefix, nothing breaks."""
    (tmp_path / "rules.toml").write_text(
        f"[[rules]]\nid = 'own'\nregex = '\\w+'\n[akpatrol.rules.own]\nkind = '{kind}'\n"
    )
    (tmp_path / "f").write_text(f"a bb ccc {key}\n")
    assert run("scan", tmp_path / "f", "--rules", tmp_path / "rules.toml").code == 1


def test_a_rule_for_a_path_looks_into_a_container_that_another_path_held_too(run: Run, tmp_path: Path) -> None:
    """What stands encoded in a text, and is a container, is remembered by what was found in it."""
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\npath = 'z[.]txt'\n")
    token = "acme_" + random_text(Random(23), "hex", 20)
    for name in ("a.txt", "z.txt"):
        (tmp_path / name).write_bytes(b64encode(gzip.compress(f"{'words ' * 20}{token}\n".encode(), mtime=0)))
    assert [place["path"] for place in run("scan", tmp_path, "--rules", tmp_path / "rules.toml").found(token)] == [
        "z.txt"
    ]


def test_allowlist_of_commits(run: Run, repo: Repository, tmp_path: Path) -> None:
    """What only these commits brought is no finding."""
    rule = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"
    first, second = (f"acme_{random_text(Random(seed), 'hex', 20)}" for seed in (31, 32))
    repo.write("a.py", f"x = '{first}'\n")
    commit = repo.commit()
    repo.write("b.py", f"x = '{second}'\n")
    repo.commit()
    (tmp_path / "r.toml").write_text(f"{rule}[[rules.allowlists]]\ncommits = ['{commit.upper()}']\n")
    for _ in range(2):  # the second run reads its cache
        report = run("history", repo.path, "--rules", tmp_path / "r.toml").json
        assert [place["path"] for found in report["credentials"] for place in found["occurrences"]] == ["b.py"]
