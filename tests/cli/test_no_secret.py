"""The raw secret is in nothing that is written, wherever it occurs and whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.report import FORMATS, as_text
from tests.credentials import organization_key
from tests.program import Done, execute, inside
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    NewKey = Callable[[], str]


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    """The secrets in the repository, by location."""
    return {}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, str]) -> Repository:
    """A repository whose path, and everything in it that has a text, holds a secret of its own; it is only read."""
    rng = Random("no secret")

    def key(place: str) -> str:
        return secrets.setdefault(place, organization_key(rng))

    repo = Repository(tmp_path_factory.mktemp("full") / f"clone of {key('target path')}")
    repo.write(".akpatrol.toml", f'exclude = ["{key("exclude pattern")}"]\n')
    repo.write("content", f"before {key('content')} {key('second on the line')} after\n")
    repo.write("base64-like", f"x{key('inside a word')}\n")
    repo.write(f"name {key('file name')}", "x\n")
    repo.write(f"dir {key('directory name')}/file", f"{key('content below')}\n")
    (repo.path / f"link {key('link name')}").symlink_to(f"to {key('link target')}")
    author = f"Ada {key('author')} <ada@example.org>"
    repo.commit(f"Subject {key('subject')}\n\nBody {key('body')}\n", "--author", author)
    repo.remove("content", f"Remove {key('removing commit')}")
    repo.git("branch", f"branch/{key('branch')}")
    repo.git("tag", "-a", "-m", f"Tagged {key('tag message')}", f"v-{key('tag name')}")
    repo.git("config", "remote.origin.url", f"https://user:{key('remote')}@git.example.org/x.git")
    (repo.git_dir / "hooks").mkdir(exist_ok=True)
    (repo.git_dir / "hooks" / "pre-commit").write_text(f"curl -H {key('hook')}\n")
    # What cannot be read has a name too.
    damage(repo.loose(repo.blob("damaged\n")), b"damaged")
    repo.write(f"unreadable {key('skipped file')}", "x\n")
    repo.write("staged", f"{key('staged')} and {key('staged too')}\n")
    repo.write(f"dir {secrets['directory name']}/staged {key('staged name')}", f"{key('staged content')}\n")
    repo.git("add", "staged", f"dir {secrets['directory name']}")
    (repo.path / "MESSAGE").write_text(f"Fix {key('message')}\n\n{key('message body')}\n")
    repo.write("local.env", f"{key('ignored')}\n")
    repo.write(".gitignore", "local.env\n")
    return repo


@pytest.fixture
def planted(full: Repository, secrets: dict[str, str]) -> dict[str, str]:
    """The same for one test, which may add to it."""
    assert full.path.exists()
    return dict(secrets)


def _leaks(done: Done, planted: dict[str, str], *files: Path) -> dict[str, list[str]]:
    """Return the secrets, by place, of which a part of 10 characters was written, and where.

    An organization key's id opens nothing: reports show it.
    """
    written = {"stdout": done.out, "stderr": done.err} | {file.name: file.read_bytes() for file in files}
    found: dict[str, list[str]] = {}
    for place, secret in planted.items():
        body = secret.rpartition("." if "." in secret else "_")[2].encode()
        for name, content in written.items():
            if any(body[start : start + 10] in content for start in range(len(body) - 9)):
                found.setdefault(place, []).append(name)
    return found


@pytest.fixture
def _unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse a file, which it never does to root."""
    open_ = os.open

    def refuse(path: Any, *more: Any, **how: Any) -> int:
        if b"unreadable" in os.fsencode(path):
            raise PermissionError(13, "Permission denied")
        return open_(path, *more, **how)

    monkeypatch.setattr(os, "open", refuse)


_COMMANDS = {
    "scan": ["scan", "."],
    "scan below": ["scan", "base64-like", "staged", "local.env", "-"],
    "scan tracked": ["scan", "--tracked"],
    "history": ["history"],
    "history range": ["history", "--range", "HEAD~1..HEAD"],
    "staged": ["staged"],
    "staged named": ["staged", "staged", "base64-like"],
    "commit-msg": ["commit-msg", "MESSAGE"],
}


