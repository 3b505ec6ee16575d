"""Compares akpatrol with gitleaks under rule files and files that are made from a seed, until the time is up.

    python -m bench.rules_fuzz --minutes 25 --peers ENVIRONMENT

A case is a rule file with features of gitleaks' format, often one that it extends, and a tree of small files; every
fifth is a history of them. Both scan it without decoding and without allowances. A finding is a rule, a file, the line
where its match begins and a secret, as in ``bench.rules``. Known differences are counted by class: what they are,
docs/rules.md says. Any other is a violation: the case is kept in --keep, and ``--case NUMBER`` runs it alone. The same
seed makes the same cases. --save DIR keeps the raw run. Exits 1 with violations.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from random import Random
from shutil import copytree
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from akpatrol.main import main as akpatrol
from bench import record, rule_differences, rules, rules_cases, tools
from bench.rule_differences import Finding, Oracle, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_HISTORY = 5  # one case in so many
_NOBODY = "0" * 40
_NO_TEXT = "the file is no UTF-8: gitleaks finds less in it"
_EMPTY = "the group took no part, gitleaks has no secret, akpatrol all of the match: akpatrol is right"
_WALK = "gitleaks leaves out a path for which an allowlist asks for more than it: akpatrol is right"
_NO_CONTENT = "gitleaks does not read an empty file, whose path a rule finds: akpatrol is right"
_GENERIC = "gitleaks drops a generic rule that finds a file by its path beside another such rule: akpatrol is right"
_LAST = "gitleaks takes another text for the last line if no line break ends it: akpatrol is right"
_COMMITS = "an allowlist of commits is for what these brought, wherever later commits moved it: akpatrol is right"
_FLAGS = "gitleaks applies the flags of one entry of an allowlist to those behind it too: akpatrol is right"
_ELSEWHERE = "gitleaks is asked about the whole file in another directory, which the rules' paths do not fit: unclear"
_JOINED = "several rules at one place are one credential, which has one secret: both are right"
_REFUSED = "gitleaks refuses the rule file"
_ONLY_GITLEAKS, _ONLY_AKPATROL = "only gitleaks has it", "only akpatrol has it"
_READ = (0, 1)
_ANCHORED = "'''^src/"
_NEAR = range(4)  # lines that a match has
_COMMIT = re.compile("[0-9a-f]{40}")
_LEAKING = re.compile(r"(?i)(?:regexes|paths) = \[[^\n]*\(\?[is]\)[^\n]*', '")
# Secrets of one character are in every path, which is then masked.
_ALONE = ["--jobs", "1", "--show-secrets"]


class Reports(NamedTuple):
    """What both say of a case."""

    theirs: dict[Finding, Place]
    ours: dict[Finding, Place]
    joined: frozenset[tuple[str, str, int]]
    """Rules, files and lines of which akpatrol has the secret of another rule."""


@click.command(help=__doc__)
@click.option("--minutes", default=25.0, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--case", "only", type=int, help="Run this case alone.")
@click.option("--peers", multiple=True, type=click.Path(exists=True, path_type=Path), help="An environment.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the cases with violations there.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep the raw run there.")
def main(  # noqa: PLR0913, PLR0917 - click gives each option its own
    minutes: float, seed: int, only: int | None, peers: tuple[Path, ...], keep: Path | None, save: Path | None
) -> None:
    """Run cases and print the classes of differences."""
    known = tools.installed("scan", Path(sys.executable).with_name("akpatrol"), list(peers))
    gitleaks = next((there.program for tool, there in known if there and tool.name == "gitleaks"), None)
    if not gitleaks:
        sys.exit("gitleaks is not installed")
    begun, first = time.monotonic(), only or 0
    number = first
    findings, classes, violations = 0, Counter[str](), list[str]()
    while time.monotonic() < begun + 60 * minutes:
        with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory:
            found, different, wrong = _run(Path(directory), f"{seed} {number}", str(gitleaks))
            findings += found
            classes.update(different)
            for line in wrong:
                violations.append(f"case {number}: {line}")
                print(violations[-1], flush=True)
            if wrong and keep:
                copytree(directory, keep / f"{seed}-{number}", symlinks=True, dirs_exist_ok=True)
        number += 1
        if only is not None:
            break
    print(f"{number - first:,} cases, {findings:,} findings of gitleaks, {len(violations)} violations")
    for reason, times in classes.most_common():
        print(f"  {times:,}, {reason}")
    if save:
        row = {"target": f"seed {seed}", "seconds": round(time.monotonic() - begun), "cases": number - first}
        row |= {"findings": findings, "classes": dict(classes), "violations": violations}
        record.save(save, "rules-fuzz", [row])
    sys.exit(bool(violations))


def _run(directory: Path, name: str, gitleaks: str) -> tuple[int, Counter[str], list[str]]:
    """Run a case; return the number of gitleaks' findings, the known differences by class, and the others."""
    rng = Random(f"rules {name}")
    case = rules_cases.case(rng)
    rule_file, tree = case.write(directory)
    is_tree = rng.randrange(_HISTORY) > 0
    versions = {path: [data] for path, data in case.tree.items()}
    if not is_tree:
        commits = _history(rng, tree, versions)
        for file in case.rule_files:
            written = directory / file
            written.write_text(written.read_text().replace(_NOBODY, rng.choice(commits)))
    reports = _reports(directory, rule_file, gitleaks, is_tree=is_tree)
    if reports is None:
        return 0, Counter({_REFUSED: 1}), []
    classes, rest = _known(reports, _Files(versions, [directory / file for file in case.rule_files], is_tree=is_tree))
    if not is_tree and (rest.theirs != rest.ours):
        oracle = Oracle([gitleaks, "--config", str(rule_file), *rules.GITLEAKS], tree, is_tree=False)
        only_theirs, only_ours = oracle.classes(rest.theirs, rest.ours)
        if any(_ANCHORED in (directory / file).read_text() for file in case.rule_files):
            classes[_ELSEWHERE] += only_ours.pop(rule_differences.UNCLEAR, 0)
        unclear = only_theirs.pop(rule_differences.WRONG, 0), only_ours.pop(rule_differences.UNCLEAR, 0)
        classes.update(only_theirs)
        classes.update(only_ours)
        return len(reports.theirs), classes, [f"{_ONLY_GITLEAKS}, {_ONLY_AKPATROL}: {unclear}"] if any(unclear) else []
    wrong = [f"{_ONLY_GITLEAKS}: {each}" for each in sorted(rest.theirs.keys() - rest.ours.keys())]
    wrong += [f"{_ONLY_AKPATROL}: {each}" for each in sorted(rest.ours.keys() - rest.theirs.keys())]
    return len(reports.theirs), classes, wrong


