"""Users' rules in all of the data: each version of a text as if it were alone, and no more work than is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.engine import Engine
from akpatrol.detect.medium import Medium
from akpatrol.model.scan import Exposure
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse
from akpatrol.scan import work
from akpatrol.scan.work import Work

if TYPE_CHECKING:
    from akpatrol.model.scan import Match

pytest.importorskip("hyperscan")

_RULES = rb"""
[[rules]]
id = "acme"
regex = '''(?i)key\s{0,5}=\s{0,5}(acme_[0-9a-z]{20})'''
keywords = ["key"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ["for tests"]
[[rules.allowlists]]
condition = "AND"
regexes = ["0000"]
paths = ["^docs/"]
[[rules]]
id = "random"
regex = '''\b[a-z]{8,12}\b'''
entropy = 3.2
"""
_FAR = rb"""
[[rules]]
id = "far"
regex = '''far_[0-9a-z]{20}'''
keywords = ["elsewhere"]
[[rules]]
id = "spread"
regex = '''(?s)opening:.+closing:'''
keywords = ["opening"]
"""
_TOKEN = b"acme_" + b"0a1b2c3d4e" * 2
_LINE = b"key = " + _TOKEN + b"\n"
_FILLING = b"# nothing to see here at all\n" * 40


def _engine() -> Engine:
    return Engine(RuleSet(tuple(parse(_RULES, "f"))), "hyperscan")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return _engine()


def _found(engine: Engine, data: bytes, path: bytes | None = None) -> list[Match]:
    return [match for match in engine.scan(data, path=path) if match.rule_id == "acme"]


@pytest.mark.parametrize(
    "data",
    [
        _FILLING + _LINE,
        _FILLING + b"one more line\n" + _LINE,
        _FILLING + b"NEXT_PUBLIC_ACME_" + _LINE,
        _FILLING + b"NEXT_PUBLIC_" + b" " * 90 + _LINE,
        _FILLING + b"for tests, " + b"and so on " * 20 + _LINE,
        _FILLING + "\u017fchl\u00fc\u017f\u017fel\n".encode() + _LINE,
        _FILLING + b"\xff\n" + _LINE.upper(),
        _FILLING + _LINE.rstrip(),
        _FILLING + 3 * _LINE + _FILLING + _LINE,
    ],
)
@pytest.mark.parametrize("path", [None, b"docs/a", b"src/a"])
def test_versions_are_as_if_alone(engine: Engine, data: bytes, path: bytes | None) -> None:
    """The engine is the same for all of them, and has seen the window before."""
    _found(engine, _FILLING + _LINE, b"another")
    found = _found(engine, data, path)
    assert found == _found(_engine(), data, path)
    assert [match.secret.reveal() for match in found] == [data[match.start : match.end] for match in found]
    assert all(match.secret.reveal().startswith((match.secret.shown or "?").encode()) for match in found)


def test_a_name_outside_of_the_window_counts(engine: Engine) -> None:
    assert [match.exposure for match in _found(engine, _FILLING + _LINE)] == [None]
    (named,) = _found(engine, _FILLING + b"NEXT_PUBLIC_" + _LINE)
    assert named.exposure is Exposure.BROWSER


def test_an_allowlist_of_lines_sees_the_whole_line(engine: Engine) -> None:
    assert len(_found(engine, _FILLING + _LINE)) == 1
    assert not _found(engine, _FILLING + b"for tests" + b"." * 500 + _LINE)


def test_no_secret_is_kept(engine: Engine) -> None:
    found = _found(engine, _FILLING + _LINE)
    windows = engine._confirmation._in_whole._windows
    kept = [
        match for each in windows.values() if each for window in each._known.values() for match in window.judged or ()
    ]
    assert found
    assert {match.secret.reveal() for match in kept} == {b""}


def test_rejected_matches_are_work(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that matches everything stops, and says so; the shipped rules have their work left."""
    words = b" ".join(b"aaaaaaaa%c" % (97 + number % 26) for number in range(2000))
    monkeypatch.setattr(work, "_LEAST_STEPS", 100 * work.REJECTED)
    for data, is_over in ((words[:500], False), (words, True)):
        spent = Work()
        before = spent.left
        result = engine.prefiltered(data)
        assert not engine.confirm(Medium(data), result, (0, len(data)), None, Outer(spent))
        assert (spent.over, spent.left) == (is_over, before)


@pytest.mark.parametrize("filling", [b"", _FILLING])
def test_a_keyword_anywhere_counts(filling: bytes) -> None:
    """It is asked for only where a window holds a credential; whether it is there decides what else is masked."""
    engine = Engine(RuleSet(tuple(parse(_FAR, "f"))), "hyperscan")
    line = b"x = far_" + b"0a1b2c3d4e" * 2 + b"\n"
    assert not engine.scan(filling + line)
    assert [match.rule_id for match in engine.scan(filling + line + b"Elsewhere")] == ["far"]
    assert not engine.scan(filling + line)


def test_texts_of_a_pattern_without_bounds() -> None:
    engine = Engine(RuleSet(tuple(parse(_FAR, "f"))), "hyperscan")
    assert not engine.scan(_FILLING + b"closing:\nOPENING: opening\n")
    assert len(engine.scan(_FILLING + b"opening: it and\nclosing: it\n")) == 1
