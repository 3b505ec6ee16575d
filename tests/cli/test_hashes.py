"""``--hashes``: only what was asked for by fingerprint, SHA-256 or key id, and what was found nowhere."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from akpatrol.report import FORMATS
from tests.program import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

NOWHERE = "akp1:" + "0123456789abcdef" * 4


def fingerprint(secret: str, kind: bytes = b"organization_key") -> str:
    return "akp1:" + sha256(kind + b"\0" + secret.encode()).hexdigest()


def key_id(key: str) -> str:
    return key[3:].partition(".")[0]


@pytest.fixture
def tree(tmp_path: Path, key: str, new_key: Callable[[], str], token: str) -> Path:
    """The key, a token, and another key."""
    root = tmp_path / "tree"
    root.mkdir()
    (root / "asked").write_text(f"KEY={key}\n")
    (root / "token").write_text(f"TOKEN={token}\n")
    (root / "other").write_text(f"KEY={new_key()}\n")
    return root


@pytest.mark.parametrize(
    "name",
    [
        fingerprint,
        lambda key: fingerprint(key).upper().replace("AKP1", "akp1"),
        lambda key: fingerprint(key)[:13],
        lambda key: fingerprint(key)[:30].upper(),
        lambda key: fingerprint(key)[5:13],
        lambda key: sha256(key.encode()).hexdigest(),
        key_id,
        lambda key: key_id(key)[:6],
        lambda key: f"  {key_id(key)}  # the billing job's\r",
    ],
    ids=[
        *("fingerprint", "in capitals", "its beginning", "more of it, in capitals", "without akp1:", "SHA-256"),
        *("key id", "beginning of a key id", "with a comment"),
    ],
)
def test_every_way_to_ask(run: Run, tree: Path, tmp_path: Path, key: str, name: Callable[[str], str]) -> None:
    file = tmp_path / "hashes"
    file.write_text(f"# asked for\n\n{name(key)}\n")
    result = run("scan", tree, "--hashes", file)
    assert (result.code, result.digests) == (1, {sha256(key.encode()).hexdigest()})
    assert any(one["found"] for one in result.json["asked"])
    assert "asked for 1" in result.json["notices"][0]
    assert "found 1" in result.json["notices"][0]


def test_what_was_found_nowhere(run: Run, tree: Path, tmp_path: Path, token: str) -> None:
    file = tmp_path / "hashes"
    asked = [fingerprint(token, b"personal_access_token"), NOWHERE, "id:nokeyid123"]
    file.write_text("\n".join(asked))
    result = run("scan", tree, "--hashes", file)
    assert (result.code, result.complete) == (1, True)
    told = [
        {"what": asked[0], "taken_for": "fingerprint", "found": True},
        {"what": NOWHERE, "taken_for": "fingerprint", "found": False},
        {"what": "nokeyid123", "taken_for": "key_id", "found": False},
    ]
    assert result.json["asked"] == told
    first, *nowhere = result.json["notices"]
    assert first == "asked for 3 (2 as a fingerprint, 1 as a key id), found 1"
    assert nowhere == [f"found nowhere: {NOWHERE}", "found nowhere: nokeyid123"]


def test_what_nobody_said_to_be_a_key_id_is_no_clean_zero(run: Run, tree: Path, tmp_path: Path, key: str) -> None:
    """A secret's half, another vendor's token and a password look like one, and are in the tree."""
    half, foreign, word = key.partition(".")[2], "ghp_" + "aB3d" * 9, "hunter2hunter"
    (tree / "foreign").write_text(f"{foreign} {word}\n")
    file = tmp_path / "hashes"
    file.write_text(f"# a list\n{half}\n{foreign}\n{word}\n")
    result = run("scan", tree, "--hashes", file)
    assert (result.code, result.json["credentials"]) == (3, [])
    assert [one["item"].split(":")[0] for one in result.skipped] == ["line 2", "line 3", "line 4"]
    assert all("no key id or fingerprint starts with it" in one["reason"] for one in result.skipped)
    assert [one["taken_for"] for one in result.json["asked"]] == ["key_id"] * 3
    done = inside("scan", tree, "--hashes", file, "-vv")
    for text in (half, foreign, word):
        assert text not in json.dumps(result.json)
        assert text.encode() not in done.written


def test_what_is_said_to_be_a_key_id_is_one(run: Run, tree: Path, tmp_path: Path, key: str) -> None:
    file = tmp_path / "hashes"
    for said in (f"id:{key_id(key)}", f"id:ak_{key_id(key)[:5]}"):
        file.write_text(said)
        assert run("scan", tree, "--hashes", file).digests == {sha256(key.encode()).hexdigest()}
    file.write_text("id:" + key.partition(".")[2])
    assert run("scan", tree, "--hashes", file).code == 0
    file.write_text(key_id(key))
    (asked,) = run("scan", tree, "--hashes", file).json["asked"]
    assert asked == {"what": key_id(key), "taken_for": "key_id", "found": True}


def test_nothing_found(run: Run, tree: Path, tmp_path: Path) -> None:
    file = tmp_path / "hashes"
    file.write_text(NOWHERE)
    result = run("scan", tree, "--hashes", file)
    assert (result.code, result.json["credentials"], result.json["summary"]["below_min_confidence"]) == (0, [], 0)
    (tree / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    result = run("scan", tree, "--hashes", file)
    assert result.code == 3
    assert result.json["notices"][-1] == f"found nowhere, as far as could be scanned: {NOWHERE}"


def test_a_placeholder_that_is_asked_for_is_reported(run: Run, tmp_path: Path, key: str) -> None:
    """Whoever asks knows that it is a credential: neither confidence nor allowance hides it."""
    (tmp_path / "f").write_text(f"# example, replace your key here: {key}  akpatrol:allow it is an example\n")
    (tmp_path / "hashes").write_text(key_id(key))
    result = run("scan", "f", "--hashes", "hashes", "--min-confidence", "high", cwd=tmp_path)
    assert (result.code, len(result.found(key))) == (1, 1)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_tells(tree: Path, tmp_path: Path, key: str, format_: str) -> None:
    file = tmp_path / "hashes"
    file.write_text(f"{fingerprint(key)}\n{NOWHERE}\n")
    done = inside("scan", tree, "--hashes", file, "-f", format_)
    assert done.code == 1
    assert key[-16:].encode() not in done.written
    if format_ != "gitlab-codequality":  # a bare list of findings has no room for it
        assert f"found nowhere: {NOWHERE}".encode() in done.out


def test_every_scanning_command(run: Run, repo: Repository, key: str, new_key: Callable[[], str]) -> None:
    other = new_key()
    repo.commit_file("a", "x\n")
    repo.commit_file("b", f"{key}\n{other}\n")
    repo.write("c", f"{key} {other} c\n")
    repo.git("add", "c")
    repo.write("message", f"{key} {other}\n")
    (repo.path.parent / "hashes").write_text(key_id(key))
    for words in (["history"], ["history", "--range", "HEAD~1.."], ["staged"], ["commit-msg", "message"], ["scan"]):
        result = run(*words, "--hashes", "../hashes", cwd=repo.path)
        assert (result.code, result.digests) == (1, {sha256(key.encode()).hexdigest()}), words


def test_from_standard_input(tree: Path, key: str) -> None:
    done = inside("scan", tree, "--hashes", "-", "-f", "json", stdin=key_id(key).encode())
    assert len(json.loads(done.out)["credentials"]) == 1
    for words in (("scan", "-", "--hashes", "-"), ("scan", tree, "-", "--hashes", "-")):
        assert inside(*words, stdin=key_id(key).encode()).code == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "contains no query"),
        ("# only this\n", "contains no query"),
        ("{id}\nabc\n", ":2: not a fingerprint"),
        ("akp1:123", ":1: not a fingerprint"),
        ("akp2:" + "0" * 64, ":1: not a fingerprint"),
        ("{id} {id}", ":1: not a fingerprint"),
        ("\n{key}\n", ":2: this looks like a credential, which"),
        ("x={token}", ":1: this looks like a credential, which"),
        ("{token}", ":1: this looks like a credential, which"),
        ("ak_{id}", ":1: this looks like a credential, which"),
        ("\x00\xff{key}", ":1: this looks like a credential, which"),
    ],
)
def test_wrong_lines(run: Run, tree: Path, tmp_path: Path, key: str, token: str, content: str, reason: str) -> None:
    file = tmp_path / "hashes"
    file.write_text(content.format(key=key, token=token, id=key_id(key)), "latin-1")
    result = run("scan", tree, "--hashes", file)
    assert (result.code, result.json) == (2, {})
    assert reason in result.err
    assert key_id(key) not in result.err
    assert token[8:] not in result.err


@pytest.mark.parametrize("name", ["missing", "."])
def test_wrong_files(run: Run, tree: Path, name: str) -> None:
    result = run("scan", "--hashes", name, cwd=tree)
    assert (result.code, "--hashes" in result.err) == (2, True)


def test_what_ends_nobody_knows_where_is_found_by_its_own_hash(run: Run, tmp_path: Path, key: str) -> None:
    """A program's literals are next to one another: the query decides where the credential ends."""
    root, file = tmp_path / "tree", tmp_path / "hashes"
    root.mkdir()
    (root / "program").write_bytes(bytes(600) + f"input{key}createElement".encode() + bytes(600))
    for name in (sha256(key.encode()).hexdigest(), fingerprint(key), fingerprint(key)[:13]):
        file.write_text(name)
        result = run("scan", root, "--hashes", file)
        assert (result.code, result.digests) == (1, {sha256(key.encode()).hexdigest()})
        (found,) = result.json["credentials"]
        assert (found["fingerprint"], found["occurrences"][0]["end"]) == (fingerprint(key), "certain")
    file.write_text(NOWHERE)
    assert run("scan", root, "--hashes", file).code == 0
