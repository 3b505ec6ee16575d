"""``akpatrol compare``: reports of one repository that hides credentials, exit codes, and what is no report."""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests import peer_reports
from tests.credentials import organization_key
from tests.peer_reports import WRITERS, Leak
from tests.program import Done, inside
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

_RNG = Random("compare")
_PLACES = (
    "plain",
    "merge",
    "stash",
    "reflog",
    "zip",
    "base64",
    "attribute",
    "binary",
    "message",
    "tag",
    "note",
    "removed",
)
_KEYS = {place: organization_key(_RNG) for place in _PLACES}


def _compare(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> Done:
    return inside("compare", *arguments, cwd=cwd, stdin=stdin)


def _line(place: str) -> str:
    return f'KEY = "{_KEYS[place]}"\n'


@pytest.fixture
def hiding(repo: Repository) -> dict[str, str]:
    """Fill the repository; return the commits."""
    commits = {"plain": repo.commit_file("plain.py", _line("plain"))}
    container = io.BytesIO()
    with zipfile.ZipFile(container, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/x.env", _line("zip"))
    repo.write(".gitattributes", "*.dat -diff\n")
    repo.write("backup.zip", container.getvalue())
    repo.write("x.dat", _line("attribute"))
    repo.write("x.bin", b"\0\n" + _line("binary").encode())
    repo.write("encoded.py", f'X = "{base64.b64encode(_KEYS["base64"].encode()).decode()}"\n')
    commits["many"] = repo.commit(f"Deploy\n\nwith {_KEYS['message']}")
    commits["removed"] = repo.commit_file("gone.py", _line("removed"))
    repo.remove("gone.py")
    repo.git("tag", "-a", "v1", "-m", f"with {_KEYS['tag']}")
    repo.git("notes", "add", "-m", f"with {_KEYS['note']}")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("side.txt", "s\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("main.txt", "m\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("merged.py", _line("merge"))
    repo.commit("Merge side")
    repo.commit_file("amended.py", _line("reflog"))
    repo.write("amended.py", "clean\n")
    repo.git("commit", "-q", "-a", "--amend", "-m", "Amended")
    repo.write("stashed.py", _line("stash"))
    repo.git("add", "-A")
    repo.git("stash")
    return commits


@pytest.fixture
def reports_of(repo: Repository, hiding: dict[str, str], tmp_path: Path) -> Path:
    """Write akpatrol's report, and those of a scanner that sees what ``git log -p`` shows."""
    plain = [
        Leak(_KEYS["plain"], "plain.py", 1, hiding["plain"], column=8),
        Leak(_KEYS["removed"], "gone.py", 1, hiding["removed"], column=8),
    ]
    for name, write in WRITERS.items():
        (tmp_path / f"{name.replace(' ', '-')}.report").write_bytes(write(plain))
    assert inside("history", repo.path, "-f", "json", "-o", tmp_path / "ours.json").code == 1
    return tmp_path


def _reasons(view: Any, label: str) -> dict[str, str]:
    """Return the first reason for each place that a report misses."""
    names = {_masked(key): place for place, key in _KEYS.items()}
    return {
        names[finding["redacted"]]: status["reasons"][0]["code"]
        for finding in view["findings"]
        for status in finding["reports"]
        if status["report"] == label and status["status"] == "missed"
    }


def _masked(key: str) -> str:
    return f"{key[:7]}***({len(key)})"


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_scanner_of_diffs_has_not_shown_and_why(name: str, repo: Repository, reports_of: Path) -> None:
    theirs = reports_of / f"{name.replace(' ', '-')}.report"
    done = _compare(reports_of / "ours.json", theirs, "-f", "json", cwd=repo.path)
    assert (done.code, done.err) == (1, b"")
    view = json.loads(done.out)
    assert [report["missed"] for report in view["reports"]] == [0, 10]
    wanted = {
        "merge": "merge", "stash": "stash", "reflog": "reflog", "zip": "container", "base64": "encoding",
        "attribute": "attribute", "binary": "binary", "message": "commit_message", "tag": "tag_message", "note": "note",
    }  # fmt: skip
    assert _reasons(view, theirs.name) == wanted


def test_outside_the_repository_it_says_what_to_do(reports_of: Path) -> None:
    done = _compare("ours.json", "gitleaks.report", cwd=reports_of)
    assert b"run in the repository, or with -C DIR" in done.out
    assert b"Only in a merge commit" not in done.out
    inside_it = _compare("-C", reports_of / "repo", "../ours.json", "../gitleaks.report", cwd=reports_of)
    assert b"Only in a merge commit (1)" in inside_it.out
    assert b"with -C DIR" not in inside_it.out


def test_another_repository_is_not_asked(reports_of: Path) -> None:
    other = Repository(reports_of / "other")
    other.commit_file("a.py", "x\n")
    view = json.loads(_compare("../ours.json", "../gitleaks.report", "-f", "json", cwd=other.path).out)
    assert view["repository"] is None
    assert len(view["notices"]) == 1


@pytest.mark.parametrize("format_", ["text", "json", "html"])
def test_no_secret_is_shown_and_no_file_is_left(format_: str, repo: Repository, reports_of: Path) -> None:
    before = sorted(reports_of.rglob("*"))
    reports = sorted(reports_of.glob("*.report"))
    done = _compare("-v", reports_of / "ours.json", *reports, "-f", format_, cwd=repo.path)
    assert done.code == 1
    for key in _KEYS.values():
        assert key.encode() not in done.written
        assert key.partition(".")[2].encode() not in done.written
    assert sorted(reports_of.rglob("*")) == before


def test_reports_with_raw_secrets_of_ours(repo: Repository, reports_of: Path) -> None:
    inside("history", repo.path, "--show-secrets", "-f", "json", "-o", reports_of / "raw.json")
    inside("history", repo.path, "--show-secrets", "-f", "jsonl", "-o", reports_of / "raw.jsonl")
    done = _compare("ours.json", "raw.json", "raw.jsonl", cwd=reports_of)
    assert (done.code, done.err) == (0, b"")
    assert done.out.startswith(b"All 3 reports agree on 12 findings of 12 credentials\n")
    for key in _KEYS.values():
        assert key.encode() not in _compare("raw.json", "raw.jsonl", "-f", "json", cwd=reports_of).written


def test_ours_beside_more_than_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(
        peer_reports.gitleaks([Leak(_KEYS["plain"]), Leak("x7Qp" * 9, rule="generic-api-key")])
    )
    (tmp_path / "b").write_bytes(peer_reports.kingfisher([Leak(_KEYS["plain"])]))
    assert _compare("a", "b", cwd=tmp_path).code == 1
    done = _compare("a", "b", "--skip-rule", "generic-*", cwd=tmp_path)
    assert done.code == 0
    assert b"a: 1 entry of other rules left out" in done.out
    assert _compare("a", "b", "--only-rules", "anyreach-*", cwd=tmp_path).code == 0


def test_an_entry_that_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(peer_reports.kingfisher_lines([Leak(_KEYS["plain"])]) + b'{"rule"')
    (tmp_path / "b").write_bytes(peer_reports.gitleaks([Leak(_KEYS["plain"])]))
    assert _compare("a", "b", cwd=tmp_path).code == 3
    (tmp_path / "b").write_bytes(peer_reports.gitleaks([Leak(_KEYS["plain"]), Leak(_KEYS["zip"])]))
    assert _compare("a", "b", cwd=tmp_path).code == 1


def test_formats_are_recognised_by_content_from_standard_input_too(tmp_path: Path) -> None:
    (tmp_path / "gitleaks.json").write_bytes(peer_reports.trufflehog([Leak(_KEYS["plain"])]))
    done = _compare("-", "gitleaks.json", cwd=tmp_path, stdin=peer_reports.gitleaks_csv([Leak(_KEYS["plain"])]))
    assert done.code == 0
    assert b"standard input  gitleaks" in done.out
    assert b"gitleaks.json   trufflehog" in done.out
    assert b"old     trufflehog" in _compare("old=gitleaks.json", "new=gitleaks.json", cwd=tmp_path).out


def test_the_output_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"[]")
    done = _compare("a", "b", "-o", "out.html", "-f", "html", cwd=tmp_path)
    assert (done.code, done.out) == (0, b"")
    assert (tmp_path / "out.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert _compare("a", "b", "-o", "no/out.json", cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], b"nothing to compare with"),
        (["a"], b"nothing to compare with"),
        (["a", "absent"], b"absent: No such file or directory"),
        (["a", "."], b".: Is a directory"),
        (["a", "empty"], b"empty: empty"),
        (["a", "text"], b"text: not a report of a known format"),
        (["a", "store"], b"store: a store is no report"),
        (["a", "deep"], b"deep: not a report"),
        (["a", "a"], b"a: two reports have this name"),
        (["x=-", "y=-"], b"-: standard input can be read only once"),
        (["a", "-"], b"standard input: empty"),
        (["a", "b", "-f", "htm"], b"did you mean html?"),
    ],
)
def test_what_cannot_be_compared(arguments: list[str], words: bytes, tmp_path: Path) -> None:
    written = {
        "a": b"[]", "empty": b"", "text": b"hello", "store": b"SQLite format 3\0", "deep": b"[" * 200_000,
    }  # fmt: skip
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
    done = _compare(*arguments, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert words in done.err
    assert b"Traceback" not in done.err


def test_a_report_that_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"[]")
    with (tmp_path / "b").open("wb") as stream:
        os.truncate(stream.fileno(), (1 << 28) + 1)
    done = _compare("a", "b", cwd=tmp_path)
    assert done.code == 2
    assert b"b: longer than 256 MiB" in done.err


def test_a_sweep(tmp_path: Path) -> None:
    """A repository and its work tree are two targets with the same paths; two repositories are two names."""
    for name in ("a", "b"):
        Repository(tmp_path / name).commit_file("x.py", _line("plain" if name == "a" else "zip"))
    for targets in (["a"], ["a", "b"]):
        report = f"{len(targets)}.json"
        done = inside("sweep", *targets, "--store", f"{report}.db", "-f", "json", "-o", report, cwd=tmp_path)
        assert done.code == 1
    assert _compare("1.json", "2.json", "-f", "json", cwd=tmp_path).code == 1
    view = json.loads(_compare("1.json", "2.json", "-f", "json", cwd=tmp_path).out)
    assert {finding["path"]: [report["status"] for report in finding["reports"]] for finding in view["findings"]} == {
        "x.py": ["found", "found"],
        "b/x.py": ["missed", "found"],
    }
