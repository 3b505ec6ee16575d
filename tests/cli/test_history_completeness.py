"""What cannot be looked at is said, and whatever is intact is still found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Result, Run


def items(result: Result) -> dict[str, str]:
    """Return the reason for each item skipped."""
    return {skip["item"]: skip["reason"] for skip in result.skipped}


@pytest.fixture
def full(repo: Repository) -> Repository:
    """A repository with three commits of a file each."""
    for name in ("one", "two", "three"):
        repo.commit_file(name, f"{name}\n")
    return repo


@pytest.mark.parametrize("how", ["empty", "unborn", "bare", "unborn beside a branch"])
def test_empty_repositories_are_complete(run: Run, repo: Repository, tmp_path: Path, how: str) -> None:
    path = repo.path
    if how == "unborn beside a branch":
        repo.commit()
    if how.startswith("unborn"):
        repo.git("symbolic-ref", "HEAD", "refs/heads/none")
    if how == "bare":
        path = Repository(tmp_path / "bare", "--bare").path
    result = run("history", path)
    assert (result.code, result.complete, result.skipped) == (0, True, [])
    assert result.json["scan"]["targets"][0]["head"] is None
    assert run("history", "--range", "auto", path).code == 0


def test_shallow_clone(run: Run, full: Repository, tmp_path: Path, key: str) -> None:
    shallow = full.clone(tmp_path / "shallow", "--depth=1")
    result = run("history", shallow.path)
    assert (result.code, items(result)) == (
        3, {"history before 1 boundary commit": "shallow clone: run git fetch --unshallow"}
    )  # fmt: skip
    shallow.commit_file("a", key)
    result = run("history", shallow.path)
    assert (result.code, result.complete, result.one(key)["path"]) == (1, False, "a")


def test_blobless_clone(run: Run, repo: Repository, tmp_path: Path, new_key: Callable[[], str]) -> None:
    gone, kept, message = new_key(), new_key(), new_key()
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit_file("a", gone)
    missing = repo.id("HEAD:a")
    repo.remove("a")
    repo.commit_file("b", kept, f"Note {message}")
    partial = repo.clone(tmp_path / "partial", "--filter=blob:none")
    result = run("history", partial.path)
    assert list(items(result)) == [missing]
    assert "partial clone" in items(result)[missing]
    assert not result.found(gone)
    assert (result.one(kept)["path"], result.one(message, "commit_message")["state"]) == ("b", "present")
    assert run("history", "--range", "HEAD~1..", partial.path).complete


def test_treeless_clone(run: Run, full: Repository, tmp_path: Path, key: str) -> None:
    full.git("config", "uploadpack.allowFilter", "true")
    full.commit(f"Note {key}")
    partial = full.clone(tmp_path / "partial", "--filter=tree:0", "--no-checkout")
    result = run("history", partial.path)
    assert not result.complete
    assert result.one(key, "commit_message")["state"] == "present"


@pytest.mark.parametrize("what", ["HEAD~1:two", "HEAD~1^{tree}", "HEAD~1"])
def test_missing_object(run: Run, full: Repository, new_key: Callable[[], str], what: str) -> None:
    before, after = new_key(), new_key()
    base = full.id("HEAD~2")
    full.git("checkout", "-q", "-b", "side", base)
    added = full.commit_file("side", before)
    full.git("checkout", "-q", "main")
    missing = full.id(what)
    full.loose(missing).unlink()
    result = run("history", full.path)
    assert "missing" in items(result)[missing]
    assert [item for item in items(result) if item != missing] == []
    # Provenance goes on on this side of the hole and on other branches.
    assert (result.one(before)["introduced"]["id"], result.one(before)["state"]) == (added, "present")
    full.git("checkout", "-q", "side")
    latest = full.commit_file("side", after)
    result = run("history", full.path)
    assert (result.one(after)["introduced"]["id"], result.one(after)["state"]) == (latest, "present")
    assert result.one(before)["removed"]["id"] == latest


def test_missing_commit_below_finds(run: Run, full: Repository, new_key: Callable[[], str]) -> None:
    old, new = new_key(), new_key()
    full.commit_file("old", old)
    hole = full.commit("A hole")
    full.remove("old")
    added = full.commit_file("new", new)
    full.loose(hole).unlink()
    result = run("history", full.path)
    assert items(result) == {hole: "missing commit"}
    assert (result.one(new)["introduced"]["id"], result.one(new)["state"]) == (added, "present")
    # What only the lost commit led to is reached through the reflog.
    assert result.one(old)["path"] == "old"


@pytest.mark.parametrize("head", [True, False])
def test_ref_to_a_missing_object(run: Run, full: Repository, key: str, head: bool) -> None:
    added = full.commit_file("a", key)
    lost = full.commit("Lost")
    full.git("branch", "-f", "lost")
    if not head:
        full.git("reset", "-q", "--hard", added)
    full.loose(lost).unlink()
    result = run("history", full.path)
    names = "refs/heads/lost and refs/heads/main and HEAD" if head else "refs/heads/lost"
    assert items(result)[lost] == f"missing object, named by {names}"
    assert len(items(result)) == 1
    assert result.one(key)["path"] == "a"
    assert result.one(key)["state"] == ("unreachable" if head else "present")


@pytest.mark.parametrize("part", ["header", "body"])
def test_corrupt_head(run: Run, full: Repository, key: str, part: str) -> None:
    full.commit_file("a", key)
    head = full.id("HEAD")
    content = full.loose(head).read_bytes()
    damage(full.loose(head), b"\0" * 20 if part == "header" else content[:-5])
    result = run("history", full.path)
    assert (result.code, result.complete, bool(result.found(key))) == (1, False, True)
    assert set(items(result)) == {head}
    result = run("staged", cwd=full.path)
    assert (result.code, bool(result.err or result.found(key))) != (0, False)


def test_object_of_an_unknown_type(run: Run, full: Repository, key: str) -> None:
    full.commit_file("a", key)
    odd = full.git("hash-object", "-t", "weird", "-w", "--stdin", "--literally", stdin="x")
    result = run("history", full.path)
    assert (list(items(result)), result.one(key)["path"]) == ([odd], "a")


def test_tag_of_a_missing_object(run: Run, full: Repository) -> None:
    lost = full.commit("Lost")
    full.git("tag", "-a", "-m", "x", "v1")
    full.git("reset", "-q", "--hard", "HEAD~1")
    full.forget()
    full.loose(lost).unlink()
    result = run("history", full.path)
    assert (result.code, list(items(result))) == (3, [lost])


def test_dangling_objects_may_lack_what_they_name(run: Run, full: Repository) -> None:
    lost = full.commit_file("a", "x")
    blob = full.id("HEAD:a")
    full.git("reset", "-q", "--hard", "HEAD~1")
    full.forget()
    full.loose(blob).unlink()
    result = run("history", full.path)
    assert (result.code, result.complete) == (0, True)
    assert lost


@pytest.mark.parametrize("part", ["header", "body", "empty"])
@pytest.mark.parametrize("what", ["HEAD~1:two", "HEAD~1^{tree}", "HEAD~1"])
def test_corrupt_loose_object(run: Run, full: Repository, new_key: Callable[[], str], part: str, what: str) -> None:
    keys = [new_key() for _ in range(20)]
    for number, secret in enumerate(keys):
        full.write(f"f{number}", secret)
    full.commit()
    what = what.replace("HEAD", "HEAD~1")
    broken = full.id(what)
    file = full.loose(broken)
    content = file.read_bytes()
    damaged = {
        "header": b"\xff" * 8 + content[8:],
        "body": content[:-6] + bytes(byte ^ 0xFF for byte in content[-6:]),
        "empty": b"",
    }[part]
    damage(file, damaged)
    result = run("history", full.path)
    assert result.code == 1
    assert broken in items(result), items(result)
    assert all(result.found(secret) for secret in keys)
    assert {result.one(secret)["path"] for secret in keys} == {f"f{number}" for number in range(20)}


@pytest.fixture
def packed(repo: Repository, rng: Random) -> Repository:
    """A repository of one pack with big incompressible blobs between small commits."""
    for number in range(10):
        repo.commit_file(f"big{number}", rng.randbytes(20_000))
    repo.pack()
    return repo


@pytest.mark.parametrize("how", ["flipped", "truncated", "no index", "bad index", "short index"])
def test_corrupt_pack(run: Run, packed: Repository, new_key: Callable[[], str], how: str) -> None:
    loose, beside = new_key(), new_key()
    (pack,) = (packed.git_dir / "objects/pack").glob("*.pack")
    index = pack.with_suffix(".idx")
    content = pack.read_bytes()
    packed.commit_file("beside", beside)
    packed.git("repack", "-q", "-d")
    packed.commit_file("loose", loose)
    if how == "flipped":
        middle = len(content) // 2
        damage(pack, content[:middle] + bytes(b ^ 0xFF for b in content[middle : middle + 64]) + content[middle + 64 :])
    elif how == "truncated":
        damage(pack, content[: len(content) // 2])
    elif how == "no index":
        index.unlink()
    elif how == "bad index":
        damage(index, b"\0" * 2000)
    else:
        damage(index, index.read_bytes()[:1200])
    result = run("history", packed.path)
    assert (result.code, result.complete) == (1, False)
    assert (result.one(loose)["path"], result.one(beside)["path"]) == ("loose", "beside")
    assert all(skip["reason"] for skip in result.skipped)
    if how == "flipped":
        (broken,) = items(result)
        assert broken in {packed.id(f"HEAD:big{number}") for number in range(10)}
        assert "corrupt" in items(result)[broken]


def test_many_corrupt_objects(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    keys = [new_key() for _ in range(30)]
    for number, secret in enumerate(keys):
        repo.write(f"f{number}", f"{secret}\n")
    repo.commit()
    broken = {repo.id(f"HEAD:f{number}") for number in range(0, 30, 2)}
    for id_ in broken:
        damage(repo.loose(id_), repo.loose(id_).read_bytes()[:-6])
    result = run("history", repo.path)
    assert items(result).keys() == broken
    assert all(result.found(secret) for secret in keys[1::2])


@pytest.mark.parametrize(("entry", "code"), [("", 0), ('expires = "2999-01-01"', 0), ("expires = 2020-01-01", 3)])
@pytest.mark.parametrize("by", ["object", "path", "short"])
def test_accepted_skip(run: Run, full: Repository, by: str, entry: str, code: int) -> None:
    missing = full.id("HEAD:two")
    full.loose(missing).unlink()
    line = {"object": f'object = "{missing}"', "path": f'path = "{missing}"', "short": f'object = "{missing[:10]}"'}[by]
    full.write(".akpatrol.toml", f'[[accept_skip]]\n{line}\nreason = "lost in a crash"\n{entry}\n')
    result = run("history", full.path)
    assert (result.code, result.complete) == (code, code == 0)
    (skip,) = result.skipped
    assert skip["item"] == missing
    assert skip["accepted"] == ("lost in a crash" if code == 0 else None)
    assert ("expired" in skip["reason"]) == (code == 3)


def test_accepted_shallow_boundary(run: Run, full: Repository, tmp_path: Path) -> None:
    shallow = full.clone(tmp_path / "shallow", "--depth=1")
    shallow.write(".akpatrol.toml", '[[accept_skip]]\npath = "history before*"\nreason = "checked elsewhere"\n')
    result = run("history", shallow.path)
    assert (result.code, result.skipped[0]["accepted"]) == (0, "checked elsewhere")


@pytest.mark.parametrize("what", ["HEAD", "packed-refs", "config"])
def test_unreadable_to_git(run: Run, full: Repository, what: str) -> None:
    (full.git_dir / what).write_text("nonsense nonsense\n")
    result = run("history", full.path)
    assert result.code in {2, 3}
    assert result.err or result.skipped


def test_loose_object_that_is_another(run: Run, full: Repository, key: str) -> None:
    """git does not compare a loose object with its id."""
    full.commit_file("a", key)
    victim, other = full.id("HEAD:a"), full.blob("another\n")
    damage(full.loose(victim), full.loose(other).read_bytes())
    result = run("history", full.path)
    assert (result.code, list(items(result))) == (3, [victim])
    assert "does not match its id" in items(result)[victim]


def test_index_of_another_pack(run: Run, packed: Repository, new_key: Callable[[], str]) -> None:
    """What it lists is found elsewhere, and what its own pack holds is not."""
    (first,) = (packed.git_dir / "objects/pack").glob("*.pack")
    beside = new_key()
    packed.commit_file("beside", beside)
    packed.forget()
    packed.git("repack", "-q", "-d")
    (second,) = (pack for pack in (packed.git_dir / "objects/pack").glob("*.pack") if pack != first)
    damage(second.with_suffix(".idx"), first.with_suffix(".idx").read_bytes())
    result = run("history", packed.path)
    assert not result.complete
    assert f"objects/pack/{second.name}" in items(result)


@pytest.mark.parametrize("content", ["", "\0" * 41, "nonsense\n", "0123\n", "0" * 40, "0" * 40 + "\n"])
def test_broken_ref(run: Run, full: Repository, content: str) -> None:
    """git goes on without it, as after a crash."""
    (full.git_dir / "refs/heads/side").write_text(content)
    (full.git_dir / "refs/heads/.DS_Store").write_text("x")
    (full.git_dir / "refs/heads/alias").write_text("ref: refs/heads/none\n")
    result = run("history", full.path)
    assert (result.code, items(result)) == (3, {"refs/heads/side": "broken ref: git ignores it"})


def test_tree_that_is_its_own_commit(run: Run, full: Repository, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """git diff-tree goes round in it for ever."""
    monkeypatch.setattr("akpatrol.sources.git.diff_tree._PATIENCE", 0.5)
    full.commit_file("a", key)
    tree = full.id("HEAD^{tree}")
    damage(full.loose(tree), full.loose(full.id("HEAD")).read_bytes())
    result = run("history", full.path)
    assert tree in items(result)
    assert result.found(key)
