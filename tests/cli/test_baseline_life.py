"""Thirty commits in the life of a baseline: nothing that is moved, renamed, edited or merged changes what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import NAME, baseline, fingerprint, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

    NewKey = Callable[[], str]

_LINES = [f"line {number}\n" for number in range(20)]


@pytest.mark.slow
def test_thirty_commits(run: Run, repo: Repository, new_key: NewKey, tmp_path: Path) -> None:
    keys = [new_key() for _ in range(3)]
    for number, key in enumerate(keys):
        repo.write(f"f{number}.env", "".join([*_LINES, f"KEY={key}\n", *_LINES]))
    repo.commit("The day before the gate")
    baseline(repo, "create")
    repo.commit("Add the baseline")
    before = (repo.path / NAME).read_bytes()
    for number in range(7):
        _edit(repo, number, keys)
        assert run("history", "--range", "HEAD~3..HEAD", repo.path).json["summary"]["findings"] == 0
        assert run("scan", repo.path).json["summary"]["findings"] == 0
    assert int(repo.git("rev-list", "--count", "HEAD")) >= 30
    report = tmp_path / "report.json"
    for more in ((), ("--report", f"sarif:{tmp_path / 'r.sarif'}"), ("--show-secrets",)):
        result = run("history", repo.path, "--fail-on-stale", *more, "--report", f"json:{report}")
        assert (result.code, result.json.get("stale", [])) == (0, [])
    baseline(repo, "update", report)
    baseline(repo, "update")
    assert (repo.path / NAME).read_bytes() == before
    repo.commit_file("f1.env", f"KEY={new_key()}\n", "A new one where an old one was")
    assert run("history", repo.path).json["summary"]["findings"] == 1


def _edit(repo: Repository, number: int, keys: list[str]) -> None:
    """Rename, insert lines, copy, move into a directory; then merge a branch that did so too."""
    directory = f"dir{number}"
    main = repo.git("branch", "--show-current")
    repo.git("checkout", "-q", "-b", f"side{number}")
    repo.commit_file(f"side{number}", f"side {number}\n{keys[0]}\n")
    repo.git("checkout", "-q", main)
    repo.commit_file(f"copy{number}.txt", f"// {number}\n" * number + f'"{keys[1]}"\n')
    (repo.path / directory).mkdir()
    for name in repo.git("ls-files", "*.env").split():
        repo.git("mv", name, f"{directory}/{name.rpartition('/')[2]}")
    repo.commit("Move")
    for name in repo.git("ls-files", "*.env").split():
        repo.write(name, "inserted\n" * number + (repo.path / name).read_text())
    repo.commit("Insert")
    repo.git("merge", "-q", "--no-edit", f"side{number}")


def test_branches_that_both_add_entries_merge_line_by_line(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.commit_file("first", new_key())
    baseline(repo, "create")
    repo.commit()
    both = new_key()
    for branch in ("one", "two"):
        repo.git("checkout", "-q", "-b", branch, "main")
        for number in range(3):
            repo.commit_file(f"{branch}{number}", new_key())
        repo.commit_file("both", both)
        baseline(repo, "update")
        repo.commit()
    repo.git("merge", "-q", "--no-edit", "one", code=None)
    content = (repo.path / NAME).read_text()
    if "<<<<<<<" in content:
        result = run("history", repo.path)
        assert (result.code, "merge conflict" in result.err) == (2, True)
        kept = [line for line in content.splitlines() if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]
        repo.write(NAME, "\n".join(kept))
    repo.commit("Merge")
    assert len(names(repo)) == 8
    assert run("history", repo.path).json["summary"]["findings"] == 0
    baseline(repo, "update")
    assert len((repo.path / NAME).read_text().splitlines()) == 10


def test_git_merges_it_alone_when_told_so(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.write(".gitattributes", f"{NAME} merge=union\n")
    baseline(repo, "create")
    repo.commit()
    for branch in ("one", "two"):
        repo.git("checkout", "-q", "-b", branch, "main")
        repo.commit_file(branch, new_key())
        baseline(repo, "update")
        repo.commit()
    repo.git("merge", "-q", "--no-edit", "one")
    assert len(names(repo)) == 2
    assert run("history", repo.path).code == 0


def test_stale(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.commit_file("f", key := new_key())
    baseline(repo, "create")
    repo.git("rm", "-q", "--cached", "f")
    (repo.path / "f").unlink()
    repo.git("update-ref", "-d", "refs/heads/main")
    repo.forget()
    repo.git("prune", "--expire=now")
    for command in ("scan", "staged"):
        assert run(command, "--fail-on-stale", cwd=repo.path).code == 0
    result = run("history", repo.path)
    assert (result.code, len(result.json["stale"])) == (0, 1)
    assert fingerprint(key) in result.json["stale"][0]["entry"]
    assert result.json["stale"][0]["where"].endswith(NAME)
    assert run("history", repo.path, "--fail-on-stale").code == 1
    assert run("history", repo.path, "--fail-on-stale", "--exclude", "x").code == 0
    assert run("history", repo.path, "--fail-on-stale", "--no-allow").code == 0
    assert f"- {fingerprint(key)}" in baseline(repo, "update").out.decode()
    assert run("history", repo.path, "--fail-on-stale").code == 0
