"""The layout of the package: short modules, no import circle, and one meaning a class name."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

_SOURCE = Path(__file__).parents[1] / "src"
_LONGEST, _SHORTEST = 350, 20  # lines
# A walk's commit serves two modules; a kind has a module of its own, however little is known of it.
_SHORT = {"akpatrol/kinds/custom.py", "akpatrol/sources/git/walked_commit.py"}
_PATHS = sorted(_SOURCE.rglob("*.py"))
_TREES = {".".join(path.relative_to(_SOURCE).with_suffix("").parts): ast.parse(path.read_text()) for path in _PATHS}
_MODULES = {name.removesuffix(".__init__"): tree for name, tree in _TREES.items()}


def _imported(tree: ast.Module) -> set[str]:
    """Return the modules of the package that one imports, deferred and type-only imports included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in _MODULES else node.module)
    return found & _MODULES.keys()


def test_no_modules_import_one_another_in_a_circle() -> None:
    graph = {name: _imported(tree) - {name} for name, tree in _MODULES.items()}
    # The package's one public name is imported when it is asked for.
    graph["akpatrol"].discard("akpatrol.scanner")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise AssertionError(circle) from None


def test_no_two_classes_share_a_name() -> None:
    places = defaultdict(list)
    for name, tree in _MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_every_module_has_a_fitting_length() -> None:
    lengths = {str(path.relative_to(_SOURCE)): path.read_text().count("\n") for path in _PATHS}
    assert {name for name, lines in lengths.items() if lines > _LONGEST} == set()
    short = {name for name, lines in lengths.items() if lines < _SHORTEST and not name.endswith("__init__.py")}
    assert short == _SHORT


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in _MODULES.items() if not ast.get_docstring(tree)] == []
