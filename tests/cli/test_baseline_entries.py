"""Single entries of a baseline: where they are today, how they are dropped, and how a person goes through them."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import termios
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import NAME, baseline, fingerprint, names
from tests.program import execute, finish, inside, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.program import Done
    from tests.repositories import Repository

    NewKey = Callable[[], str]

_CTRL_C, _CTRL_D = "\x03", "\x04"


@pytest.fixture
def keys(repo: Repository, new_key: NewKey) -> list[str]:
    """Three credentials of a baseline, in the order of its entries: the last is only in history."""
    found = sorted((new_key() for _ in range(3)), key=fingerprint)
    for name, key in zip(("a.env", "b.env", "gone.env"), found, strict=True):
        repo.commit_file(name, f"KEY={key}\n")
    repo.remove("gone.env")
    baseline(repo, "create", "--note", "before the gate")
    return found


def _report(repo: Repository, *arguments: str) -> Path:
    file = repo.path.parent / "report.json"
    inside(*arguments, "-f", "json", "-o", file, cwd=repo.path)
    return file


def test_where_each_is_by_a_scan(repo: Repository, keys: list[str]) -> None:
    shown = baseline(repo, "show", "--scan").out.decode().splitlines()
    at = [next(number for number, line in enumerate(shown) if fingerprint(key) in line) for key in keys]
    assert shown[at[0] + 1] == "  a.env:1:5  in the file now"
    assert shown[at[1] + 1] == "  b.env:1:5  in the file now"
    assert shown[at[2] + 1].startswith("  gone.env:1:5  gone from every branch's files")
    found = json.loads(baseline(repo, "show", "--scan", "-f", "json").out)["entries"]
    assert [sorted({place["state"] for place in one["places"]}) for one in found] == [
        ["present", "worktree"],
        ["present", "worktree"],
        ["removed"],
    ]
    assert all(key.encode() not in baseline(repo, "show", "--scan").written for key in keys)


def test_where_each_is_by_a_report(repo: Repository, keys: list[str]) -> None:
    shown = baseline(repo, "show", _report(repo, "scan")).out.decode()
    assert shown.count("in the file now") == 2
    assert shown.splitlines()[-2] == "  not found"
    found = json.loads(baseline(repo, "show", _report(repo, "scan", "--show-secrets"), "-f", "json").out)["entries"]
    assert [len(one["places"]) for one in found] == [1, 1, 0]
    assert all(one["places"] is None for one in json.loads(baseline(repo, "show", "-f", "json").out)["entries"])
    assert b"REPORT or --scan" in baseline(repo, "show", _report(repo, "scan"), "--scan", code=2).err
    assert b"not an akpatrol JSON report" in baseline(repo, "show", NAME, code=2).err
    assert keys


def test_an_incomplete_scan_says_so(repo: Repository, keys: list[str]) -> None:
    damaged = repo.loose(repo.blob("damaged\n"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"damaged")
    assert b"not everything was scanned" in baseline(repo, "show", "--scan", code=3).err
    assert b"not everything was scanned" in baseline(repo, "show", _report(repo, "history")).err
    assert keys


def test_drop(repo: Repository, keys: list[str]) -> None:
    told = baseline(repo, "drop", fingerprint(keys[0]), fingerprint(keys[1])[5:13]).out.decode()
    assert "0 entries added, 2 dropped, 1 kept" in told
    assert all(f"- {fingerprint(key)}" in told for key in keys[:2])
    assert names(repo).keys() == {fingerprint(keys[2])}


@pytest.mark.parametrize(("wrong", "words"), [("12345678", "no entry of"), ("xyz", "at least 8 hex digits")])
def test_what_is_no_entry_drops_none(repo: Repository, keys: list[str], wrong: str, words: str) -> None:
    assert words.encode() in baseline(repo, "drop", fingerprint(keys[0]), wrong, code=2).err
    assert len(names(repo)) == 3


def _lead() -> None:
    """Make standard input the terminal of this process, so that Ctrl-C typed there reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _talk(repo: Repository, *arguments: str | Path, answers: Sequence[str]) -> Done:
    """Answer each question on a terminal; ``err`` is all that the terminal showed."""
    master, slave = pty.openpty()
    process = start(
        *("baseline", "review", *arguments), cwd=repo.path, stdin=slave, stdout=slave, stderr=slave, preexec_fn=_lead
    )
    os.close(slave)
    screen, seen = bytearray(), 0
    for answer in answers:
        while not screen[seen:].rstrip(b" ").endswith((b"?", b":")):
            screen += os.read(master, 4096)
        seen = len(screen)
        os.write(master, answer.encode())
    try:
        while data := os.read(master, 4096):
            screen += data
    except OSError:
        pass  # the other side is closed
    done = finish(process)
    os.close(master)
    return replace(done, err=bytes(screen))


