"""The kinds, their registry, and that no other module knows one by its name."""

from __future__ import annotations

import ast
import json
import pickle
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import akpatrol
from akpatrol.kinds import CUSTOM, KINDS, PREFIXES, CredentialKind, named
from akpatrol.kinds.base import Bounds, Remediation
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Secret
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token
from tests.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_PACKAGE = Path(akpatrol.__file__).parent
_SCHEMA = json.loads((files("akpatrol.report") / "schema.json").read_text())
# The shortest credential at the beginning of a text, as a pattern: written by hand for the two kinds.
_SHORTEST = {
    ORGANIZATION_KEY: re.compile(rb"ak_[^.]{4,}\.[^.]{16}"),
    PERSONAL_ACCESS_TOKEN: re.compile(rb"pat_(?:[^.]{4,}\.[^.]{16}|[^.]{20})"),
}


def test_each_module_defines_the_kind_that_it_is_named_after() -> None:
    modules = {path.stem for path in (_PACKAGE / "kinds").glob("*.py")} - {"__init__", "base"}
    assert modules == set(KINDS)


def test_the_kind_of_users_rules_comes_last() -> None:
    assert (*sorted(KINDS[:-1]), CUSTOM) == KINDS
    assert [kind for kind in KINDS if kind.is_custom] == [CUSTOM]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_found_by_its_name(kind: CredentialKind) -> None:
    assert named(str(kind)) is kind
    assert pickle.loads(pickle.dumps(kind)) is kind  # noqa: S301 - made here


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no kind of credential: key"):
        named("key")


def test_prefixes_are_distinct_and_shown_in_masked_forms() -> None:
    prefixes = [kind.prefix for kind in KINDS if kind.prefix]
    assert all(Secret(f"{prefix}{'x' * 20}".encode()).redacted.startswith(f"{prefix}xxxx*") for prefix in prefixes)
    assert len(set(prefixes)) == len(prefixes)
    assert all(re.fullmatch(PREFIXES, prefix) for prefix in prefixes)


@pytest.mark.parametrize("kind", KINDS)
def test_each_judged_kind_has_a_shipped_rule_and_words(kind: CredentialKind) -> None:
    rules = [rule for rule in load().rules if rule.kind is kind]
    assert bool(rules) is not kind.is_custom
    if rules:
        assert kind.sarif.id in {rule.id for rule in rules}
        assert kind.sarif.description.endswith(".")
        assert kind.wording.shape.startswith(kind.prefix)
        assert kind.bounds.shortest


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_takes_each_name(kind: CredentialKind) -> None:
    Draft202012Validator(_SCHEMA["$defs"]["kind"]).validate(str(kind))


def test_the_schema_requires_a_count_of_no_unknown_kind() -> None:
    required = _SCHEMA["$defs"]["summary"]["properties"]["by_kind"]["required"]
    assert set(required) <= set(KINDS)


def test_the_key_id_is_public_in_organization_keys_alone(rng: Random) -> None:
    key = organization_key(rng)
    assert ORGANIZATION_KEY.key_id(key.encode()) == key[3 : key.index(".")]
    assert ORGANIZATION_KEY.key_id(f"{key}.".encode()) is None
    assert ORGANIZATION_KEY.key_id(key.replace("ak_", "bk_").encode()) is None
    token = personal_access_token(rng)
    assert PERSONAL_ACCESS_TOKEN.key_id(f"{token[:16]}.{token[16:]}".encode()) is None
    assert CUSTOM.key_id(key.encode()) is None


@given(st.sampled_from(sorted(_SHORTEST)), st.lists(st.integers(0, 24), max_size=4), st.booleans())
def test_the_shortest_reading_is_that_of_the_pattern(name: str, lengths: list[int], has_prefix: bool) -> None:
    kind = named(name)
    text = (kind.prefix if has_prefix else "").encode() + b".".join(b"x" * length for length in lengths)
    match = _SHORTEST[kind].match(text)
    assert kind.shortest_end(text) == (match.end() if match else None)


def test_bounds() -> None:
    assert Bounds().shortest == 0
    assert Bounds(body=range(20, 257)).shortest == 20
    assert Bounds(id=range(4, 65), secret=range(16, 257)).shortest == 21
    assert Bounds(range(4, 65), range(16, 257), range(20, 257)).longest_word == 256
    assert ORGANIZATION_KEY.has_form(b"ak_abcd." + b"x" * 16)
    assert not ORGANIZATION_KEY.has_form(b"ak_" + b"x" * 20)
    assert PERSONAL_ACCESS_TOKEN.has_form(b"pat_" + b"x" * 20)
    assert not PERSONAL_ACCESS_TOKEN.has_form(b"pat_" + b"x" * 19)


def test_a_heading_keeps_the_capitals_of_the_action() -> None:
    assert Remediation("ask Anyreach", "by mail").title == "Ask Anyreach by mail"


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield the string constants of a module but for its docstrings."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in statements:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


@pytest.mark.slow
def test_no_other_module_knows_a_kind_by_its_name_or_prefix() -> None:
    known = [kind for kind in KINDS if not kind.is_custom]
    names = re.compile("|".join(known) + rf"|(?<![a-z_])(?:{PREFIXES})")
    modules = [path for path in _PACKAGE.rglob("*.py") if path.parent.name != "kinds"]
    assert len(modules) > 200
    for path in modules:
        tree = parsed(path)
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [text for text in (*_texts(tree), *imported) if names.search(text)], path
    for path in (_PACKAGE / "report" / "html").iterdir():
        assert not names.search(path.read_text()), path
