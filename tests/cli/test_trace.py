"""``trace``: one credential, asked for without being shown, and every place of it on one screen."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from akpatrol.report import FORMATS
from akpatrol.rules.rule_file import load
from tests.api_server import ApiServer, Member
from tests.credentials import organization_key
from tests.program import Done, at_prompt, command, execute, inside
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable


def trace(asked: str, *words: str | Path, cwd: Path | None = None) -> Done:
    return inside("trace", *words, stdin=asked.encode(), cwd=cwd)


@pytest.fixture
def leaky(repo: Repository, key: str) -> Repository:
    """The key was in a file, came back in another, and stands in a message and in a file that is not committed."""
    repo.commit_file("old.py", f"KEY = '{key}'\n", "Add it")
    repo.remove("old.py")
    repo.commit_file("src/new.py", f"\nKEY = '{key}'\n", f"Not {key} again")
    repo.write("notes.txt", f"{key}\n")
    return repo


def test_one_screen_has_it_all(leaky: Repository, key: str) -> None:
    done = trace(key, cwd=leaky.path)
    screen = done.out.decode()
    lines = screen.splitlines()
    assert done.code == 1
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"ak_{key[3:7]}***({len(key)}): found in 8 places"
    first = leaky.id("HEAD~2")
    for told in (
        "since 2024-01-01",
        "by Ada Author",
        f"key id {key[3:].partition('.')[0]}",
        "  notes.txt:1:1\n    in files",
        f"  src/new.py:2:8\n    since 2024-01-01; Ada Author in {leaky.id('HEAD')[:12]}; in a branch now",
        f"  old.py:1:8\n    since 2024-01-01 until 2024-01-01; Ada Author in {first[:12]}; only in olde",
        "--verify checks",
        "Next: delete it at /api-keys in your Anyreach organization now",
        "akp1:" + sha256(b"organization_key\0" + key.encode()).hexdigest(),
    ):
        assert told in screen, told
    assert key.encode() not in done.written


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_it(leaky: Repository, key: str, format_: str) -> None:
    done = trace(key, "-f", format_, "-vv", cwd=leaky.path)
    assert (done.code, bool(done.out)) == (1, True)
    assert key[-16:].encode() not in done.written


def test_many_places_are_cut(repo: Repository, key: str) -> None:
    for number in range(30):
        repo.write(f"f{number:02}", f"{number} {key}\n")
    done = trace(key, cwd=repo.path)
    lines = done.out.decode().splitlines()
    assert len(lines) <= 24
    assert any("more places; -v shows all" in line for line in lines)
    assert trace(key, "-v", cwd=repo.path).out.decode().count("in files") == 30


def test_gone_everywhere_has_an_end(repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    repo.remove("a")
    assert "by Ada Author, until 2024-01-01" in trace(key, cwd=repo.path).out.decode().replace("\n  ", " ")


@pytest.mark.parametrize(
    "ask",
    [
        lambda key: f"  {key}\n",
        lambda key: f"export KEY='{key}'",
        lambda key: sha256(key.encode()).hexdigest(),
        lambda key: "akp1:" + sha256(b"organization_key\0" + key.encode()).hexdigest(),
        lambda key: "akp1:" + sha256(b"organization_key\0" + key.encode()).hexdigest()[:8],
        lambda key: sha256(b"organization_key\0" + key.encode()).hexdigest()[:8],
        lambda key: key[3:].partition(".")[0],
    ],
    ids=["itself", "in a line", "SHA-256", "fingerprint", "its beginning", "without akp1:", "key id"],
)
def test_ways_to_ask(leaky: Repository, key: str, new_key: Callable[[], str], ask: Callable[[str], str]) -> None:
    leaky.write("other", new_key())
    done = trace(ask(key), "-f", "json", cwd=leaky.path)
    report = json.loads(done.out)
    assert (done.code, len(report["credentials"]), report["asked"][0]["found"]) == (1, 1, True)
    assert len(report["credentials"][0]["occurrences"]) == 8
    assert key.encode() not in done.written


def test_nowhere(leaky: Repository, new_key: Callable[[], str]) -> None:
    done = trace(new_key(), cwd=leaky.path)
    assert (done.code, done.out.split(b"\n")[0].endswith(b": found nowhere")) == (0, True)
    leaky.write("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(100))
    done = trace(new_key(), cwd=leaky.path)
    assert done.code == 3
    assert b"INCOMPLETE: not found" in done.out
    assert b"a.7z" in done.out


@pytest.fixture
def half(key: str) -> str:
    """The secret behind the dot, which looks like a key id."""
    return key.partition(".")[2]


UNRECOGNISED = [
    "correct horse battery staple",
    "hunter2hunter",
    "ghp_" + "aB3d" * 9,
    "9f86d081" * 8,
    'quoted "and" \\ <escaped> & more/of it',
    "größe-des-kennworts",
]


@pytest.mark.parametrize("text", UNRECOGNISED)
def test_what_no_rule_recognises_and_is_nowhere_is_no_clean_zero(leaky: Repository, text: str) -> None:
    """But for a hash, of which nobody can tell more."""
    done = trace(text, cwd=leaky.path)
    is_hash = len(text) == 64
    assert done.code == (0 if is_hash else 3)
    assert (b"no rule recognises it" in done.out.replace(b"\n", b" ")) != is_hash
    assert b"read as" in done.out
    assert text.encode() not in done.written
    assert trace("id:" + "Qw3r" * 3, cwd=leaky.path).code == 0


def _encoded(text: str) -> dict[str, bytes]:
    raw = text.encode()
    return {
        "plain": b"x = " + raw + b"\n",
        "base64": b"\n".join(base64.b64encode(bytes(before) + raw + b"..") for before in range(3)),
        "hex": raw.hex().encode(),
        "url": quote(text, safe="").encode(),
        "utf16": ("\ufeff" + text).encode("utf-16-le"),
        "json": json.dumps({"key": text}).encode(),
        "zip": b"",
    }


@pytest.mark.parametrize("text", UNRECOGNISED)
def test_what_no_rule_recognises_is_found_as_a_text(repo: Repository, text: str) -> None:
    files = _encoded(text)
    with zipfile.ZipFile(repo.path / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", "text: " + text)
    for name, content in files.items():
        if name != "zip":
            repo.write(name, content)
    repo.git("add", ".")
    repo.commit("Add all of it")
    done = trace(text, "-f", "json", cwd=repo.path)
    report = json.loads(done.out)
    assert done.code == 1
    assert report["asked"][-1] == {"what": report["asked"][0]["what"], "taken_for": "text", "found": True}
    (found,) = report["credentials"]
    places = found["occurrences"]
    assert {place["path"] for place in places if place["state"] == "worktree"} == {*files}
    assert {place["path"] for place in places if place["introduced"]} == {*files}
    assert len([place for place in places if place["path"] == "base64" and place["introduced"]]) == 3
    assert all(text not in json.dumps(value, ensure_ascii=False) for value in (report, report["asked"]))
    assert report["scan"]["rules_digest"] == load().digest


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_a_text(repo: Repository, format_: str) -> None:
    """Nor its encoded forms, nor where it stands in a name or a message."""
    text = "hunter2hunter"
    repo.write(f"{text}.txt", text)
    for name, content in _encoded(text).items():
        repo.write(name, content + b" " + text.encode())
    repo.git("add", ".")
    repo.commit(f"Set {text}")
    done = trace(text, "-f", format_, "-vv", cwd=repo.path)
    assert (done.code, bool(done.out)) == (1, True)
    for form in (text, text.encode().hex(), base64.b64encode(text.encode()).decode()[:12]):
        assert form.encode() not in done.written


def test_half_of_a_key_is_the_key(leaky: Repository, key: str, half: str) -> None:
    done = trace(half, "-f", "json", cwd=leaky.path)
    report = json.loads(done.out)
    assert [(one["taken_for"], one["found"]) for one in report["asked"]] == [("key_id", False), ("text", True)]
    (found,) = report["credentials"]
    assert (done.code, found["key_id"], len(found["occurrences"])) == (1, key[3:].partition(".")[0], 8)
    assert half.encode() not in done.written


def test_places_of_a_key_that_no_rule_sees(repo: Repository, key: str) -> None:
    """Glued to other characters it is no credential by itself, and yet it lies there."""
    repo.write("glued", f"x{key}\n")
    repo.write("hex", key.encode().hex())
    done = trace(key, "-f", "json", cwd=repo.path)
    report = json.loads(done.out)
    assert done.code == 1
    assert {place["path"] for one in report["credentials"] for place in one["occurrences"]} == {"glued", "hex"}


def test_nothing_of_it_is_kept(repo: Repository) -> None:
    """Neither a text nor a hash of it: the same cache serves a history with other rules."""
    repo.commit_file("f", "x\n" * 700_000)  # so much that the patterns are compiled
    cache = Path(os.environ["XDG_CACHE_HOME"])
    inside("history", "-q", cwd=repo.path)
    before = {file: file.read_bytes() for file in cache.rglob("*") if file.is_file()}
    assert before
    assert trace("hunter2hunter", cwd=repo.path).code == 3
    assert {file: file.read_bytes() for file in cache.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("text", ["abc", "x y", "z" * 2001])
def test_what_would_be_found_anywhere_or_nowhere(leaky: Repository, text: str) -> None:
    done = trace(text, cwd=leaky.path)
    assert (done.code, done.out) == (2, b"")
    assert text.encode() not in done.err


def test_a_placeholder_is_found_too(repo: Repository, key: str) -> None:
    repo.write("README", f"# an example, put your own key here: {key}  akpatrol:allow example\n")
    repo.write(".akpatrol.toml", 'exclude = ["*"]\nmin_confidence = "high"\n')
    assert trace(key, cwd=repo.path).code == 1


def test_targets(tmp_path: Path, leaky: Repository, key: str) -> None:
    """A directory of repositories, a bare one, a file; none is read twice and no history is left out."""
    bare = leaky.clone(tmp_path / "all" / "bare.git", "--bare")
    leaky.clone(tmp_path / "all" / "clone")
    done = trace(key, tmp_path / "all", tmp_path / "all", bare.path, leaky.path / "notes.txt", "-f", "json")
    report = json.loads(done.out)
    kinds = sorted((target["kind"], os.path.basename(target["path"])) for target in report["scan"]["targets"])
    assert kinds == [("directory", "all"), ("file", "notes.txt"), ("repository", "bare.git"), ("repository", "clone")]
    found = {(place["target"], place["path"]) for place in report["credentials"][0]["occurrences"]}
    names = {target["id"]: os.path.basename(target["path"]) for target in report["scan"]["targets"]}
    assert {("bare.git", "old.py"), ("clone", "old.py"), ("notes.txt", "notes.txt")} <= {
        (names[target], path) for target, path in found
    }
    screen = trace(key, tmp_path / "all", cwd=tmp_path).out.decode()
    assert "all/clone/src/new.py" in screen
    assert trace(key, tmp_path / "missing").code == 2


def test_a_submodules_history_is_read_too(tmp_path: Path, repo: Repository, key: str) -> None:
    library = Repository(tmp_path / "library")
    library.commit_file("lib", key)
    library.remove("lib")
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "vendor")
    done = trace(key, "-f", "json", cwd=repo.path)
    report = json.loads(done.out)
    assert (done.code, report["coverage"]["complete"]) == (1, True)
    assert {place["path"] for place in report["credentials"][0]["occurrences"]} == {"lib"}


def test_live(leaky: Repository, key: str, serve: Callable[..., ApiServer], bundle: str) -> None:
    server = serve(members={key: Member(("conversations:read_sensitive",))})
    asking = ("--verify", "--api-url", server.url, "--ca-bundle", bundle, "--verify-rps", "500")
    screen = trace(key, *asking, cwd=leaky.path).out.decode()
    assert "live: " in screen
    assert "  it " in screen
    assert "CRITICAL" in screen
    asked = len(server.log)
    assert trace(organization_key(Random("nowhere")), *asking, cwd=leaky.path).code == 0
    assert len(server.log) == asked


def test_the_prompt_does_not_show_it(leaky: Repository, key: str) -> None:
    done = at_prompt("trace", typed=f"{key}\n", cwd=leaky.path)
    assert done.code == 1
    assert b"found in 8 places" in done.out
    assert key.encode() not in done.written


def test_nothing_is_sent(leaky: Repository, new_key: Callable[[], str]) -> None:
    forbidden = "import socket\nsocket.socket.connect = socket.getaddrinfo = None"
    assert execute("trace", cwd=leaky.path, stdin=new_key().encode(), patch=forbidden).code == 0


@pytest.mark.parametrize("words", [("--hashes", "x"), ("no/such/place",)])
def test_wrong_words(leaky: Repository, key: str, words: tuple[str, ...]) -> None:
    assert trace(key, *words, cwd=leaky.path).code == 2


def test_wrong_questions(leaky: Repository, key: str, new_key: Callable[[], str]) -> None:
    for asked in ("", " \n", f"{key} {new_key()}"):
        done = trace(asked, cwd=leaky.path)
        assert (done.code, done.out) == (2, b"")
        assert key.encode() not in done.err
    without_input = ["sh", "-c", 'exec "$@" <&-', "sh", *map(str, command("trace"))]
    assert subprocess.run(without_input, cwd=leaky.path, capture_output=True, check=False).returncode == 2


def test_a_program_in_which_nothing_says_where_it_ends(tmp_path: Path, key: str) -> None:
    (tmp_path / "program").write_bytes(bytes(600) + f"input{key}createElement".encode() + bytes(600))
    done = trace(key, tmp_path)
    assert done.code == 1
    assert "found in 1 place" in done.out.decode()
