"""Users' rules in encodings: whatever is opened for our prefixes is opened for the literals of any rule."""

from __future__ import annotations

import re
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin
from akpatrol.rules.literals import required
from akpatrol.rules.re2_patterns import compile_foreign
from akpatrol.rules.rule import Rule, RuleSet
from akpatrol.rules.rule_file import load, parse
from akpatrol.scan.examine import Examiner
from tests.corpus import spellings
from tests.corpus.artifact import raw
from tests.corpus.encoded import ENCODED
from tests.credentials import random_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.detect.prefilter import PrefilterChoice
    from tests.corpus.artifact import Artifact

_settings = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
_PREFILTERS: tuple[PrefilterChoice, ...] = ("automaton", "hyperscan")


class _Maker(NamedTuple):
    """A rule's pattern, and text that it matches."""

    regex: str
    before: str
    alphabet: str
    length: int
    after: str = ""

    def token(self, rng: Random) -> str:
        return self.before + random_text(rng, self.alphabet, self.length) + self.after


_MAKERS = {
    "underscore": _Maker(r"acme_[0-9a-f]{24}", "acme_", "hex", 24),
    "dash": _Maker(r"\bsk-q-[A-Za-z0-9]{30}\b", "sk-q-", "base62", 30),
    "short": _Maker(r"QZ7[0-9a-z]{30}", "QZ7", "lower", 30),
    "dotted": _Maker(r"(?:hvx|svx)\.[\w-]{32}", "svx.", "base64url", 32),
    "any case": _Maker(r"(?i)token_[a-z0-9]{28}", "ToKen_", "base62", 28),
    "inside": _Maker(r"[0-9a-z]{14}\.vault1\.[0-9a-z]{24}", "qw34rt56yu78io.vault1.", "lower", 24),
    "at the end": _Maker(r"[0-9a-f]{32}-zone[0-9]", "", "hex", 32, "-zone7"),
}


def _rule(regex: str) -> Rule:
    (rule,) = parse(f"[[rules]]\nid = 'own'\nregex = '''{regex}'''\n".encode(), "own.toml")
    return rule


@cache
def _examiner(prefilter: PrefilterChoice, *regexes: str) -> Examiner:
    own = (_rule(regex)._replace(id=f"own{number}") for number, regex in enumerate(regexes))
    return Examiner(RuleSet((*load().rules, *own)), prefilter=prefilter)


def _found(examiner: Examiner, data: bytes) -> set[tuple[bytes, tuple[str, ...]]]:
    items = examiner.examine_item(Content(Origin("0", path=b"file"), data, size=len(data)))
    return {(one.match.secret.reveal(), one.match.encodings) for one in items if isinstance(one, RawFinding)}


@pytest.mark.parametrize("kind", ENCODED)
@pytest.mark.parametrize("name", _MAKERS)
def test_the_corpus_with_a_users_rule(name: str, kind: str) -> None:
    maker = _MAKERS[name]
    rng = Random(kind)
    token = maker.token(rng)
    case = ENCODED[kind](rng, token)
    for prefilter in _PREFILTERS:
        assert token.encode() in {secret for secret, _ in _found(_examiner(prefilter, maker.regex), case.data)}


_FORMS: dict[str, Callable[[Artifact], Artifact]] = {
    "base64": spellings.base64,
    "base64 url": partial(spellings.base64, url=True, padded=False),
    "hex": spellings.hexadecimal,
    "hex upper": partial(spellings.hexadecimal, upper=True),
    "percent": spellings.percent,
    "u escapes": spellings.unicode_escaped,
    "x escapes": spellings.hex_escaped,
    "octal escapes": spellings.octal_escaped,
    "html decimal": spellings.html_decimal,
    "html hex": spellings.html_hexadecimal,
    "quoted-printable": spellings.quoted_printable,
    **{codec: partial(spellings.wide, codec=codec) for codec in spellings.WIDE},
}
_PARTLY = {
    "percent": spellings.percent,
    "u escapes": spellings.unicode_escaped,
    "x escapes": spellings.hex_escaped,
    "octal escapes": spellings.octal_escaped,
    "html decimal": spellings.html_decimal,
    "html hex": spellings.html_hexadecimal,
    "quoted-printable": spellings.quoted_printable,
}
_literals = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=3, max_size=8)
_PLACES = {"leading": ("{0}", 0), "inner": ("[0-9a-f]{{6}}{0}", 6)}


