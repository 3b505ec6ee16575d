"""Shell completion, which click gives, through the outer function of ours."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.program import command, inside

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("akpatrol hist", {"history"}),
        ("akpatrol b", {"baseline"}),
        ("akpatrol baseline ", {"create", "update", "show", "drop", "review"}),
        ("akpatrol scan --format sa", {"sarif"}),
        ("akpatrol history --base", {"--baseline"}),
    ],
)
def test_what_could_come_next(tmp_path: Path, words: str, wanted: set[str]) -> None:
    count = str(len(words.split(" ")) - 1)
    variables = {"_AKPATROL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": count}
    done = inside(cwd=tmp_path, variables=variables)
    assert done.code == 0
    assert {line.partition(",")[2] for line in done.out.decode().splitlines()} == wanted


@pytest.mark.skipif(not shutil.which("bash"), reason="without bash")
def test_the_line_of_the_readme(tmp_path: Path) -> None:
    program = tmp_path / "akpatrol"
    python, option, code = command()
    program.write_text(f"#!/bin/sh\nexec {python!s} {option!s} '{str(code).strip()}' \"$@\"\n")
    program.chmod(0o755)
    line = 'eval "$(_AKPATROL_COMPLETE=bash_source ./akpatrol)" && complete -p akpatrol'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"_akpatrol_completion" in done.stdout


@pytest.mark.parametrize("wanted", ["nonsense", "bash_nonsense", "nonsense_source"])
def test_what_no_shell_asks(tmp_path: Path, wanted: str) -> None:
    assert inside(cwd=tmp_path, variables={"_AKPATROL_COMPLETE": wanted}).code == 1
