"""The layout of the package and of its tests: short modules, no import circle, and one meaning a class name."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.syntax import parsed

_ROOT = Path(__file__).parents[1]
_SOURCES = {"src": _ROOT / "src", "tests": _ROOT, "bench": _ROOT}
"""Where modules' names begin, by the directory that holds them."""
_LONGEST, _SHORTEST = 350, 20  # lines
# A walk's commit serves two modules; a kind has a module of its own, however little is known of it.
_SHORT = {"akpatrol/sources/git/walked_commit.py"}


def _files(directory: str) -> dict[str, Path]:
    top = _SOURCES[directory]
    return {path.relative_to(top).as_posix(): path for path in sorted((_ROOT / directory).rglob("*.py"))}


class _Module(NamedTuple):
    is_described: bool
    imports: list[tuple[str, str]]  # module and name, deferred and type-only ones included
    classes: list[str]


@cache
def _modules(directory: str) -> dict[str, _Module]:
    """Return the modules by their names; they are parsed for who asks, not for each process that collects tests."""
    return {
        file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): _facts(path)
        for file, path in _files(directory).items()
    }


def _facts(path: Path) -> _Module:
    tree = parsed(path)
    nodes = list(ast.walk(tree))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return _Module(
        bool(ast.get_docstring(tree)),
        [(node.module, alias.name) for node in imports if node.module for alias in node.names],
        [node.name for node in nodes if isinstance(node, ast.ClassDef)],
    )


def _imported(module: _Module, modules: dict[str, _Module]) -> set[str]:
    """Return those modules that one imports."""
    return {
        full if (full := f"{origin}.{name}") in modules else origin for origin, name in module.imports
    } & modules.keys()


@pytest.mark.parametrize("directories", [("src",), ("tests", "bench")], ids=" ".join)
def test_no_modules_import_one_another_in_a_circle(directories: tuple[str, ...]) -> None:
    modules = {name: module for directory in directories for name, module in _modules(directory).items()}
    graph = {name: _imported(module, modules) - {name} for name, module in modules.items()}
    if "akpatrol" in graph:
        # The package's one public name is imported when it is asked for.
        graph["akpatrol"].discard("akpatrol.scanner")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise AssertionError(circle) from None


def test_no_two_classes_share_a_name() -> None:
    places = defaultdict(list)
    for name, module in _modules("src").items():
        for class_ in module.classes:
            places[class_].append(name)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("directory", _SOURCES)
def test_every_module_has_a_fitting_length(directory: str) -> None:
    lengths = {file: path.read_text().count("\n") for file, path in _files(directory).items()}
    assert {name: lines for name, lines in lengths.items() if lines > _LONGEST} == {}
    # A kind may be short: it is one place for what is known of it.
    short = {
        name
        for name, lines in lengths.items()
        if lines < _SHORTEST and not name.endswith("__init__.py") and "/kinds/" not in name
    }
    if directory == "src":
        assert short == _SHORT


@pytest.mark.parametrize("directory", ["src", "bench"])
def test_every_module_says_what_it_is_for(directory: str) -> None:
    assert [name for name, module in _modules(directory).items() if not module.is_described] == []
