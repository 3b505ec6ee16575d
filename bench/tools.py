"""Who is measured: the programs, their command lines for the same two rules, and by how much each is to be beaten."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OURS = {name: Path(__file__).with_name(file) for name, file in (("rules", "peers_rules"), ("floor", "floor.py"))}
_LEAKS = "--config {rules}/gitleaks.toml --no-banner --log-level error --exit-code 0"
_GITLEAKS = f"{{target}} {_LEAKS} --ignore-gitleaks-allow --report-format json --report-path {{report}}"
_BETTERLEAKS = f"{{target}} {_LEAKS} --no-allow-signatures --silent --output {{report}}"
_KINGFISHER = (
    "scan {target} --rules-path {rules}/kingfisher.yml --load-builtins false --no-validate --no-update-check"
    " --no-dedup --no-ignore --quiet --format json --output {report}"
)
_TURBO = f"{_KINGFISHER} --turbo --no-extract-archives"
_FILES = "--git-history none"
_AKPATROL = "{target} --no-progress --format json --output {report}"
_PLAINLY = "--no-decode --no-containers"
_READ = frozenset({0, 1, 3})  # 3: what was broken to begin with, such as an archive, is listed in the report
PLAIN = "akpatrol plain"
"""akpatrol without decoding and containers: what kingfisher's ``--turbo`` does."""


class Tool(NamedTuple):
    """A program and its command lines, by kind of input; each is split at its spaces, then filled in."""

    name: str
    program: str
    lines: dict[str, str]
    asked: dict[str, float]  # its time to akpatrol's at least, by kind of input
    codes: frozenset[int] = frozenset({0})  # exit codes of a run that read everything
    finds: bool = True
    version: str = "--version"
    expected: str = ""  # in its version: another program may have its name
    like: str = "akpatrol"  # the tool of ours that does the same work


_TOOLS = (
    Tool(
        "akpatrol",
        "akpatrol",
        {"history": f"history {_AKPATROL}", "scan": f"scan {_AKPATROL}", "memory": f"history {_AKPATROL}"},
        {},
        _READ,
    ),
    Tool(
        PLAIN,
        "akpatrol",
        {"history": f"history {_AKPATROL} {_PLAINLY}", "scan": f"scan {_AKPATROL} {_PLAINLY}"},
        {},
        _READ,
    ),
    Tool(
        "kingfisher",
        "kingfisher",
        {"history": _KINGFISHER, "scan": f"{_KINGFISHER} {_FILES}"},
        {"history": 2, "scan": 5},
        frozenset({0, 200}),
        expected="kingfisher 2.",
    ),
    Tool(
        "kingfisher turbo",
        "kingfisher",
        {"history": _TURBO, "scan": f"{_TURBO} {_FILES}"},
        {"history": 1.5},
        frozenset({0, 200}),
        expected="kingfisher 2.",
        like=PLAIN,
    ),
    Tool(
        "gitleaks",
        "gitleaks",
        {"history": f"git {_GITLEAKS}", "scan": f"dir {_GITLEAKS}"},
        {"history": 8, "scan": 10},
        version="version",
        expected="8.",
    ),
    Tool(
        "betterleaks",
        "betterleaks",
        {"history": f"git {_BETTERLEAKS}", "scan": f"fs {_BETTERLEAKS}"},
        {"scan": 5},
        expected="2.",
    ),
    Tool(
        "ripgrep",
        "rg",
        {"scan": "-uuu --text --json --file {rules}/ripgrep.txt {target}"},
        {"scan": 0.33},
        frozenset({0, 1}),
    ),
    Tool(
        "detect-secrets",
        "detect-secrets",
        {"scan": "-C {target} scan --all-files --plugin {rules}/detect_secrets_rules.py {only} ."},
        {},
    ),
    Tool("git cat-file", "git", {"history": "-C {target} cat-file --batch-all-objects --batch"}, {}, finds=False),
    Tool("isal inflate", sys.executable, {"history": "{floor} {target}"}, {}, finds=False),
)


class Installed(NamedTuple):
    """A tool, the program that was found for it, and its words for a kind of input."""

    tool: Tool
    program: str
    words: list[str]

    def command(self, target: Path, report: Path) -> list[str]:
        """Return the command line."""
        return [self.program, *(word.format(target=target, report=report, **_OURS) for word in self.words)]

    def version(self) -> str:
        """Return the first line of what the program calls itself."""
        return next(iter(_output(self.program, self.tool.version).splitlines()), "").strip()


def installed(kind: str, akpatrol: Path, peers: Sequence[Path]) -> Iterator[tuple[Tool, Installed | None]]:
    """Yield who looks through this kind of input, akpatrol first; with nothing when it is not there."""
    for tool in _TOOLS:
        if kind in tool.lines:
            ours = tool.program == "akpatrol"
            program = str(akpatrol.absolute()) if ours else _program(tool, peers)
            yield tool, Installed(tool, program, _words(tool, program, kind)) if program else None


def strings(text: str) -> set[str]:
    """Return every string in a report: JSON, or several documents of it."""
    found: set[str] = set()
    decoder, at = json.JSONDecoder(), 0
    while start := re.compile(r"\S").search(text, at):
        try:
            document, at = decoder.raw_decode(text, start.start())
        except ValueError:  # no report, so nothing found
            break
        found.update(_strings(document))
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _program(tool: Tool, peers: Sequence[Path]) -> str | None:
    """Find a program of the expected version in the peers' environments, or on PATH.

    What a wheel carries comes before its script, which starts Python first.
    """
    name = tool.program
    if not peers or name in {"git", sys.executable}:
        program = shutil.which(name)
        return program if program and tool.expected in _output(program, tool.version) else None
    for directory in map(Path.absolute, peers):
        for path in (*sorted(directory.glob(f"lib/python*/site-packages/*/bin/{name}")), directory / "bin" / name):
            if path.exists() and tool.expected in _output(str(path), tool.version):
                return str(path)
    return None


def _words(tool: Tool, program: str, kind: str) -> list[str]:
    words = tool.lines[kind].split(" ")
    if "{only}" in words:  # detect-secrets' own plugins, each by name
        at = words.index("{only}")
        plugins = _output(program, "scan", "--list-all-plugins").split()
        words[at : at + 1] = [word for plugin in plugins for word in ("--disable-plugin", plugin)]
    return words


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr
