from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model.scan import State
from akpatrol.report import document, work_trees
from tests import reports

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence

KEY = reports.organization_key(reports.seeded(71))
COMMIT = reports.commit(reports.seeded(72))
REPOSITORY = reports.target(root="/src/shop")


def joined(*places: Occurrence, root: str = "/src/shop", kind: str = "directory") -> dict[str, Any]:
    targets = (REPOSITORY, reports.target(id="t2", kind=kind, root=root, remote=None))
    report = reports.report(reports.credential(KEY, *places), targets=targets)
    return dict(work_trees.with_repositories(document.build(report, reports.options(report))))


def found(view: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    places = view["credentials"][0]["occurrences"]
    return [(one["target"], one["path"], one["state"], work_trees.states(one)) for one in places]


def branch(**changes: Any) -> Occurrence:
    return reports.occurrence(
        KEY, **{"state": State.PRESENT, "introduced": COMMIT, "refs": ("refs/heads/main",)} | changes
    )


BOTH = "in the file now; in a branch's files now, reachable from main"


def test_a_file_and_its_branch_are_one_place_with_the_branch_s_commit() -> None:
    view = joined(branch(), reports.occurrence(KEY, target="t2"))
    assert found(view) == [("t1", "config/settings.py", "worktree", BOTH)]
    assert view["credentials"][0]["occurrences"][0]["introduced"]["id"] == COMMIT.id
    assert view["summary"]["occurrences"] == 1
    assert [target["id"] for target in view["scan"]["targets"]] == ["t1"]


def test_a_file_belongs_to_the_innermost_repository_around_it() -> None:
    view = joined(branch(), reports.occurrence(KEY, target="t2", path=b"shop/config/settings.py"), root="/src")
    assert found(view) == [("t1", "config/settings.py", "worktree", BOTH)]
    assert [target["id"] for target in view["scan"]["targets"]] == ["t1", "t2"]
    beside = joined(branch(), reports.occurrence(KEY, target="t2", path=b"shop2/a.py"), root="/src")
    assert ("t2", "shop2/a.py", "worktree", "in the file now") in found(beside)


def test_a_file_that_is_a_target_itself_belongs_to_its_repository_too() -> None:
    view = joined(
        branch(), reports.occurrence(KEY, target="t2", path=b"settings.py"), root="/src/shop/config/s.py", kind="file"
    )
    assert found(view) == [("t1", "config/settings.py", "worktree", BOTH)]


def test_each_place_is_joined_once_and_by_its_line_where_there_is_one() -> None:
    files = [reports.occurrence(KEY, target="t2", line=line) for line in (12, 40)]
    view = joined(branch(line=40), branch(line=12), *files)
    assert found(view) == [("t1", "config/settings.py", "worktree", BOTH)] * 2
    lines = [one["line"] for one in view["credentials"][0]["occurrences"]]
    assert sorted(lines) == [12, 40]


def test_what_only_one_of_both_holds_stays() -> None:
    gone = branch(state=State.REMOVED, removed=COMMIT)
    view = joined(gone, reports.occurrence(KEY, target="t2"))
    assert [place[2] for place in found(view)] == ["worktree", "removed"]
    assert found(view)[0] == ("t1", "config/settings.py", "worktree", "in the file now")


def test_a_report_without_work_trees_stays_as_it_is() -> None:
    report = reports.report(reports.credential(KEY))
    view = document.build(report, reports.options(report))
    assert work_trees.with_repositories(view) is view