@pytest.mark.usefixtures("_unreadable")
@pytest.mark.parametrize(
    ("name", "format_"),
    # Each run writes every format to a file; on standard output they are no different from one command to another.
    [*((name, "text") for name in _COMMANDS), *(("scan", format_) for format_ in FORMATS if format_ != "text")],
)
def test_every_command_in_every_format(
    full: Repository, planted: dict[str, str], tmp_path: Path, new_key: NewKey, name: str, format_: str
) -> None:
    piped = planted.setdefault("standard input", new_key())
    reports = [tmp_path / f"report.{other}" for other in FORMATS]
    options = [word for file in reports for word in ("--report", f"{file.suffix[1:]}:{file}")]
    command, *words = _COMMANDS[name]
    arguments = [command, "-f", format_, "-vv", "--min-confidence", "low", *options, *words]
    done = inside(*arguments, cwd=full.path, stdin=piped.encode())
    assert done.code == 1, done.err
    assert name not in ("scan", "scan tracked") or b"Permission denied" in done.out
    assert done.out
    assert _leaks(done, planted, *reports) == {}


@pytest.mark.parametrize("name", _COMMANDS)
def test_forced_crash(full: Repository, planted: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The exception's text, its cause and the locals all hold secrets."""

    def render(report: object, _options: object) -> bytes:
        secret = planted["content"]
        raise ValueError(report, secret) from KeyError(secret)

    monkeypatch.setattr(as_text, "pieces", render)
    command, *words = _COMMANDS[name]
    done = inside(command, "-vv", *words, cwd=full.path, stdin=planted["content"].encode())
    assert (done.code, done.out) == (4, b"")
    assert b"Traceback" not in done.err
    assert _leaks(done, planted) == {}


def test_crash_in_a_worker(full: Repository, planted: dict[str, str]) -> None:
    """A worker sends its exception with the traceback as text."""
    patch = f"""
from akpatrol.scan import execute as execution
execution._LITTLE_WORK_SECONDS = 0
from akpatrol.sources import files
files._BATCH = 1
from akpatrol.rules.rule import RuleSet
class Broken(RuleSet):
    def __reduce__(self): return (eval, ("1/0 or " + repr({planted["content"]!r}),))
from akpatrol.detect.engine import Engine
init = Engine.__init__
def patched(self, rules, *more): init(self, Broken(*rules), *more)
Engine.__init__ = patched
"""
    done = execute("scan", "--jobs", "2", cwd=full.path, patch=patch)
    assert done.code in (1, 3, 4)
    assert _leaks(done, {"content": planted["content"]}) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["{}"],
        ["scan", "{}"],
        ["scan", "--{}"],
        ["scan", "{}", "--jobs", "{}"],
        ["scan", "-f", "{}"],
        ["scan", "-o", "no/{}/file"],
        ["scan", "--report", "{}:file"],
        ["scan", "--report", "json:no/{}"],
        ["scan", "--rules", "{}"],
        ["scan", "--rules", "{}.toml"],
        ["scan", "--config", "{}"],
        ["scan", "--config", "{}.toml"],
        ["scan", "--exclude", "{}\\"],
        ["scan", "-C", "{}"],
        ["history", "{}"],
        ["history", "--range", "{}..HEAD"],
        ["staged", "{}"],
        ["commit-msg", "{}"],
        ["scan", "--hashes", "{}"],
        ["scan", "--hashes", "{}.toml"],
        ["trace", "{}"],
        ["pre-receive", "{}"],
        ["rules", "show", "{}"],
        ["rules", "check", "{}"],
        ["rules", "check", "{}.toml"],
        ["rules", "{}"],
    ],
    ids=" ".join,
)
def test_wrong_argument(tmp_path: Path, new_key: NewKey, token: str, arguments: list[str]) -> None:
    """A person pastes the secret in the wrong place, or keeps it in a file's name."""
    repo = Repository(tmp_path)
    repo.commit_file("f", "clean\n")
    for secret in (new_key(), token):
        repo.write(f"{secret}.toml", "[broken")
        done = inside(*(word.format(secret) for word in arguments), cwd=tmp_path)
        assert done.code in (0, 2, 3), done.written
        if arguments[0] != "staged":
            assert done.code == 2
        assert _leaks(done, {"argument": secret}) == {}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "{} = 1",
        "exclude = '{}'",
        "min_confidence = '{}'",
        "rules = ['{}']",
        "rules = ['../{}']",
        "accept_skip = ['{}']",
        "exclude = ['{}\\']",
        "[[accept_skip]]\n'{}' = 1",
        "[[accept_skip]]\npath = '{}'\nreason = ''",
        "[[accept_skip]]\npath = 'x'\nreason = 'x'\nexpires = '{}'",
    ],
)
def test_wrong_configuration(tmp_path: Path, key: str, token: str, content: str) -> None:
    for secret in (key, token):
        (tmp_path / ".akpatrol.toml").write_text(content.format(secret))
        done = inside("scan", cwd=tmp_path)
        assert done.code == 2, done.written
        assert _leaks(done, {"configuration": secret}) == {}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[[rules]]\nid = '{}'",
        "[[rules]]\nid = 'x'\nregex = '{}('",
        "[[rules]]\nid = 'x'\nregex = 'y'\n'{}' = 1",
        "[[rules]]\nid = 'x'\nregex = 'y'\n[akpatrol.rules.x]\nexamples = ['{}']",
        "[[rules]]\nid = 'x'\nregex = 'y'\n[akpatrol.rules.x]\nkind = '{}'",
        "[[rules]]\nid = 'x'\nregex = 'y'\n[akpatrol.rules.'{}']\nkind = 'custom'",
    ],
)
def test_wrong_rule_file(tmp_path: Path, key: str, content: str) -> None:
    (tmp_path / f"{key}.toml").write_text(content.format(key))
    for arguments in (["scan", "--rules", f"{key}.toml"], ["rules", "check", f"{key}.toml"]):
        done = inside(*arguments, "--rules-strict", cwd=tmp_path)
        if "examples" not in content or arguments[0] == "rules":
            assert done.code == 2, done.written
        # What is left out is named.
        for run in (done, inside(*arguments, cwd=tmp_path)):
            assert _leaks(run, {"rule": key}) == {}


