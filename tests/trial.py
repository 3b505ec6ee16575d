"""A copy of the program in which something is added as CONTRIBUTING says, to count what that takes."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import akpatrol
from akpatrol.rules.rule_file import shipped_files
from tests import program

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = Path(akpatrol.__file__).parent
_ROOT = Path(__file__).parent.parent


class Trial:
    """The copy, and a tree for it to look at."""

    def __init__(self, directory: Path) -> None:
        self._package = directory / "program" / "src" / "akpatrol"
        # With what is compiled of it, which holds as long as a file's time and size are the same.
        shutil.copytree(_PACKAGE, self._package, ignore=shutil.ignore_patterns("shipped"))
        rules = directory / "program" / "rules"
        rules.mkdir()
        for file in shipped_files():
            shutil.copy(file, rules)
        self.tree = directory / "tree"
        self.tree.mkdir()

    def add_file(self, path: str, text: str) -> None:
        """Write a module that is not there yet."""
        assert not (self._package / path).exists()
        (self._package / path).write_text(text)

    def add_line(self, path: str, table: str, line: str) -> None:
        """Put a line below the one with which a table begins."""
        file = self._package / path
        before, begin, after = file.read_text().partition(f"\n{table}\n")
        assert begin
        file.write_text(f"{before}{begin}{line}\n{after}")

    def follows(self, recipe: str, name: str) -> bool:
        """Return whether the files that are new or changed are those of a recipe in CONTRIBUTING, for that name."""
        section = (_ROOT / "CONTRIBUTING.md").read_text().partition(f"\n### {recipe}\n")[2].partition("\n#")[0]
        files = re.findall(r"^\d+\. `src/akpatrol/(\S+)`:", section, re.MULTILINE)
        return set(self._touched()) == {file.replace("NAME", name) for file in files}

    def run(self, *arguments: str | Path) -> program.Done:
        """Run a command in the tree."""
        variables = {"PYTHONPATH": os.fspath(self._package.parent)}
        return program.execute(*arguments, cwd=self.tree, variables=variables)

    def json(self, *arguments: str | Path, code: int = 1) -> dict[str, Any]:
        """Run a command that ends with this code, and return its report."""
        done = self.run(*arguments, "-f", "json")
        assert done.code == code, done.err
        report: dict[str, Any] = json.loads(done.out)
        return report

    def _touched(self) -> Iterator[str]:
        for file in self._package.rglob("*"):
            path = file.relative_to(self._package)
            if file.is_dir() or "__pycache__" in path.parts or path.parts[:2] == ("rules", "shipped"):
                continue
            if not (_PACKAGE / path).exists() or (_PACKAGE / path).read_bytes() != file.read_bytes():
                yield path.as_posix()
