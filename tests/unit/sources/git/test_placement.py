"""Raw findings as occurrences: the part of a commit, tag or tree that holds one, its lines, state and commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.model.credential import Commit, Moved, Occurrence, RawFinding
from akpatrol.model.scan import Place, State, StateReason
from akpatrol.sources.git import placement
from akpatrol.sources.git.earlier_content import EarlierContent
from akpatrol.sources.git.indexes import Indexes
from akpatrol.sources.git.trace_request import KnownHistory
from tests.objects import git_of
from tests.tracing import MAIN, finding

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tests.repositories import Repository

_ADA = "Ada Author <ada@example.org>"


def _placed(
    repo: Repository, *hits: RawFinding, within: Collection[str] | None = None, before: EarlierContent | None = None
) -> list[Occurrence]:
    git = git_of(repo)
    return [
        one for _, one in placement.place(git, hits, within, before=before, history=KnownHistory(indexes=Indexes(git)))
    ]


def _of(repo: Repository, id_: str, place: Place, text: bytes) -> Occurrence:
    """Return the place of ``text`` within a commit, tag or tree."""
    type_ = repo.git("cat-file", "-t", id_)
    offset = repo.raw("cat-file", type_, id_).index(text)
    (one,) = _placed(repo, finding(id_, place, offset, size=len(text)))
    return one


def _introduced(one: Occurrence) -> str | None:
    return one.introduced.id if one.introduced else None


def test_a_file_has_its_paths_refs_and_the_commits_that_added_and_removed_it(repo: Repository) -> None:
    added = repo.commit_file("f", "x", "Add it\n\nbecause")
    repo.commit_file("g", "x")
    repo.remove("f")
    (one,) = _placed(repo, finding(repo.id(f"{added}:f")))
    assert (one.state, one.state_reason, one.removed, one.refs) == (State.PRESENT, None, None, MAIN)
    last = repo.remove("g", "Clean up")
    (one,) = _placed(repo, finding(repo.id(f"{added}:f")))
    assert (one.state, one.path, one.paths, one.paths_truncated) == (State.REMOVED, b"f", (b"f", b"g"), False)
    assert one.introduced == one.version == Commit(added, "2024-01-01T01:00:00Z", _ADA, "Add it")
    assert one.removed == Commit(last, "2024-01-01T04:00:00Z", _ADA, "Clean up")


def test_each_state_of_a_file_is_kept_with_its_reason(repo: Repository) -> None:
    repo.commit_file("other", "1")
    repo.commit_file("reset", "reset")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.write("stash", "stash")
    repo.git("add", "-A")
    repo.git("stash", "push", "-q")
    repo.write("staged", "staged")
    repo.git("add", "-A")
    repo.git("tag", "blob", repo.blob("tagged"))
    names = ("reset", "stash", "staged", "tagged", "written")
    found = _placed(repo, *(finding(repo.blob(name)) for name in names))
    assert [(one.state, one.state_reason, one.path, one.refs) for one in found] == [
        (State.UNREACHABLE, StateReason.REFLOG, b"reset", ()),
        (State.UNREACHABLE, StateReason.STASH, b"stash", ("refs/stash",)),
        (State.STAGED, None, b"staged", ()),
        (State.REMOVED, None, None, ("refs/tags/blob",)),
        (State.UNREACHABLE, StateReason.DANGLING, None, ()),
    ]


def test_a_finding_in_a_message_has_the_lines_of_the_message(repo: Repository) -> None:
    commit = repo.commit("Subject\n\nbefore here\nthere after")
    one = _of(repo, commit, Place.COMMIT_MESSAGE, b"here\nthere")
    assert (one.place, one.line, one.column, one.end_line, one.end_column) == (Place.COMMIT_MESSAGE, 3, 8, 4, 6)
    assert (one.state, _introduced(one), one.path) == (State.PRESENT, commit, None)
    raw = repo.raw("cat-file", "commit", commit).replace(b"Subject", b"\xef\xbb\xbfSubject")
    marked = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    assert _of(repo, marked, Place.COMMIT_MESSAGE, b"Subject").column == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [(b"Ada", Place.AUTHOR), (b"Carl", Place.COMMITTER), (b"tree ", Place.COMMIT_MESSAGE)],
)
def test_a_finding_in_a_commits_header_is_in_the_field_of_its_line(repo: Repository, text: bytes, place: Place) -> None:
    one = _of(repo, repo.commit(), Place.COMMIT_MESSAGE, text)
    assert (one.place, one.line is None) == (place, place is not Place.COMMIT_MESSAGE)


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [(b"Carl", Place.TAGGER, None), (b"v1", Place.REF_NAME, None), (b"text", Place.TAG_MESSAGE, 2)],
)
def test_a_finding_in_a_tag_was_introduced_by_the_tag(
    repo: Repository, text: bytes, place: Place, line: int | None
) -> None:
    repo.commit()
    repo.git("tag", "-a", "-m", "Message\ntext", "v1")
    tag = repo.id("v1")
    one = _of(repo, tag, Place.TAG_MESSAGE, text)
    assert (one.place, one.line, one.state, one.refs) == (place, line, State.PRESENT, ("refs/tags/v1",))
    wanted = Commit(tag, "2024-01-01T01:00:00Z", "Carl Committer <carl@example.org>", "Message")
    assert one.introduced == (None if place is Place.REF_NAME else wanted)


def test_the_name_of_a_member_is_part_of_the_file_that_holds_it(repo: Repository) -> None:
    added = repo.commit_file("f.zip", "x")
    hit = finding(repo.id("HEAD:f.zip"), Place.PATH)
    (one,) = _placed(repo, hit._replace(origin=hit.origin._replace(containers=("member",))))
    assert (one.path, one.containers, _introduced(one)) == (b"f.zip", ("member",), added)


def test_a_ref_is_named_and_a_file_of_the_git_directory_has_lines_but_its_name_has_none(repo: Repository) -> None:
    (ref,) = _placed(repo, finding(None, Place.REF_NAME, path=b"refs/heads/\xff"))
    assert (ref.path, ref.paths, ref.refs, ref.state) == (None, (), ("refs/heads/\udcff",), State.PRESENT)
    (inside,) = _placed(repo, finding(None, Place.GIT_DIR, 0, b"logs/x"))
    (name,) = _placed(repo, finding(None, Place.GIT_DIR, 5, b"logs/x"))
    assert (inside.line, inside.end_column) == (1, 2)
    assert (name.line, name.column, name.end_line, name.end_column, name.path) == (None, None, None, None, b"logs/x")


def test_a_moved_finding_has_the_path_and_the_commit_that_it_came_from(repo: Repository) -> None:
    first = repo.commit_file("f", "x")
    repo.git("mv", "f", "g")
    moved = repo.commit_file("g", "x and quite other text")
    new, old = repo.id("HEAD:g"), repo.id(f"{first}:f")
    one = _placed(repo, finding(new), finding(old))[0]
    assert (one.path, _introduced(one)) == (b"g", moved)
    assert one.moved_from == Moved("move", b"f", Commit(first, "2024-01-01T01:00:00Z", _ADA, "Change"))


def test_what_the_base_holds_is_known_unless_its_allowance_was_removed(repo: Repository) -> None:
    first = repo.commit_file("f", "x")
    second = repo.commit_file("f", "x and more")
    new, old = finding(repo.id(f"{second}:f")), finding(repo.id(f"{first}:f"))
    assert [_placed(repo, new, old, within={second})[0].known] == [True]
    assert not _placed(repo, new, old._replace(inline="reason"), within={second})[0].known
    assert _placed(repo, new._replace(inline="reason"), old._replace(inline=""), within={second})[0].known
    for starts, known in (([first], True), ([], False)):
        before = EarlierContent(git_of(repo), "0", lambda _unit: [old], [second], starts)
        one = _placed(repo, new, within={second}, before=before)[0]
        assert (one.known, _introduced(one)) == (known, None if known else first)


def test_only_what_files_hold_may_be_older_than_a_shallow_boundary(repo: Repository, tmp_path: Path) -> None:
    repo.commit_file("f", "x")
    cut = repo.commit("Boundary")
    shallow = repo.clone(tmp_path / "shallow", "--depth=1")
    (held,) = _placed(shallow, finding(repo.id("HEAD:f")))
    text = _of(shallow, cut, Place.COMMIT_MESSAGE, b"Boundary")
    assert [(one.introduced.id, one.introduced.boundary) for one in (held, text) if one.introduced] == [
        (cut, True),
        (cut, False),
    ]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"author A <a> 5 +0100\ncommitter C <c> 60 +0000\n\n\n\nOne\nTwo", ("1970-01-01T00:01:00Z", "A <a>", "One")),
        (b"tag v\ntagger T <t> -60 +0000\n\nOne", ("1969-12-31T23:59:00Z", "T <t>", "One")),
        (b"author A\nauthor B\ncommitter C <c> 9999999999999999 +0000\n\n\xff", ("", "A", "\\xff")),
        (b"author \xff 1 +0000\ncommitter C", ("", "\\xff", "")),
    ],
)
def test_a_commit_is_described_from_its_raw_bytes(raw: bytes, wanted: tuple[str, str, str]) -> None:
    assert placement.commit("id", raw) == Commit("id", *wanted)


def test_a_commit_that_is_not_there_is_left_out(repo: Repository) -> None:
    here = repo.commit()
    assert placement.commits(git_of(repo), [here, "1" * 40]).keys() == {here}
