"""Items of serializers as their own writers make them, and random text, which is none."""

from __future__ import annotations

import marshal
import pickle
from random import Random

import pytest

from akpatrol.detect.serialized_items import follow, holds
from tests.credentials import random_text

_TEXT = "a string of forty characters, more or less"


def _cbor(*texts: str) -> bytes:
    items = (bytes((0x78, len(text))) + text.encode() for text in texts)
    return bytes((0x80 + len(texts),)) + b"".join(items)


_LISTS = {
    "CBOR": _cbor("another string, also long", _TEXT, "last of all the strings"),
    "marshal": marshal.dumps([7, "".join(list("anything")), None, "".join(list(_TEXT)), 1.5, b"end"], 4),
}


@pytest.mark.parametrize("name", _LISTS)
def test_a_list_leads_to_its_strings(name: str) -> None:
    data = _LISTS[name]
    at = data.index(_TEXT.encode())
    end = at + len(_TEXT)
    assert holds(name, data, at - 2, end)
    assert holds(name, b"\xff" * 9 + data, at + 7, end + 9)
    assert not holds(name, data, at - 1, end)
    assert not holds(name, data[1:], at - 3, end - 1)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_follows_a_string_in_a_pickle(protocol: int) -> None:
    data = pickle.dumps([_TEXT, "more", 5, {"key": None}], protocol)
    end = data.index(_TEXT.encode()) + len(_TEXT)
    assert follow("pickle", data, end)
    assert not follow("pickle", data, end - len(_TEXT))


@pytest.mark.parametrize("name", ["marshal", "pickle"])
def test_random_text_is_no_items(name: str) -> None:
    rng = Random(1)
    found = sum(follow(name, random_text(rng, "base62", 300).encode(), 0) for _ in range(1000))
    assert found <= 20


def test_the_end_of_the_data_follows_anything() -> None:
    for name in ("CBOR", "marshal", "pickle"):
        assert follow(name, b"text", 4)


@pytest.mark.parametrize("name", _LISTS)
def test_damage_is_no_error(name: str) -> None:
    data = _LISTS[name]
    for size in range(len(data)):
        follow(name, data[:size], size // 2)
        holds(name, data[:size], size // 2, size)
