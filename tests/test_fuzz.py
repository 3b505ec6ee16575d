"""The fuzzer's targets at work: a few cases of each, the same in every run. ``python -m bench.fuzz`` goes on."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from bench.forms.writers import MissingError
from bench.fuzz_target import Violation
from bench.fuzz_targets import TARGETS
from bench.mutate import mutated

if TYPE_CHECKING:
    from pathlib import Path

_CASES = 12


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    try:
        target = TARGETS[name](tmp_path)
    except MissingError as error:
        pytest.skip(str(error))
    rng = Random(name)
    for number in range(_CASES):
        target.run(mutated(rng, rng.choice(target.seeds), rng.choice(target.seeds)), number)


def test_a_crash_is_a_violation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = TARGETS["configuration"](tmp_path)
    monkeypatch.setattr("akpatrol.config.configuration_file.load", lambda *_, **__: 1 / 0)
    with pytest.raises(Violation, match="exit 4"):
        target.run(b"", 0)


def test_the_same_seed_makes_the_same_cases() -> None:
    def cases() -> list[bytes]:
        rng = Random(7)
        return [mutated(rng, b'{"a": [1, 2.5]}\n' * 9, b"other bytes") for _ in range(200)]

    assert cases() == cases()
    assert len(set(cases())) > 150
