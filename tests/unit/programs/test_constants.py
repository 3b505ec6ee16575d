"""Credentials in pools of constants, of every form of program: each is told as it is, for certain, and nothing else."""

from __future__ import annotations

import gzip
from importlib import import_module
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect.keywords import WORDS, Clue
from akpatrol.model.chunks import content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Confidence, Content, End, Origin, Skipped
from akpatrol.programs.constants import MAGICS, Constants
from akpatrol.rules import rule_file
from akpatrol.scan import program_chunks
from akpatrol.scan.examine import Examiner
from tests.corpus import programs
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMINER = Examiner(rule_file.load())
_ORIGIN = Origin("test", path=b"program")
_WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 /:-", min_size=1, max_size=300).filter(
    lambda text: not any(word in text.lower() for word in (*WORDS[Clue.PLACEHOLDER], "ak_", "pat_"))
)
_LINKED = [name for name in programs.FORMS if name != ".NET"]


@st.composite
def _constants(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Return texts in some order, and the credentials among them."""
    rng = Random(draw(st.integers(0, 1 << 32)))
    keys = [organization_key(rng, secret_length=draw(st.integers(24, 120))) for _ in range(draw(st.integers(0, 2)))]
    keys += [personal_access_token(rng, length=draw(st.integers(28, 200))) for _ in range(draw(st.integers(1, 2)))]
    texts = keys + draw(st.lists(_WORDS, min_size=3, max_size=20, unique=True))
    rng.shuffle(texts)
    return [text.encode() for text in texts], sorted(key.encode() for key in keys)


def _found(content: Content) -> list[tuple[bytes, Confidence, End]]:
    found = [item for item in _EXAMINER.examine_item(content) if isinstance(item, RawFinding | Skipped)]
    assert all(isinstance(item, RawFinding) for item in found)
    matches = [item.match for item in found if isinstance(item, RawFinding)]
    return sorted((match.secret.reveal(), match.confidence, match.ending) for match in matches)


def _certain(keys: Sequence[bytes]) -> list[tuple[bytes, Confidence, End]]:
    return [(key, Confidence.HIGH, End.CERTAIN) for key in sorted(keys)]


def _samples(seed: str) -> tuple[list[bytes], list[bytes]]:
    rng = Random(seed)
    keys = [organization_key(rng).encode(), personal_access_token(rng).encode()]
    return [b"first constant", keys[0], b"another", keys[1], b"Authorization", b"zzz"], keys


@pytest.mark.parametrize("form", programs.FORMS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_each_constant_is_told_as_it_is(form: str, data: st.DataObject) -> None:
    texts, keys = data.draw(_constants())
    file = programs.FORMS[form](texts)
    assert _found(Content(_ORIGIN, file, size=len(file))) == _certain(keys)


@pytest.mark.parametrize("form", _LINKED)
def test_part_of_a_constant_ends_with_it(form: str) -> None:
    texts, keys = _samples(form)
    file = programs.FORMS[form]([text.replace(b"pat_", b"Bearer pat_") for text in texts])
    assert _found(Content(_ORIGIN, file, size=len(file))) == _certain(keys)


@pytest.mark.parametrize("form", programs.FORMS)
def test_a_file_may_end_anywhere(form: str) -> None:
    texts, keys = _samples(form)
    file = programs.FORMS[form](texts)
    for end in range(0, len(file), 1 + len(file) // 97):
        for secret, _, _ in _found(Content(_ORIGIN, file[:end])):
            assert any(secret.startswith(key[: len(secret)]) for key in keys)


def _stream(file: bytes) -> Content:
    """Return a file that can only be read from front to back, in many blocks."""
    return content_of(BytesIO(file).read, _ORIGIN, block=1 << 12)


def _far(seed: str) -> tuple[bytes, list[bytes]]:
    """Return a file in which the pointers are far from the pool, and its credentials."""
    texts, keys = _samples(seed)
    return programs.elf([*texts, Random(1).randbytes(100_000)], is_relocated=True), keys


def test_the_pool_may_be_far_from_its_pointers() -> None:
    file, keys = _far("file")
    content = _stream(file)._replace(at=lambda offset, number: file[offset : offset + number], size=len(file))
    assert _found(content) == _certain(keys)


def test_a_stream_is_read_as_a_whole_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    file, keys = _far("stream")
    assert _found(_stream(file)) == _certain(keys)
    monkeypatch.setattr(program_chunks, "_STREAM_BYTES", 1 << 13)
    assert {ending for _, _, ending in _found(_stream(file))} == {End.UNCERTAIN}


def test_a_program_in_an_archive_is_read_as_a_whole() -> None:
    texts, keys = _samples("gzip")
    file = gzip.compress(programs.elf([*texts, Random(2).randbytes(5 << 20)]), 1)
    assert _found(Content(_ORIGIN, file, size=len(file))) == _certain(keys)


def test_repeated_bytes_do_not_hide_the_pointers() -> None:
    texts, keys = _samples("zeros")
    file = programs.elf(texts, gap=300_000)
    assert _found(Content(_ORIGIN, file, size=len(file))) == _certain(keys)


def test_a_number_behind_a_pointer_to_a_string_of_c_ends_nothing() -> None:
    rng = Random("c")
    texts = [b"usage", personal_access_token(rng).encode(), b"version 2"]
    file = programs.elf([text + b"\0" for text in texts])
    at = file.index((len(texts[1]) + 1).to_bytes(8, "little"))
    file = file[:at] + (32).to_bytes(8, "little") + file[at + 8 :]
    assert [secret for secret, _, ending in _found(Content(_ORIGIN, file)) if ending is End.CERTAIN] in ([], [texts[1]])


def test_a_section_may_hold_several_constants() -> None:
    key = personal_access_token(Random("section")).encode()
    file = programs.object_file([b"first", key + b"next and more", b"last"])
    assert {ending for _, _, ending in _found(Content(_ORIGIN, file))} == {End.UNCERTAIN}


def test_pointers_elsewhere_leave_the_end_uncertain() -> None:
    texts, _ = _samples("other")
    file = programs.elf(texts)
    table = programs.pointers(texts, 0x41000)
    assert table in file
    other = file.replace(table, programs.pointers(texts, 0x91000))
    assert {ending for _, _, ending in _found(Content(_ORIGIN, other))} == {End.UNCERTAIN}


@pytest.mark.parametrize(("module", "bound"), [("constants", "_MOST_PLACES"), ("references", "_MOST_REFERENCES")])
def test_too_much_leaves_the_end_uncertain(module: str, bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = _samples("bound")
    monkeypatch.setattr(import_module(f"akpatrol.programs.{module}"), bound, 1)
    assert {ending for _, _, ending in _found(Content(_ORIGIN, programs.elf(texts)))} == {End.UNCERTAIN}


def test_a_file_that_fails_has_no_constants() -> None:
    texts, keys = _samples("fails")
    file = programs.elf(texts)

    def fails(offset: int, number: int) -> bytes:
        raise OSError(offset, number)

    place = file.index(keys[1])
    whole = Constants(lambda offset, number: file[offset : offset + number], len(file))
    assert [(start, end) for start, end, *_ in whole.around(place)] == [(place, place + len(keys[1]))]
    assert not Constants(fails, len(file)).around(place)


def test_every_form_is_recognised_by_the_first_two_bytes() -> None:
    assert {magic[:2] for magic in MAGICS} == program_chunks._BEGINNINGS
    assert all(make([b"text", b"more"]).startswith(MAGICS) for make in programs.FORMS.values())
