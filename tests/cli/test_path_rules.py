"""Rules with only a path: each file that has such a path is a finding, whatever it holds, as in gitleaks."""

from __future__ import annotations

import io
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

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


def _archive(*names: str, content: bytes = b"x") -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return made.getvalue()


def _members(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return sorted((place["path"], *place["containers"]) for c in report["credentials"] for place in c["occurrences"])


def test_members_of_archives(run: Run, repo: Repository, rules: list[str]) -> None:
    inner = _archive("k.p12")
    with ZipFile(repo.path / "x.zip", "w") as archive:
        for name in ("a/", "a/b.p12", "a/b.txt", "empty.p12"):
            archive.writestr(name, "x" if name.endswith("b.p12") else "")
        archive.writestr("y.zip", inner)
    repo.commit()
    expected = [("x.zip", "zip:a/b.p12"), ("x.zip", "zip:empty.p12"), ("x.zip", "zip:y.zip", "zip:k.p12")]
    reports = [run(command, repo.path, *rules).json for command in ("scan", "history")]
    for report in reports:
        assert _members(report) == expected
        place = report["credentials"][0]["occurrences"][0]
        assert (place["place"], place["line"], place["context"]) == ("content", None, "a/b.p12")
    # A baseline of one holds for the other.
    assert len({frozenset(found["fingerprint"] for found in report["credentials"]) for report in reports}) == 1


def test_members_in_what_a_change_brings(run: Run, repo: Repository, rules: list[str]) -> None:
    """An archive that gets another name, or another version with the same member, brings nothing new."""
    repo.write("x.zip", _archive("a.p12"))
    repo.commit()
    repo.git("mv", "x.zip", "y.zip")
    repo.write("z.zip", _archive("b.p12", "c.txt"))
    repo.commit()
    assert _members(run("history", "--range", "HEAD~1..HEAD", repo.path, *rules).json) == [("z.zip", "zip:b.p12")]
    repo.write("z.zip", _archive("b.p12", "c.p12"))
    repo.git("add", "z.zip")
    assert _members(run("staged", *rules, cwd=repo.path).json) == [("z.zip", "zip:c.p12")]
    repo.commit()
    assert _members(run("history", "--range", "HEAD~1..HEAD", repo.path, *rules).json) == [("z.zip", "zip:c.p12")]


def test_the_content_of_a_member_tells_it_from_others(run: Run, tmp_path: Path, rules: list[str]) -> None:
    """An allowed key store must not allow another one of the same name in another archive."""
    for name, content in (("a.zip", b"1"), ("b.zip", b"1"), ("c.zip", b"2")):
        (tmp_path / name).write_bytes(_archive("k.p12", content=content))
    found = run("scan", tmp_path, *rules).json["credentials"]
    assert sorted(len(credential["occurrences"]) for credential in found) == [1, 2]


@pytest.mark.parametrize("command", ["scan", "history"])
def test_a_rule_names_a_member_in_its_archive(run: Run, repo: Repository, tmp_path: Path, command: str) -> None:
    for name in ("x.zip", "y.zip"):
        repo.write(name, _archive("a.txt", "b.txt"))
    repo.commit()
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 'one'\npath = '^x\\.zip!a'\n")
    report = run(command, repo.path, "--rules", tmp_path / "rules.toml").json
    assert _members(report) == [("x.zip", "zip:a.txt")]


@pytest.mark.parametrize("command", ["scan", "history"])
def test_rules_ask_for_the_paths_of_members(run: Run, repo: Repository, tmp_path: Path, command: str) -> None:
    """As in gitleaks, the path of a member is that of its archive, an exclamation mark and its own; each counts."""
    repo.write("x.zip", _archive("a/b.txt", "./c.md", content=b"word=secret-value"))
    repo.commit()
    both = [("x.zip", "zip:./c.md"), ("x.zip", "zip:a/b.txt")]
    rule = "[[rules]]\nid = 'word'\nregex = 'word=([a-z-]+)'\n"
    cases = {
        r"path = '^a/b\.txt$'": both[1:],
        r"path = '^x\.zip!c\.md$'": both[:1],
        r"path = '\.zip$'": both,
        r"path = '\.rs$'": [],
        r"[[rules.allowlists]]\npaths = ['\.md$']": both[1:],
        r"[[rules.allowlists]]\npaths = ['^x\.zip!a']": both[:1],
        r"[[rules.allowlists]]\npaths = ['\.md$']\nstopwords = ['secret']\ncondition = 'AND'": both[1:],
    }
    for number, (text, expected) in enumerate(cases.items()):
        (tmp_path / f"{number}.toml").write_text(rule + text.replace(r"\n", "\n"))
        done = run(command, repo.path, "--rules", tmp_path / f"{number}.toml", "--min-confidence", "low")
        assert _members(done.json) == expected, text


# An index has a row for each target, not for each file.
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "index"])
def test_every_format_names_the_file(tmp_path: Path, rules: list[str], form: str) -> None:
    _tree(tmp_path / "t")
    done = inside("scan", "t", *rules, "-f", form, cwd=tmp_path)
    assert (done.code, b"c.p12" in done.out) == (1, True)
