"""Configuration files: what a scanned tree may say, what only the caller may, and hostile ones."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.credentials import personal_access_token, random_text
from tests.program import execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

    Configure = Callable[[str], None]
    NewKey = Callable[[], str]

_RULE = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"


@pytest.fixture(params=[".akpatrol.toml", "pyproject.toml"])
def configure(request: pytest.FixtureRequest, tmp_path: Path) -> Configure:
    """Write a configuration under either name."""

    def write(content: str) -> None:
        tables = content if request.param == ".akpatrol.toml" else f"[tool.akpatrol]\n{content}"
        (tmp_path / request.param).write_text(tables.replace("[[accept_skip]]", _prefix(request.param)))

    return write


def _prefix(name: str) -> str:
    return "[[accept_skip]]" if name == ".akpatrol.toml" else "[[tool.akpatrol.accept_skip]]"


def test_exclude(run: Run, tmp_path: Path, configure: Configure, key: str) -> None:
    configure("exclude = ['vendor/', '*.lock']")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "f").write_text(key)
    (tmp_path / "x.lock").write_text(key)
    (tmp_path / "y.log").write_text("clean\n")
    result = run("scan", tmp_path, "--exclude", "*.log")
    assert (result.code, result.excluded) == (0, {"exclude_option": 3})


@pytest.mark.parametrize("target", [".", "sub", "sub/deep", "sub/deep/f", "sub/deep/g"])
def test_patterns_are_relative_to_the_configuration(run: Run, repo: Repository, new_key: NewKey, target: str) -> None:
    """Wherever the scan starts, one configuration means one thing."""
    repo.write(".akpatrol.toml", "exclude = ['sub/deep/f', '/deep/']\n")
    left_out, looked_at = new_key(), new_key()
    repo.write("sub/deep/f", left_out)
    repo.write("sub/deep/g", looked_at)
    result = run("scan", target, cwd=repo.path)
    assert not result.found(left_out)
    assert bool(result.found(looked_at)) == (target != "sub/deep/f")
    tracked = run("scan", "--tracked", target, cwd=repo.path)
    assert tracked.excluded.get("exclude_option") == result.excluded.get("exclude_option")


def test_flags_patterns_are_relative_to_the_target(run: Run, repo: Repository, key: str) -> None:
    repo.write("sub/deep/f", key)
    assert not run("scan", "sub", "--exclude", "deep/f", cwd=repo.path).found(key)
    assert run("scan", "sub", "--exclude", "sub/deep/f", cwd=repo.path).found(key)


def test_several_targets_of_one_tree(run: Run, repo: Repository, new_key: NewKey) -> None:
    repo.write(".akpatrol.toml", "exclude = ['a/f']\n")
    one, two = new_key(), new_key()
    repo.write("a/f", one)
    repo.write("b/f", two)
    result = run("scan", "a", "b", cwd=repo.path)
    assert not result.found(one)
    assert result.found(two)


def test_minimum_confidence_and_the_flag_that_wins(run: Run, tmp_path: Path, configure: Configure) -> None:
    configure("min_confidence = 'high'")
    token = personal_access_token(Random(1), length=20)
    (tmp_path / "f").write_text(f"dummy example {token}\n")
    assert run("scan", tmp_path).json["summary"]["below_min_confidence"] == 1
    assert run("scan", tmp_path, "--min-confidence", "low").found(token)


def test_rules_lie_relative_to_the_file(run: Run, tmp_path: Path, configure: Configure) -> None:
    configure("rules = ['own/rules.toml']")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rules.toml").write_text(_RULE)
    secret = f"acme_{random_text(Random(2), 'hex', 20)}"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f").write_text(secret)
    assert run("scan", tmp_path).one(secret)["path"] == "sub/f"


def test_accept_skip(run: Run, repo: Repository) -> None:
    id_ = repo.blob("damaged\n")
    repo.loose(id_).chmod(0o644)
    repo.loose(id_).write_bytes(b"damaged")
    for expires, code in (("2999-01-01", 0), ("2001-01-01", 3)):
        repo.write(
            ".akpatrol.toml", f"[[accept_skip]]\nobject = '{id_[:10]}'\nreason = 'disk error'\nexpires = {expires}\n"
        )
        result = run("history", repo.path)
        assert result.code == code
        assert result.skipped[0]["accepted"] == ("disk error" if code == 0 else None)
    assert "expired" in result.skipped[0]["reason"]


def test_accept_skip_by_path(run: Run, tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure("[[accept_skip]]\npath = 'data/*.bin'\nreason = 'too big'\n")
    (tmp_path / "data").mkdir()
    for name in ("a.bin", "b.txt"):
        (tmp_path / "data" / name).touch()
    refuse_to_open(monkeypatch, b"a.bin", b"b.txt")
    result = run("scan", tmp_path)
    assert [(skip["item"], skip["accepted"]) for skip in result.skipped] == [
        ("data/a.bin", "too big"),
        ("data/b.txt", None),
    ]
    assert result.code == 3


def test_accept_skip_is_relative_to_the_configuration(
    run: Run, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write(".akpatrol.toml", "[[accept_skip]]\npath = 'sub/a'\nreason = 'too big'\n")
    for name in ("sub/a", "other/sub/a"):
        repo.write(name, "x")
    refuse_to_open(monkeypatch, b"a")
    assert run("scan", "sub", cwd=repo.path).code == 0
    assert run("scan", "other", cwd=repo.path).code == 3
    assert run("scan", "sub", "other", cwd=repo.path).code == 3


def refuse_to_open(monkeypatch: pytest.MonkeyPatch, *names: bytes) -> None:
    """Have files of these names be unreadable."""
    original = os.open

    def refuse(path: str | bytes, *more: int, **how: int) -> int:
        if os.fsencode(path) in names:
            raise PermissionError(13, "Permission denied")
        return original(path, *more, **how)

    monkeypatch.setattr(os, "open", refuse)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("exlude = []", ["exlude", "unknown key", "did you mean exclude?"]),
        ("colour = 'red'", ["colour", "unknown key"]),
        ("exclude = 'x'", ["exclude", "must be a list of strings"]),
        ("exclude = [1]", ["exclude", "must be a list of strings"]),
        ("exclude = ['!']", ["'!'"]),
        ("exclude = ['[z-a]']", ["path pattern"]),
        ("min_confidence = 'loud'", ["min_confidence", "low, medium, high"]),
        ("min_confidence = 3", ["min_confidence", "low, medium, high"]),
        ("min_confidence = ['low']", ["min_confidence", "low, medium, high"]),
        ("rules = 'x'", ["rules", "must be a list of strings"]),
        ("rules = ['../outside.toml']", ["rules", "outside the scanned tree"]),
        ("rules = ['/etc/passwd']", ["rules", "outside the scanned tree"]),
        ("rules = ['link.toml']", ["rules", "outside the scanned tree"]),
        ("rules = ['fifo.toml']", ["rules", "not a regular file"]),
        ("rules = ['directory']", ["rules", "outside the scanned tree"]),
        ("rules = ['missing.toml']", ["missing.toml", "No such file"]),
        ('rules = ["a\\u0000b"]', ["rules"]),
        ("accept_skip = 3", ["accept_skip", "must be"]),
        ("accept_skip = [3]", ["accept_skip", "must be"]),
        ("[[accept_skip]]\npath = 'x'", ["accept_skip", "needs a reason"]),
        ("[[accept_skip]]\nreason = 'x'", ["accept_skip", "either path or object"]),
        ("[[accept_skip]]\npath = 'x'\nobject = 'y'\nreason = 'z'", ["accept_skip", "either path or object"]),
        ("[[accept_skip]]\npth = 'x'\nreason = 'z'", ["accept_skip", "pth", "did you mean path?"]),
        ("[[accept_skip]]\npath = 3\nreason = 'z'", ["path", "must be"]),
        ("[[accept_skip]]\npath = 'x'\nreason = 'z'\nexpires = 'soon'", ["expires", "YYYY-MM-DD"]),
        ("[[accept_skip]]\npath = 'x'\nreason = 'z'\nexpires = 3", ["expires", "YYYY-MM-DD"]),
        ("[[accept_skip]]\npath = '!'\nreason = 'z'", ["'!'"]),
        ("[[accept_skip]]\npath = '**'\nreason = 'z'", ["path", "matches everything"]),
        ("[[accept_skip]]\npath = '**/*.*'\nreason = 'z'", ["path", "matches everything"]),
        ("baseline = 3", ["baseline", "must be a string"]),
        ("baseline = '/etc/passwd'", ["baseline", "outside the scanned tree"]),
        ("baseline = 'fifo.toml'", ["baseline", "not a regular file"]),
        ("baseline = 'missing.json'", ["missing.json", "no such baseline"]),
        ("extends = ['x']", ["extends", "must be a string"]),
        ("extends = 'link.toml'", ["extends", "outside the scanned tree"]),
        ("extends = 'fifo.toml'", ["extends", "not a regular file"]),
        ('extends = "a\\u0000b"', ["extends"]),
        ("allow = 3", ["allow", "must be an array of tables"]),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else None,
)
def test_wrong_configuration(run: Run, tmp_path: Path, configure: Configure, content: str, words: list[str]) -> None:
    (tmp_path / "link.toml").symlink_to("/etc/passwd")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "x.toml").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo.toml")
    configure(content)
    result = run("scan", tmp_path)
    assert (result.code, result.json) == (2, {}), result.err
    for word in words:
        assert word in result.err


@pytest.mark.parametrize(
    "content",
    ["jobs = 64", "show_secrets = true", "api_url = 'https://evil.example'", "org = 'x'", "ca_bundle = 'x'",
     "verify = true", "output = 'x'", "report = ['x']", "format = 'json'", "store = 'x'", "no_allow = true"],
)  # fmt: skip
def test_what_a_scanned_tree_may_not_say(run: Run, tmp_path: Path, configure: Configure, content: str) -> None:
    configure(content)
    result = run("scan", tmp_path)
    assert result.code == 2
    assert content.split(" ", maxsplit=1)[0] in result.err
    assert "a scanned tree may not set this" in result.err


def test_explicit_configuration_may(tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    (tmp_path / "mine").write_text(["show_secrets = true\njobs = 1\n", " = ['/dev/null/../../' ]\n"][0])
    assert key.encode() in execute("scan", "f", "--config", "mine", cwd=tmp_path).out


def test_explicit_configuration_replaces_the_trees(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").write_text(key)
    (tmp_path / "tree" / ".akpatrol.toml").write_text("exclude = ['f']")
    (tmp_path / "mine.toml").write_text("")
    assert not run("scan", tmp_path / "tree").found(key)
    assert run("scan", tmp_path / "tree", "--config", tmp_path / "mine.toml").found(key)


@pytest.mark.parametrize("content", ["jobs = 0", "jobs = -1", "jobs = '2'", "jobs = true", "show_secrets = 'yes'"])
def test_wrong_explicit_configuration(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "mine.toml").write_text(content)
    result = run("scan", tmp_path, "--config", tmp_path / "mine.toml")
    assert result.code == 2
    assert "mine.toml" in result.err


@pytest.mark.parametrize("content", ["broken [", "a = " + "[" * 5000, "a = " + "9" * 5000, "\xff", "x = 1\n" * 300_000])
def test_unreadable_configuration(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / ".akpatrol.toml").write_bytes(content.encode("latin-1"))
    result = run("scan", tmp_path)
    assert result.code == 2
    assert ".akpatrol.toml" in result.err


@pytest.mark.parametrize("content", ["tool = 3", "[tool]\nakpatrol = 3", "[tool.other]\nx = 'akpatrol'", "# akpatrol"])
def test_pyproject_of_others(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    assert run("scan", tmp_path).code == (2 if "akpatrol = 3" in content else 0)


@pytest.mark.parametrize(
    "content",
    ["[tool]\nakpatrol = {exclude = ['f']}", "tool.akpatrol.exclude = ['f']", "[ tool . akpatrol ]\nexclude = ['f']"],
)
def test_pyproject_in_any_spelling(run: Run, tmp_path: Path, key: str, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    (tmp_path / "f").write_text(key)
    assert run("scan", tmp_path).excluded == {"exclude_option": 1}


def test_own_file_wins_over_pyproject(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.akpatrol]\nexclude = ['a', 'b']")
    (tmp_path / ".akpatrol.toml").write_text("exclude = ['a']")
    assert run("scan", tmp_path).excluded == {"exclude_option": 1}


def test_nearest_wins_up_to_the_repository(run: Run, repo: Repository, key: str) -> None:
    repo.write("sub/deep/f", key)
    repo.write(".akpatrol.toml", "exclude = ['f']")
    assert not run("scan", repo.path / "sub" / "deep").found(key)
    repo.write("sub/.akpatrol.toml", "exclude = ['g']")
    assert run("scan", repo.path / "sub" / "deep").found(key)


def test_nothing_above_the_tree_is_read(run: Run, tmp_path: Path, key: str, repo: Repository) -> None:
    (tmp_path / ".akpatrol.toml").write_text("exclude = ['*']")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").write_text(key)
    repo.write("f", key)
    assert run("scan", tmp_path / "tree").found(key)
    assert run("scan", repo.path).found(key)


def test_several_trees_do_not_speak_for_each_other(run: Run, tmp_path: Path, key: str) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(key)
    (tmp_path / "a" / ".akpatrol.toml").write_text("exclude = ['*']")
    assert len(run("scan", "a", "b", cwd=tmp_path).found(key)) == 2


def test_fifo_does_not_hang(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".akpatrol.toml")
    os.mkfifo(tmp_path / "pyproject.toml")
    assert run("scan", tmp_path).excluded == {"special_file": 2}


def test_directory_is_no_configuration(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".akpatrol.toml").mkdir()
    (tmp_path / "f").touch()
    assert run("scan", tmp_path).code == 0


def test_link_does_not_lead_outside(run: Run, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "f").touch()
    (tmp_path / "outside").write_text("exclude = ['f']")
    (tree / ".akpatrol.toml").symlink_to("../outside")
    result = run("scan", tree)
    assert result.code == 2
    assert "outside the scanned tree" in result.err
    (tree / ".akpatrol.toml").unlink()
    (tree / "pyproject.toml").symlink_to("../outside")
    assert run("scan", tree).code == 0


def test_link_inside_the_tree(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shared.toml").write_text("exclude = ['shared.toml']")
    (tmp_path / ".akpatrol.toml").symlink_to("shared.toml")
    assert run("scan", tmp_path).excluded == {"exclude_option": 1, "symlink": 1}
