"""Patterns mean the same on each Python, also where its ``re`` is wrong about possessive groups."""

from __future__ import annotations

import base64
import gc
import importlib
import pkgutil
import re
import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.unwrap import containers, encodings
from akpatrol.unwrap.encodings import lazy_pattern
from akpatrol.unwrap.encodings.escape_families import FAMILIES

_FIXED = sys.version_info >= (3, 11, 5)
_PIECES = [
    b"YWtf",
    b"\n",
    b"'\n'",
    b"61 6b 5f",
    b"\\x61",
    b"%61",
    b"&#97;",
    b"=61",
    b"(ak\\)(_)) Tj",
    b"\\u0061",
    b"<6b>",
]


@cache
def _patterns() -> list[bytes]:
    """Return every pattern of the encodings and containers in which a possessive quantifier may follow a group."""
    for package in (encodings, containers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    engine = Examiner(rule_file.load())
    found = {family.guard + family.escape for family in FAMILIES} | {family.plain for family in FAMILIES}
    found |= {lazy._source for lazy in gc.get_objects() if isinstance(lazy, lazy_pattern._Lazy)}
    assert engine
    return sorted(found)


def _spans(pattern: bytes, data: bytes) -> list[tuple[tuple[int, int], ...]]:
    groups = range(re.compile(pattern).groups + 1)
    return [tuple(found.span(group) for group in groups) for found in re.finditer(pattern, data)]


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (rb"(?:ab)*+c", rb"(?>(?:ab)*)c"),
        (rb"(?:a(?:b|c){2,3}+)?+", rb"(?>(?:a(?>(?:b|c){2,3}))?)"),
        (rb"((?:ab){2,}+)|c", rb"((?>(?:ab){2,}))|c"),
        (rb"[)*+(]*+\)*+(a)*\(", rb"[)*+(]*+\)*+(a)*\("),
        (rb"[]a(]++(?=x)", rb"[]a(]++(?=x)"),
        (rb"[^])]++(?:\)\))++", rb"[^])]++(?>(?:\)\))+)"),
    ],
)
def test_only_possessive_groups_are_made_atomic(pattern: bytes, written: bytes) -> None:
    assert lazy_pattern.atomic(pattern) == written


def test_a_pattern_is_changed_only_where_re_is_wrong() -> None:
    compiled = lazy_pattern.compiled(rb"(?:a|b)*+c")
    assert compiled.pattern == (rb"(?:a|b)*+c" if _FIXED else rb"(?>(?:a|b)*)c")


def test_some_patterns_of_the_encodings_and_of_the_containers_have_possessive_groups() -> None:
    changed = [pattern for pattern in _patterns() if lazy_pattern.atomic(pattern) != pattern]
    assert any(b"[0-9A-Za-z+/_-]++(?>" in lazy_pattern.atomic(pattern) for pattern in changed)


@pytest.mark.skipif(not _FIXED, reason="re is wrong about possessive groups here, so it is no measure")
@given(st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3), max_size=30).map(b"".join))
def test_an_atomic_pattern_matches_what_the_possessive_one_does(data: bytes) -> None:
    for pattern in _patterns():
        assert _spans(lazy_pattern.atomic(pattern), data) == _spans(pattern, data)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b" \\\n", b"' +\n'"])
def test_long_runs_of_many_lines_end_on_each_python(line_end: bytes) -> None:
    encoded = base64.b64encode(bytes(3000))
    lines = line_end.join(encoded[at : at + 40] for at in range(0, len(encoded), 40))
    for pattern in _patterns():
        for found in lazy_pattern.compiled(pattern).finditer(lines):
            assert found.end() <= len(lines)
