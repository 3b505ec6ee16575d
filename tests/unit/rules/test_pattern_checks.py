"""Which patterns RE2 accepts is kept from run to run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.rules import pattern_checks
from akpatrol.rules.pattern_checks import PatternChecks
from akpatrol.rules.re2_patterns import PatternError
from akpatrol.rules.rule_file import load

if TYPE_CHECKING:
    from pathlib import Path


class _Store:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str, /) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value


def _refuse(_pattern: str) -> None:
    raise AssertionError


def test_a_second_run_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _Store()
    checks = PatternChecks(store, [b"rules"])
    checks.check("a+")
    with pytest.raises(PatternError, match="missing"):
        checks.check("a(")
    checks.keep()
    monkeypatch.setattr(pattern_checks, "compiled", _refuse)
    again = PatternChecks(store, [b"rules"])
    again.check("a+")
    with pytest.raises(PatternError, match="missing"):
        again.check("a(")
    with pytest.raises(AssertionError):
        again.check("b")
    with pytest.raises(AssertionError):
        PatternChecks(store, [b"other rules"]).check("a+")


def test_a_second_run_parses_nothing() -> None:
    def refuse(_content: bytes) -> dict[str, Any]:
        raise AssertionError

    store = _Store()
    checks = PatternChecks(store, [b"rules"])
    parsed = {"rules": [{"id": "a", "entropy": 3.5}], "title": "\u00e9"}
    assert checks.document(b"rules", lambda _: parsed) is parsed
    checks.document(b"dated", lambda _: {"since": date(2026, 1, 1)})
    checks.keep()
    again = PatternChecks(store, [b"rules"])
    assert again.document(b"rules", refuse) == parsed
    for content in (b"dated", b"other"):
        with pytest.raises(AssertionError):
            again.document(content, refuse)


@pytest.mark.parametrize("value", [b"", b"[", b"[1]", b'{"a": 1}', b"[{}, 1]", b'[{"a": 1}, {}]'])
def test_a_damaged_value_is_none(value: bytes) -> None:
    store = _Store()
    PatternChecks(store).keep()
    assert not store.values
    checks = PatternChecks(store)
    checks.check("a")
    checks.keep()
    store.values = dict.fromkeys(store.values, value)
    PatternChecks(store).check("a")


def test_rules_are_the_same_with_and_without_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("[[rules]]\nid = 'a'\nregex = 'a'\n[[rules]]\nid = 'b'\nregex = 'b('\n")
    store = _Store()
    first, second = (load([tmp_path / "r.toml"], store=store) for _ in range(2))
    assert first == second
    assert [entry.rule for entry in second.left_out] == ["b"]
    assert len(store.values) == 1