@st.composite
def _tokens(draw: st.DrawFn) -> tuple[str, str]:
    """Return a pattern with a literal at its beginning or inside it, in one case or any, and a token."""
    literal, place, any_case = draw(_literals), draw(st.sampled_from(list(_PLACES))), draw(st.booleans())
    form, before = _PLACES[place]
    regex = ("(?i)" if any_case else "") + form.format(re.escape(literal)) + "[0-9a-f]{28}"
    rng = Random(draw(st.integers(0, 99)))
    spelled = "".join(draw(st.sampled_from([one.lower(), one.upper()])) if any_case else one for one in literal)
    return regex, random_text(rng, "hex", before) + spelled + random_text(rng, "hex", 28)


@_settings
@given(_tokens(), st.sampled_from(list(_FORMS)), st.integers(0, 2))
def test_any_literal_in_any_encoding(drawn: tuple[str, str], form: str, shift: int) -> None:
    regex, token = drawn
    data = b"note: " + _FORMS[form](raw(token).amid(b":" * shift + b" ", b" ;")).data + b"\n"
    if form.startswith("utf"):
        data = bytes(16) + _FORMS[form](raw(token)).data + bytes(16)
    assert token.encode() in {secret for secret, _ in _found(_examiner("automaton", regex), data)}


@_settings
@given(_tokens(), st.sampled_from(list(_PARTLY)), st.data())
def test_any_characters_escaped(drawn: tuple[str, str], form: str, data: st.DataObject) -> None:
    regex, token = drawn
    chosen = data.draw(st.sets(st.integers(0, len(token) - 1), min_size=1))
    places = iter(range(len(token)))
    text = _PARTLY[form](raw(token), lambda _: next(places) in chosen).data
    assert token.encode() in {secret for secret, _ in _found(_examiner("automaton", regex), b"note: " + text + b"\n")}


@pytest.mark.slow
@settings(_settings, max_examples=7)
@given(st.lists(st.tuples(_tokens(), st.sampled_from(list(_FORMS))), min_size=4, max_size=4))
def test_both_gates_find_the_same(drawn: list[tuple[tuple[str, str], str]]) -> None:
    """Four rules at once: what takes long is to compile them."""
    automaton, hyperscan = (_examiner(prefilter, *(regex for (regex, _), _ in drawn)) for prefilter in _PREFILTERS)
    for (_, token), form in drawn:
        data = b"note: " + _FORMS[form](raw(token)).data + b"\n"
        assert _found(automaton, data) == _found(hyperscan, data)


_REGEXES = (
    *(maker.regex for maker in _MAKERS.values()),
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    r"(?i)[\w.-]{0,10}?(?:access|auth|(?-i:[Aa]pi|API)|key|passw(?:or)?d)[ \t]{0,3}(?:=|>|:)[a-z0-9]{10}",
    r"xox[baprs]-[0-9]{10,13}(?:-[a-z0-9]{4}){1,3}",
    r"(foo|foo(?:bar)+)-?[[:xdigit:]]{4}",
    r"\Qa.b+c\E(?:x|y){2,}",
    r"key\s*=\s*(?:abc|[d-f]{3}abc){1,2}|zzz[^a-z]+",
    r"(?P<name>tok)(?i:EN)_\x41\x{42}\103\d+",
    r"a?b*c+abc{2}",
)


@pytest.mark.parametrize("regex", _REGEXES)
@given(data=st.data())
@settings(_settings, max_examples=40)
def test_every_match_holds_a_required_literal(regex: str, data: st.DataObject) -> None:
    """Python's syntax differs in a few words only."""
    literals = required(_rule(regex))
    assert literals
    known = (("[[:xdigit:]]", "[0-9A-Fa-f]"), (r"\Qa.b+c\E", r"a\.b\+c"), (r"\x{42}", r"\x42"), ("(?-i:", "(?:"))
    spelled = regex
    for re2, python in known:
        spelled = spelled.replace(re2, python)
    text = data.draw(st.from_regex(re.compile(spelled.encode(), re.DOTALL), fullmatch=True))
    assume(compile_foreign(regex, _rule(regex), "regex").fullmatch(text))
    assert any(re.search(b"".join(b"[" + re.escape(place) + b"]" for place in one.places), text) for one in literals)
