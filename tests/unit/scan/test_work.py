"""The work for one content is bounded: beyond it the rest is a skip. No number of findings reaches the bound."""

from __future__ import annotations

import base64
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.model.chunks import content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin, Skipped
from akpatrol.rules.rule_file import load
from akpatrol.scan import decode, work
from akpatrol.scan.examine import Examiner
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable

_ORIGIN = Origin("0", path=b"file")
_WORDS = ["get", "set", "value", "config", "default", "account", "window", "handler"]


def _words(rng: Random) -> str:
    return "_".join(rng.choices(_WORDS, k=5))


_MISSES: dict[str, Callable[[Random], str]] = {
    "plain": lambda rng: f"ak_{_words(rng)[:20]}.{_words(rng)}\n",
    "one word": lambda rng: f"ak_{_words(rng)[:20]}.pat_{_words(rng)}.",
    "base64": lambda rng: base64.b64encode(_words(rng).encode() * 3).decode() + " , ",
    "base64 of a prefix": lambda rng: "YWtf" * 12 + base64.b64encode(_words(rng).encode()).decode() + "\n",
    "hex": lambda rng: f" ak_{_words(rng)[:20]}.{_words(rng)} ".encode().hex() + "\n",
    "percent": lambda rng: "".join(f"%{one:02x}" for one in _words(rng).encode()) + " ",
    "backslash": lambda rng: "".join(f"\\u{one:04x}" for one in _words(rng).encode()) + " ",
    "entities": lambda rng: "".join(f"&#{one};" for one in _words(rng).encode()) + " ",
    "quoted-printable": lambda rng: "".join(f"={one:02X}" for one in _words(rng).encode()) + "\n",
    "beside controls": lambda rng: f"\1ak_{_words(rng)[:20]}.{_words(rng)}\1",
}


def _found(data: bytes, examiner: Examiner | None = None) -> tuple[list[RawFinding], list[str]]:
    items = list((examiner or Examiner(load())).examine_item(content_of(BytesIO(data).read, _ORIGIN)))
    findings = [item for item in items if isinstance(item, RawFinding)]
    return findings, [item.reason for item in items if isinstance(item, Skipped)]


@pytest.mark.parametrize("name", _MISSES)
def test_beyond_the_bound_is_a_skip(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(name)
    misses = "".join(_MISSES[name](rng) for _ in range(400))
    data = (f"k = {organization_key(rng)}\n{misses}\nk = {organization_key(rng)}\n").encode()
    findings, reasons = _found(data)
    assert (len(findings), reasons) == (2, [])
    monkeypatch.setattr(work, "_LEAST_STEPS", 100)
    monkeypatch.setattr(work, "_BYTES_A_STEP", 1 << 20)
    findings, reasons = _found(data)
    assert reasons == [work.REASON]
    assert len(findings) <= 2


def test_each_part_of_a_content_in_which_something_is_left_undone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(3)
    data = "".join(_MISSES["plain"](rng) for _ in range(3000)).encode()
    monkeypatch.setattr(work, "_LEAST_STEPS", 100)
    read = BytesIO(data).read
    items = Examiner(load()).examine_item(content_of(read, _ORIGIN, block=len(data) // 2))
    assert {item.reason for item in items if isinstance(item, Skipped)} == {work.REASON}
    # The next content has its own.
    assert _found(f"k = {organization_key(rng)}\n".encode())[1] == []


@pytest.mark.parametrize("encoded", ["plain", "base64", "percent"])
def test_no_number_of_findings_reaches_the_bound(encoded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(4)
    keys = [organization_key(rng) for _ in range(300)]
    if encoded == "base64":
        keys = [base64.b64encode(f"k = {key}; ".encode()).decode() for key in keys]
    elif encoded == "percent":
        keys = ["".join(f"%{one:02x}" for one in key.encode()) for key in keys]
    monkeypatch.setattr(work, "_LEAST_STEPS", 8000)
    monkeypatch.setattr(work, "_BYTES_A_STEP", 1 << 20)
    monkeypatch.setattr(decode, "_BATCH", 16)
    findings, reasons = _found("".join(f"key={key}&next=1 , \n" for key in keys).encode())
    assert (len({finding.match.secret for finding in findings}), reasons) == (300, [])


@st.composite
def _contents(draw: st.DrawFn) -> bytes:
    rng = Random(draw(st.integers(0, 1 << 32)))
    makes = list(_MISSES.values())
    keys: list[Callable[[Random], str]] = [organization_key, personal_access_token]
    parts = []
    for _ in range(draw(st.integers(1, 12))):
        parts += [draw(st.sampled_from(makes))(rng) for _ in range(draw(st.integers(1, 3)))]
        key = draw(st.sampled_from(keys))(rng)
        as_base64, as_hexadecimal = base64.b64encode(key.encode()).decode(), key.encode().hex()
        parts.append(draw(st.sampled_from((key, as_base64, as_hexadecimal, key.replace("_", "%5f"), ""))))
        parts.append(draw(st.sampled_from(("\n", " ", ", ", ""))))
    repeated = draw(st.lists(st.sampled_from(parts), max_size=10))
    return "".join((*parts, *repeated)).encode()


@given(_contents())
@settings(max_examples=60)
def test_looked_at_together_or_one_by_one_is_the_same(data: bytes) -> None:
    together = _look(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, "_BATCH", 1)
        assert _look(data) == together


_EXAMINER = Examiner(load())


def _look(data: bytes) -> list[object]:
    found = list(_EXAMINER.examine_item(Content(_ORIGIN, data, size=len(data))))
    return [(item.match, item) if isinstance(item, RawFinding) else item for item in found]
