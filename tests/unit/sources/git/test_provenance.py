"""Who introduced and who removed a blob, and on which paths and refs it was: the tracer itself, on real history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import State
from tests.tracing import MAIN, traced

if TYPE_CHECKING:
    from tests.repositories import Repository


def _at(second: int) -> dict[str, str]:
    return {"GIT_COMMITTER_DATE": f"{1_700_000_000 + second} +0000"}


def test_the_first_commit_that_holds_a_blob_introduced_it_and_the_one_without_removed_it(
    repo: Repository, leak: str, blob: str
) -> None:
    repo.commit_file("other", "changed")
    held = traced(repo, blob)
    assert (held.state, held.introduced, held.removed, held.refs) == (State.PRESENT, leak, None, MAIN)
    edit = repo.commit_file("f", "y")
    repo.remove("f")
    gone = traced(repo, blob)
    assert (gone.state, gone.introduced, gone.removed, gone.paths) == (State.REMOVED, leak, edit, (b"f",))


def test_a_revert_makes_a_blob_present_and_the_last_removal_counts(repo: Repository, leak: str, blob: str) -> None:
    repo.remove("f")
    repo.commit_file("f", "x")
    back = traced(repo, blob)
    assert (back.state, back.introduced, back.removed) == (State.PRESENT, leak, None)
    last = repo.remove("f")
    assert traced(repo, blob)[4:7] == (leak, last, MAIN)


def test_commits_of_one_second_are_ordered_by_descent(repo: Repository) -> None:
    made = []
    for _ in range(3):
        repo.write("f", "x")
        added = repo.commit("Add", **_at(0))
        repo.git("rm", "-q", "f")
        made += [added, repo.commit("Remove", **_at(0))]
    gone = traced(repo, repo.id(f"{made[0]}:f"))
    assert (gone.introduced, gone.removed) == (made[0], made[-1])


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_branches_that_add_a_blob_the_earlier_date_counts(repo: Repository, is_first: bool) -> None:
    repo.commit("Root", **_at(0))
    repo.git("checkout", "-q", "-b", "side")
    repo.write("g", "x")
    side = repo.commit("Side", **_at(1 if is_first else 3))
    repo.git("checkout", "-q", "main")
    repo.write("f", "x")
    main = repo.commit("Main", **_at(2))
    found = traced(repo, repo.id("main:f"))
    assert (found.introduced, found.path) == ((side, b"g") if is_first else (main, b"f"))
    assert (found.paths, found.refs) == ((b"f", b"g"), ("refs/heads/main", "refs/heads/side", "HEAD"))


def test_a_merge_introduces_and_removes_only_what_no_parent_has_so(repo: Repository, leak: str, blob: str) -> None:
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    side = repo.commit_file("g", "side")
    repo.git("merge", "-q", "--no-commit", "main")
    repo.write("evil", "evil")
    merge = repo.commit("Merge")
    assert traced(repo, blob)[4:6] == (leak, None)
    assert traced(repo, repo.id(f"{side}:g")).introduced == side
    assert traced(repo, repo.id(f"{merge}:evil")).introduced == merge


def test_a_merge_removes_what_all_its_parents_hold(repo: Repository, leak: str, blob: str) -> None:
    side = repo.git("commit-tree", "-p", leak, "-m", "Side", repo.id("HEAD^{tree}"))
    repo.commit("Main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", side)
    merge = repo.remove("f")
    assert len(repo.git("rev-parse", f"{merge}^@").split()) == 2
    assert traced(repo, blob)[4:6] == (leak, merge)


def test_a_rename_neither_removes_a_blob_nor_introduces_its_finding(repo: Repository, leak: str, blob: str) -> None:
    repo.git("mv", "f", "g")
    repo.commit("Rename", **_at(10**9))  # later than the removal, so that it would count as the last
    removed = repo.remove("g")
    found = traced(repo, blob)
    assert (found.introduced, found.removed, found.path, found.paths) == (leak, removed, b"f", (b"f", b"g"))


def test_a_finding_in_a_renamed_and_edited_file_has_the_commit_of_the_old_one(
    repo: Repository, leak: str, blob: str
) -> None:
    repo.git("mv", "f", "g")
    version = repo.commit_file("g", "x and more")
    found = traced(repo, repo.id("HEAD:g"), blob)
    assert (found.introduced, found.version, found.path) == (leak, version, b"g")
    assert found.origin
    assert found.origin.moved == ("move", b"f")
    assert traced(repo, blob, repo.id("HEAD:g")).removed == version


def test_a_copied_blob_is_removed_with_its_last_path(repo: Repository, leak: str, blob: str) -> None:
    repo.commit_file("g", "x")
    repo.remove("f")
    copied = traced(repo, blob)
    assert (copied.state, copied.introduced, copied.removed) == (State.PRESENT, leak, None)
    removed = repo.remove("g")
    assert traced(repo, blob)[3:6] == ((b"f", b"g"), leak, removed)


def test_a_commit_of_a_branch_counts_before_an_earlier_one_of_a_tag(repo: Repository, leak: str, blob: str) -> None:
    gone = repo.remove("f")
    repo.git("tag", "old", gone)
    repo.git("reset", "-q", "--hard", f"{leak}~1")
    tagged = traced(repo, blob)
    assert (tagged.state, tagged.introduced, tagged.removed) == (State.REMOVED, leak, None)  # no branch removed it
    later = repo.commit_file("g", "x")
    assert traced(repo, blob)[4:7] == (later, None, (*MAIN, "refs/tags/old"))
