"""The advice at the end of a run works where it is printed: at a commit, in pre-commit, before a push, in CI."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.program import execute, inside, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.repositories import Repository


def _fingerprint(repo: Repository) -> str:
    done = inside("history", "-f", "json", cwd=repo.path)
    found = re.search(rb"akp1:[0-9a-f]{64}", done.out)
    assert found
    return found[0].decode()


@pytest.fixture
def pushed(repo: Repository, tmp_path: Path) -> Repository:
    """A repository with a remote that has its first commit."""
    repo.commit_file("clean", "clean\n")
    repo.git("init", "-q", "--bare", str(tmp_path / "origin"))
    repo.git("remote", "add", "origin", str(tmp_path / "origin"))
    repo.git("push", "-q", "origin", "main")
    return repo


def test_an_allowance_in_the_change_itself_has_to_be_merged_first(
    pushed: Repository, new_key: Callable[[], str]
) -> None:
    pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    name = _fingerprint(pushed)
    assert inside("allow", name, "--reason", "made up", cwd=pushed.path).code == 0
    pushed.git("add", ".akpatrol.toml")
    pushed.commit()
    done = inside("history", "--range", "origin/main..HEAD", cwd=pushed.path)
    assert done.code == 1
    text = " ".join(done.out.decode().split())
    assert (
        "is allowed in this change by .akpatrol.toml, but only what origin/main already allows counts: "
        "have the allowance merged first, by somebody who may" in text
    )
    pushed.git("push", "-q", "origin", "main")
    pushed.commit_file("more.py", "clean\n")
    assert inside("history", "--range", "origin/main..HEAD", cwd=pushed.path).code == 0


def test_a_baseline_in_the_change_itself_too(pushed: Repository, new_key: Callable[[], str]) -> None:
    pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    assert inside("baseline", "create", cwd=pushed.path).code == 0
    text = inside("history", "--range", "origin/main..HEAD", cwd=pushed.path).out.decode()
    assert "is allowed in this change by .akpatrol-baseline.json, but" in " ".join(text.split())


@pytest.mark.parametrize("file", [".akpatrol.toml", ".akpatrol-baseline.json"])
def test_staged_names_policy_that_git_does_not_track(repo: Repository, file: str) -> None:
    repo.commit_file("clean", "clean\n")
    content = "" if file.endswith("toml") else '{"akpatrol_baseline": 1, "entries": [\nnull]}\n'
    repo.write(file, content)
    repo.write("more", "clean\n")
    repo.git("add", "more")
    warning = f"{file} is in force and git does not track it: nobody else has it, so run git add {file}"
    assert warning in " ".join(inside("staged", cwd=repo.path).out.decode().split())
    repo.git("add", file)
    assert "does not track" not in inside("staged", cwd=repo.path).out.decode()


def test_staged_says_where_to_put_the_key_instead(repo: Repository, new_key: Callable[[], str]) -> None:
    repo.write("app.py", f"k = '{new_key()}'\n")
    repo.git("add", "app.py")
    lines = inside("staged", cwd=repo.path).out.decode().splitlines()
    assert '  Instead: os.environ["ANYREACH_API_KEY"], from a secret manager or an ignored .env.' in lines
    assert "  Nothing has leaked yet. Remove it, then: git add -- app.py" in lines


def test_in_pre_commit_the_printed_command_runs(repo: Repository, new_key: Callable[[], str]) -> None:
    """There the program is on no PATH but the hook's."""
    repo.write("app.py", f"k = '{new_key()}'\n")
    repo.git("add", "app.py")
    done = execute("staged", cwd=repo.path, variables={"PRE_COMMIT": "1"})
    lines = done.out.decode().splitlines()
    assert "Known and harmless? End its line with the comment `akpatrol:allow <why>`, or run:" in lines
    (command,) = (line.strip() for line in lines if " allow " in line and "--reason" in line)
    program = shlex.split(command)[0]
    assert subprocess.run([program, "--version"], capture_output=True, check=True).stdout.startswith(b"akpatrol")


def test_before_a_push_nothing_has_left_the_machine(pushed: Repository, new_key: Callable[[], str]) -> None:
    first = pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    removed = pushed.commit_file("app.py", "k = None\n")
    for variables in ({}, {"PRE_COMMIT_FROM_REF": "origin/main", "PRE_COMMIT_TO_REF": "HEAD"}):
        done = execute("history", "--range", "auto", cwd=pushed.path, variables=variables)
        assert done.code == 1
        text = done.out.decode()
        assert text.startswith("akpatrol: push stopped: it contains 1 credential. Nothing has left this\nmachine yet.")
        assert "delete" not in text
        assert f"     git rebase --interactive --rebase-merges {first[:12]}^" in text.splitlines()
        assert f"Commit {removed[:12]} removed it, which is not enough" in text


def test_by_hand_no_push_was_stopped(pushed: Repository, new_key: Callable[[], str]) -> None:
    pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    keyboard, stdin = pty.openpty()
    with start("history", "--range", "auto", cwd=pushed.path, stdin=stdin) as process:
        out, _ = process.communicate()
    os.close(keyboard)
    os.close(stdin)
    assert process.returncode == 1
    assert out.startswith(b"akpatrol: do not push: it contains 1 credential. Nothing has left this")
    assert b"git commit --amend" in out


def test_a_push_that_goes_on_was_not_stopped(pushed: Repository, new_key: Callable[[], str]) -> None:
    pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    done = execute("history", "--range", "auto", "--exit-zero", cwd=pushed.path)
    assert done.code == 0
    assert b"1 credential" in done.out
    assert b"push stopped" not in done.out


def test_after_a_push_it_has_left(pushed: Repository, new_key: Callable[[], str]) -> None:
    pushed.commit_file("app.py", f"k = '{new_key()}'\n")
    pushed.git("push", "-q", "origin", "HEAD:refs/heads/other")
    variables = {"PRE_COMMIT_FROM_REF": "origin/main", "PRE_COMMIT_TO_REF": "HEAD"}
    text = execute("history", "--range", "auto", cwd=pushed.path, variables=variables).out.decode()
    assert "push stopped" not in text
    assert "Next: delete it at /api-keys in your Anyreach organization now" in text


@pytest.mark.parametrize("where", ["option", "environment"])
def test_pages_are_whole_addresses_once_the_application_is_known(
    repo: Repository, new_key: Callable[[], str], where: str
) -> None:
    repo.commit_file("app.py", f"k = '{new_key()}'\n")
    address = "https://app.example.org/base"
    options = ("--app-url", f"{address}/") if where == "option" else ()
    env = {} if options else {"AKPATROL_APP_URL": address}
    done = execute("history", *options, "--report", "json:r.json", cwd=repo.path, variables=env)
    assert f"delete it at {address}/api-keys now" in " ".join(done.out.decode().split())
    assert f'"page": "{address}/api-keys"' in (repo.path / "r.json").read_text()


def test_an_address_of_no_application_is_refused(tmp_path: Path) -> None:
    done = inside("scan", "--app-url", "javascript:alert(1)", ".", cwd=tmp_path)
    assert done.code == 2
    assert "--app-url javascript:alert(1): must be https://host[:port][/path]" in done.err.decode()


@pytest.mark.parametrize(
    ("options", "variables", "coloured"),
    [
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {}, False),
    ],
)
def test_colour_into_a_pipe(
    tmp_path: Path, options: tuple[str, ...], variables: dict[str, str], *, coloured: bool
) -> None:
    (tmp_path / "f").write_text("clean\n")
    done = execute("scan", *options, ".", cwd=tmp_path, variables=variables)
    assert (b"\x1b[" in done.out) == coloured
