"""``history --range``: what those commits introduced, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

ZEROS = "0" * 40


@pytest.fixture
def line(repo: Repository, new_key: Callable[[], str]) -> list[tuple[str, str]]:
    """Four commits, oldest first: id and key."""
    commits = []
    for number in range(4):
        secret = new_key()
        commits.append((repo.commit_file(f"f{number}", f"\n  {secret}\n"), secret))
    return commits


def test_two_dots(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    (first, old), (second, in_), (third, also), (_, new) = line
    result = run("history", "--range", f"{first}..{third}", repo.path)
    assert (result.code, result.complete, result.json["scan"]["command"]) == (1, True, "range")
    assert not result.found(old)
    assert not result.found(new)
    found = result.one(in_)
    assert (found["path"], found["line"], found["column"], found["introduced"]["id"]) == ("f1", 2, 3, second)
    assert (found["state"], found["refs"]) == ("present", ["refs/heads/main", "HEAD"])
    assert result.one(also)["introduced"]["id"] == third
    assert result.json["coverage"]["counts"] == {"blobs": 2, "commits": 2}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("HEAD~2..", {2, 3}), ("main~1..main", {3}), ("HEAD..HEAD", set()), ("..HEAD~1", set()), ("..", set()),
     (f"{ZEROS}..HEAD", {0, 1, 2, 3}), ("HEAD~3...HEAD", {1, 2, 3}), ("HEAD...HEAD~1", {3}), ("auto", {0, 1, 2, 3})],
)  # fmt: skip
def test_ways_to_write_it(
    run: Run, repo: Repository, line: list[tuple[str, str]], wanted: str, found: set[int]
) -> None:
    result = run("history", "--range", wanted, repo.path)
    assert {number for number, (_, secret) in enumerate(line) if result.found(secret)} == found
    assert result.code == bool(found)


@pytest.mark.parametrize(
    "wanted",
    [
        "none..HEAD",
        "HEAD..none",
        f"{'12' * 20}..HEAD",
        "HEAD",
        "",
        "--output=x..y",
        "--all..HEAD",
        "HEAD^{tree}..HEAD",
        "f0..HEAD",
    ],
)
def test_unknown_revisions(run: Run, repo: Repository, line: list[tuple[str, str]], wanted: str) -> None:
    assert line
    result = run("history", f"--range={wanted}", repo.path)
    assert (result.code, result.json) == (2, {})
    assert "--range" in result.err
    assert not (repo.path / "x..y").exists()


def test_three_dots_take_both_sides(
    run: Run, repo: Repository, line: list[tuple[str, str]], new_key: Callable[[], str]
) -> None:
    side = new_key()
    repo.git("checkout", "-q", "-b", "side", "HEAD~2")
    repo.commit_file("side", side)
    result = run("history", "--range", "main...side", repo.path)
    assert [bool(result.found(secret)) for _, secret in line] == [False, False, True, True]
    assert result.one(side)["refs"] == ["refs/heads/side", "HEAD"]
    assert not run("history", "--range", "main..side", repo.path).found(line[3][1])


def test_unrelated_histories(run: Run, repo: Repository, line: list[tuple[str, str]], key: str) -> None:
    repo.git("checkout", "-q", "--orphan", "other")
    repo.git("rm", "-q", "-rf", ".")
    root = repo.commit_file("root", key)
    for dots in ("..", "..."):
        result = run("history", "--range", f"main{dots}other", repo.path)
        assert (result.one(key)["introduced"]["id"], result.complete) == (root, True)
    assert len(result.digests) == 1 + len(line)


def test_removed_inside_and_after_the_range(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    removed = repo.remove("f2")
    for end in (line[3][0], removed):
        found = run("history", "--range", f"{line[1][0]}..{end}", repo.path).one(line[2][1])
        assert (found["state"], found["removed"]["id"]) == ("removed", removed)
        assert found["refs"] == ["refs/heads/main", "HEAD"]


def test_same_object_before_the_range(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    base = line[3][0]
    repo.remove("f0")
    again = repo.commit_file("again", f"\n  {line[0][1]}\n")
    found = run("history", "--range", f"{base}..", repo.path).one(line[0][1])
    assert (found["path"], found["introduced"]["id"], found["paths"]) == ("again", again, ["again", "f0"])


def test_evil_merge(run: Run, repo: Repository, line: list[tuple[str, str]], new_key: Callable[[], str]) -> None:
    evil, side = new_key(), new_key()
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    repo.commit_file("s", side)
    repo.git("checkout", "-q", "main")
    base = repo.id("HEAD")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("f0", f"{evil}\n")
    merge = repo.commit("Merge")
    result = run("history", "--range", f"{base}..", repo.path)
    assert (result.one(evil)["path"], result.one(evil)["introduced"]["id"]) == ("f0", merge)
    assert result.one(side)["path"] == "s"
    assert not any(result.found(secret) for _, secret in line)
    result = run("history", "--range", f"{base}..", "--exclude", "s", repo.path)
    assert result.found(evil)


def test_texts_and_names(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    message, author, name, directory, old = (new_key() for _ in range(5))
    base = repo.commit_file(f"{old}/x", "x", f"Note {old}")
    repo.write(name, "x")
    repo.write(f"{directory}/x", "x")
    repo.write(f"{old}/y", "y")
    commit = repo.commit(f"Subject\n\nNote {message}", GIT_AUTHOR_NAME=author)
    result = run("history", "--range", f"{base}..", repo.path)
    found = result.one(message)
    assert (found["place"], found["line"], found["column"], found["object"]) == ("commit_message", 3, 6, commit)
    assert result.one(author)["place"] == "author"
    for secret in (name, directory):
        found = result.one(secret)
        assert (found["place"], found["introduced"]["id"], found["state"]) == ("path", commit, "present")
        assert found["path"] == f"ak_{secret[3:7]}***({len(secret)})"
    repo.git("rm", "-q", "-r", name, directory)
    removed = repo.commit()
    found = run("history", "--range", f"{base}..{commit}", repo.path).one(name)
    assert (found["state"], found["removed"]["id"]) == ("removed", removed)


def test_empty_root_and_merge_of_nothing(run: Run, repo: Repository, key: str) -> None:
    base = repo.commit("Empty")
    repo.commit(f"Empty too {key}")
    result = run("history", "--range", f"{base}..", repo.path)
    assert result.json["coverage"]["counts"] == {"commits": 1}
    assert result.one(key)["place"] == "commit_message"


def test_force_push(run: Run, repo: Repository, line: list[tuple[str, str]], key: str) -> None:
    old = line[3][0]
    repo.git("reset", "-q", "--hard", line[1][0])
    repo.commit_file("new", key)
    result = run("history", "--range", f"{old}..HEAD", repo.path)
    assert result.one(key)["path"] == "new"
    assert not any(result.found(secret) for _, secret in line)


def test_unreferenced_commits(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    repo.git("reset", "-q", "--hard", line[1][0])
    found = run("history", "--range", f"{line[1][0]}..{line[3][0]}", repo.path).one(line[2][1])
    assert (found["state"], found["state_reason"], found["path"]) == ("unreachable", "reflog", "f2")
    repo.forget()
    found = run("history", "--range", f"{line[1][0]}..{line[3][0]}", repo.path).one(line[2][1])
    assert (found["state"], found["path"], found["introduced"]["id"]) == ("unreachable", "f2", line[2][0])
    assert found["state_reason"] == "dangling"


def test_pre_commit_variables(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    result = run(
        "history", "--range", "auto", repo.path,
        PRE_COMMIT_FROM_REF=line[1][0], PRE_COMMIT_TO_REF=line[2][0],
    )  # fmt: skip
    assert [bool(result.found(secret)) for _, secret in line] == [False, False, True, False]
    result = run("history", "--range", "auto", repo.path, PRE_COMMIT_FROM_REF="none", PRE_COMMIT_TO_REF="HEAD")
    assert result.code == 2


def test_auto_takes_what_no_remote_holds(
    run: Run, repo: Repository, line: list[tuple[str, str]], new_key: Callable[[], str]
) -> None:
    detached, topic = new_key(), new_key()
    repo.git("update-ref", "refs/remotes/origin/main", line[2][0])
    repo.git("checkout", "-q", "-b", "topic", line[2][0])
    repo.commit_file("t", topic)
    repo.git("checkout", "-q", "--detach", line[2][0])
    repo.commit_file("d", detached)
    result = run("history", "--range", "auto", cwd=repo.path)
    assert [bool(result.found(secret)) for _, secret in line] == [False, False, False, True]
    assert result.found(topic)
    assert result.one(detached)["refs"] == ["HEAD"]
    result = run("history", "--range", "auto", cwd=repo.path, PRE_COMMIT_LOCAL_BRANCH="refs/heads/topic")
    assert (bool(result.found(topic)), bool(result.found(detached))) == (True, False)
    repo.git("update-ref", "refs/remotes/origin/all", "main")
    repo.git("update-ref", "refs/remotes/origin/topic", "topic")
    repo.git("checkout", "-q", "main")
    assert run("history", "--range", "auto", cwd=repo.path).code == 0


def test_shallow_clone(run: Run, repo: Repository, line: list[tuple[str, str]], tmp_path: Path) -> None:
    shallow = repo.clone(tmp_path / "shallow", "--depth=3")
    inside = run("history", "--range", "HEAD~1..", shallow.path)
    assert (inside.complete, bool(inside.found(line[3][1]))) == (True, True)
    inside = run("history", "--range", "HEAD~2..", shallow.path)
    assert inside.complete
    assert run("history", "--range", f"{line[0][0]}..", shallow.path).code == 2
    touching = run("history", "--range", f"{ZEROS}..main~2", shallow.path)
    assert touching.complete, "origin/main holds all of it"
    shallow.git("update-ref", "-d", "refs/remotes/origin/main")
    shallow.git("update-ref", "-d", "refs/remotes/origin/HEAD")
    touching = run("history", "--range", "auto", shallow.path)
    assert not touching.complete
    assert [skip["item"] for skip in touching.skipped] == [line[1][0]]
    assert "shallow" in touching.skipped[0]["reason"]


@pytest.mark.parametrize("what", ["HEAD:f3", "HEAD^{tree}", "HEAD~1^{tree}"])
def test_missing_objects_in_the_range(run: Run, repo: Repository, line: list[tuple[str, str]], what: str) -> None:
    secret = line[2][1]
    missing = repo.id(what)
    repo.git("branch", "elsewhere", line[0][0])
    repo.loose(missing).unlink()
    result = run("history", "--range", f"{line[0][0]}..", repo.path)
    assert (result.code, result.complete) == (1, False)
    assert result.found(line[1][1])
    assert bool(result.found(secret)) == ("~1" not in what)


@pytest.mark.parametrize("name", ["lost", "{id}"])
def test_a_start_that_a_damaged_store_has_lost(run: Run, repo: Repository, key: str, name: str) -> None:
    """It is said, and what there is of the range is scanned: rather too much than too little."""
    start = repo.commit_file("a", "x\n")
    repo.git("branch", "lost")
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit_file("b", f"{key}\n")
    repo.git("pack-objects", "-q", ".git/objects/pack/pack", stdin=f"{start}\n")
    repo.git("prune-packed")
    next((repo.path / ".git/objects/pack").glob("*.pack")).unlink()
    result = run("history", "--range", f"{name.format(id=start)}..other", repo.path)
    assert (result.code, result.complete) == (1, False)
    assert result.one(key)["path"] == "b"
    assert [skip["item"] for skip in result.skipped] == [start]
    gone = run("history", "--range", f"other..{name.format(id=start)}", repo.path)
    assert (gone.code, [skip["item"] for skip in gone.skipped]) == (3, [start])


def test_missing_objects_outside_the_range(run: Run, repo: Repository, line: list[tuple[str, str]]) -> None:
    repo.loose(repo.id("HEAD~3^{tree}")).unlink()
    repo.loose(repo.id("HEAD~2:f0")).unlink()
    result = run("history", "--range", "HEAD~1..", repo.path)
    assert result.complete
    assert result.one(line[3][1])["state"] == "present"


def test_new_branch_in_a_checkout_of_ci(repo: Repository, run: Run, key: str, tmp_path: Path) -> None:
    """There the new branch is among the remote refs; what other branches hold is not new."""
    repo.commit_file("a", "nothing\n")
    repo.git("switch", "-q", "-c", "new")
    repo.commit_file("b", f"K={key}\n")
    checkout = repo.clone(tmp_path / "checkout")
    result = run("history", checkout.path, "--range", "0" * 40 + "..HEAD")
    assert (result.code, result.one(key)["path"]) == (1, "b")
    assert result.json["coverage"]["counts"]["commits"] == 1


def test_annotated_tag_that_is_pushed(repo: Repository, run: Run, key: str) -> None:
    repo.commit_file("a", "nothing\n")
    repo.git("tag", "-a", "v1", "-m", f"Use {key}")
    result = run("history", repo.path, "--range", "HEAD..v1")
    assert result.one(key)["place"] == "tag_message"
    tag = repo.git("rev-parse", "v1")
    pushed = run("history", repo.path, "--range", "auto", PRE_COMMIT_FROM_REF="HEAD", PRE_COMMIT_TO_REF=tag)
    assert pushed.code == 1


def test_an_annotated_tag_that_is_pushed_first(repo: Repository, run: Run, key: str) -> None:
    """Pre-commit names the local branch alone where the push begins at the root."""
    repo.commit_file("f", "clean\n")
    repo.git("tag", "-a", "v1", "-m", f"Use {key}")
    pushed = run("history", repo.path, "--range", "auto", PRE_COMMIT_LOCAL_BRANCH="refs/tags/v1")
    assert pushed.one(key)["place"] == "tag_message"


def test_exclude_holds_for_what_objects_hold(repo: Repository, run: Run, key: str) -> None:
    repo.commit_file("tests/a", f"K={key}\n")
    result = run("history", repo.path, "--exclude", "tests/")
    assert (result.code, result.excluded) == (0, {"exclude_option": 1})
    repo.commit_file("b", f"K={key}\n")
    assert run("history", repo.path, "--exclude", "tests/").code == 1
