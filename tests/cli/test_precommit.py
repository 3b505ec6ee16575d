"""The hooks as they ship, run by the real pre-commit program on real repositories."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.test_file_names import NAMES
from tests.credentials import organization_key, personal_access_token
from tests.repositories import environment

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow

_BIN = Path(sys.executable).parent
_HOOKS = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
_STAGES = ("pre-commit", "commit-msg", "pre-push")


@pytest.fixture
def key() -> str:
    return organization_key(Random("pre-commit"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in the repository; the hooks are the shipped definitions, found on PATH instead of installed."""
    surroundings = environment(tmp_path) | {
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit-home"),
    }

    def call(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd or tmp_path / "work", env=surroundings, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture
def work(tmp_path: Path, run: Run) -> Path:
    """A repository with a remote, one pushed commit, and all three hooks installed."""
    path = tmp_path / "work"
    path.mkdir()
    run("git", "init", "-q", "--bare", str(tmp_path / "remote.git"), cwd=tmp_path)
    run("git", "init", "-q", "-b", "main")
    _configure(path, _HOOKS)
    (path / "readme").write_text("hello\n")
    run("git", "add", ".")
    run("git", "commit", "-q", "-m", "first")
    run("git", "remote", "add", "origin", str(tmp_path / "remote.git"))
    assert run("git", "push", "-q", "-u", "origin", "main").returncode == 0
    stages = (word for stage in _STAGES for word in ("--hook-type", stage))
    assert run("pre-commit", "install", *stages).returncode == 0
    return path


def _configure(work: Path, hooks: list[dict[str, Any]], **more: Any) -> None:
    hooks = [hook | {"language": "system"} | more for hook in hooks]
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))


def _head(run: Run) -> str:
    return run("git", "rev-parse", "HEAD").stdout


def test_a_commit_with_a_credential_is_stopped(work: Path, run: Run, key: str) -> None:
    before = _head(run)
    (work / "settings.py").write_text(f'KEY = "{key}"\n')
    run("git", "add", ".")
    done = run("git", "commit", "-m", "add settings")
    assert done.returncode == 1
    assert "settings.py:1:8" in done.stdout + done.stderr
    assert key not in done.stdout + done.stderr
    assert _head(run) == before


def test_a_commit_without_one_passes(work: Path, run: Run) -> None:
    before = _head(run)
    (work / "settings.py").write_text('KEY = os.environ["ANYREACH_API_KEY"]\n')
    run("git", "add", ".")
    done = run("git", "commit", "-m", "add settings")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _head(run) != before


def test_a_partially_staged_file_is_judged_by_its_staged_bytes(work: Path, run: Run, key: str) -> None:
    file = work / "settings.py"
    file.write_text("KEY = None\n")
    run("git", "add", ".")
    file.write_text(f'KEY = "{key}"\n')
    assert run("git", "commit", "-m", "clean in the index").returncode == 0
    assert key in file.read_text()
    run("git", "add", ".")
    file.write_text("KEY = None\n")
    assert run("git", "commit", "-m", "dirty in the index").returncode == 1


def test_commit_all_and_commit_path_are_stopped(work: Path, run: Run, key: str) -> None:
    (work / "readme").write_text(f"hello {key}\n")
    assert run("git", "commit", "-a", "-m", "all").returncode == 1
    assert run("git", "commit", "-m", "path", "readme").returncode == 1


def test_a_message_with_a_credential_is_stopped(work: Path, run: Run) -> None:
    token = personal_access_token(Random("message"))
    (work / "readme").write_text("more\n")
    run("git", "add", ".")
    done = run("git", "commit", "-m", f"use {token}")
    assert done.returncode == 1
    assert token not in done.stdout + done.stderr


@pytest.mark.parametrize("args", [None, []], ids=["shipped", "bare"])
def test_names_of_files_are_no_options(work: Path, run: Run, key: str, args: list[str] | None) -> None:
    _configure(work, [_HOOKS[0]], **({} if args is None else {"args": args}))
    names = [*NAMES, "--output=src/app.py"]
    for name in names:
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("x\n")
    (work / "src").mkdir()
    (work / "src/app.py").write_text("mine\n")
    (work / "c.toml").write_text('verify = true\napi_url = "http://127.0.0.1:9"\n')
    (work / "k.env").write_text(key)
    run("git", "add", "-A")
    done = run("git", "commit", "-m", "leak")
    assert (done.returncode, "k.env:1:1" in done.stdout + done.stderr) == (1, True), done.stdout + done.stderr
    run("git", "commit", "--no-verify", "-q", "-m", "slipped through")
    done = run("pre-commit", "run", "--all-files")
    assert (done.returncode, "k.env:1:1" in done.stdout) == (1, True), done.stdout
    (work / "k.env").write_text("x")
    run("git", "add", "-A")
    for name in names:
        (work / name).write_text("y\n")
    run("git", "add", "-A")
    done = run("git", "commit", "-m", "clean")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (work / "src/app.py").read_text() == "mine\n"


def test_options_of_the_user_go_on_working(work: Path, run: Run, key: str) -> None:
    own = ["-q", "--exclude", "docs/", "--config=c.toml", "--min-confidence", "high"]
    _configure(work, [_HOOKS[0]], args=own, files=r"\.env$")
    (work / "c.toml").write_text("")
    (work / "docs").mkdir()
    (work / "docs/k.env").write_text(key)
    (work / "-q").write_text("also a file\n")
    run("git", "add", "-A")
    done = run("git", "commit", "-m", "excluded")
    assert done.returncode == 0, done.stdout + done.stderr
    (work / "k.env").write_text(key)
    run("git", "add", "-A")
    done = run("git", "commit", "-m", "leak")
    assert (done.returncode, "k.env:1:1" in done.stdout + done.stderr) == (1, True), done.stdout + done.stderr