def _reports(directory: Path, rule_file: Path, gitleaks: str, *, is_tree: bool) -> Reports | None:
    """Let both scan; None where gitleaks refuses the rule file."""
    tree, theirs, ours = directory / "tree", directory / "gitleaks.json", directory / "akpatrol.json"
    words, command = (["dir", "."], "scan") if is_tree else (["git", "."], "history")
    asked = [gitleaks, *words, "--config", str(rule_file), *rules.GITLEAKS, "--report-path", str(theirs)]
    if subprocess.run(asked, cwd=tree, capture_output=True, check=False).returncode:
        return None
    before = Path.cwd()
    os.chdir(tree)
    try:
        code = akpatrol([command, ".", "--rules", str(rule_file), *rules.AKPATROL, *_ALONE, "--output", str(ours)])
    finally:
        os.chdir(before)
    if code not in _READ:
        sys.exit(f"akpatrol ended with {code}: {directory}")
    report = json.loads(ours.read_text())
    for credential in report["credentials"]:
        # Rules apply to names of files too, which gitleaks does not look at.
        credential["occurrences"] = [place for place in credential["occurrences"] if place["place"] == "content"]
    joined = frozenset(
        (rule, path, line)
        for credential in report["credentials"]
        for place in credential["occurrences"]
        for rule in place["rule_ids"][1:]
        for line in range(min(place["match_lines"], default=0), (place["end_line"] or 0) + 1)
        for path in place["paths"]
    )
    found = rule_differences.of_gitleaks(json.loads(theirs.read_text() or "[]"))
    return Reports(found, rule_differences.of_akpatrol(report), joined)


