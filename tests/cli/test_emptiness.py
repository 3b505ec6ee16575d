"""Nothing that was not scanned is green: emptiness is exit 3, and a change reports which of its files are excluded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from akpatrol.report import FORMATS
from tests.program import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

EVERYTHING = [
    "*",
    "**",
    "**/*",
    "/**",
    "/*",
    "*/",
    "*/**",
    "**/",
    "?*",
    "[!x]*",
    "[a-z]*",
    " * ",
    "*/*",
    "[[:alnum:]]*",
]
SOMETHING = ["*~", ".*", "*.*", "[0-9]*", "a*", "??", "*.lock", "/src/**", "!*", "[._]*", "\\*", "tests/"]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    root = tmp_path / "empty"
    (root / "in" / "it").mkdir(parents=True)
    return root


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_an_empty_directory(empty: Path, quiet: tuple[str, ...]) -> None:
    done = inside("scan", empty, *quiet)
    assert done.code == 3
    assert done.out.startswith(b"INCOMPLETE: no credentials found; 1 item could not be scanned")
    assert b"nothing was scanned: it is empty; --allow-empty" in done.out
    allowed = inside("scan", empty, "--allow-empty", *quiet)
    assert (allowed.code, bool(allowed.out)) == (0, not quiet)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_says_so(empty: Path, format_: str) -> None:
    done = inside("scan", empty, "-f", format_)
    assert (done.code, b"nothing was scanned" in done.out) == (3, True)


def test_what_patterns_or_kinds_leave_out(run: Run, empty: Path, key: str) -> None:
    (empty / "a.log").write_text(key)
    result = run("scan", empty, "--exclude", "*.log")
    assert (result.code, result.complete) == (3, False)
    assert "patterns exclude everything" in result.skipped[0]["reason"]
    assert run("scan", empty, "--exclude", "*.log", "--allow-empty").skipped[0]["accepted"] == "--allow-empty"
    (empty / "a.log").unlink()
    (empty / "link").symlink_to("elsewhere")
    assert "by design" in run("scan", empty).skipped[0]["reason"]
    (empty / "f").write_text("")
    assert run("scan", empty).code == 0  # it was looked at, and holds nothing


def test_standard_input() -> None:
    """Whoever should have written to it may have failed."""
    done = inside("scan", "-")
    assert (done.code, b"standard input was empty" in done.out) == (3, True)
    assert inside("scan", "-", "--allow-empty").code == 0
    assert inside("scan", "-", stdin=b"x").code == 0


def test_a_repository_without_a_commit(run: Run, repo: Repository) -> None:
    """It is a normal thing and wholly looked at, but told: a fetch may have failed. Its work tree is empty."""
    result = run("history", cwd=repo.path)
    assert (result.code, result.complete) == (0, True)
    assert result.json["notices"] == ["the repository has no commits yet, and no other objects"]
    assert b"has no commits yet" in inside("history", "-q", cwd=repo.path).out
    for words in (["scan"], ["scan", "--tracked"]):
        assert run(*words, cwd=repo.path).code == 3, words
        assert run(*words, "--allow-empty", cwd=repo.path).code == 0, words
    assert run("staged", cwd=repo.path).code == 0  # `git commit --allow-empty`
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing yet")
    assert run("history", cwd=repo.path).json["notices"] == []


def test_a_change_may_be_empty(run: Run, repo: Repository) -> None:
    repo.commit_file("a", "x")
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")
    for range_ in ("HEAD..HEAD", "HEAD~1..HEAD", "HEAD..HEAD~1"):
        assert run("history", "--range", range_, cwd=repo.path).code == 0
    assert run("staged", cwd=repo.path).code == 0
    repo.git("rm", "-q", "a")
    assert run("staged", cwd=repo.path).code == 0
    assert inside("staged", "-q", cwd=repo.path).out == b""


def test_trace_and_sweep(tmp_path: Path, empty: Path, new_key: Callable[[], str]) -> None:
    assert inside("trace", empty, stdin=new_key().encode()).code == 3
    assert inside("trace", empty, "--allow-empty", stdin=new_key().encode()).code == 0
    (empty / "a").write_text("x")
    assert inside("trace", empty, stdin=new_key().encode()).code == 0
    store = tmp_path / "store"
    sweep = ("sweep", "--store", store, empty)
    assert inside(*sweep, "--exclude", "a").code == 3
    assert inside("report", store).code == 3
    assert inside("report", store, "--allow-empty").code == 0
    assert inside(*sweep).code == 0


@pytest.mark.parametrize("pattern", EVERYTHING)
def test_patterns_that_every_path_fits_are_refused(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f").write_text("x")
    done = inside("scan", tmp_path, "--exclude", pattern)
    assert (done.code, done.out) == (2, b"")
    assert b"this pattern matches every path" in done.err
    (tmp_path / ".akpatrol.toml").write_text(f"exclude = ['src/f', '{pattern}']")
    done = inside("scan", tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert b".akpatrol.toml: exclude: " in done.err


@pytest.mark.parametrize("pattern", SOMETHING)
def test_patterns_that_some_path_does_not_fit_are_taken(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "Makefile").write_text("x")
    assert inside("scan", tmp_path, "--exclude", pattern).code == 0
    (tmp_path / ".akpatrol.toml").write_text(f"exclude = ['{pattern}']")
    assert inside("scan", tmp_path).code == 0


def test_the_ranges_base_may_not_exclude_everything(repo: Repository, key: str) -> None:
    repo.commit_file(".akpatrol.toml", "exclude = ['*']")
    repo.commit_file("leak", key)
    done = inside("history", "--range", "HEAD~1..", "-q", cwd=repo.path)
    assert (done.code, b"this pattern matches every path" in done.err) == (2, True)


@pytest.mark.parametrize("command", [("staged",), ("history", "--range", "HEAD~1..")])
def test_how_many_of_the_changed_files_are_excluded(repo: Repository, command: tuple[str, ...]) -> None:
    repo.commit_file("a", "x")
    for number in range(10):
        repo.write(f"made/{number}", f"{number}")
        repo.write(f"src/{number}", f"{number}{number}")
    repo.git("add", "made", "src")
    if command[0] == "history":
        repo.commit("all of it")
    few = inside(*command, "--exclude", "src/1", cwd=repo.path).out.decode().splitlines()
    assert few[0] == "No credentials found"
    assert "; 1 of 20 changed files excluded" in few[-1]
    report = json.loads(inside(*command, "--exclude", "made/", "--exclude", "src/1", "-f", "json", cwd=repo.path).out)
    assert report["coverage"]["changed_files"] == {"count": 20, "excluded": 11}
    many = inside(*command, "--exclude", "made/", "--exclude", "src/1", "-q", cwd=repo.path)
    assert many.code == 0
    assert many.out.startswith(b"11 of 20 changed files excluded; no credentials found\n")
    assert inside(*command, "-f", "json", cwd=repo.path).out.count(b'"changed_files": null') == 1
    assert inside(*command, "-q", cwd=repo.path).out == b""


@pytest.mark.parametrize("format_", [name for name in FORMATS if name not in ("gitlab-codequality", "jsonl", "json")])
def test_every_format_tells_what_a_change_leaves_out(repo: Repository, format_: str) -> None:
    repo.write("made/a", "x")
    repo.git("add", "made")
    done = inside("staged", "--exclude", "made/", "-f", format_, cwd=repo.path)
    assert (done.code, b"1 of 1 changed file excluded" in done.out) == (0, True)


def test_a_push_tells_on_request(tmp_path: Path, repo: Repository) -> None:
    """Of the server's policy, which is that of its default branch."""
    repo.commit_file(".akpatrol.toml", "exclude = ['made/']")
    server = repo.clone(tmp_path / "server.git", "--bare")
    repo.commit_file("made/a", "x")
    repo.git("push", "-q", str(server.path), "HEAD:refs/heads/new")
    server.git("update-ref", "-d", "refs/heads/new")
    lines = f"{40 * '0'} {repo.id('HEAD')} refs/heads/new\n".encode()
    quiet = inside("pre-receive", cwd=server.path, stdin=lines)
    assert (quiet.code, quiet.written) == (0, b"")
    told = inside("pre-receive", "-v", cwd=server.path, stdin=lines)
    assert b"1 of 1 changed file excluded" in told.out.replace(b"\n", b" ")
