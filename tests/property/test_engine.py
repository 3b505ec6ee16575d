"""The findings and their places are the same, whatever the bytes and however they are cut into blocks."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from akpatrol.detect import hyperscan_patterns
from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.model.chunks import advance, blocks, content_of
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE, Chunk, Confidence, Origin, Place, Secret
from akpatrol.rules.rule_file import load
from akpatrol.scan.locate import locate
from tests.credentials import ALPHABETS, organization_key, personal_access_token, random_text
from tests.floods import flood

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.detect.prefilter import PrefilterChoice
    from akpatrol.model.credential import RawFinding

_PREFILTERS: tuple[PrefilterChoice, ...] = ("automaton", "hyperscan")
_ORIGIN = Origin("0")
_settings = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


_RANDOM = Random(1)
_PARTS = [
    organization_key(_RANDOM).encode(),
    personal_access_token(_RANDOM).encode(),
    b" " + organization_key(_RANDOM).encode() + b" ",
    organization_key(_RANDOM).encode()[:9],
    organization_key(_RANDOM).encode()[9:],
    b"pat_",
    b"",
]


@cache
def _engine(choice: PrefilterChoice) -> Engine:
    if choice == "hyperscan":
        pytest.importorskip("hyperscan")
    return Engine(load(), choice)


@st.composite
def _credentials(draw: st.DrawFn) -> bytes:
    rng = Random(draw(st.integers(0, 1 << 32)))
    if draw(st.booleans()):
        return organization_key(
            rng, id_length=draw(st.integers(4, 40)), secret_length=draw(st.integers(24, 80))
        ).encode()
    return personal_access_token(rng, length=draw(st.integers(28, 80))).encode()


@st.composite
def _fragments(draw: st.DrawFn) -> bytes:
    """Text made of what credentials and their surroundings are made of."""
    rng = Random(f"fragments {draw(st.integers(0, 1 << 32))}")
    words = [
        *(b"ak_", b"pat_", b"_", b".", b"-", b" ", b"\n", b"\0", b"=", b'"', b"\\n", b"%3D", b"***", b"...", b"\xff"),
        *(b"Authorization: Bearer ", b"api_key", b"example", b"anyreach", b"ANYREACH_TOKEN", b"NEXT_PUBLIC_"),
        *(b"ak_your_key.your_secret", b"x" * 300, b"ak_" * 20, b"pat_" * 20, b"-->", b"__", b".js", b"your_"),
        *(b"github_pat_", "é😀".encode()),
    ]
    parts = draw(
        st.lists(
            st.one_of(
                st.sampled_from(words),
                st.binary(max_size=12),
                st.tuples(st.sampled_from(ALPHABETS), st.integers(1, 90)).map(
                    lambda how: random_text(rng, how[0], how[1]).encode()
                ),
                _credentials(),
            ),
            max_size=40,
        )
    )
    return b"".join(parts)


def _surroundings() -> st.SearchStrategy[bytes]:
    """Any bytes, also more than the engine looks at, with lines and characters of all lengths."""
    unit = st.one_of(
        st.binary(max_size=40), st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    return st.tuples(unit, st.sampled_from([0, 1, 7, 60, 300]), unit).map(lambda how: how[0] * how[1] + how[2])


def _chunks(data: bytes, block: int) -> Iterator[Chunk]:
    return blocks(content_of(BytesIO(data).read, _ORIGIN, block=block), block, REACH_BEFORE, REACH_AFTER)


def _hits(engine: Engine, data: bytes, block: int) -> list[RawFinding]:
    found: list[RawFinding] = []
    for chunk in _chunks(data, block):
        found += locate(chunk, engine.scan(chunk.data, chunk.begin, chunk.end), engine.candidates)
    return found


def _blocks() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(1, 64), st.integers(65, 9000), st.sampled_from([REACH_BEFORE, REACH_AFTER, 4096]))


@_settings
@given(_surroundings(), _credentials(), _surroundings(), _blocks(), st.sampled_from(_PREFILTERS))
def test_planted_credential_is_found_once_in_its_place(
    before: bytes, credential: bytes, after: bytes, block: int, choice: PrefilterChoice
) -> None:
    """At any offset in any bytes, whatever the block size; only its own boundaries are made right."""
    before, after = before + b'\n"', b'"\n' + after
    data = before + credential + after
    block = max(block, len(data) // 3000 + 1)
    assume(b"ak_" not in before + after and b"pat_" not in before + after)
    (hit,) = _hits(_engine(choice), data, block)
    assert hit.match.secret == Secret(credential)
    assert (hit.offset, hit.line) == (len(before), before.count(b"\n") + 1)
    assert (hit.column, hit.end_column) == (2, 2 + len(credential))


@_settings
@given(_surroundings(), _credentials(), _blocks())
def test_column_counts_characters(before: bytes, credential: bytes, block: int) -> None:
    before += b" "
    assume(b"ak_" not in before and b"pat_" not in before)
    data = before + credential
    block = max(block, len(data) // 3000 + 1)
    line = before[before.rfind(b"\n") + 1 :]
    hits = _hits(_engine("automaton"), data, block)
    assert [hit.column for hit in hits if hit.match.secret == Secret(credential)] == [
        len(line.decode("utf-8", "surrogateescape")) + 1
    ]


@_settings
@given(st.one_of(_fragments(), st.binary(max_size=2000)), _blocks())
def test_findings_do_not_depend_on_the_gate_or_the_blocks(data: bytes, block: int) -> None:
    block = max(block, len(data) // 300 + 1)
    whole = _engine("automaton").scan(data)
    for choice in _PREFILTERS:
        engine = _engine(choice)
        assert engine.scan(data) == whole
        hits = _hits(engine, data, block)
        assert [(hit.offset, hit.match.secret, hit.match.confidence, hit.match.attribution) for hit in hits] == [
            (match.start, match.secret, match.confidence, match.attribution) for match in whole
        ]


@_settings
@given(_fragments())
def test_findings_do_not_depend_on_what_is_far_away(data: bytes) -> None:
    far = b"\n" * (REACH_AFTER + REACH_BEFORE)
    engine = _engine("automaton")
    shifted = [(m.start - len(far), m.secret, m.confidence) for m in engine.scan(far + data + far)]
    near = [(m.start, m.secret, m.confidence) for m in engine.scan(b"\n" + data + b"\n")]
    assert shifted == [(start - 1, secret, confidence) for start, secret, confidence in near]


@_settings
@given(_fragments(), st.integers(0, 8), st.sampled_from(_PREFILTERS))
def test_flood_of_anchors_changes_nothing(data: bytes, most: int, choice: PrefilterChoice) -> None:
    engine = _engine(choice)
    expected = engine.scan(data)
    with pytest.MonkeyPatch.context() as patch:
        flood(patch, most)
        assert engine.scan(data) == expected


@_settings
@given(_fragments(), st.integers(600, 5000))
def test_calls_of_limited_size_change_nothing(data: bytes, size: int) -> None:
    engine = _engine("hyperscan")
    expected = engine.scan(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hyperscan_patterns, "_CALL_BYTES", size)
        patch.setattr(hyperscan_patterns, "_CALL_OVERLAP", 512)
        assert engine.scan(data) == expected


@_settings
@given(_fragments(), st.integers(0, 2000), st.integers(0, 2000))
def test_only_matches_that_start_in_the_range_are_given(data: bytes, one: int, other: int) -> None:
    begin, end = sorted((one, other))
    engine = _engine("automaton")
    assert engine.scan(data, begin, end) == [match for match in engine.scan(data) if begin <= match.start < end]


@_settings
@given(st.lists(st.tuples(_fragments(), _credentials()), min_size=1, max_size=3), st.booleans())
def test_context_shows_no_secret(parts: list[tuple[bytes, bytes]], names: bool) -> None:
    """Nor a part of a neighbour's, however the limit cuts the line."""
    engine = _engine("automaton")
    data = b"".join(text + credential for text, credential in parts)
    planted = {Secret(credential) for _, credential in parts}
    matches = engine.scan(data)
    chunk = Chunk(Origin("0", Place.PATH) if names else _ORIGIN, data, names=names)
    for hit in locate(chunk, matches, engine.candidates):
        shown = "".join(part for part in hit.context if isinstance(part, str))
        for match in matches:
            if match.confidence >= Confidence.MEDIUM and match.secret in planted:
                body = match.secret.reveal().decode().partition("_")[2]
                assert all(body[start : start + 12] not in shown for start in range(len(body) - 11))
        assert hit.match.secret in hit.context


