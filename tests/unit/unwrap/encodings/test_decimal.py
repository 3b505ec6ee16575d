"""Lists of bytes as decimal numbers, as journalctl, Node.js, Go, Rust and Python write them."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.rules.literals import Literal
from akpatrol.scan.work import Work
from akpatrol.unwrap.encodings.decimal import Decimal
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.finding import found
from tests.unit.unwrap.prefiltering import find, fired

_SPELLINGS = {
    "journalctl": lambda data: json.dumps({"MESSAGE": [*data]}, separators=(",", ":")),
    "journalctl, pretty": lambda data: '{\n\t"MESSAGE" : [\n\t\t' + ",\n\t\t".join(map(str, data)) + "\n\t]\n}",
    "Node.js": lambda data: json.dumps({"type": "Buffer", "data": [*data]}),
    "Node.js, pretty": lambda data: json.dumps({"data": [*data]}, indent=4).replace("\n", "\r\n"),
    "Go": lambda data: f"token: [{' '.join(map(str, data))}] 200",
    "Rust": lambda data: f"Body {{ bytes: {[*data]} }}",
}
_texts = st.one_of(st.binary(max_size=90), st.text("ab {}:,\"'\n<é>?~", max_size=90).map(str.encode))


@pytest.mark.parametrize("spelling", _SPELLINGS)
@given(st.integers(0, 2**32), st.sampled_from([organization_key, personal_access_token]), _texts, _texts)
def test_a_credential_in_a_list(spelling: str, seed: int, maker: object, before: bytes, after: bytes) -> None:
    assert callable(maker)
    plain = before + maker(Random(seed)).encode() + after
    data = _SPELLINGS[spelling](plain).encode()
    decoded = list(find(Decimal(), data))
    assert any(plain in one.data for one in decoded)


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_its_place_is_that_of_its_numbers(spelling: str) -> None:
    for secret in (organization_key(Random(1)), personal_access_token(Random(2))):
        plain = b"Authorization: Bearer " + secret.encode() + b"\x1b[0m\nnext"
        text = _SPELLINGS[spelling](plain)
        findings, skips = found(text.encode())
        assert not skips
        (finding,) = findings
        assert finding.match.secret.reveal() == secret.encode()
        assert finding.match.encodings == ("decimal",)
        assert text[finding.offset :].startswith(str(ord(secret[0])))


def test_what_stands_before_it_on_the_line_is_another_number() -> None:
    secret = personal_access_token(Random(3))
    data = f"1764000000123 17 {','.join(map(str, secret.encode()))},10,300,5\n".encode()
    (decoded,) = find(Decimal(), data)
    assert decoded.data.endswith(secret.encode() + b"\n\0\5")


def test_short_lists_and_long_numbers_are_none() -> None:
    assert not list(find(Decimal(), b"97,107,95,1,2,3"))
    assert not list(find(Decimal(), b"1" * 5000 + b"97,107,95" + b"0" * 5000))


def test_letters_of_either_case() -> None:
    (trigger,) = Decimal([Literal((b"Aa", b"Kk", b"_"))]).triggers
    assert fired(trigger, b"[65, 107, 95] 97,75,95 [97 107 95] 97,\n  75,\n  95")
    assert not fired(trigger, b"[65, 108, 95]")
    assert len(Decimal([]).triggers) == 0


@pytest.mark.slow
def test_a_flood_costs_little_more_than_its_size() -> None:
    data, work = b"97,107,95," * 300_000, Work()
    work.grow(len(data))
    (decoded,) = Decimal().find(data, [range(9, len(data), 10)], work=work)
    assert len(decoded.data) == 900_000
    apart = b"97,107,95;" * 300_000
    assert not list(Decimal().find(apart, [range(9, len(apart), 10)], work=work))
