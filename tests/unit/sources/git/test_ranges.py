"""Ranges as a person writes them and as hooks and CI ask for them, against the commits that git lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.sources.git import ranges
from tests.objects import git_of

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.sources.git.ranges import Range
    from tests.repositories import Repository

_ZEROS = "0" * 40
_GITLAB = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "topic"}
_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}
_GRAPH = {"left": ["root"], "right": ["root"], "merge": ["left", "right"], "other": ["right", "left"], "alone": []}
_ENDS = "root merge,merge root,left right,merge other,left merge,root root,alone merge,root alone, merge,left "


def _resolved(repo: Repository, wanted: str = "auto", **environment: str) -> Range:
    return ranges.resolve(git_of(repo), wanted, environment)


def _commits(repo: Repository, found: Range) -> set[str]:
    return set(repo.git("rev-list", *found.revisions).split()) if found.revisions else set()


def _ids(repo: Repository, *names: str) -> set[str]:
    return {repo.id(name) for name in names}


def _pushed(repo: Repository, before: str, after: str, **variables: str) -> Range:
    """Return what GitLab asks for after a push of the branch topic."""
    return _resolved(repo, **{**_GITLAB, "CI_COMMIT_BEFORE_SHA": before, "CI_COMMIT_SHA": after, **variables})


@pytest.fixture
def graph(repo: Repository) -> Repository:
    """Return a root, two sides of it that merged each other, and an unrelated root, as tags."""
    repo.commit()
    repo.git("tag", "root")
    for name, parents in _GRAPH.items():
        words = (word for parent in parents for word in ("-p", parent))
        repo.git("tag", name, repo.git("commit-tree", *words, "-m", name, "HEAD^{tree}"))
    return repo


@pytest.mark.parametrize("dots", ["..", "..."])
@pytest.mark.parametrize("ends", _ENDS.split(","))
def test_a_written_range_is_the_commits_that_git_lists(graph: Repository, ends: str, dots: str) -> None:
    found = _resolved(graph, ends.replace(" ", dots))
    assert _commits(graph, found) == set(graph.git("rev-list", ends.replace(" ", dots)).split())
    assert (found.tags, found.skips, found.open) == ((), (), True)


@pytest.mark.parametrize("zeros", ["0" * 40, "0" * 64])
def test_a_range_from_zeros_is_what_no_other_remote_branch_holds(graph: Repository, zeros: str) -> None:
    graph.git("update-ref", "refs/remotes/origin/main", "left")
    assert _commits(graph, _resolved(graph, f"{zeros}..merge")) == _ids(graph, "merge", "right")
    graph.git("update-ref", "refs/remotes/origin/new", "merge")
    assert graph.id("merge") in _commits(graph, _resolved(graph, f"{zeros}..merge"))


@pytest.mark.parametrize("wanted", ["HEAD", "main", "", "."])
def test_what_has_no_dots_is_refused(graph: Repository, wanted: str) -> None:
    with pytest.raises(UsageError, match="not a range"):
        _resolved(graph, wanted)


@pytest.mark.parametrize("wanted", ["none..HEAD", "HEAD..none", "HEAD...none", "HEAD^{tree}..HEAD", "root..--all"])
def test_what_names_no_commit_is_refused(graph: Repository, wanted: str) -> None:
    with pytest.raises(UsageError, match="is not a commit"):
        _resolved(graph, wanted)


def test_tags_that_name_the_end_are_in_the_range_outermost_first(graph: Repository) -> None:
    graph.git("tag", "-a", "-m", "inner", "inner", "merge")
    graph.git("tag", "-a", "-m", "outer", "outer", "inner")
    graph.git("tag", "-a", "-m", "start", "start", "root")
    expected = (graph.id("outer"), graph.id("inner"))
    for wanted in ("start..outer", "start...outer", f"{_ZEROS}..outer"):
        found = _resolved(graph, wanted)
        assert found.tags == expected
        assert graph.id("merge") in _commits(graph, found)
    assert _resolved(graph, "start..merge").tags == ()
    assert _resolved(graph, PRE_COMMIT_TO_REF="outer").tags == expected


def test_a_missing_start_or_end_is_a_skip_and_an_end_that_is_there_is_in_the_range(repo: Repository) -> None:
    first = repo.commit()
    lost = repo.git("commit-tree", "-m", "lost", "HEAD^{tree}")
    repo.git("update-ref", "refs/heads/gone", lost)
    repo.loose(lost).unlink()
    repo.git("tag", "-a", "-m", "end", "v1")
    for wanted, revisions, tags in (("gone..v1", (first,), (repo.id("v1"),)), ("v1..gone", (), ())):
        found = _resolved(repo, wanted)
        assert [(skip.item, "named by gone" in skip.reason) for skip in found.skips] == [(lost, True)]
        assert (found.revisions, found.tags, found.open) == (revisions, tags, False)


def test_a_missing_id_is_a_skip_only_where_the_store_is_damaged(repo: Repository) -> None:
    repo.commit()
    wanted = f"{'a' * 40}..HEAD"
    with pytest.raises(UsageError, match="not a commit"):
        _resolved(repo, wanted)
    (repo.git_dir / "objects/pack/pack-lone.pack").touch()
    (skip,) = _resolved(repo, wanted).skips
    assert (skip.item, "pack-lone.pack: pack without an index" in skip.reason) == ("a" * 40, True)


def test_auto_takes_what_pre_commit_gives_before_ci(graph: Repository) -> None:
    ci = {**_GITLAB, "CI_COMMIT_BEFORE_SHA": graph.id("root"), "CI_COMMIT_SHA": graph.id("left")}
    both = _resolved(graph, PRE_COMMIT_FROM_REF="root", PRE_COMMIT_TO_REF="right", **ci)
    assert (_commits(graph, both), both.note) == (_ids(graph, "right"), "")
    assert _commits(graph, _resolved(graph, PRE_COMMIT_LOCAL_BRANCH="right", **ci)) == _ids(graph, "right", "root")
    assert _resolved(graph, PRE_COMMIT_TO_REF="right", **ci).note == ""
    assert _commits(graph, _resolved(graph, PRE_COMMIT_FROM_REF="root", **ci)) == _ids(graph, "left")


def test_auto_is_what_no_remote_holds_of_head_and_branches(graph: Repository) -> None:
    graph.git("checkout", "-q", "--detach", "merge")
    graph.git("branch", "topic", "alone")
    graph.git("update-ref", "refs/remotes/origin/main", "left")
    assert _commits(graph, _resolved(graph)) == _ids(graph, "merge", "right", "alone")
    assert _resolved(graph, PRE_COMMIT_LOCAL_BRANCH="topic").revisions == (graph.id("alone"), "--not", "--remotes")


def test_before_the_first_commit_there_is_nothing(repo: Repository) -> None:
    assert not ranges.has_commits(git_of(repo))
    assert _commits(repo, _resolved(repo)) == set()
    found = _resolved(repo, GITLAB_CI="true")
    assert ([skip.item for skip in found.skips], found.revisions) == (["HEAD"], ())
    repo.commit()
    assert ranges.has_commits(git_of(repo))
    assert _resolved(repo, GITLAB_CI="true")[:3] == (("HEAD",), (), ())


def test_ci_scans_since_the_start_that_it_names(graph: Repository) -> None:
    found = _pushed(graph, graph.id("left"), graph.id("merge"))
    assert _commits(graph, found) == _ids(graph, "merge", "right")
    assert found.note.endswith(f"since {graph.id('left')[:12]}")
    assert (found.trunk, found.open, found.skips) == ("refs/remotes/origin/main", False, ())
    assert _pushed(graph, graph.id("left"), graph.id("merge"), CI_COMMIT_BRANCH="main").trunk == ""


def test_ci_scans_a_new_branch_since_the_default_branch_or_what_others_hold(graph: Repository) -> None:
    graph.git("update-ref", "refs/remotes/origin/topic", "right")
    graph.git("update-ref", b"refs/remotes/origin/caf\xe9", "left")
    graph.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic")
    assert _commits(graph, _pushed(graph, _ZEROS, graph.id("merge"))) == _ids(graph, "merge", "right")
    graph.git("update-ref", "refs/remotes/origin/main", "root")
    for before in (_ZEROS, "a" * 40):  # a new branch, and a forced push
        assert _commits(graph, _pushed(graph, before, graph.id("merge"))) == _ids(graph, "merge", "left", "right")
    found = _pushed(graph, _ZEROS, graph.id("merge"), CI_COMMIT_BRANCH="main")
    assert (len(_commits(graph, found)), found.open) == (4, True)


def test_a_pushed_tag_is_in_the_range_with_what_no_remote_holds(graph: Repository) -> None:
    graph.git("tag", "-a", "-m", "one", "v1", "merge")
    graph.git("update-ref", "refs/remotes/origin/main", "merge")
    graph.git("update-ref", "refs/remotes/origin/next", "left")
    found = _pushed(graph, _ZEROS, graph.id("merge"), CI_COMMIT_BRANCH="", CI_COMMIT_TAG="v1")
    assert (found.tags, _commits(graph, found)) == ((graph.id("v1"),), _ids(graph, "merge", "right"))


def test_a_deleted_branch_is_no_commits(graph: Repository, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"after": _ZEROS}))
    found = _resolved(graph, **_GITHUB, GITHUB_EVENT_NAME="push", GITHUB_EVENT_PATH=f"{tmp_path}/event.json")
    assert (found.revisions, "the branch was deleted" in found.note) == ((), True)


def test_ci_skips_a_missing_head(graph: Repository) -> None:
    found = _pushed(graph, graph.id("left"), "a" * 40)
    assert ([skip.item for skip in found.skips], found.revisions, "GIT_DEPTH" in found.repair) == (["a" * 40], (), True)
    assert found.skips[0].reason.endswith(found.repair)


def test_ci_skips_a_start_that_a_shallow_clone_lacks(graph: Repository, tmp_path: Path) -> None:
    shallow = graph.clone(tmp_path / "shallow", "--depth=1", "--branch=merge")
    found = _pushed(shallow, graph.id("left"), graph.id("merge"), CI_COMMIT_BRANCH="main")
    assert [skip.item for skip in found.skips] == [graph.id("left")]
    assert (_commits(shallow, found), found.open) == (_ids(graph, "merge"), False)


def test_a_pull_request_is_its_head_and_merge_since_the_base_of_then(graph: Repository, tmp_path: Path) -> None:
    pull_request = {"base": {"sha": graph.id("root")}, "head": {"sha": graph.id("right")}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull_request}))
    github = {**_GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": f"{tmp_path}/event.json"}
    found = _resolved(graph, **github, GITHUB_SHA=graph.id("merge"))
    assert (_commits(graph, found), found.trunk) == (_ids(graph, "merge", "right"), "")
    found = _resolved(graph, **github, GITHUB_SHA=graph.id("other"))
    assert _commits(graph, found) == _ids(graph, "other", "left", "right")
