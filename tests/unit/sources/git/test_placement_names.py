"""Raw findings in the names of files: the entry of a tree that holds one, and every path that ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State
from akpatrol.sources.git import placement
from tests.objects import git_of
from tests.tracing import finding

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence, RawFinding
    from tests.repositories import Repository


def placed(repo: Repository, *hits: RawFinding) -> list[Occurrence]:
    return [one for _, one in placement.place(git_of(repo), hits)]


def test_a_name_in_trees_is_one_place_at_all_its_paths(repo: Repository) -> None:
    repo.commit_file("one/aab/file", "1")
    repo.commit_file("two/aab/other", "2")
    trees = [repo.id("HEAD:one"), repo.id("HEAD:two")]
    hits = [finding(id_, Place.PATH, repo.raw("cat-file", "tree", id_).index(b"aab") + 1) for id_ in trees]
    (one,) = placed(repo, *hits)
    assert (one.path, one.paths, one.object) == (b"one/aab", (b"one/aab", b"two/aab"), min(trees))
    assert (one.offset, one.line, one.state, one.context) == (1, None, State.PRESENT, ("a", hits[0].match.secret, "b"))
    repo.remove("one")
    assert [one.state for one in placed(repo, *hits)] == [State.PRESENT]
    repo.remove("two")
    assert [one.state for one in placed(repo, *hits)] == [State.REMOVED]


def test_a_name_without_a_tree_ends_with_its_own_component(repo: Repository) -> None:
    repo.write("other/name", "2")
    added = repo.commit_file("dir/name/file", "1")
    ((_, one),) = placement.place(git_of(repo), [finding(None, Place.PATH, 5, b"dir/name/file")], {added})
    assert one.introduced
    assert one.introduced.id == added
    assert (one.paths, one.state, one.context) == ((b"dir/name", b"other/name"), State.PRESENT, ("x",))


def test_each_name_of_a_tree_is_found_behind_ids_of_any_bytes(repo: Repository) -> None:
    spaces = "20" * 20  # the byte that ends a mode
    tree = repo.git("mktree", "--missing", stdin=f"100644 blob {spaces}\taab\n100644 blob {spaces}\tzab\n")
    raw = repo.raw("cat-file", "tree", tree)
    found = placed(repo, *(finding(tree, Place.PATH, raw.index(name)) for name in (b"aab", b"zab")))
    assert [(one.path, one.paths, one.offset) for one in found] == [(b"aab", (b"aab",), 0), (b"zab", (b"zab",), 0)]