def _revealed(done: Done, file: Path) -> Iterator[bytes]:
    yield done.out
    yield file.read_bytes()


@pytest.mark.parametrize("format_", FORMATS)
def test_show_secrets(tmp_path: Path, new_key: NewKey, format_: str) -> None:
    """Only where it was asked for, and never in a format that is made to be uploaded."""
    shows = format_ in ("text", "json", "jsonl")
    tree = tmp_path / "tree"
    tree.mkdir()
    content, neighbour, name = new_key(), new_key(), new_key()
    (tree / f"is {name}").write_text(f"{content} {neighbour}")
    report = tmp_path / "report"
    summary = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    arguments = ["--show-secrets", "-f", format_, "--report", f"{format_}:{report}"]
    done = inside("scan", tree, *arguments, variables=summary)
    for written in _revealed(done, tmp_path / "summary" if format_ == "github" else report):
        for secret in (content, neighbour, name):
            assert (secret.encode() in written) == shows


def test_secret_field(tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    hidden = json.loads(inside("scan", "f", "-f", "json", cwd=tmp_path).out)
    shown = json.loads(inside("scan", "f", "-f", "json", "--show-secrets", cwd=tmp_path).out)
    assert hidden["credentials"][0]["secret"] is None
    assert shown["credentials"][0]["secret"] == key


def test_argument_list_shows_no_secret_to_other_processes(
    full: Repository, planted: dict[str, str], tmp_path: Path
) -> None:
    """Neither git's arguments nor temporary files: other users can list both."""
    log = tmp_path / "argv"
    patch = f"""
import subprocess
popen = subprocess.Popen.__init__
def logged(self, args, *more, **how):
    with open({str(log)!r}, "ab") as file:
        file.write(repr(args).encode())
    popen(self, args, *more, **how)
subprocess.Popen.__init__ = logged
"""
    found = {place: secret for place, secret in planted.items() if place not in ("target path", "branch", "tag name")}
    for arguments in (["scan"], ["history"]):
        assert execute(*arguments, cwd=full.path, patch=patch).code == 1
    assert log.stat().st_size
    assert _leaks(Done(0, log.read_bytes(), b""), found) == {}


def test_everything_written_is_checked_for(full: Repository, planted: dict[str, str]) -> None:
    """The test above would notice: the secrets really are in what is scanned."""
    listed = subprocess.run(["git", "log", "-p", "--all", "--stat"], cwd=full.path, capture_output=True, check=True)
    everything = listed.stdout + b"".join(os.fsencode(file) for file in full.path.rglob("*"))
    leaks = _leaks(Done(0, everything, b""), planted)
    assert {"content", "subject", "author", "file name", "directory name", "target path", "link name"} <= leaks.keys()
