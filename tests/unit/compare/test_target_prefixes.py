"""What stands before the paths of a report of several targets."""

from __future__ import annotations

import pytest

from akpatrol.compare.paths import aligned
from akpatrol.compare.rows import NamedReport, ReportFacts, ReportRow

_ROOTS = {"api/": "/srv/team/api", "web/": "/srv/team/web"}
_COMMIT = "c" * 40


def _rows(*paths: str, commit: str | None = None) -> tuple[ReportRow, ...]:
    """The secret of a file is that of the target in its path, so that both have files of one name."""
    return tuple(
        ReportRow(
            "rule",
            path,
            1,
            frozenset({"sha256:api" if "api" in path or "web" not in path else "sha256:web"}),
            commit=commit,
        )
        for path in paths
    )


def _sweep(roots: dict[str, str], commit: str | None = _COMMIT) -> NamedReport:
    paths = [f"{prefix}src/a.py" for prefix in roots]
    return NamedReport("sweep", ReportFacts("akpatrol sweep", prefixes=roots), _rows(*paths, commit=commit))


def _paths(reports: list[NamedReport]) -> list[list[str | None]]:
    return [[row.path for row in report.rows] for report in reports]


@pytest.mark.parametrize("commit", [_COMMIT, None])
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["src/a.py"], ["src/a.py", "web/src/a.py"]),
        (["api/src/a.py", "web/src/a.py"], ["api/src/a.py", "web/src/a.py"]),
        (["team/api/src/a.py", "team/web/src/a.py"], ["team/api/src/a.py", "team/web/src/a.py"]),
        (["/srv/team/web/src/a.py"], ["api/src/a.py", "/srv/team/web/src/a.py"]),
        (["elsewhere/b.py"], ["api/src/a.py", "web/src/a.py"]),
    ],
)
def test_one_target_or_all_of_them(theirs: list[str], ours: list[str], commit: str | None) -> None:
    other = NamedReport("other", ReportFacts("gitleaks"), _rows(*theirs))
    for order in (1, -1):
        reports = [other, _sweep(_ROOTS, commit)][::order]
        assert _paths(aligned(reports)[::order]) == [theirs, ours]


def test_a_checkout_of_another_name() -> None:
    other = NamedReport("other", ReportFacts("gitleaks"), _rows("/home/ada/checkout/src/a.py"))
    assert _paths(aligned([other, _sweep(_ROOTS)])) == [["src/a.py"], ["src/a.py", "web/src/a.py"]]


def test_roots_of_one_name() -> None:
    roots = {"/a/api/": "/a/api", "/b/api/": "/b/api"}
    other = NamedReport("other", ReportFacts("gitleaks"), _rows("a/api/src/a.py", "b/api/src/a.py"))
    assert _paths(aligned([other, _sweep(roots)])) == [["a/api/src/a.py", "b/api/src/a.py"]] * 2


def test_former_paths_of_a_content() -> None:
    (row,) = _rows("api/src/a.py", commit=_COMMIT)
    sweep = _sweep(_ROOTS)._replace(rows=(row._replace(others=("api/src/a.py", "api/b.py")),))
    other = NamedReport("other", ReportFacts("gitleaks"), _rows("src/a.py"))
    assert aligned([other, sweep])[1].rows[0].others == ("src/a.py", "b.py")