def _entries(repo: Repository) -> list[dict[str, str]]:
    return [one for one in json.loads((repo.path / NAME).read_bytes())["entries"] if one]


def test_one_by_one(repo: Repository, keys: list[str]) -> None:
    answers = ["?\n", "e\n", "2999-01-31\n", "n\n", "only a fixture\n", "k\n", "d\n", "k\n"]
    done = _talk(repo, answers=answers)
    assert done.code == 0, done.err
    told = done.err.decode()
    assert all(
        words in told for words in ("1 of 3", "3 of 3", "keep the entry", "until 2999-01-31", "1 dropped, 2 kept")
    )
    first, last = _entries(repo)
    assert (first["fingerprint"], first["expires"], first["note"]) == (
        *(fingerprint(keys[0]), "2999-01-31", "only a fixture"),
    )
    assert (last["fingerprint"], last["note"], "expires" in last) == (fingerprint(keys[2]), "before the gate", False)


def test_what_is_no_end_or_no_note_is_asked_again(repo: Repository, keys: list[str]) -> None:
    done = _talk(repo, answers=["e\n", "soon\n", "n\n", f"the key {keys[0]}\n", "x\n", "k\n", "q\n"])
    assert done.code == 0
    assert b"not a date" in done.err
    assert b"contains a credential" in done.err
    assert [one["note"] for one in _entries(repo)] == ["before the gate"] * 3


@pytest.mark.parametrize("end", ["q\n", _CTRL_D])
def test_quit_writes_what_was_decided(repo: Repository, keys: list[str], end: str) -> None:
    assert _talk(repo, answers=["d\n", end]).code == 0
    assert names(repo).keys() == {fingerprint(key) for key in keys[1:]}


def test_ctrl_c_leaves_the_file_whole(repo: Repository, keys: list[str]) -> None:
    before = (repo.path / NAME).read_bytes()
    done = _talk(repo, answers=["d\n", "e\n", _CTRL_C])
    assert done.code in (130, -signal.SIGINT)
    assert b"Traceback" not in done.err
    assert (repo.path / NAME).read_bytes() == before
    assert os.listdir(repo.path).count(NAME) == 1
    assert keys


def test_findings_of_a_report_that_are_not_in_it(repo: Repository, keys: list[str], new_key: NewKey) -> None:
    new = sorted((new_key() for _ in range(2)), key=fingerprint)
    repo.commit_file("new", "\n".join(new))
    told = _talk(repo, _report(repo, "history"), "--owner", "platform", answers=["a\n", "a\n"]).err.decode()
    assert "1 of 2" in told
    assert "2 entries added, 0 dropped, 3 kept" in told
    by_name = {one["fingerprint"]: one for one in _entries(repo)}
    assert by_name.keys() == {fingerprint(key) for key in (*keys, *new)}
    assert by_name[fingerprint(new[0])]["owner"] == "platform"


def test_findings_that_are_skipped_stay_findings(repo: Repository, keys: list[str], new_key: NewKey) -> None:
    repo.commit_file("new", new_key())
    before = (repo.path / NAME).read_bytes()
    assert _talk(repo, _report(repo, "history"), answers=["s\n"]).code == 0
    assert (repo.path / NAME).read_bytes() == before
    assert keys


def test_without_a_terminal_it_names_the_other_commands(repo: Repository, keys: list[str]) -> None:
    done = execute("baseline", "review", cwd=repo.path, stdin=b"d\n")
    assert done.code == 2
    assert all(words in done.err for words in (b"baseline show", b"drop FINGERPRINT", b"--expires"))
    assert len(names(repo)) == len(keys)
