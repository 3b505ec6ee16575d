"""Credentials in files of commits: where they are, since when, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repositories import AUTHOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Run
    from tests.repositories import Repository


def test_blob_on_a_branch(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("README", "hello\n")
    added = repo.commit_file("conf/app.env", f"# settings\nNAME=é KEY={key}\n", "Add settings\n\nAll of them.")
    repo.commit_file("README", "hello again\n")
    result = run("history", repo.path)
    assert result.code == 1
    assert result.complete
    version = {"object": repo.id("HEAD:conf/app.env"), "commit": added, "date": "2024-01-01T02:00:00Z"}
    assert result.one(key) == {
        "target": "0",
        "place": "content",
        "path": "conf/app.env",
        "paths": ["conf/app.env"],
        "line": 2,
        "match_line": 2,
        "match_lines": [2],
        "column": 12,
        "end_line": 2,
        "end_column": 12 + len(key),
        "offset": len("# settings\nNAME=é KEY=".encode()),
        "encodings": [],
        "containers": [],
        "object": repo.id("HEAD:conf/app.env"),
        "versions": {"count": 1, "first": version, "last": version},
        "introduced": {
            "id": added,
            "author": AUTHOR,
            "date": "2024-01-01T02:00:00Z",
            "summary": "Add settings",
            "boundary": False,
        },
        "moved_from": None,
        "paths_truncated": False,
        "end": "certain",
        "alike": None,
        "owners": [],
        "rule_ids": ["anyreach-organization-key"],
        "removed": None,
        "refs": ["refs/heads/main", "HEAD"],
        "state": "present",
        "state_reason": None,
        "exposure": None,
        "context": f"NAME=é KEY=ak_{key[3:7]}***({len(key)})",
    }
    assert result.json["scan"]["targets"][0]["head"] == repo.id("HEAD")
    assert result.json["coverage"]["counts"]["commits"] == 3


def test_removed_blob(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("other", "x\n")
    added = repo.commit_file("app.env", key)
    removed = repo.remove("app.env")
    repo.commit_file("other", "y\n")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["state_reason"]) == ("removed", None)
    assert found["introduced"]["id"] == added
    assert found["removed"] == {"id": removed, "date": "2024-01-01T03:00:00Z"}
    assert found["refs"] == ["refs/heads/main", "HEAD"]
    assert (found["line"], found["column"], found["offset"]) == (1, 1, 0)


def test_changed_blob_is_removed_by_the_change(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("app.env", f"a\n{key}\n")
    removed = repo.commit_file("app.env", "a\n\n")
    found = run("history", repo.path).one(key)
    assert found["state"] == "removed"
    assert found["removed"]["id"] == removed


def test_renamed_file(run: Run, repo: Repository, key: str) -> None:
    added = repo.commit_file("old name", key)
    repo.git("mv", "old name", "new name")
    repo.commit()
    found = run("history", repo.path).one(key)
    assert (found["path"], found["paths"]) == ("old name", ["new name", "old name"])
    assert found["introduced"]["id"] == added
    assert (found["state"], found["removed"]) == ("present", None)


def test_renamed_then_removed(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("old", key)
    repo.git("mv", "old", "new")
    repo.commit()
    removed = repo.remove("new")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["removed"]["id"]) == ("removed", removed)


def test_content_that_only_a_merge_holds(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", "1\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("b", "2\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("c", "3\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("a", f"1\n{key}\n")
    repo.write("evil", f"{key}\n")
    merge = repo.commit("Merge branch 'side'")
    repo.commit_file("a", "1\n")
    removed = repo.remove("evil")
    by_path = {found["path"]: found for found in run("history", repo.path).found(key)}
    assert {path: found["introduced"]["id"] for path, found in by_path.items()} == {"a": merge, "evil": merge}
    assert by_path["evil"]["removed"]["id"] == removed


def test_merge_of_a_branch_that_was_deleted(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", "1\n")
    repo.git("checkout", "-q", "-b", "side")
    added = repo.commit_file("b", key)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    repo.git("branch", "-q", "-D", "side")
    found = run("history", repo.path).one(key)
    assert (found["introduced"]["id"], found["state"]) == (added, "present")


def test_same_blob_on_two_paths(run: Run, repo: Repository, key: str) -> None:
    added = repo.commit_file("b/two", key)
    repo.commit_file("a/one", key)
    found = run("history", repo.path).one(key)
    assert (found["path"], found["paths"]) == ("b/two", ["a/one", "b/two"])
    assert found["introduced"]["id"] == added


def test_one_of_two_paths_removed_is_still_present(run: Run, repo: Repository, key: str) -> None:
    repo.write("a", key)
    repo.commit_file("b", key)
    repo.remove("a")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["removed"]) == ("present", None)


def test_blob_reintroduced(run: Run, repo: Repository, key: str) -> None:
    added = repo.commit_file("a", key)
    repo.remove("a")
    repo.commit_file("a", key)
    found = run("history", repo.path).one(key)
    assert (found["introduced"]["id"], found["state"], found["removed"]) == (added, "present", None)
    removed = repo.remove("a")
    assert run("history", repo.path).one(key)["removed"]["id"] == removed


def test_commits_of_one_second_are_told_apart_by_their_order(run: Run, repo: Repository, key: str) -> None:
    moment = {"GIT_COMMITTER_DATE": "1704067200 +0000"}
    repo.write("a", key)
    added = repo.commit("Add", **moment)
    for _ in range(3):
        repo.git("rm", "-q", "a")
        removed = repo.commit("Remove", **moment)
        repo.write("a", key)
        repo.commit("Add again", **moment)
    repo.git("rm", "-q", "a")
    removed = repo.commit("Remove at last", **moment)
    found = run("history", repo.path).one(key)
    assert (found["introduced"]["id"], found["removed"]["id"]) == (added, removed)


def test_a_commit_on_a_branch_introduces_rather_than_an_older_one_beside_it(
    run: Run, repo: Repository, key: str
) -> None:
    base = repo.commit_file("x", "x")
    repo.commit_file("lost", key)
    repo.git("tag", "aside")
    repo.git("reset", "-q", "--hard", base)
    added = repo.commit_file("kept", key)
    found = run("history", repo.path).one(key)
    assert (found["introduced"]["id"], found["path"]) == (added, "kept")
    assert found["paths"] == ["kept", "lost"]


def test_only_a_remote_branch_holds_it(run: Run, repo: Repository, key: str) -> None:
    base = repo.commit_file("x", "x")
    repo.commit_file("a", key)
    repo.git("update-ref", "refs/remotes/origin/topic", "HEAD")
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    found = run("history", repo.path).one(key)
    assert (found["state"], found["refs"]) == ("present", ["refs/remotes/origin/topic"])


@pytest.mark.parametrize("ref", ["refs/pull/1/head", "refs/changes/01/1/1", "refs/tags/v1", "refs/tags/AHEAD"])
def test_only_another_ref_holds_it(run: Run, repo: Repository, key: str, ref: str) -> None:
    base = repo.commit_file("x", "x")
    added = repo.commit_file("a", key)
    repo.git("update-ref", ref, "HEAD")
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    found = run("history", repo.path).one(key)
    assert (found["state"], found["state_reason"], found["refs"]) == ("removed", None, [ref])
    assert found["introduced"]["id"] == added


def test_orphan_root(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("x", "x")
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.git("rm", "-q", "-rf", ".")
    added = repo.commit_file("index.html", f"<p>{key}</p>")
    repo.git("checkout", "-q", "main")
    found = run("history", repo.path).one(key)
    assert (found["introduced"]["id"], found["refs"], found["state"]) == (added, ["refs/heads/pages"], "present")


def test_replaced_object_and_its_replacement(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    hidden, shown = new_key(), new_key()
    repo.commit_file("a", hidden)
    original = repo.id("HEAD:a")
    repo.git("replace", original, repo.blob(shown))
    result = run("history", repo.path)
    assert (result.one(hidden)["state"], result.one(hidden)["path"]) == ("present", "a")
    assert result.one(shown)["refs"] == [f"refs/replace/{original}"]
    assert result.one(shown)["state"] == "removed"


def test_symbolic_link_target(run: Run, repo: Repository, key: str) -> None:
    (repo.path / "link").symlink_to(f"/secrets/{key}")
    added = repo.commit()
    found = run("history", repo.path).one(key)
    assert (found["place"], found["path"], found["introduced"]["id"]) == ("content", "link", added)


def test_attributes_hide_nothing(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    text, binary = new_key(), new_key()
    repo.write(".gitattributes", "* -diff binary\n")
    repo.write("bin", b"\0\xff\xfe" + binary.encode() + b"\0")
    repo.commit_file("text", f"{text}\n")
    result = run("history", repo.path)
    assert result.one(text)["path"] == "text"
    assert (result.one(binary)["path"], result.one(binary)["offset"]) == ("bin", 3)


def test_forty_places_and_two_on_a_line(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    first, second = new_key(), new_key()
    for number in range(40):
        repo.write(f"f{number:02}", f"{number} {first} {second}\n")
    repo.commit()
    result = run("history", repo.path)
    assert [one["path"] for one in result.found(first)] == [f"f{number:02}" for number in range(40)]
    assert {one["column"] for one in result.found(second)} == {4 + len(first), 5 + len(first)}


def test_octopus_merge(run: Run, repo: Repository, key: str) -> None:
    base = repo.commit_file("a", "1\n")
    for name in ("one", "two"):
        repo.git("checkout", "-q", "-b", name, base)
        repo.commit_file(name, name)
    repo.git("checkout", "-q", "main")
    repo.commit_file("three", "three")
    repo.git("merge", "-q", "--no-commit", "one", "two")
    merge = repo.commit_file("evil", key)
    assert repo.git("show", "-s", "--format=%P").count(" ") == 2
    assert run("history", repo.path).one(key)["introduced"]["id"] == merge


def test_versions_that_hold_it_alike_are_one_place(run: Run, repo: Repository, key: str) -> None:
    """A file edited beside a credential, moved a line, and without it in the end."""
    ids = [repo.commit_file("a", f"{number}\n{key}\n") for number in range(4)]
    moved = [repo.commit_file("a", f"{number}\n\n{key}\n") for number in range(2)]
    gone = repo.commit_file("a", "none\n")
    first, second = sorted(run("history", repo.path).found(key), key=lambda place: int(place["line"]))
    for place, line, commits, until in ((first, 2, ids, moved[0]), (second, 3, moved, gone)):
        versions = place["versions"]
        # A line that moves brings nothing: the first commit did.
        assert (place["line"], versions["count"], place["introduced"]["id"]) == (line, len(commits), ids[0])
        assert (versions["first"]["commit"], versions["last"]["commit"]) == (commits[0], commits[-1])
        assert place["removed"]["id"] == until
