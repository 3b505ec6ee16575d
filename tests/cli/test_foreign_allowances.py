"""``gitleaks:allow`` and ``.gitleaksignore``: for users' rules alone, and never from the change that they allow."""

from __future__ import annotations

import json
import shutil
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import names
from tests.credentials import random_text
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.repositories import Repository

_RULE = "[[rules]]\nid = 'acme'\ndescription = 'Acme token'\nregex = 'acme_[0-9a-z]{32}'\nkeywords = ['acme_']\n"
_MAIN = "refs/remotes/origin/main"


def _token(number: int) -> str:
    return "acme_" + random_text(Random(number), "lower", 32)


@pytest.fixture
def rules(tmp_path: Path) -> list[str]:
    """The option for a rule file outside every scanned tree."""
    file = tmp_path / "acme.toml"
    file.write_text(_RULE)
    return ["--rules", str(file)]


def _sources(result: Result) -> list[str | None]:
    return [found["allowed"] and found["allowed"]["source"] for found in result.json["credentials"]]


@pytest.mark.parametrize("mark", ["gitleaks:allow", "betterleaks:allow", "gitleaks:allow a test's"])
def test_comments(run: Run, repo: Repository, rules: list[str], mark: str) -> None:
    repo.commit_file("a.py", f"x = '{_token(1)}'  # {mark}\n")
    for command in ("scan", "history"):
        result = run(command, *rules, cwd=repo.path)
        assert (result.code, _sources(result)) == (0, ["inline"]), command
    allowed = run("scan", *rules, cwd=repo.path).json["credentials"][0]["allowed"]
    assert allowed["where"] == "a.py:1"
    assert allowed["reason"].startswith(mark.partition(" ")[0])
    assert run("scan", *rules, "--no-allow", cwd=repo.path).code == 1


def test_comments_are_for_users_rules_alone(run: Run, repo: Repository, rules: list[str], key: str) -> None:
    """Also where a user's rule finds one of ours first, in another place."""
    repo.commit_file("a.py", f"x = '{key}'  # gitleaks:allow\n")
    repo.commit_file("b.py", f"x = '{_token(1)}'\n# gitleaks:allow\n")
    repo.commit_file(".gitleaksignore", "a.py:anyreach-organization-key:1\n")
    result = run("history", *rules, cwd=repo.path)
    assert (result.code, _sources(result)) == (1, [None, None])


def test_comment_of_a_stream_or_a_message_does_not_count(rules: list[str]) -> None:
    done = inside("scan", "-", *rules, stdin=f"{_token(1)} # gitleaks:allow\n".encode())
    assert done.code == 1


def test_ignore_file(run: Run, repo: Repository, rules: list[str]) -> None:
    first = repo.commit_file("src/a.py", f"\nx = '{_token(1)}'\n")
    repo.commit_file("b.py", f"x = '{_token(2)}'\n")
    repo.write(".gitleaksignore", f"# known\n{first}:src/a.py:acme:2\nb.py:acme:1\nnone\n")
    result = run("history", *rules, cwd=repo.path)
    assert (result.code, _sources(result)) == (0, ["gitleaksignore"] * 2)
    assert result.json["summary"]["by_allowance"]["gitleaksignore"] == 2
    assert any(".gitleaksignore:4: ignored" in notice for notice in result.json["notices"])
    # No commit is known of a file.
    assert _sources(run("scan", *rules, cwd=repo.path)) == [None, "gitleaksignore"]
    assert _sources(run("scan", "b.py", *rules, cwd=repo.path)) == ["gitleaksignore"]
    assert run("history", *rules, "--no-allow", cwd=repo.path).json["summary"]["findings"] == 2
    assert inside("baseline", "create", *rules, cwd=repo.path).code == 0
    assert list(names(repo).values()) == [["tracked"]]


def test_a_place_that_moved(run: Run, repo: Repository, rules: list[str]) -> None:
    first = repo.commit_file("a.py", f"x = '{_token(1)}'\n")
    repo.commit_file("a.py", f"\n\nx = '{_token(1)}'\n")
    repo.write(".gitleaksignore", f"{first}:a.py:acme:1\n")
    assert run("history", *rules, cwd=repo.path).code == 0


@pytest.mark.parametrize("how", ["comment", "file"])
def test_a_change_does_not_allow_itself(run: Run, repo: Repository, rules: list[str], how: str) -> None:
    repo.commit_file("readme", "x\n")
    repo.git("update-ref", _MAIN, "main")
    comment = " # gitleaks:allow" if how == "comment" else ""
    if how == "file":
        repo.write(".gitleaksignore", "a.py:acme:1\n")
    repo.commit_file("a.py", f"x = '{_token(1)}'{comment}\n")
    result = run("history", "--range", "origin/main..HEAD", *rules, cwd=repo.path)
    assert (result.code, _sources(result)) == (1, [None])
    words = "the range itself adds it: gitleaks:allow" if comment else "is allowed in this change by .gitleaksignore:1"
    assert any(words in notice for notice in result.json["notices"]), result.json["notices"]


