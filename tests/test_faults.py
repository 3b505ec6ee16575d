"""A sample of the faults that ``bench.faults`` does to a repository, each run within this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench import fault_run
from bench.fault_cases import Case, Done, Outcome, cases, flaw, sampled
from bench.fault_repository import build

from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner

if TYPE_CHECKING:
    from pathlib import Path

    from bench.fault_repository import Built

_SAMPLE, _PARTS = 500, 10


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def built(top: Path) -> Built:
    return build(top)


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    # At once, not after the first mebibyte: contents do not differ from case to case.
    return Examiner(load(), prefilter="hyperscan")


def test_nothing_is_lost_without_a_fault(top: Path, built: Built, examiner: Examiner) -> None:
    outcome = fault_run.run(top, examiner)
    assert (outcome.code, outcome.told) == (1, ())
    assert outcome.found == frozenset(plant.digest for plant in built.plants)
    kinds = {Case(file, "").kind for file in built.files}
    assert kinds >= {
        "pack: bitmap",
        "pack: multi-pack-index",
        "objects/info: alternates",
        "loose object",
        "reflog",
        "ref",
    }
    assert sum(file.endswith(".pack") for file in built.files) == 3


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_found_or_told(top: Path, built: Built, examiner: Examiner, part: int) -> None:
    flaws = {}
    for case in sampled(list(cases(top, built)), _SAMPLE)[part::_PARTS]:
        with Done(case, top, built):
            if found := flaw(case, built, fault_run.run(top, examiner)):
                flaws[str(case)] = found
    assert not flaws


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome(None), "did not end"),
        (Outcome(4), "exit 4"),
        (Outcome(2), "cause"),
        (Outcome(0), "report"),
        (Outcome(0, frozenset()), "lost"),
        (Outcome(3, frozenset(), ("objects/pack/another.pack damaged",)), "lost"),
    ],
)
def test_what_is_a_violation(built: Built, outcome: Outcome, word: str) -> None:
    (pack,) = [file for file in built.files if file.endswith(".bitmap")]
    case = Case(pack.replace(".bitmap", ".pack"), "flip", 20)
    assert word in flaw(case, built, outcome)
    everything = frozenset(plant.digest for plant in built.plants)
    assert not flaw(case, built, Outcome(1, everything))
    assert not flaw(case, built, Outcome(3, frozenset(), (f"{built.named[case.file][0]} damaged",)))
