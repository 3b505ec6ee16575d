"""What a server's hook does when it cannot look, when time runs out, and whose policy holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.program import inside
from tests.repositories import Repository
from tests.servers import Server, push

if TYPE_CHECKING:
    from pathlib import Path

_ZEROS = "0" * 40
# A container that is recognised and cannot be opened.
_UNREADABLE = b"7z\xbc\xaf\x27\x1c" + bytes(100)
_STUCK = """
import time
from akpatrol.scan.examine import Examiner
def examine(self, unit):
    time.sleep(60)
    yield from ()
Examiner.examine = examine
"""
_STUCK_AFTER_ALL = """
import time
from akpatrol.sources.git import push
plan = push.PushSource.plan
def stuck(self):
    yield from plan(self)
    time.sleep(60)
push.PushSource.plan = stuck
"""
_STUCK_AT_START = "import time; from akpatrol.rules import rule_file; rule_file.load = lambda *_, **__: time.sleep(60)"
_DEAF = "import signal; signal.setitimer = lambda *_: None"


def _allowing(key: str) -> str:
    id_ = key[3:].partition(".")[0]
    return f'[[allow]]\nkey_id = "{id_}"\nreason = "x"\n'


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "server.git")


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    work = Repository(tmp_path / "work")
    work.commit_file("clean", "x\n")
    return work


def test_what_cannot_be_looked_at_fails_closed(server: Server, work: Repository) -> None:
    work.commit_file("dir/a.7z", _UNREADABLE)
    server.guard()
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "dir/a.7z: 7z archive" in pushed.told
    assert "not all of it could be scanned" in pushed.told
    server.guard("--fail-open")
    pushed = push(work, server, "main")
    assert pushed.accepted
    assert "warning: push accepted, although not all of it could be scanned" in pushed.told


def test_findings_are_refused_however_it_fails(server: Server, work: Repository, key: str) -> None:
    work.write("a.7z", _UNREADABLE)
    work.commit_file("a", key)
    server.guard("--fail-open")
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "Not all of the push could be scanned" in pushed.told


@pytest.mark.parametrize("patch", [_STUCK, _DEAF + _STUCK], ids=["in time", "at the last moment"])
def test_the_budget_ends_it(server: Server, work: Repository, patch: str) -> None:
    server.guard("--budget", "1", patch=patch)
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "push refused: not all of it could be scanned" in pushed.told
    server.guard("--budget", "1", "--fail-open", patch=patch)
    pushed = push(work, server, "main")
    assert pushed.accepted
    assert "warning: push accepted" in pushed.told


def test_the_budget_ends_starting_too(server: Server, work: Repository) -> None:
    server.guard("--budget", "1", patch=_STUCK_AT_START)
    assert "time ran out" in push(work, server, "main").told


def test_what_was_found_before_the_end_counts(server: Server, work: Repository, key: str) -> None:
    id_ = work.commit_file("a", key)
    server.guard("--budget", "4", "--fail-open", patch=_STUCK_AFTER_ALL)
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert f"commit {id_[:12]}" in pushed.told
    assert "--budget of" in pushed.told


def test_a_pointer_of_lfs_is_what_a_push_brings(server: Server, work: Repository) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1' * 64}\nsize 1\n"
    work.commit_file("a", pointer)
    server.guard("-v")
    pushed = push(work, server, "main")
    assert pushed.accepted
    assert "1 Git LFS pointer" in pushed.told


def test_what_is_pushed_configures_nothing(server: Server, work: Repository, key: str) -> None:
    assert push(work, server, "main").accepted
    server.guard()
    work.write(".akpatrol.toml", 'exclude = ["*"]\n')
    work.commit_file("a", f"{key}  # akpatrol:allow it is a test\n")
    assert "it contains 1 credential" in push(work, server, "main").told
    assert "it contains 1 credential" in push(work, server, "main:new").told


@pytest.mark.slow
def test_policy_comes_from_what_was_there(server: Server, work: Repository, key: str) -> None:
    work.commit_file(".akpatrol.toml", _allowing(key))
    assert push(work, server, "main").accepted
    server.guard()
    work.commit_file("a", key)
    assert push(work, server, "main").accepted
    work.commit_file("b", key)
    assert push(work, server, "main:new").accepted
    server.guard("--no-allow")
    work.commit_file("c", f"{key}\n")
    assert not push(work, server, "main").accepted


def test_another_branch_cannot_bring_its_own_leave(server: Server, work: Repository, key: str) -> None:
    """First the allowance and then the secret: only the default branch decides."""
    work.commit_file("a", "x\n")
    assert push(work, server, "main").accepted
    server.guard()
    work.commit_file(".akpatrol.toml", _allowing(key))
    assert push(work, server, "main:own").accepted
    work.commit_file("b", key)
    assert not push(work, server, "main:own").accepted


def test_a_comment_allows_nothing_even_when_it_was_there(server: Server, work: Repository, key: str) -> None:
    line = f"{key}  # akpatrol:allow it is a test\n"
    work.commit_file("a", line)
    assert push(work, server, "main").accepted
    server.guard()
    work.commit_file("b", line + "more\n")
    assert not push(work, server, "main").accepted


def test_a_broken_policy_is_said_and_keeps_nothing_out(server: Server, work: Repository, key: str) -> None:
    work.commit_file(".akpatrol.toml", "broken [")
    assert push(work, server, "main").accepted
    server.guard()
    work.commit_file("a", key)
    assert "is ignored" in push(work, server, "main").told
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.commit_file(".akpatrol.toml", "exclude = []\n")
    assert push(work, server, "main").accepted


def test_the_servers_own_configuration(server: Server, work: Repository, tmp_path: Path, key: str) -> None:
    (tmp_path / "server.toml").write_text(_allowing(key))
    server.guard("--config", tmp_path / "server.toml")
    work.commit_file("a", key)
    assert push(work, server, "main").accepted
    server.guard("--config", tmp_path / "missing.toml")
    work.commit_file("b", "x\n")
    assert not push(work, server, "main").accepted


@pytest.mark.parametrize(
    "lines",
    [b"", b"x", b"\n", f"{_ZEROS} {_ZEROS}\n".encode(), f"{_ZEROS} {'1' * 64} refs/heads/x\n".encode(),
     f"{_ZEROS} {'1' * 64} refs/heads/x\n".encode().upper(), f"{_ZEROS} --all refs/heads/x\n".encode()],
)  # fmt: skip
def test_wrong_input(server: Server, lines: bytes) -> None:
    done = inside("pre-receive", cwd=server.path, stdin=lines)
    assert (done.code, done.out) == (2, b"")
    assert b"standard input" in done.err


def test_wrong_places(tmp_path: Path, server: Server) -> None:
    line = f"{_ZEROS} {'1' * 40} refs/heads/x\n".encode()
    assert inside("pre-receive", cwd=tmp_path, stdin=line).code == 2
    missing = inside("pre-receive", cwd=server.path, stdin=line)
    assert missing.code == 3
    assert b"push refused" in missing.out
    assert inside("pre-receive", "--hashes", "-", cwd=server.path, stdin=line).code == 2
