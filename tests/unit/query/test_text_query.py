"""A queried text is found in the usual encodings, with any text around it, and is never shown or stored."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect.engine import Engine
from akpatrol.kinds import CUSTOM, CredentialKind
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Attribution, Confidence, Match, Place, Secret, State
from akpatrol.policy import group
from akpatrol.query import text_query
from akpatrol.query.text_query import RULE_ID, gathered, of, rule_of
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import load
from tests.reports import occurrence

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.credential import Credential, Occurrence

_ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "": lambda text: text,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "hex": lambda text: text.hex().encode(),
    "HEX": lambda text: text.hex().upper().encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "UTF-16LE": lambda text: text.decode().encode("utf-16-le"),
    "UTF-16BE": lambda text: text.decode().encode("utf-16-be"),
    "JSON": lambda text: json.dumps(text.decode()).encode(),
    "HTML": lambda text: html.escape(text.decode()).encode(),
    "\\u": lambda text: "".join(f"\\u{ord(one):04x}" for one in text.decode()).encode(),
}


@pytest.mark.parametrize("name", _ENCODE)
@settings(max_examples=25)
@given(
    text=st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc")), min_size=8, max_size=40),
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
)
def test_it_is_found_wherever_it_is_encoded(name: str, text: str, before: bytes, after: bytes) -> None:
    wanted = of(text.encode())
    assert wanted
    whole = text.encode()
    # At any alignment of base64: the text around it is encoded with it.
    with_it = name.startswith("base64")
    data = _ENCODE[name](before + whole + after) if with_it else before + _ENCODE[name](whole) + after
    engine = Engine(RuleSet((rule_of(wanted),)), "automaton")
    assert {match.secret for match in engine.scan(data)} & {form for form, _ in wanted.forms}


@pytest.mark.parametrize("name", _ENCODE)
def test_the_compiled_gate_finds_it_too(name: str) -> None:
    text = b"correct horse/battery & 'staple'"
    wanted = of(text)
    assert wanted
    engine = Engine(RuleSet((rule_of(wanted),)), "hyperscan")
    assert len(engine.scan(b"\n" * 999 + _ENCODE[name](text))) == 1


@given(st.binary(max_size=20))
def test_what_is_not_there_is_not_found(data: bytes) -> None:
    wanted = of(b"correct horse battery staple")
    assert wanted
    assert not Engine(RuleSet((rule_of(wanted),)), "automaton").scan(data * 3)


def test_too_short_or_too_long() -> None:
    assert of(b"abc") is None
    assert of(b"x" * 2001) is None
    long = of(b"x" * 1500)
    assert long
    assert long.encodings == ["base64"] or "hex" not in long.encodings
    assert text_query.of(b"\xff\xfe\x00\x01")


def test_it_is_no_text_anywhere() -> None:
    """Neither in a traceback nor in a digest that reports show."""
    wanted = of(b"hunter2hunter2")
    assert wanted
    assert "hunter2" not in repr(wanted)
    assert not re.search("hunter2", repr(rule_of(wanted)))
    rules = load()
    assert rules._replace(rules=(*rules.rules, rule_of(wanted))).digest == rules.digest


_KEY = Secret(b"ak_" + b"a1B2" * 3 + b"." + b"c3D4" * 8)
_HALF = Secret(b"c3D4" * 8)


def _found(secret: Secret, *places: Occurrence, kind: CredentialKind = CUSTOM, rule: str = RULE_ID) -> Credential:
    match = Match(rule, kind, secret, 0, 1, Confidence.MEDIUM, Attribution.OPEN)
    (credential,) = group.collect([(match, place) for place in places], load())
    return credential


def _report(*credentials: Credential) -> Report:
    return Report("trace", "", 0.0, (), Coverage(), credentials)


def _place(line: int, column: int, width: int = 32) -> Occurrence:
    return occurrence(
        "x", line=line, column=column, end_line=line, end_column=column + width, offset=line * 100 + column
    )


def test_half_of_a_key_is_the_keys() -> None:
    wanted = of(_HALF.reveal())
    assert wanted
    key = _found(_KEY, _place(1, 5, 48), kind=ORGANIZATION_KEY, rule="r")
    inside, beside, alone = _place(1, 21), _place(1, 90), _place(7, 1)
    report = gathered(_report(key, _found(_HALF, inside, beside, alone)), wanted)
    assert report.credentials[0] == key
    (text,) = report.credentials[1:]
    assert [(one.line, one.column) for one in text.occurrences] == [(1, 90), (7, 1)]
    assert gathered(_report(key, _found(_HALF, inside)), wanted).credentials == (key,)


def test_a_known_one_gets_the_places_that_no_rule_sees() -> None:
    wanted = of(_KEY.reveal())
    assert wanted
    hexed = next(form for form, name in wanted.forms if name == "hex")
    key = _found(_KEY, _place(1, 5, 48)._replace(state=State.REMOVED), kind=ORGANIZATION_KEY, rule="r")
    own, more = _found(_KEY, _place(1, 5, 48), _place(2, 1)), _found(hexed, _place(3, 1))
    known = (ORGANIZATION_KEY, _KEY)
    (one,) = gathered(_report(key, own, more), wanted, known).credentials
    assert (one.kind, one.secret, one.rule_ids, one.state) == (*known, ("r",), State.WORKTREE)
    assert [(place.line, place.encodings) for place in one.occurrences] == [(1, ()), (2, ()), (3, ("hex",))]
    (alone,) = gathered(_report(more), wanted, known).credentials
    assert (alone.kind, alone.secret) == known


def test_places_of_commits_are_told_apart_by_their_objects() -> None:
    wanted = of(_HALF.reveal())
    assert wanted

    def message(number: int) -> Occurrence:
        return _place(1, 1, 48)._replace(place=Place.COMMIT_MESSAGE, path=None, object=f"{number:040x}")

    key = _found(_KEY, message(1), kind=ORGANIZATION_KEY, rule="r")
    report = gathered(_report(key, _found(_HALF, message(1), message(2))), wanted)
    assert [place.object for place in report.credentials[1].occurrences] == [f"{2:040x}"]
