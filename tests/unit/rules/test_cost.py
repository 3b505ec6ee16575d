"""What rules cost and find on a sample, and the advice that follows; times themselves are not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.rules.cost import costs, sample
from akpatrol.rules.rule import Rule

if TYPE_CHECKING:
    from pathlib import Path


def test_findings_and_advice(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("acme_0123 acme_4567 " * 10)
    (tmp_path / "b").write_text("text of no interest\n" * 1000)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c").write_text("acme_0123")
    rules = [
        Rule("good", "", "acme_0[0-9]{3}", keywords=("acme_",)),
        Rule("bare", "", "(?i)acme_4[0-9]{3}"),
        Rule("broad", "", "[a-z]{4,}", keywords=("text",)),
        Rule("gated", "", "nowhere", keywords=("nowhere",)),
        Rule("any", "", "q|[0-9]{5}"),
        Rule("filtered", "", "acme_[0-9]{4}", keywords=("acme_",), entropy=9.0),
    ]
    measured = sample(str(tmp_path))
    assert measured.size == 200 + 20_000
    found = {cost.rule_id: cost for cost in costs(rules, measured)}
    assert {name: cost.findings for name, cost in found.items()} == {
        "good": 10,
        "bare": 10,
        "broad": 2000,
        "gated": 0,
        "any": 0,
        "filtered": 0,
    }
    assert found["gated"].advice == found["filtered"].advice == ()
    assert found["bare"].advice[0].startswith("no keywords; its pattern always has ")
    assert found["broad"].advice == ("its pattern matches ordinary text", "it finds too much to be secrets")
    assert found["any"].advice == ("no keywords", "its pattern matches ordinary text")
    assert all(cost.seconds >= 0 for cost in found.values())


def test_the_most_expensive_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 100_000)
    seconds = [cost.seconds for cost in costs([Rule("a", "", "y"), Rule("b", "", "(x+x+)+y")], sample(str(tmp_path)))]
    assert seconds == sorted(seconds, reverse=True)


def test_a_sample(tmp_path: Path) -> None:
    assert sample(None).size > 1 << 20
    (tmp_path / "a").write_text("x")
    assert sample(str(tmp_path / "a")).files == (b"x",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds nothing"):
        sample(str(tmp_path / "empty"))
