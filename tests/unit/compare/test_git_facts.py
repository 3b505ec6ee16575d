"""What a real repository says of the commits, paths and objects of findings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.compare.findings import ComparedFinding
from akpatrol.compare.git_facts import GitFacts, ask
from akpatrol.compare.rows import ReportRow
from akpatrol.sources.git import repository
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from tests.repositories import Repository


def _asked(repo: Repository, *rows: ReportRow) -> GitFacts:
    found = repository.find(os.fsencode(repo.path))
    assert found
    findings = []
    for row in rows:
        findings.append(ComparedFinding(None))
        findings[-1].add(0, row)
    return ask(Git(found), findings)


def _row(path: str | None, commit: str | None, *objects: str) -> ReportRow:
    return ReportRow("rule", path, commit=commit, objects=objects)


def test_merges_diffs_and_what_no_ref_reaches(repo: Repository) -> None:
    repo.write(".gitattributes", "*.dat -diff\n")
    plain = repo.commit_file("plain.py", "x\n")
    data = repo.commit_file("caf\xe9/x.dat", "x\n")
    binary = repo.commit_file("x.bin", b"\0x\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("side.txt", "s\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("main.txt", "m\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("merged.py", "m\n")
    merge = repo.commit("Merge side")
    amended = repo.commit_file("amended.py", "a\n")
    repo.git("commit", "-q", "--amend", "-m", "Other")
    lost = repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Lost")
    blob = repo.id("HEAD:plain.py")

    facts = _asked(
        repo,
        _row("plain.py", plain, blob, "0" * 40),
        _row("caf\xe9/x.dat", data),
        _row("x.bin", binary),
        _row("merged.py", merge),
        _row("amended.py", amended),
        _row("lost.py", lost),
        _row("nowhere.py", "1" * 40),
    )
    assert facts.unasked == ""
    assert facts.commits == {plain, data, binary, merge, amended, lost}
    assert facts.merges == {merge}
    assert facts.undiffed == {"caf\xe9/x.dat"}
    assert facts.binary == {(data, "caf\xe9/x.dat"), (binary, "x.bin")}
    assert facts.in_head
    assert facts.in_head == {"plain.py", "caf\xe9/x.dat", "x.bin", "merged.py", "amended.py"}
    assert facts.in_reflogs == {amended}
    assert facts.dangling == {lost}
    assert facts.sizes == {blob: 2}


def test_a_damaged_list_of_submodules_is_not_read(repo: Repository) -> None:
    first = repo.commit_file("f", "x\n")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},lib")
    repo.git("commit", "-q", "-m", "submodule")
    repo.write(".gitmodules", '[submodule "lib"\n bad')
    facts = _asked(repo, _row("lib", repo.id("HEAD")), _row("f", first))
    assert not facts.unasked
    assert facts.commits == {first, repo.id("HEAD")}


def test_hostile_paths_and_ids_reach_no_git(repo: Repository) -> None:
    commit = repo.commit_file("a.py", "x\n")
    paths = ["/etc/passwd", "../x", "a/../../x", "x\\x00y", "", "a//b", "--output=x", ":(glob)*", "-" * 5000, "a.py"]
    facts = _asked(repo, *(_row(path, commit) for path in paths), _row("a.py", "--all"), _row("a.py", "HEAD"))
    assert facts.commits == {commit}
    assert facts.in_head is None
    assert facts.unasked
    assert not (repo.path / "x").exists()


def test_an_empty_repository(repo: Repository) -> None:
    assert _asked(repo, _row("a.py", "1" * 40)) == GitFacts()
