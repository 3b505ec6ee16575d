"""Generic rules beside specific ones: dropped where gitleaks drops them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect import generic_matches
from akpatrol.detect.engine import Engine
from akpatrol.detect.generic_matches import SecretsOfLine
from akpatrol.kinds import CUSTOM
from akpatrol.model.scan import Attribution, Chunk, Confidence, Match, Origin, Secret
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import parse
from tests.credentials import organization_key

_GENERIC = r"""
[[rules]]
id = "generic-api-key"
regex = '''(?:key|token)\s*[=:]\s*"?([\w.-]{10,150})'''
"""
_ACME = r"""
[[rules]]
id = "acme-token"
regex = '''acme_[0-9a-z]{20}'''
"""
_NOT_IN_TESTS = r"""
[[rules.allowlists]]
paths = ["^tests/"]
"""
_OURS = r"""
[[rules]]
id = "ours"
regex = '''ak_[0-9A-Za-z]{12}\.[0-9A-Za-z]{32}'''
[akpatrol.rules.ours]
kind = "organization_key"
"""
_TOKEN = "acme_" + "0a1b2" * 4


def _engine(*rules: str) -> Engine:
    return Engine(RuleSet(tuple(parse("".join(rules).encode(), "f"))), "automaton")


def _joined(engine: Engine, text: str, path: bytes | None = b"a", *, names: bool = False) -> list[Match]:
    chunk = Chunk(Origin("0", path=path), text.encode(), names=names)
    return engine.joined(chunk, engine.scan(chunk.data))


def _names(matches: list[Match]) -> list[tuple[str, ...]]:
    return [match.rule_ids for match in matches]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'key = "{_TOKEN}"', [("acme-token",)]),
        (f"key = {_TOKEN}; token = {_TOKEN}", [("acme-token",), ("acme-token",)]),
        (f"token: {_TOKEN[:12]} {_TOKEN}", [("acme-token",)]),
        (f"token: {_TOKEN[:12]}\n{_TOKEN}", [("generic-api-key",), ("acme-token",)]),
        (f"key =\n  {_TOKEN}", [("acme-token", "generic-api-key")]),
        (f"key = {_TOKEN}-and-more", [("acme-token", "generic-api-key")]),
        ("key = 0123456789abcdef", [("generic-api-key",)]),
    ],
)
def test_dropped_on_the_line_of_a_secret_that_holds_it(text: str, expected: list[tuple[str, ...]]) -> None:
    """The line is that on which a match starts: a name on the line above is another one."""
    assert _names(_joined(_engine(_GENERIC, _ACME), text)) == expected


def test_each_name_is_a_line_of_its_own() -> None:
    names = f"token={_TOKEN[:12]}\0{_TOKEN}"
    assert _names(_joined(_engine(_GENERIC, _ACME), names, names=True)) == [("generic-api-key",), ("acme-token",)]


def test_one_generic_rule_does_not_drop_another() -> None:
    other = _GENERIC.replace("generic-api-key", "acme-Generic")
    assert _names(_joined(_engine(_GENERIC, other), f"key = {_TOKEN}")) == [("generic-api-key", "acme-Generic")]


def test_rules_for_our_credentials_drop_nothing() -> None:
    """They join, so that a comparison with gitleaks, which has no such rule, holds."""
    (found,) = _joined(_engine(_GENERIC, _OURS), f"key = {organization_key(Random(1))}")
    assert found.rule_ids == ("ours", "generic-api-key")


@pytest.mark.parametrize(
    ("paths", "expected"), [([b"a"], ("acme-token",)), ([b"tests/a"], ("generic-api-key",)), ([], ("acme-token",))]
)
@pytest.mark.parametrize("text", [f"key = {_TOKEN}", f"{_TOKEN} token: {_TOKEN[:12]}"])
def test_a_rule_that_may_not_match_on_the_path_drops_nothing(
    paths: list[bytes], expected: tuple[str, ...], text: str
) -> None:
    """The paths of a git object are known once its matches are placed."""
    engine = _engine(_GENERIC, _ACME, _NOT_IN_TESTS)
    matches = _joined(engine, text, None)
    assert _names([by for match in matches if (by := engine.admitted(match, paths))]) == [expected]


def test_conditions_that_both_rules_have_change_nothing() -> None:
    engine = _engine(_GENERIC, _NOT_IN_TESTS, _ACME, _NOT_IN_TESTS)
    (match,) = _joined(engine, f"key = {_TOKEN}", None)
    assert (match.rule_id, match.others, match.superseded) == ("acme-token", (), ())


def _match(secret: bytes, rule: str = "") -> Match:
    return Match(rule, CUSTOM, Secret(secret), 0, len(secret), Confidence.LOW, Attribution.OPEN)


_SECRETS = st.text("ab", max_size=12).map(lambda text: (text * 30 if text.startswith("bb") else text).encode())


@given(st.lists(_SECRETS, max_size=12), _SECRETS, st.sampled_from([0, 32]))
def test_secrets_that_hold_another(others: list[bytes], secret: bytes, few: int) -> None:
    secrets = SecretsOfLine()
    for number, other in enumerate(others):
        secrets.add(_match(other, str(number)))
    expected = {str(number) for number, other in enumerate(others) if secret in other}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generic_matches, "_FEW", few)
        assert set(secrets.over(_match(secret))) == expected
