"""What is remembered of a run is what would be found, whatever was changed near it since it was remembered."""

from __future__ import annotations

import base64
from random import Random
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.unwrap.encodings import run_memory
from akpatrol.unwrap.encodings.base64 import Base64
from akpatrol.unwrap.encodings.encoded_run import RunFinder
from akpatrol.unwrap.encodings.run_memory import RunExtent, RunMemory
from tests.credentials import organization_key
from tests.unit.unwrap.prefiltering import find

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = base64.b64encode(bytes(range(3, 60)))
_PIECES = st.sampled_from(
    [
        *(_LINE, _LINE, _LINE, _LINE[:24], _LINE[:3], b"YWtf", b"H4sI", b"=", b"==", b"-", b"-----", b"$"),
        *(b"\n", b"\n", b"\r\n", b" ", b"\t", b'"', b"'", b'"\n+ "', b"\\n", b"\\", b"&#13;\n", b"> ", b"#", b"*"),
        *(b",", b";", b")", b"(", b"`", b".", b"{", b"\0", b"\xe9"),
    ]
)
_TEXTS = st.lists(_PIECES, min_size=1, max_size=14).map(b"".join)
_FORM = Base64()._form


@pytest.fixture(autouse=True, scope="module")
def _short_runs_too() -> Iterator[None]:
    with mock.patch.object(run_memory, "_LEAST_BYTES", 24):
        yield


def _memory() -> RunMemory:
    return Base64()._memory


def _runs(data: bytes, places: list[int], memory: RunMemory | None) -> list[tuple[int, int] | None]:
    """Return the runs around places, each once from where it may begin and once from before it."""
    found: list[tuple[int, int] | None] = []
    for known_begin in (False, True):
        finder = RunFinder(data, _FORM, memory=memory)
        for place in places:
            run = finder.run_at(place + 1, place if known_begin else None) if place < len(data) else None
            found.append((run.start, run.end) if run else None)
    return found


@settings(max_examples=150)
@given(_TEXTS, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), _PIECES), max_size=4), st.data())
def test_an_edited_text_has_the_runs_that_a_search_finds(
    text: bytes, edits: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    memory, places = _memory(), sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=6)))
    versions = [text]
    for place, removed, added in edits:
        before = versions[-1]
        versions.append(before[:place] + added + before[place + removed :])
    for version in (*versions, text, text + text, b"x" + text):
        assert _runs(version, places, memory) == _runs(version, places, None)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(0, 8000), st.sampled_from([64, 76]), st.integers(0, 5))
def test_a_credential_in_a_long_run_is_found_in_every_version(seed: int, place: int, width: int, edited: int) -> None:
    """Whatever one encoder found in another version, with edits at both ends of a run of more than 4 kB."""
    rng = Random(seed)
    secret = organization_key(rng).encode()
    content = rng.randbytes(6000)
    whole = base64.b64encode(content[:place] + b" " + secret + b" " + content[place:])
    lines = [whole[at : at + width] for at in range(0, len(whole), width)]
    shared = Base64()
    for version in (lines, lines[edited:], [*lines[: len(lines) - edited], lines[0][:edited]], lines):
        data = b"key = '''\n" + b"\n".join(version) + b"\n'''\n"
        expected = [(part.data, part.start, part.end) for part in find(Base64(), data)]
        assert [(part.data, part.start, part.end) for part in find(shared, data)] == expected
        assert [part.span(0, len(part.data)) for part in find(shared, data)] == [(at, end) for _, at, end in expected]


def test_what_was_found_first_is_forgotten_first() -> None:
    memory = _memory()
    texts = [b"%05d" % number + _LINE * 40 for number in range(60)]
    with mock.patch.object(run_memory, "_MOST_BYTES", 40 * 2 * len(texts[0])):
        for text in texts:
            assert memory.add(text, 0, 1, RunExtent(0, len(text)))
    known = [memory.find(text, 0, 1) is not None for text in texts]
    assert known == sorted(known)
    assert 0 < sum(known) < len(known)


def test_a_run_is_not_remembered_where_too_much_behind_it_matters() -> None:
    data = _LINE * 10 + b" " * 5000
    assert _memory().add(data, 0, 1, RunExtent(0, 10 * len(_LINE))) is None


def test_what_stands_before_the_place_of_a_search_counts() -> None:
    """A blank separates words of 76 characters, which may begin before that place."""
    memory, place = _memory(), 10
    texts = [_LINE + b" " + _LINE, b"." * 5 + _LINE[5:] + b" " + _LINE]
    found = [[RunFinder(text, _FORM, memory=each).run_at(40, place) for each in (memory, None)] for text in texts]
    assert [[run.end for run in runs if run] for runs in found] == [[2 * len(_LINE) + 1] * 2, [len(_LINE)] * 2]
