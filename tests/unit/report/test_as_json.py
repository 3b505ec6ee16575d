"""Indented JSON is what the standard library writes, with what is not printable escaped."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.scan import Severity, State
from akpatrol.report.as_json import indented

_SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUE = st.recursive(
    _SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def test_members_of_enumerations_are_written_as_their_values() -> None:
    value = {"state": State.PRESENT, "severities": [Severity.HIGH, True, None], "states": [State.STAGED, State.STAGED]}
    assert indented(value) == json.dumps(value, indent=2)


def test_the_same_texts_are_indented_by_where_they_are() -> None:
    refs = ["refs/heads/a", "refs/heads/b"]
    value = {"refs": refs, "places": [{"refs": refs, "paths": refs}, {"refs": refs}]}
    assert indented(value) == json.dumps(value, indent=2)


@given(_VALUE)
def test_the_same_as_the_standard_library(value: Any) -> None:
    text, plain = indented(value), json.dumps(value, ensure_ascii=False, indent=2)
    assert json.loads(text) == value
    assert text == plain or not plain.replace("\n", "").isprintable()
    assert all(char.isprintable() or char == "\n" for char in text)
