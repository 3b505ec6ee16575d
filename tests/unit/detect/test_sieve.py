"""Many places, above all amid binary data: each is judged once, and a skip says that some were left out."""

from __future__ import annotations

import struct
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect import credential_ends, sieve, sqlite_record
from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.engine import Engine
from akpatrol.detect.judge import judge
from akpatrol.detect.medium import Medium
from akpatrol.model.scan import End
from akpatrol.rules.rule_file import load
from akpatrol.scan.work import Work
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.detect.credential_ends import CredentialEnds

_FRAMES: dict[str, Callable[[bytes], bytes]] = {
    "control": lambda text: text + b"\1",
    "NUL": lambda text: b"\0" + text,
    "length": lambda text: bytes((len(text),)) + text,
    "4 bytes": lambda text: struct.pack("<I", len(text)) + text,
    "pickle": lambda text: b"\x8c" + bytes((len(text),)) + text + b"\x94",
    "low bytes": lambda text: bytes(range(1, 32)) + text,
    "glued": lambda text: text,
}
_MISSES = (b"ak_get_default_%05d.configuration_from_window_%05d", b"pat_configuration_of_the_window_%05d_%05d")


@pytest.mark.parametrize("frame", _FRAMES)
@pytest.mark.parametrize("miss", _MISSES)
def test_near_misses_are_refused_without_a_look_beside_them(
    frame: str, miss: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    real = credential_ends.find

    def find(medium: Medium, start: int, *more: Any, **named: Any) -> CredentialEnds | None:
        looked.append(start)
        return real(medium, start, *more, **named)

    monkeypatch.setattr(credential_ends, "find", find)
    texts = [_FRAMES[frame](miss % (number, number)) for number in range(300)]
    assert _ENGINE.scan(bytes(8) + b"".join(texts) + bytes(8)) == []
    assert not looked


_ENGINE = Engine(load(), "automaton")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(_FRAMES)), st.integers(0, 1 << 32), st.integers(1, 40))
def test_each_credential_is_judged_once(frame: str, seed: int, number: int) -> None:
    rng = Random(seed)
    texts = [organization_key(rng).encode() for _ in range(number)]
    asked: list[int] = []
    real = credential_ends.find

    def find(medium: Medium, start: int, *more: Any, **named: Any) -> CredentialEnds | None:
        asked.append(start)
        return real(medium, start, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credential_ends, "find", find)
        _ENGINE.scan(bytes(8) + b" ".join(map(_FRAMES[frame], texts)) + bytes(8))
    assert len(asked) <= number + 2  # a key may hold a shorter one by chance


def test_many_credentials_in_binary_data_use_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "MOST_REJECTED", 20)
    rng = Random(1)
    keys = [organization_key(rng).encode() for _ in range(200)]
    work = Work()
    data = b"".join(map(_FRAMES["pickle"], keys))
    found = _ENGINE.confirm(Medium(data), _ENGINE.prefiltered(data), (0, len(data)), None, Outer(work))
    assert [match.secret.reveal() for match in found] == keys
    assert not work.over


def test_past_a_crowd_in_words_of_their_own_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "MOST_REJECTED", 20)
    calls: list[int] = []

    def counting(*given: Any) -> Any:
        calls.append(given[2])
        return judge(*given)

    monkeypatch.setattr(sieve, "judge", counting)
    rng = Random(2)
    # Random, and named as what they are: only the judge refuses these.
    data = b"".join(b"\1pat_example" + random_text(rng, "base62", 30).encode() for _ in range(200))
    work = Work()
    assert _ENGINE.confirm(Medium(data), _ENGINE.prefiltered(data), (0, len(data)), None, Outer(work)) == []
    assert work.over
    assert len(calls) <= 2 * 20


def test_a_framed_token_in_a_long_pool_is_found() -> None:
    """Binary data is far from the token, and the length before it looks like a part of the same word."""
    rng = Random(3)
    token = personal_access_token(rng, length=60).encode()
    counted = b"\3abc" + bytes((len(token),)) + token
    for pool in (b"pat_word" * 200, b"".join(b"pat_" + random_text(rng, "base62", 5).encode() for _ in range(300))):
        data = bytes(16) + b"a" * 300 + pool + counted + pool + bytes(16)
        at = data.index(token)
        ends_there = [(match.end, match.ending) for match in _ENGINE.scan(data) if match.start == at]
        assert ends_there == [(at + len(token), End.CERTAIN)]


def test_tokens_of_others_use_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of our tokens is in a table of another vendor's tokens."""
    monkeypatch.setattr(sieve, "MOST_REJECTED", 20)
    rng = Random(6)
    rows = [b"\x8c\x33github_pat_" + random_text(rng, "base62", 40).encode() + b"\x94" for _ in range(200)]
    key = organization_key(rng).encode()
    data = b"".join([*rows, b"\1\0", key, b"\0"])
    work = Work()
    found = _ENGINE.confirm(Medium(data), _ENGINE.prefiltered(data), (0, len(data)), None, Outer(work))
    assert [match.secret.reveal() for match in found] == [key]
    assert not work.over


@pytest.mark.parametrize("kind", ["key", "token"])
def test_shapes_in_long_words_of_text_are_passed_over(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counting(*given: Any) -> Any:
        calls.append(given[2])
        return judge(*given)

    monkeypatch.setattr(sieve, "judge", counting)
    rng = Random(4)
    prefix = b"ak_" if kind == "key" else b"pat_"
    word = b"".join(prefix + random_text(rng, "base62", 4).encode() for _ in range(2000))
    assert not [match for match in _ENGINE.scan(b"text " + word + b" text") if not match.kind.is_custom]
    assert len(calls) < 100


def test_each_byte_is_read_for_records_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    real = sqlite_record._columns

    def columns(types: bytes) -> list[int] | None:
        read.append(types)
        return real(types)

    monkeypatch.setattr(sqlite_record, "_columns", columns)
    rng = Random(5)
    texts = [bytes(rng.choices(range(1, 128), k=40)) + organization_key(rng).encode() for _ in range(100)]
    data = bytes(8) + b"".join(texts)
    assert _ENGINE.scan(data)
    assert len(read) < len(data) // 4
