"""Which state an object or name is in, and what limits and gaps leave of its history: the tracer, on real history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import State, StateReason
from akpatrol.sources.git import object_history, provenance, refs, revisions
from akpatrol.sources.git.object_history import Provenance
from akpatrol.sources.git.object_types import ObjectTypes
from akpatrol.sources.git.provenance import Tracer
from akpatrol.sources.git.trace_request import Pushed, TraceRequest
from tests.objects import git_of
from tests.tracing import finding, traced, traced_name, traced_places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository


@pytest.mark.parametrize(
    ("made", "state", "reason", "path"),
    [
        ("stash", State.UNREACHABLE, StateReason.STASH, b"f"),
        ("reset", State.UNREACHABLE, StateReason.REFLOG, b"f"),
        ("forgotten", State.UNREACHABLE, StateReason.DANGLING, b"f"),
        ("staged", State.STAGED, None, b"f"),
        ("written", State.UNREACHABLE, StateReason.DANGLING, None),
        ("tagged blob", State.REMOVED, None, None),
        ("tagged tree", State.REMOVED, None, b"f"),
        ("detached", State.PRESENT, None, b"f"),
    ],
)
def test_a_state_is_named_by_what_holds_the_blob(
    repo: Repository, made: str, state: State, reason: StateReason | None, path: bytes | None
) -> None:
    root = repo.commit_file("other", "other")
    id_ = repo.blob("x")
    if made != "written":
        repo.write("f", "x")
        repo.git("add", "f")
    if made == "stash":
        repo.git("stash", "push", "-q")
    elif made.startswith("tagged"):
        repo.git("tag", "t", id_ if made == "tagged blob" else repo.git("write-tree"))
        repo.git("reset", "-q", "--hard")
    elif made not in ("staged", "written"):
        repo.git("checkout", "-q", "--detach")
        repo.commit("Add")
        if made != "detached":
            repo.git("checkout", "-q", "main")
        if made.endswith("forgotten"):
            repo.forget()
    (found,) = traced_places(repo, id_)
    assert (found.state, found.reason, found.path) == (state, reason, path)
    assert root not in (found.introduced, found.removed)


@pytest.mark.parametrize(
    ("made", "state", "reason"),
    [
        ("soft reset", State.UNREACHABLE, StateReason.REFLOG),
        ("forgotten", State.UNREACHABLE, StateReason.DANGLING),
        ("tagged tree", State.REMOVED, None),
        ("tagged commit", State.REMOVED, None),
        ("stash", State.UNREACHABLE, StateReason.STASH),
        ("other branch", State.PRESENT, None),
        ("reverted", State.REMOVED, None),
    ],
)
def test_what_is_staged_is_so_whatever_else_holds_it(
    repo: Repository, made: str, state: State, reason: StateReason | None
) -> None:
    repo.commit_file("other", "other")
    repo.write("f", "x")
    if made == "stash":
        repo.git("add", "f")
        repo.git("stash", "push", "-q")
    elif made == "tagged tree":
        repo.git("add", "f")
        repo.git("tag", "t", repo.git("write-tree"))
    else:
        leak = repo.commit("Add")
        if made == "tagged commit":
            repo.git("tag", "t")
        if made == "other branch":
            repo.git("branch", "other-one", leak)
        if made == "reverted":
            repo.remove("f")
        else:
            repo.git("reset", "-q", "--soft", "HEAD~1")
    repo.git("rm", "-q", "--cached", "--ignore-unmatch", "f")
    repo.write("g", "x")
    repo.git("add", "g")
    if made == "forgotten":
        repo.forget()
    staged, before = traced_places(repo, repo.blob("x"))
    assert staged == Provenance(State.STAGED, path=b"g", paths=(b"g",))
    assert (before.state, before.reason, before.path) == (state, reason, b"f")


def test_of_a_missing_head_only_what_is_nowhere_else_is_staged(repo: Repository) -> None:
    repo.commit_file("f", "x")
    lost = repo.commit("Lost")
    repo.loose(lost).unlink()
    assert [found.state for found in traced_places(repo, repo.id(":f"))] == [State.UNREACHABLE]
    repo.write("g", "y")
    repo.git("add", "g")
    assert [found.state for found in traced_places(repo, repo.id(":g"))] == [State.STAGED]


@pytest.mark.parametrize("made", ["unchanged", "renamed", "linked", "no commit yet", "gone again"])
def test_what_head_holds_is_not_staged(repo: Repository, tmp_path: Path, made: str) -> None:
    if made != "no commit yet":
        repo.commit_file("f", "x")
    if made == "renamed":
        repo.git("mv", "f", "g")
    elif made == "linked":
        repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
        repo.remove("f")
    elif made == "gone again":
        repo.commit_file("f", "y")
    elif made == "no commit yet":
        repo.write("f", "x")
        repo.git("add", "f")
    states = [found.state for found in traced_places(repo, repo.blob("x"))]
    assert states == [
        {"gone again": State.REMOVED, "no commit yet": State.STAGED}.get(made, State.PRESENT),
    ]


def test_a_commit_and_a_tag_are_present_while_a_ref_leads_to_them(repo: Repository, leak: str) -> None:
    repo.git("tag", "-a", "-m", "one", "v1")
    tag = repo.id("v1")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    wanted = TraceRequest(commits=[leak, repo.id("HEAD")])
    tracer = Tracer(git_of(repo), wanted)
    assert tracer.commit(repo.id("HEAD")).state is State.PRESENT
    assert tracer.commit(leak)[:2] == (State.REMOVED, None)
    assert (tracer.tag(tag).state, tracer.tag(tag).refs) == (State.PRESENT, ("refs/tags/v1",))
    repo.git("tag", "-d", "v1")
    tracer = Tracer(git_of(repo), wanted)
    assert tracer.commit(leak)[:2] == (State.UNREACHABLE, StateReason.REFLOG)
    assert tracer.tag(tag)[:2] == (State.UNREACHABLE, StateReason.DANGLING)
    repo.forget()
    assert Tracer(git_of(repo), wanted).commit(leak)[:2] == (State.UNREACHABLE, StateReason.DANGLING)


def test_a_name_is_a_whole_component_wherever_it_is(repo: Repository) -> None:
    repo.write("dir/a_name", "1")
    repo.commit_file("dir/sub/name.txt", "1")
    first = repo.commit_file("dir/name/file", "2")
    repo.commit_file("dir/name/later", "3")
    tree = repo.id("HEAD:dir")
    held = traced_name(repo, b"name", tree)
    assert (held.state, held.introduced, held.path, held.paths) == (State.PRESENT, first, b"dir/name", (b"dir/name",))
    assert traced_name(repo, b"name").state is State.PRESENT
    removed = repo.remove("dir/name")
    gone = traced_name(repo, b"name", tree)
    assert (gone.state, gone.removed) == (State.REMOVED, removed)
    assert traced_name(repo, b"name").state is State.REMOVED


def test_only_the_commits_within_introduce(repo: Repository, leak: str, blob: str) -> None:
    copy = repo.commit_file("g", "x")
    found = traced(repo, blob, within={copy})
    assert (found.introduced, found.version, found.path) == (copy, copy, b"g")
    assert traced(repo, blob, within={leak}).path == b"f"
    assert traced(repo, blob, within=()).introduced is None


def test_a_path_to_which_a_finding_is_new_counts_before_one_that_held_it(repo: Repository, blob: str) -> None:
    repo.write("f", "x and more")
    copied = repo.commit_file("z", "x and more")
    found = traced(repo, repo.id("HEAD:z"), blob, within={copied})
    assert (found.path, found.introduced, found.paths) == (b"z", copied, (b"f", b"z"))


def test_a_place_is_compared_at_few_of_its_paths(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first = repo.commit_file("f", "x")
    second = repo.commit_file("e", "x")
    blob = repo.id("HEAD:f")
    assert traced(repo, blob, within={first, second})[2] == b"f"
    monkeypatch.setattr(provenance, "_COMPARED", 1)
    assert traced(repo, blob, within={first, second})[2] == b"e"


def test_paths_beyond_the_limit_are_left_out_and_said(
    repo: Repository, leak: str, blob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit_file("g", "x")
    repo.commit_file("h", "x")
    assert (traced(repo, blob).paths, traced(repo, blob).more) == ((b"f", b"g", b"h"), False)
    monkeypatch.setattr(object_history, "_PATHS_BYTES", 1)
    found = traced(repo, blob)
    assert (len(found.paths), found.more, found.introduced) == (2, True, leak)


def test_the_boundary_of_a_shallow_clone_introduced_what_it_holds(
    repo: Repository, leak: str, blob: str, tmp_path: Path
) -> None:
    cut = repo.commit_file("other", "changed")
    removed = repo.remove("f")
    found = traced(repo.clone(tmp_path / "shallow", "--depth=2"), blob)
    assert leak != cut
    assert (found.state, found.introduced, found.removed) == (State.REMOVED, cut, removed)


def test_history_on_both_sides_of_a_missing_commit_is_read(repo: Repository, leak: str, blob: str) -> None:
    repo.remove("f")
    lost = repo.commit_file("other", "lost")
    after = repo.commit_file("g", "y")
    repo.loose(lost).unlink()
    before = traced(repo, blob)
    assert (before.reason, before.introduced, before.paths) == (StateReason.REFLOG, leak, (b"f",))
    assert traced(repo, repo.id("HEAD:g"))[:1] == (State.PRESENT,)
    assert traced(repo, repo.id("HEAD:g")).introduced == after


def test_a_push_is_traced_through_its_own_commits_and_refs(repo: Repository, leak: str, blob: str) -> None:
    removed = repo.remove("f")
    git = git_of(repo)
    named = refs.resolved(git, [(removed, "refs/heads/pushed")], ObjectTypes(git))
    pushed = Pushed(named, list(revisions.commits(git, [f"{leak}^..{removed}"])))
    found = Tracer(git, TraceRequest(blobs={blob: [finding()]}), pushed).finding(blob, 0)
    assert found[4:7] == (leak, removed, ("refs/heads/pushed",))
    pushed = Pushed(named, pushed.commits[:1])
    assert Tracer(git, TraceRequest(blobs={blob: [finding()]}), pushed).finding(blob, 0).introduced is None
