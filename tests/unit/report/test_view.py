"""The view that formats read has the fields of the schema, and no format reads an untyped value."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import akpatrol.report
from akpatrol.report.view import ReportView

SCHEMA = json.loads((files("akpatrol.report") / "schema.json").read_text())
MODULES = sorted(Path(akpatrol.report.__path__[0]).glob("*.py"))
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def types_of(schema: dict[str, Any]) -> list[str]:
    """Return the names of the types that a value may have."""
    if "anyOf" in schema:
        return [name for choice in schema["anyOf"] if "enum" not in choice for name in types_of(choice)]
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def difference(hint: Any, schema: dict[str, Any], name: str) -> list[str]:
    """Return the names of the fields whose type and schema differ."""
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    members = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    (known,) = [member for member in members if member is not NoneType]
    is_optional = NoneType in members
    if "enum" in schema or "const" in schema:
        return [] if known is str and is_optional == (None in schema.get("enum", ())) else [name]
    types = types_of(schema)
    if is_optional != ("null" in types):
        return [name]
    if is_typeddict(known):
        return differences(known, schema, name)
    if get_origin(known) in (list, Sequence):
        return difference(get_args(known)[0], schema["items"], f"{name}[]") if "array" in types else [name]
    if get_origin(known) is dict:
        # Counts by name: of any name, or of the members of an enumeration.
        values = schema.get("properties", {"": schema.get("additionalProperties")}).values()
        return [wrong for value in values for wrong in difference(get_args(known)[1], value, name)]
    return [] if _SCALARS[known] in types else [name]


def differences(view: Any, schema: dict[str, Any], name: str) -> list[str]:
    hints, properties = get_type_hints(view), schema["properties"]
    wrong = [f"{name}.{field}" for field in sorted(set(hints) ^ set(properties))]
    for field in hints.keys() & properties.keys():
        wrong += difference(hints[field], properties[field], f"{name}.{field}")
    return wrong


def test_the_view_and_the_schema_have_the_same_fields_and_types() -> None:
    assert differences(ReportView, SCHEMA, "report") == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_value_of_a_report_is_untyped(module: Path) -> None:
    names = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Name)]
    lines = [node.lineno for node in names if node.id == "Any"]
    assert not lines
