"""What a report is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.compare.labels import labelled
from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("sources", "labels"),
    [
        (["a.json", "out/b.json"], ["a.json", "b.json"]),
        (["one/r.json", "two/r.json"], ["one/r.json", "two/r.json"]),
        (["x/one/r.json", "y/one/r.json"], ["x/one/r.json", "y/one/r.json"]),
        (["/r.json", "x/r.json"], ["/r.json", "x/r.json"]),
        (["old=r.json", "new=r.json"], ["old", "new"]),
        (["-", "r.json"], ["standard input", "r.json"]),
        (["piped=-", "r.json"], ["piped", "r.json"]),
    ],
)
def test_labels(sources: list[str], labels: list[str]) -> None:
    assert [label for label, _ in labelled(sources)] == labels


def test_a_file_with_an_equals_sign(tmp_path: Path) -> None:
    file = tmp_path / "a=b.json"
    file.touch()
    assert labelled([str(file), "x=y"]) == [("a=b.json", str(file)), ("x", "y")]


@pytest.mark.parametrize("sources", [["r.json", "r.json"], ["a=r.json", "a=s.json"], ["-", "-"]])
def test_two_of_one_name(sources: list[str]) -> None:
    with pytest.raises(UsageError, match="two reports have this name"):
        labelled(sources)