@_settings
@given(_credentials(), _credentials(), st.integers(0, 700), st.sampled_from([b"/", b" ", b"%", b"\xff", b";"]))
def test_context_cut_through_a_neighbour(one: bytes, other: bytes, distance: int, filler: bytes) -> None:
    engine = _engine("automaton")
    data = other + b" " + filler * distance + b" " + one + b" " + filler * distance + b" " + other
    for hit in locate(Chunk(_ORIGIN, data), engine.scan(data), engine.candidates):
        shown = "".join(part for part in hit.context if isinstance(part, str))
        assert all(
            secret[start : start + 8].decode() not in shown
            for secret in (one, other)
            for start in range(len(secret) - 7)
        )


@_settings
@given(st.binary(max_size=3000), st.one_of(st.integers(1, 64), st.integers(65, 4000)))
def test_blocks_tile_the_input(data: bytes, block: int) -> None:
    """Every offset belongs to exactly one chunk, which holds the engine's reach around it and knows its position."""
    data *= 3
    block = max(block, len(data) // 1000 + 1)
    position = 0
    for chunk in _chunks(data, block):
        end = len(chunk.data) if chunk.end is None else chunk.end
        assert chunk.data == data[chunk.offset : chunk.offset + len(chunk.data)]
        assert chunk.offset + chunk.begin == position
        position = chunk.offset + end
        assert chunk.begin >= min(REACH_BEFORE, chunk.offset + chunk.begin)
        assert len(chunk.data) >= end + REACH_AFTER or chunk.offset + len(chunk.data) == len(data)
        assert (chunk.line, chunk.column) == advance(1, 1, data[: chunk.offset])
    assert position == len(data)


@_settings
@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_advance_adds_up(data: bytes, cuts: list[int]) -> None:
    """Whole characters in any portions come to the same line and column."""
    text = data.decode("utf-8", "replace").encode()
    places = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text) and text[cut : cut + 1] < b"\x80")})
    line, column = 1, 1
    for start, end in pairwise(places):
        line, column = advance(line, column, text[start:end])
    assert (line, column) == advance(1, 1, text)


@_settings
@given(st.one_of(st.text(max_size=300), _fragments().map(lambda data: data.decode("utf-8", "surrogateescape"))))
def test_redactor_masks_any_text(text: str) -> None:
    engine = _engine("automaton")
    data = text.encode("utf-8", "surrogatepass")
    matches = engine.scan(data)
    masked = Redactor(engine, [match.secret for match in matches])(text).encode("utf-8", "surrogatepass")
    for match in matches:
        assert match.secret.reveal() not in masked
    if not matches:
        assert masked == data


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(_PARTS)), max_size=12), st.sampled_from(_PREFILTERS))
@_settings
def test_parts_looked_at_together(parts: list[bytes], choice: PrefilterChoice) -> None:
    """A part with a match passes, also at its very start and end; nothing reaches across a border."""
    engine = _engine(choice)
    passing_numbers = engine.prefiltered_parts(parts)
    assert {number for number, part in enumerate(parts) if engine.scan(part)} <= set(passing_numbers)
    assert all(0 <= number < len(parts) for number in passing_numbers)
