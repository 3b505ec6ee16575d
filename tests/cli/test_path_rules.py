"""Rules with only a path: each file that has such a path is a finding, whatever it holds, as in gitleaks."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.report import FORMATS
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_RULE = r"""
[[rules]]
id = "key-store"
description = "A key store"
path = '''(^|/)[^/]+\.p12$'''
"""


@pytest.fixture
def rules(tmp_path: Path) -> list[str]:
    (tmp_path / "rules.toml").write_text(_RULE)
    return ["--rules", str(tmp_path / "rules.toml")]


def _tree(directory: Path) -> None:
    for name in ("a.p12", "b/c.p12", "d.p12/e", "f"):
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")


def _paths(report: dict[str, Any]) -> list[str]:
    return sorted(place["path"] for found in report["credentials"] for place in found["occurrences"])


def test_files(run: Run, tmp_path: Path, rules: list[str]) -> None:
    _tree(tmp_path / "t")
    report = run("scan", tmp_path / "t", *rules, "--verify").json
    assert _paths(report) == ["a.p12", "b/c.p12"]
    (found,) = (found for found in report["credentials"] if found["occurrences"][0]["path"] == "b/c.p12")
    place = found["occurrences"][0]
    assert (found["kind"], found["redacted"], found["rule_ids"]) == ("custom", "file", ["key-store"])
    assert found["fingerprint"] == "akp1:" + sha256(b"file\0key-store\0b/c.p12").hexdigest()
    assert found["verification"]["status"] == "not_sent"
    assert (place["place"], place["line"], place["column"], place["context"]) == ("content", None, None, "b/c.p12")


def test_history(run: Run, repo: Repository, rules: list[str]) -> None:
    _tree(repo.path)
    first = repo.commit()
    repo.git("rm", "-q", "a.p12")
    repo.git("mv", "b/c.p12", "g.p12")
    second = repo.commit()
    report = run("history", repo.path, *rules).json
    places = {place["path"]: place for found in report["credentials"] for place in found["occurrences"]}
    assert {path: (place["state"], place["introduced"]["id"]) for path, place in places.items()} == {
        "a.p12": ("removed", first),
        "b/c.p12": ("removed", first),
        "g.p12": ("present", second),
    }
    assert places["a.p12"]["removed"]["id"] == second
    assert _paths(run("history", "--range", "HEAD~1..HEAD", repo.path, *rules).json) == ["g.p12"]
    repo.write("h.p12", "x")
    repo.git("add", "h.p12")
    assert _paths(run("staged", *rules, cwd=repo.path).json) == ["h.p12"]


def test_fingerprints_are_those_of_the_files(run: Run, repo: Repository, rules: list[str]) -> None:
    """A baseline of the history holds for the files."""
    _tree(repo.path)
    repo.commit()
    assert inside("baseline", "create", *rules, cwd=repo.path).code == 0
    for words in (["scan"], ["history"]):
        report = run(*words, *rules, cwd=repo.path).json
        assert [bool(found["allowed"]) for found in report["credentials"]] == [True, True]
    entries = json.loads((repo.path / ".akpatrol-baseline.json").read_text())["entries"]
    assert {entry["redacted"] for entry in entries if entry} == {"file"}


def test_allowlists(run: Run, repo: Repository, tmp_path: Path) -> None:
    _tree(repo.path)
    commit = repo.commit()
    lists = {
        "paths = ['^b/']": ["a.p12"],
        "regexes = ['b']": ["a.p12", "b/c.p12"],
        f"commits = ['{commit}']": [],
        f"commits = ['{commit}']\npaths = ['^b/']\ncondition = 'AND'": ["a.p12"],
        "paths = ['^b/']\nstopwords = ['x']\ncondition = 'AND'": ["a.p12", "b/c.p12"],
    }
    for number, (text, paths) in enumerate(lists.items()):
        (tmp_path / f"{number}.toml").write_text(f"{_RULE}[[rules.allowlists]]\n{text}\n")
        assert _paths(run("history", repo.path, "--rules", tmp_path / f"{number}.toml").json) == paths, text


# An index has a row for each target, not for each file.
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "index"])
def test_every_format_names_the_file(tmp_path: Path, rules: list[str], form: str) -> None:
    _tree(tmp_path / "t")
    done = inside("scan", "t", *rules, "-f", form, cwd=tmp_path)
    assert (done.code, b"c.p12" in done.out) == (1, True)
