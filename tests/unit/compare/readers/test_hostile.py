"""Reports of which anything was replaced by anything else: read, counted as unreadable, or refused; never a bug."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.compare.render import FORMATS, ComparisonOptions, render
from akpatrol.errors import UsageError
from akpatrol.report import render as render_report
from tests import peer_reports, reports
from tests.credentials import organization_key
from tests.peer_reports import WRITERS, Leak
from tests.unit.compare.comparing import compared

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = organization_key(Random("hostile"))
_LEAKS = [Leak(_KEY, commit="1" * 40), Leak(_KEY, "b.zip!c.env", 2, "2" * 40, encodings=("base64",))]
_REPORT = reports.report(reports.credential(_KEY, reports.occurrence(_KEY)))
_WRITTEN = {name: write(_LEAKS) for name, write in WRITERS.items() if "CSV" not in name} | {
    f"akpatrol {name}": render_report(_REPORT, name, reports.options(_REPORT)).encode() for name in ("json", "sarif")
}
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "a" * 5000, "../x", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each part of a document as the object or list that holds it, and its key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


@pytest.mark.parametrize("name", _WRITTEN)
@given(data=st.data())
def test_any_part_may_be_anything(name: str, data: st.DataObject) -> None:
    documents = _documents(_WRITTEN[name])
    for _ in range(data.draw(st.integers(1, 3))):
        if not (places := list(_places(documents))):
            break
        holder, key = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()):
            holder[key] = data.draw(_VALUES)
        else:
            del holder[key]
    content = "\n".join(json.dumps(document) for document in documents).encode()
    for text in _outputs(content):
        text.encode()
        assert _KEY not in text


def _outputs(content: bytes) -> list[str]:
    """Return the comparison with another report in all formats, or the error."""
    try:
        view = compared(a=content, b=peer_reports.gitleaks(_LEAKS))
    except UsageError as error:
        return [f"{error} {error.hint}"]
    return [render(view, format_, ComparisonOptions(verbose=True)) for format_ in FORMATS]


def _documents(content: bytes) -> list[Any]:
    try:
        return [json.loads(content)]
    except ValueError:
        return [json.loads(line) for line in content.splitlines()]


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(content: bytes) -> None:
    try:
        compared(a=content, b=b"[]")
    except UsageError:
        return
