"""Cached compiled patterns behave as those that were just compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.keywords import Keywords
from akpatrol.detect.prefilter import Prefilter
from akpatrol.rules.rule_file import load, parse
from akpatrol.unwrap.encodings.registry import decoder

patterns = pytest.importorskip("akpatrol.detect.hyperscan_patterns")

if TYPE_CHECKING:
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.rules.rule import Rule


class _Store(dict[str, bytes]):
    def holds(self, key: str) -> bool:
        return key in self

    def put(self, key: str, value: bytes) -> None:
        self[key] = value


def _prefilter(store: _Store, rules: tuple[Rule, ...] | None = None) -> Prefilter:
    rules = load().rules if rules is None else rules
    prefilter = Prefilter(rules, Keywords(rules), "hyperscan", decoder().triggers)
    prefilter.keep_in(store)
    return prefilter


def _compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(patterns, "database", fail)


def _observed(result: PrefilterResult) -> object:
    return result.ends, result.rules, result.fired


def test_the_second_run_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Store()
    text = b"ak_abcd cGF0X " + b"WVd0ZlkzSmxaR1Z1ZEdsaGJDQnBiaUJpWVhObE5qUWdkSGRwWTJV" * 3
    first = _observed(_prefilter(store).search(text))
    _compiles_nothing(monkeypatch)
    assert _observed(_prefilter(store).search(text)) == first
    assert len(store) == 1


def test_little_more_than_a_file_waits_for_no_compiling() -> None:
    """Kept patterns answer after 16 KiB; without any, the automaton goes on."""
    store = _Store()
    rules = load().rules
    answers = []
    for _ in range(2):
        prefilter = Prefilter(rules, Keywords(rules), triggers=decoder().triggers)
        prefilter.keep_in(store)
        prefilter.search(bytes(16 << 10))
        answers.append(prefilter.compiled() is not None)
        _prefilter(store).search(b"")
    assert answers == [False, True]


@pytest.fixture(scope="module")
def prefilters() -> tuple[Prefilter, Prefilter]:
    """Return a prefilter that compiled its patterns and one that took them from a store."""
    store = _Store()
    both = _prefilter(store), _prefilter(store)
    for prefilter in both:
        prefilter.search(b"")
    return both


@given(
    st.lists(
        st.sampled_from(
            [b"ak_", b"pat_", b"\n", b" ", b"cGF0X", b"616b5f", b"%5F", rb"\x5f", b"a\0k\0_\0", b"Zm9v" * 20]
        )
        | st.binary(max_size=20)
    ).map(b"".join)
)
def test_both_report_the_same(prefilters: tuple[Prefilter, Prefilter], data: bytes) -> None:
    one, other = prefilters
    assert _observed(one.search(data)) == _observed(other.search(data))


def test_other_rules_are_other_patterns() -> None:
    store = _Store()
    rules = tuple(parse(b"[[rules]]\nid = 'a'\nregex = 'needle'\n", "f"))
    _prefilter(store).search(b"")
    assert _prefilter(store, rules).search(b"a needle").rules == {0}
    assert len(store) == 2


def test_what_is_of_no_use_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Store()
    _prefilter(store).search(b"")
    (key,) = store
    good = store[key]
    for bad in (b"nonsense", good[:100], good[:8] + bytes(len(good) - 8), (8).to_bytes(8) + b"x" * 8):
        store[key] = bad
        assert _prefilter(store).search(b"ak_abcd").ends == [7]
        assert len(store[key]) == len(good)
    _compiles_nothing(monkeypatch)
    assert _prefilter(store).search(b"ak_abcd").ends == [7]


def test_rules_that_hyperscan_cannot_compile_are_not_kept() -> None:
    store = _Store()
    rules = tuple(parse(b"[[rules]]\nid = 'a'\nregex = '(?:a\\z|b$)c'\n", "f"))
    assert _prefilter(store, rules).search(b"nothing").rules == {0}
    assert not store


@pytest.mark.parametrize("flood", [0, 20_000])
def test_bytes_of_the_pattern_that_belongs_to_no_rule(flood: int) -> None:
    """A kept database holds them, and a home directory's cache holds such a database."""
    inert = bytes.fromhex("ff00fe35fd00fe")
    rules = load().rules
    data = b"ak_" * flood + (b"x" * 100 + inert) * 50 + b" ak_abcd"
    without = data.replace(inert, b"x" * len(inert))
    assert _observed(_prefilter(_Store(), rules).search(data)) == _observed(_prefilter(_Store(), rules).search(without))
