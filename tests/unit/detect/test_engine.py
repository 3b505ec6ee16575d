"""The stages composed: nothing hostile makes it fail, stall or find something else."""

from __future__ import annotations

import string
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.detect import sieve
from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.engine import Engine
from akpatrol.detect.judge import judge
from akpatrol.detect.medium import Medium
from akpatrol.model.scan import Confidence, Secret
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import load, parse
from akpatrol.scan.work import Work
from tests.credentials import organization_key, personal_access_token
from tests.floods import flood

if TYPE_CHECKING:
    from random import Random

    from akpatrol.detect.prefilter import PrefilterChoice

_PREFILTERS: tuple[PrefilterChoice, ...] = ("automaton", "hyperscan")


@pytest.fixture(scope="module", params=_PREFILTERS)
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(load(), request.param)


@pytest.mark.parametrize(
    "unit",
    [
        *(b"ak_", b"pat_", b"ak_a", b"pat_aaaa", b"pat_aaaa.", b"ak_aaaaa."),
        *(b" ak_aaaa.aaaaaaaaaaaaaaaa", b"\npat_" + b"a" * 20, b"\\n" * 5 + b"pat_"),
    ],
)
def test_what_repeats_is_judged_a_few_times(engine: Engine, unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be it in one word, in many, or in one line."""
    calls = _counted(monkeypatch)
    assert engine.scan(unit * ((1 << 18) // len(unit))) == []
    assert len(calls) < 500


def test_what_differs_is_judged_once_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _counted(monkeypatch)
    for joint in (b" ", b"\n", b"."):
        engine = Engine(load())
        for number in (500, 2000):
            calls.clear()
            misses = [b"ak_get_default_%05d.configuration_from_window_%05d" % (one, one) for one in range(number)]
            assert engine.scan(joint.join(misses)) == []
            assert len(calls) <= number + 2


def test_past_a_crowd_of_places_within_words_it_is_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(sieve, "MOST_REJECTED", 20)
    places = b".".join(b"ak_get_default_%05d.configuration_from_window_%05d" % (one, one) for one in range(50))
    work = Work()
    data = places + b"\1 " + key.encode()
    engine = Engine(load())
    found = engine.confirm(Medium(data), engine.prefiltered(data), (0, len(data)), None, Outer(work))
    assert work.over
    assert [match.secret for match in found] == [Secret(key.encode())]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    real = judge

    def counting(*given: Any) -> Any:
        calls.append(given[2])
        return real(*given)

    monkeypatch.setattr(sieve, "judge", counting)
    return calls


def test_flood_does_not_hide_a_credential(
    engine: Engine, key: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood(monkeypatch, 100)
    data = b"ak_zzzz " * 500 + key.encode() + b" ak_zzzz" * 500 + b" " + token.encode()
    assert [match.secret for match in engine.scan(data)] == [Secret(key.encode()), Secret(token.encode())]


def test_every_offset_in_the_first_windows(engine: Engine, key: str) -> None:
    for before in [*range(30), *range(1000, 1060), *range(2030, 2070), *range(3050, 3110)]:
        (match,) = engine.scan(b" " * before + key.encode() + b" " * 40)
        assert (match.start, match.end) == (before, before + len(key))


def test_neighbouring_windows(engine: Engine, rng: Random) -> None:
    """At any distance between two credentials each is found once."""
    one, two = organization_key(rng).encode(), personal_access_token(rng).encode()
    for distance in [1, 2, 500, 1000, 1023, 1024, 1025, 2000, 2047, 2048, 2049, 3000, 3072, 3073, 5000]:
        found = engine.scan(one + b"\n" * distance + two)
        assert [match.secret.reveal() for match in found] == [one, two]


def test_range(engine: Engine, key: str) -> None:
    data = b"  " + key.encode()
    assert len(engine.scan(data, 2, 3)) == 1
    assert engine.scan(data, 0, 2) == engine.scan(data, 3) == []


def test_placeholders_are_no_credentials(engine: Engine) -> None:
    """All one character, counted, or saying so: nothing of at least medium confidence."""
    letters = string.ascii_lowercase
    texts = [
        f"ak_{letters[:12]}.{letters}{letters[:6]}",
        "pat_" + "x" * 40,
        "pat_" + "0123456789" * 4,
        "ak_your_key_id.your_secret_key_here_please",
    ]
    for text, frame in product(texts, ("{}", '"{}"', "KEY={}\n")):
        assert [m for m in engine.scan(frame.format(text).encode()) if m.confidence >= Confidence.MEDIUM] == []


def test_same_scan_twice_is_the_same(engine: Engine, key: str) -> None:
    """Nothing is kept from one call to the next."""
    data = key.encode() + b"\n" + key.encode()
    assert engine.scan(data) == engine.scan(data)
    assert engine.scan(b"clean") == []


def test_without_rules() -> None:
    for choice in _PREFILTERS:
        assert Engine(RuleSet(()), choice).scan(b"anything" * 1000) == []


def test_switch_to_hyperscan_finds_the_same(key: str) -> None:
    pytest.importorskip("hyperscan")
    engine = Engine(load())
    data = key.encode() + b"\n" * 400_000
    found = [engine.scan(data) for _ in range(5)]
    assert engine.prefilter.compiled()  # waits for what compiles beside
    found.append(engine.scan(data))
    assert all(each == found[0] for each in found)


def test_rules_with_a_path_ask_for_one() -> None:
    rules = RuleSet(tuple(parse(b"[[rules]]\nid = 'x'\nregex = 'secret=(\\w+)'\npath = '\\.env$'\n", "f")))
    for choice in _PREFILTERS:
        engine = Engine(rules, choice)
        assert [len(engine.scan(b"secret=abc", path=path)) for path in (b"a/.env", b"a/.envrc", None)] == [1, 0, 1]
        assert [engine.admits("x", paths) for paths in ((b"a/.env",), (b"b", b"a/.env"), (b"a/.envrc",), ())] == [
            True,
            True,
            False,
            False,
        ]


def test_a_flood_of_anchors_hides_no_other_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    flood(monkeypatch, 3)
    own = parse(b"[[rules]]\nid = 'x'\nregex = 'secret=(\\w+)'\n", "f")
    engine = Engine(RuleSet((*load().rules, *own)), "hyperscan")
    assert [match.rule_id for match in engine.scan(b"ak_abcd " * 10 + b"secret=abc")] == ["x"]


def test_one_allowlisted_path_does_not_hide_the_others() -> None:
    text = b"[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\npaths = ['^tests/']\n"
    engine = Engine(RuleSet(tuple(parse(text, "f"))), "automaton")
    assert not engine.admits("x", (b"tests/a",))
    assert engine.admits("x", (b"tests/a", b"src/a"))
    assert engine.admits("x", ())


def test_only_rules_whose_keyword_is_in_the_text_say_what_is_masked() -> None:
    rule = b"[[rules]]\nid = 'x'\nregex = 'zz-[a-z]{6}'\nkeywords = ['Vendor']\n"
    engine = Engine(RuleSet(tuple(parse(rule, "f"))), "automaton")
    text = b"zz-abcdef in a line, and far away\n" + b"." * 9000
    assert engine.candidates(text, 0, 40) == []
    for data in (text + b"VENDOR", b"the vendor: " + text):
        start = data.index(b"zz-")
        assert engine.candidates(data, 0, 60) == [(start, start + 9)]