@pytest.mark.parametrize("how", ["comment", "file"])
def test_what_the_base_allows(run: Run, repo: Repository, rules: list[str], how: str) -> None:
    comment = " # gitleaks:allow" if how == "comment" else ""
    if how == "file":
        repo.write(".gitleaksignore", "b.py:acme:1\n")
    repo.commit_file("a.py", f"x = '{_token(1)}'{comment}\n")
    repo.git("update-ref", _MAIN, "main")
    repo.remove(".gitleaksignore") if how == "file" else None
    repo.commit_file("b.py", f"y = '{_token(1)}'{comment}\n")
    result = run("history", "--range", "origin/main..HEAD", *rules, cwd=repo.path)
    assert (result.code, _sources(result)) == (0, ["inline" if comment else "gitleaksignore"])


def test_removing_a_comment_exposes_what_it_covered(run: Run, repo: Repository, rules: list[str]) -> None:
    repo.commit_file("a.py", f"x = '{_token(1)}'  # gitleaks:allow\n")
    repo.git("update-ref", _MAIN, "main")
    repo.commit_file("a.py", f"x = '{_token(1)}'\n")
    assert run("history", "--range", "origin/main..HEAD", *rules, cwd=repo.path).code == 1


def test_a_tree_does_not_lead_outside_itself(run: Run, repo: Repository, rules: list[str], tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("a.py:acme:1\n")
    (repo.path / ".gitleaksignore").symlink_to(tmp_path / "outside")
    repo.write("a.py", f"x = '{_token(1)}'\n")
    result = run("scan", *rules, cwd=repo.path)
    assert result.code == 2
    assert ".gitleaksignore" in result.err
    assert run("scan", cwd=repo.path).code == 0


def test_staged_names_a_file_that_git_does_not_track(run: Run, repo: Repository, rules: list[str]) -> None:
    repo.commit_file("readme", "x\n")
    repo.write("a.py", f"x = '{_token(1)}'\n")
    repo.git("add", "a.py")
    repo.write(".gitleaksignore", "a.py:acme:1\n")
    result = run("staged", *rules, cwd=repo.path)
    assert (result.code, _sources(result)) == (0, ["gitleaksignore"])
    assert any("git add .gitleaksignore" in notice for notice in result.json["notices"])


def test_sweep_takes_nothing_from_its_targets(repo: Repository, rules: list[str], tmp_path: Path) -> None:
    repo.write(".gitleaksignore", "b.py:acme:1\n")
    repo.write("b.py", f"x = '{_token(2)}'\n")
    repo.commit_file("a.py", f"x = '{_token(1)}'  # gitleaks:allow\n")
    store = tmp_path / "store"
    done = inside("sweep", repo.path, "--store", store, *rules, "-f", "json", cwd=tmp_path)
    assert done.code == 1
    assert json.loads(done.out)["summary"]["findings"] == 2


def test_a_match_that_begins_on_an_earlier_line(run: Run, repo: Repository, tmp_path: Path) -> None:
    """gitleaks names the line where the match begins, and takes comments there."""
    file = tmp_path / "below.toml"
    file.write_text(_RULE.replace("'acme_[0-9a-z]{32}'", r"'key:[^\n]*\n\s+(acme_[0-9a-z]{32})'"))
    repo.commit_file("a.yml", f"key:\n  {_token(1)}\n")
    assert run("scan", "--rules", file, cwd=repo.path).code == 1
    repo.write(".gitleaksignore", "a.yml:acme:1\n")
    assert _sources(run("scan", "--rules", file, cwd=repo.path)) == ["gitleaksignore"]
    repo.write(".gitleaksignore", "")
    repo.write("a.yml", f"key:  # gitleaks:allow\n  {_token(1)}\n")
    assert _sources(run("scan", "--rules", file, cwd=repo.path)) == ["inline"]


@pytest.mark.skipif(not shutil.which("gitleaks"), reason="gitleaks is not installed")
def test_fingerprints_that_gitleaks_itself_reports(
    run: Run, repo: Repository, rules: list[str], tmp_path: Path
) -> None:
    """A team that lists all of them has no finding here either."""
    repo.commit_file("a.py", f"\n\nx = '{_token(1)}'\n")
    repo.commit_file("sub/b.py", f"y = '{_token(2)}'  # gitleaks:allow\nx = '{_token(3)}'\n")
    repo.commit_file("a.py", f"new\n\n\nx = '{_token(1)}'\n")
    repo.commit_file("a.py", f"new\n\n\nxyz = '{_token(1)}'\n")
    repo.git("mv", "a.py", "c.py")
    repo.commit("Move it")
    for command, ours in (("git", "history"), ("dir", "scan")):
        report = tmp_path / "gitleaks.json"
        options = ["--no-banner", "-f", "json", "-r", str(report), "--exit-code", "0", "-c", rules[1]]
        subprocess.run(["gitleaks", command, ".", *options], cwd=repo.path, check=True, capture_output=True, timeout=60)
        listed = [finding["Fingerprint"] for finding in json.loads(report.read_bytes())]
        assert len(listed) >= 2
        (repo.path / ".gitleaksignore").write_text("\n".join(listed))
        result = run(ours, *rules, cwd=repo.path)
        assert result.code == 0, (listed, [(c["occurrences"], c["allowed"]) for c in result.json["credentials"]])
        (repo.path / ".gitleaksignore").unlink()
        assert run(ours, *rules, cwd=repo.path).code == 1