def test_all_files_really_reads(work: Path, run: Run, key: str) -> None:
    assert run("pre-commit", "run", "--all-files").returncode == 0
    (work / "old.py").write_text(key + "\n")
    run("git", "add", ".")
    run("git", "commit", "--no-verify", "-q", "-m", "slipped through")
    done = run("pre-commit", "run", "--all-files")
    assert done.returncode == 1
    assert "old.py:1:1" in done.stdout


def test_from_ref_to_ref_really_reads(work: Path, run: Run, key: str) -> None:
    (work / "old.py").write_text(key + "\n")
    run("git", "add", ".")
    run("git", "commit", "--no-verify", "-q", "-m", "slipped through")
    (work / "old.py").write_text("gone\n")
    run("git", "commit", "--no-verify", "-q", "-a", "-m", "taken out again")
    arguments = ("--hook-stage", "manual", "--from-ref", "origin/main", "--to-ref", "HEAD")
    done = run("pre-commit", "run", "akpatrol-history", *arguments)
    assert done.returncode == 1
    assert "old.py:1:1" in done.stdout


def test_a_push_of_a_credential_is_stopped(work: Path, run: Run, key: str) -> None:
    (work / "old.py").write_text(key + "\n")
    run("git", "add", ".")
    run("git", "commit", "--no-verify", "-q", "-m", "slipped through")
    assert run("git", "push", "-q", "origin", "main").returncode == 1
    assert run("git", "push", "-q", "origin", "main:fresh").returncode == 1
    run("git", "reset", "-q", "--hard", "origin/main")
    (work / "readme").write_text("clean\n")
    run("git", "commit", "--no-verify", "-q", "-a", "-m", "clean")
    assert run("git", "push", "-q", "origin", "main").returncode == 0


def test_the_advice_of_the_hooks_leads_to_a_push(work: Path, run: Run, key: str, tmp_path: Path) -> None:
    """What each hook prints is done, word by word, until a harmless key is allowed and pushed."""
    run("git", "switch", "-q", "-c", "feature")
    (work / "settings.py").write_text(f'KEY = "{key}"\n')
    run("git", "add", ".")
    stopped = run("git", "commit", "-q", "-m", "key")
    lines = (stopped.stdout + stopped.stderr).splitlines()
    assert "Known and harmless? End its line with the comment `akpatrol:allow <why>`, or run:" in lines
    (command,) = (shlex.split(line) for line in lines if " allow " in line and "--reason" in line)
    command[command.index("...")] = "made up for a test"
    assert Path(command[0]).samefile(_BIN / "akpatrol")
    assert run(*command).returncode == 0
    passed = run("git", "commit", "-q", "-m", "key")
    assert passed.returncode == 0  # the configuration in the work tree allows it
    run("git", "add", ".akpatrol.toml")
    assert run("git", "commit", "-q", "-m", "allow").returncode == 0

    push = run("git", "push", "-q", "origin", "feature")
    text = " ".join((push.stdout + push.stderr).split())
    assert push.returncode == 1
    assert "push stopped: it contains 1 credential. Nothing has left this machine yet." in text
    allowed = "is allowed in this change by .akpatrol.toml, but only what origin/main already allows counts"
    assert f"{allowed}: have the allowance merged first, by somebody who may" in text
    assert key not in text

    # Somebody who may brings the allowance to the base.
    other = tmp_path / "other"
    run("git", "clone", "-q", "-b", "main", str(tmp_path / "remote.git"), str(other), cwd=tmp_path)
    (other / ".akpatrol.toml").write_bytes((work / ".akpatrol.toml").read_bytes())
    run("git", "add", ".", cwd=other)
    run("git", "commit", "-q", "-m", "allow", cwd=other)
    assert run("git", "push", "-q", "origin", "HEAD:main", cwd=other).returncode == 0
    run("git", "fetch", "-q")
    assert run("git", "rebase", "-q", "origin/main").returncode == 0
    assert run("git", "push", "-q", "origin", "feature").returncode == 0


def test_a_key_is_taken_out_of_the_commits_as_the_push_hook_says(work: Path, run: Run, key: str) -> None:
    (work / "settings.py").write_text(f'KEY = "{key}"\n')
    run("git", "add", ".")
    run("git", "commit", "-q", "--no-verify", "-m", "key")
    (work / "more").write_text("more\n")
    run("git", "add", ".")
    run("git", "commit", "-q", "--no-verify", "-m", "more")
    push = run("git", "push", "-q", "origin", "main")
    lines = (push.stdout + push.stderr).splitlines()
    (command,) = (shlex.split(line) for line in lines if "git rebase" in line)
    # The editor of the list marks the first commit `edit`.
    assert run("env", "GIT_SEQUENCE_EDITOR=sed -i '0,/^pick/s//edit/'", *command).returncode == 0
    (work / "settings.py").write_text("import os\n")
    run("git", "add", ".")
    assert run("git", "commit", "-q", "--amend", "--no-edit").returncode == 0
    assert run("git", "rebase", "--continue").returncode == 0
    assert run("git", "push", "-q", "origin", "main").returncode == 0
