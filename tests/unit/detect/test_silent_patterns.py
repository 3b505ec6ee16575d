"""Patterns that an earlier run kept say of no content that it is silent, unless the prefilter reports nothing in it."""

from __future__ import annotations

import sys
from functools import cache
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.detect import silent_patterns
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from tests.corpus.table import FOUND
from tests.corpus.text import prose
from tests.credentials import organization_key

if TYPE_CHECKING:
    from akpatrol.detect.prefilter import Prefilter
    from akpatrol.detect.silent_patterns import SilentPatterns

pytest.importorskip("hyperscan")


class _Store:
    """A store in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def holds(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value


@cache
def _kept() -> tuple[Prefilter, SilentPatterns]:
    store = _Store()
    prefilter = Examiner(load(), Limits(), "hyperscan").engine.prefilter
    prefilter.keep_silent(store)
    patterns = silent_patterns.kept(store)
    assert patterns
    return prefilter, patterns


@cache
def _contents() -> list[bytes]:
    rng = Random(5)
    return [build(rng, organization_key(rng)).data for build in FOUND.values()]


@pytest.mark.parametrize("number", range(len(FOUND)))
def test_what_holds_a_credential_is_not_silent(number: int) -> None:
    prefilter, patterns = _kept()
    data = _contents()[number]
    assert not patterns.match_none(data) or not prefilter.search(data)


@given(st.lists(st.tuples(st.integers(0, len(FOUND) - 1), st.integers(0, 4096), st.integers(0, 256)), max_size=4))
def test_silent_is_what_the_prefilter_reports_nothing_in(pieces: list[tuple[int, int, int]]) -> None:
    prefilter, patterns = _kept()
    data = b"\n".join(_contents()[number][start : start + size] for number, start, size in pieces)
    assert not patterns.match_none(data) or not prefilter.search(data)


def test_text_and_code_are_silent() -> None:
    _, patterns = _kept()
    assert patterns.match_none(prose(Random(3), 4000).encode())
    assert patterns.match_none(b"def test(self):\n    return self._items[0] or {'a': 1}\n" * 40)
    assert patterns.match_none(b"")


def test_what_is_stored_for_another_program_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Store()
    assert silent_patterns.kept(store) is None
    assert [silent_patterns.are_wanted(store) for _ in range(3)] == [False, True, True]
    assert silent_patterns.kept(store) is None
    _kept()[0].keep_silent(store)
    assert silent_patterns.kept(store)
    monkeypatch.setattr(silent_patterns, "_PARTS", ("detect",))
    assert silent_patterns.kept(store) is None


def test_without_hyperscan_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Store()
    _kept()[0].keep_silent(store)
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert silent_patterns.kept(store) is None