class _Files:
    """What is known of a case's files that explains a difference."""

    def __init__(self, versions: Mapping[str, list[bytes]], rule_files: Sequence[Path], *, is_tree: bool) -> None:
        self._versions = versions
        self._is_tree = is_tree
        self._leaks_flags = any(_LEAKING.search(file.read_text()) for file in rule_files)
        self._names_commits = any(_COMMIT.search(file.read_text()) for file in rule_files)
        self._walked_past = [
            pattern for file in rule_files for pattern in _paths_of_lists(tomllib.loads(file.read_text()))
        ]

    def class_of(self, found: Finding, *, is_ours: bool) -> str | None:
        """Return the known class of a difference in one finding, None for any other."""
        versions = self._versions.get(found.file, [])
        classes = {
            _NO_TEXT: not all(map(_is_text, versions)),
            _EMPTY: found.line and not found.secret,
            _NO_CONTENT: is_ours and not found.line and not all(versions),
            _GENERIC: is_ours and not found.line and "generic" in found.rule,
            _LAST: any(data[-1:] != b"\n" and data.count(b"\n") + 1 - found.line in _NEAR for data in versions),
            _COMMITS: not self._is_tree and not is_ours and self._names_commits,
            _FLAGS: is_ours and self._leaks_flags,
            _WALK: is_ours and self._is_walked_past(found.file),
        }
        return next((reason for reason, holds in classes.items() if holds), None)

    def _is_walked_past(self, path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
        return any(re.search(pattern, each) for pattern in self._walked_past for each in above)


def _known(reports: Reports, files: _Files) -> tuple[Counter[str], Reports]:
    """Count the known differences by class; return the findings without them."""
    classes = Counter[str]()
    theirs, ours = dict(reports.theirs), dict(reports.ours)
    places = {found[:3] for found in reports.theirs}
    empty = {found.rule for found in reports.theirs if found.line and not found.secret}

    def drop(own: dict[Finding, Place], other: dict[Finding, Place], why: Callable[[Finding], str | None]) -> None:
        for found in sorted(own.keys() - other.keys()):
            if reason := why(found):
                classes[reason] += 1
                del own[found]

    drop(
        theirs,
        reports.ours,
        lambda found: (
            files.class_of(found, is_ours=False)
            or _JOINED * (found[:3] in reports.joined)
            or rule_differences.FOLDED * _is_folded(found, reports.ours)
        ),
    )
    drop(
        ours,
        reports.theirs,
        lambda found: (
            files.class_of(found, is_ours=True)
            or _EMPTY * (found.rule in empty)
            or _JOINED * (found[:3] in reports.joined and found[:3] in places)
        ),
    )
    return classes, Reports(theirs, ours, reports.joined)


def _is_folded(found: Finding, ours: Mapping[Finding, Place]) -> bool:
    """Return whether the secret is at a line near by, where one of its versions has it."""
    near = (found._replace(line=found.line + lines) for by in _NEAR for lines in (by, -by))
    return any(each in ours and ours[each].name != each.file for each in near)


def _paths_of_lists(values: Mapping[str, Any]) -> Iterable[str]:
    """Yield the paths of the allowlists for all rules of a file."""
    top = {key.lower(): value for key, value in values.items()}
    single = top.get("allowlist")
    for entry in [*top.get("allowlists", []), *([single] if single else [])]:
        keys = {key.lower(): value for key, value in entry.items()}
        if not keys.get("targetrules"):
            yield from keys.get("paths", [])


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _history(rng: Random, tree: Path, versions: dict[str, list[bytes]]) -> list[str]:
    """Make a history of the files: some come later, change, get another name or go; return the commits."""
    git = ["git", "-C", str(tree), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]

    def run(*words: str) -> str:
        return subprocess.run([*git, *words], check=True, capture_output=True).stdout.decode().strip()

    run("init", "--quiet")
    paths, commits = sorted(versions), list[str]()
    for _ in range(rng.randint(2, 4)):
        run("add", "--", *rng.sample(paths, max(1, len(paths) // 2)))
        run("commit", "--quiet", "--allow-empty", "--message=x")
        commits.append(run("rev-parse", "HEAD"))
        for path in rng.sample(paths, 3):
            lines = versions[path][-1].split(b"\n")
            rng.shuffle(lines)
            versions[path].append(b"\n".join(lines[: rng.randint(1, len(lines))]))
            (tree / path).write_bytes(versions[path][-1])
    return commits


if __name__ == "__main__":
    main()
