"""The rule files and trees that ``bench.rules_fuzz`` makes: the same for a seed, and akpatrol reads all of them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from bench import rules_cases

from akpatrol.detect.engine import Engine
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(8))
def test_cases(tmp_path: Path, seed: int) -> None:
    case = rules_cases.case(Random(seed))
    assert case == rules_cases.case(Random(seed))
    file, tree = case.write(tmp_path)
    rules = rule_file.load([file])
    assert len(rules.rules) + len(rules.path_rules) > 2
    engine = Engine(rules, "automaton")
    for path, data in case.tree.items():
        assert (tree / path).read_bytes() == data
        engine.scan(data, path=path.encode())
