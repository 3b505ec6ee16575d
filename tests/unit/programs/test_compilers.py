"""Real compilers' programs: each credential is told as it is, or its end stays uncertain."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Confidence, Content, End, Origin
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from pathlib import Path

_RUST = """
static TABLE: [&str; 4] = ["first constant", "%s", "another", "%s"];
#[inline(never)] fn tell(text: &str) { println!("{}", text); }
fn main() {
    for text in TABLE.iter().take(std::env::args().count()) { tell(text); }
    tell("plain"); tell("%s"); tell("last");
}
"""
_C = """
static const char *table[] = {"first", "%s", "another"};
int puts(const char *);
int main(int count, char **names) { (void)names; puts(table[count]); return puts("%s"); }
"""
_CLASS = 'class Out { static String told(String key) { return "%s" + key + "Bearer %s"; } }'
_SCRIPT = 'var text = "%s"; function call(key) { return {Authorization: key, kind: "%s"}; } print(text, call("%s"));\n'


def _keys(seed: str, number: int) -> list[str]:
    rng = Random(seed)
    return [organization_key(rng) if each % 2 else personal_access_token(rng) for each in range(number)]


def _built(directory: Path, source: tuple[str, str], *command: str, result: str = "out") -> bytes:
    """Return the program that a compiler makes of a source file."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    name, text = source
    (directory / name).write_text(text)
    # A compiler may lie in the home directory, which tests do not have.
    environment = os.environ | {"HOME": pwd.getpwuid(os.getuid()).pw_dir}
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False, env=environment)
    if done.returncode:
        pytest.skip(f"{command[0]} does not work here")
    return (directory / result).read_bytes()


def _told(program: bytes) -> list[tuple[str, Confidence, End]]:
    found = Examiner(rule_file.load()).examine_item(Content(Origin("test", path=b"out"), program, size=len(program)))
    matches = [item.match for item in found if isinstance(item, RawFinding)]
    return sorted((match.secret.reveal().decode(), match.confidence, match.ending) for match in matches)


def _certain(keys: list[str]) -> list[tuple[str, Confidence, End]]:
    return [(key, Confidence.HIGH, End.CERTAIN) for key in sorted(keys)]


@pytest.mark.parametrize("options", [("-Copt-level=0",), ("-Copt-level=3",), ("--emit=obj",)], ids=" ".join)
def test_rust(tmp_path: Path, options: tuple[str, ...]) -> None:
    keys = _keys("rust", 3)
    program = _built(tmp_path, ("main.rs", _RUST % tuple(keys)), "rustc", *options, "-o", "out", "main.rs")
    assert _told(program) == _certain(keys)


def test_c(tmp_path: Path) -> None:
    keys = _keys("c", 2)
    program = _built(tmp_path, ("main.c", _C % tuple(keys)), "cc", "-O2", "-o", "out", "main.c")
    assert _told(program) == _certain(keys)


def test_hermes(tmp_path: Path) -> None:
    keys = _keys("hermes", 3)
    source = ("main.js", _SCRIPT % tuple(keys))
    program = _built(tmp_path, source, "hermesc", "-emit-binary", "-O", "-out", "out", "main.js")
    assert _told(program) == _certain(keys)


@pytest.mark.slow
def test_java(tmp_path: Path) -> None:
    keys = _keys("java", 2)
    program = _built(tmp_path, ("Out.java", _CLASS % tuple(keys)), "javac", "Out.java", result="Out.class")
    assert _told(program) == _certain(keys)
