"""Repositories of every shape: bare, linked, packed, borrowed, of another hash or user; odd paths and sizes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.chunks import content_of
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE
from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Run

BLOCK = 4 << 20


@pytest.mark.parametrize("how", ["loose", "packed", "mixed"])
def test_loose_and_packed(run: Run, repo: Repository, new_key: Callable[[], str], how: str) -> None:
    keys = [new_key() for _ in range(3)]
    repo.commit_file("a", keys[0])
    repo.commit_file("b", keys[1], f"Note {keys[2]}")
    if how != "loose":
        repo.pack()
    if how == "mixed":
        keys.append(new_key())
        repo.commit_file("c", keys[-1])
    result = run("history", repo.path)
    assert result.complete
    assert all(result.found(secret) for secret in keys)


def test_delta_chain(run: Run, repo: Repository, rng: Random, new_key: Callable[[], str]) -> None:
    lines = [f"{rng.random()}\n" for _ in range(300)]
    keys = [new_key() for _ in range(12)]
    for secret in keys:
        lines[150] = f"KEY={secret}\n"
        repo.commit_file("data", "".join(lines))
    repo.git("repack", "-q", "-a", "-d", "-f", "--depth=50")
    result = run("history", repo.path)
    assert [result.one(secret)["line"] for secret in keys] == [151] * 12


def test_bare_repository(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    added = repo.commit_file("a", key)
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    for path in (bare.path, bare.path / "objects" / "info"):
        result = run("history", path)
        assert (result.one(key)["introduced"]["id"], result.one(key)["state"]) == (added, "present")
        assert result.json["scan"]["targets"][0]["path"] == str(bare.path)


def test_alternates(run: Run, repo: Repository, tmp_path: Path, new_key: Callable[[], str]) -> None:
    borrowed, own = new_key(), new_key()
    repo.commit_file("a", borrowed)
    other = repo.clone(tmp_path / "other", "--shared", source=str(repo.path))
    other.commit_file("b", own)
    result = run("history", other.path)
    assert result.complete
    assert (result.one(borrowed)["path"], result.one(own)["path"]) == ("a", "b")


def test_missing_alternate_is_said(run: Run, repo: Repository) -> None:
    repo.commit()
    (repo.git_dir / "objects/info/alternates").write_text("/nowhere/objects\n")
    result = run("history", repo.path)
    assert result.code == 3
    assert any("/nowhere/objects" in skip["reason"] for skip in result.skipped)


def test_linked_work_tree(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    added = repo.commit_file("a", key)
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    for path in (linked, linked / "."):
        assert run("history", path).one(key)["introduced"]["id"] == added
    assert run("history", cwd=linked).one(key)["introduced"]["id"] == added


def test_submodule(run: Run, repo: Repository, tmp_path: Path, new_key: Callable[[], str]) -> None:
    inner, outer = new_key(), new_key()
    library = Repository(tmp_path / "library")
    library.commit_file("lib", inner)
    repo.commit_file("app", outer)
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "vendor")
    repo.commit()
    result = run("history", repo.path)
    assert result.complete
    assert result.found(outer)
    assert not result.found(inner)
    assert result.json["summary"]["histories_not_read"] == [str(repo.git_dir / "modules/vendor")]
    for path in (repo.path / "vendor", repo.git_dir / "modules/vendor"):
        result = run("history", path)
        assert (result.one(inner)["path"], result.one(inner)["state"]) == ("lib", "present")


def test_sha256(run: Run, tmp_path: Path, new_key: Callable[[], str]) -> None:
    content, message, name, lost = (new_key() for _ in range(4))
    repo = Repository(tmp_path / "repo", "--object-format=sha256")
    base = repo.commit_file(f"dir/{name}", content, f"Note {message}")
    repo.commit_file("lost", lost)
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    repo.pack()
    result = run("history", repo.path)
    assert result.complete
    for secret, place in ((content, "content"), (message, "commit_message"), (name, "path")):
        found = result.one(secret, place)
        assert (found["introduced"]["id"], found["state"]) == (base, "present")
        assert len(found["object"]) == 64
    assert (result.one(lost)["state_reason"], result.one(lost)["path"]) == ("dangling", "lost")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_repository_of_another_user(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    for directory, _, files in os.walk(repo.path):
        for name in (directory, *(os.path.join(directory, file) for file in files)):
            os.lchown(name, 65534, 65534)
    for command in (["history", str(repo.path)], ["history", "--range", "HEAD..HEAD", str(repo.path)]):
        assert run(*command).complete
    assert run("history", repo.path).one(key)["state"] == "present"
    assert run("staged", "a", cwd=repo.path).one(key)["path"] == "a"
    assert run("scan", "--tracked", repo.path).one(key)["path"] == "a"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"tab\there", "tab\there"),
        (b"quo\"te's", "quo\"te's"),
        (b"new\nline", "new\nline"),
        (b"back\\slash", "back\\slash"),
        (b"back\\x41", "back\\x5cx41"),
        ("žluťoučký/kůň".encode(), "žluťoučký/kůň"),
        (b"not-\xff\xfe-utf8", "not-\\xff\\xfe-utf8"),
        (b"--output=x", "--output=x"),
        (b" two  spaces ", " two  spaces "),
        (b":(glob)*", ":(glob)*"),
        (b"*", "*"),
        (b"\r", "\r"),
        (b"dir\n/:100644", "dir\n/:100644"),
        (b"carriage\r\n", "carriage\r\n"),
    ],
)
def test_odd_paths(run: Run, repo: Repository, key: str, path: bytes, shown: str) -> None:
    repo.commit_file("other", "x")
    base = repo.id("HEAD")
    added = repo.commit_file(path, key)
    found = run("history", repo.path).one(key)
    assert (found["path"], found["paths"], found["introduced"]["id"]) == (shown, [shown], added)
    assert run("history", "--range", f"{base}..", repo.path).one(key)["path"] == shown
    assert run("staged", "--", path.decode("utf-8", "surrogateescape"), cwd=repo.path).one(key)["path"] == shown
    repo.git("rm", "-q", "--cached", "-r", ".")
    repo.commit_file("other", "y")
    assert run("scan", "--tracked", repo.path).one(key)["path"] == shown


def test_at_the_edge_of_a_block(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    """Each credential ends so many bytes into its blob, which ends there too."""
    filler = b"0123456789abcde\n" * (2 * BLOCK // 16 + 1)
    keys = {size: new_key() for size in (BLOCK - 60, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK)}
    for size, key in keys.items():
        repo.write(f"big{size}", filler[: size - len(key) - 1] + b" " + key.encode())
    repo.commit()
    result = run("history", repo.path)
    for size, key in keys.items():
        found, before = result.one(key), size - len(key) - 1
        assert (found["offset"], found["line"], found["column"]) == (before + 1, before // 16 + 1, before % 16 + 2)


def test_small_blocks(monkeypatch: pytest.MonkeyPatch, run: Run, repo: Repository, rng: Random) -> None:
    monkeypatch.setattr("akpatrol.model.chunks.blocks.__defaults__", (8192, REACH_BEFORE, REACH_AFTER))
    monkeypatch.setitem(content_of.__kwdefaults__ or {}, "block", 8192)
    keys = [organization_key(rng) for _ in range(60)]
    text = "".join(f"é{'x' * rng.randrange(400)}\n {secret}\n" for secret in keys)
    repo.commit_file("f", text)
    result = run("history", repo.path)
    for secret in keys:
        before = text[: text.index(secret)]
        found = result.one(secret)
        assert (found["line"], found["column"]) == (before.count("\n") + 1, 2)
        assert found["offset"] == len(before.encode())


def test_path_with_a_variable(run: Run, tmp_path: Path, key: str) -> None:
    repo = Repository(tmp_path / "$HOME" / "~x %s")
    repo.commit_file("a", key)
    result = run("history", repo.path)
    assert (result.code, result.one(key)["path"]) == (1, "a")


def test_not_a_repository(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for path, words in ((tmp_path / "plain", "not a git repository"), (tmp_path / "none", "no such directory")):
        result = run("history", path)
        assert result.code == 2
        assert words in result.err


@pytest.mark.slow
def test_many_refs_and_hits(run: Run, repo: Repository, rng: Random) -> None:
    keys = [organization_key(rng) for _ in range(1000)]
    repo.commit_file("a", "".join(f"{secret}\n" for secret in keys[:500]))
    for number, secret in enumerate(keys[500:]):
        repo.write(f"d{number % 20}/f{number}", secret)
    head = repo.commit()
    repo.git("update-ref", "--stdin", stdin="".join(f"create refs/pull/{n}/head {head}\n" for n in range(1000)))
    result = run("history", repo.path)
    assert len(result.digests) == 1000
    assert result.one(keys[0])["refs"][:2] == ["refs/heads/main", "HEAD"]
    assert len(result.one(keys[0])["refs"]) == 100
