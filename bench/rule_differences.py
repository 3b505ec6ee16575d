"""Where akpatrol and gitleaks differ under one rule file, who is right: gitleaks itself is asked about the whole file.

In a history gitleaks reads the lines that each commit adds, in a tree it leaves out what ``.gitleaksignore`` lists. So
each file in which only one of them has a finding is given to gitleaks once more, whole and by itself.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WRONG = "akpatrol lacks it"
"""The one class that counts against recall."""
_CUT = "it is in the lines that a commit adds, read alone, and not in the whole file: akpatrol is right"
_LISTED = "the tree's .gitleaksignore lists it: both are right"
_SHOWN = "gitleaks finds it in the whole file, but no patch that it reads shows it: akpatrol is right"
_UNREACHABLE = "the same, in a version that no branch or tag holds: akpatrol is right"
_ALLOWED = "the rules leave this path out, but not another one of the same bytes, which names it: both are right"
FOLDED = "the match begins on another line in another version, and both are one place: both are right"
_BINARY = "gitleaks does not read binary files: akpatrol is right"
UNCLEAR = "gitleaks does not find it in the whole file"
"""The one class of what only akpatrol has that nobody has decided."""


class Finding(NamedTuple):
    """A rule, a file, the line where its match begins, and the SHA-256 of the secret.

    A file that is found by its path has line 0 and an empty secret.
    """

    rule: str
    file: str
    line: int
    secret: str


class Place(NamedTuple):
    """Where the bytes of a finding's file are: a path in a tree, or what git calls an object."""

    name: str
    is_reachable: bool = True


def of_gitleaks(report: Sequence[dict[str, Any]]) -> dict[Finding, Place]:
    """Return the findings of a report of gitleaks."""
    return {
        Finding(found["RuleID"], found["File"], found["StartLine"], _hashed(found["Secret"])): Place(
            f"{found['Commit']}:{found['File']}" if found["Commit"] else found["File"]
        )
        for found in report
    }


def of_akpatrol(report: Mapping[str, Any]) -> dict[Finding, Place]:
    """Return the findings of akpatrol's JSON; those of a file that a rule finds by its path alone have no line."""
    found: dict[Finding, Place] = {}
    for credential in report["credentials"]:
        for place in credential["occurrences"]:
            by_path = place["line"] is None
            secret = "" if by_path else credential["secret_sha256"]
            lines = [0] * len(place["rule_ids"]) if by_path else place["match_lines"]
            is_reachable = place["state"] != "unreachable"
            for rule, line in zip(place["rule_ids"], lines, strict=True):
                for path in place["paths"] or [place["path"]]:
                    source = Place(place["object"] or path, is_reachable)
                    # A line that several versions have counts as reachable where one of them is.
                    before = found.get(finding := Finding(rule, path, line, secret))
                    if not before or not before.is_reachable:
                        found[finding] = source
    return found


class Oracle:
    """Asks gitleaks about whole files of a target."""

    def __init__(self, gitleaks: Sequence[str], target: Path, *, is_tree: bool) -> None:
        self._gitleaks = gitleaks
        self._target = target
        self._is_tree = is_tree

    def classes(
        self, theirs: Mapping[Finding, Place], ours: Mapping[Finding, Place]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Count by class what only gitleaks has, and what only akpatrol has."""
        missing, more = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
        files = {(theirs[found].name, found.file) for found in missing} | {
            (ours[found].name, found.file) for found in more
        }
        contents = self._contents(sorted({name for name, _ in files})) if files else {}
        agreed = self._findings([(name, path, contents[name]) for name, path in sorted(files) if name in contents])
        elsewhere = {(name, found._replace(file="")) for name, found in agreed}
        moved = {(name, found._replace(line=0)) for name, found in agreed}
        listed = self._listed()
        only_theirs, only_ours = Counter[str](), Counter[str]()
        for found in missing:
            is_whole = (theirs[found].name, found) in agreed
            only_theirs[WRONG if is_whole or self._is_tree else _CUT] += 1
        for found in more:
            place = ours[found]
            if f"{found.file}:{found.rule}:{found.line}" in listed:
                only_ours[_LISTED] += 1
            elif (place.name, found) in agreed:
                only_ours[_SHOWN if place.is_reachable else _UNREACHABLE] += 1
            elif (place.name, found._replace(file="")) in elsewhere:
                only_ours[_ALLOWED] += 1
            elif (place.name, found._replace(line=0)) in moved:
                only_ours[FOLDED] += 1
            else:
                only_ours[_BINARY if b"\0" in contents.get(place.name, b"") else UNCLEAR] += 1
        return dict(only_theirs), dict(only_ours)

    def _listed(self) -> set[str]:
        file = self._target / ".gitleaksignore"
        return set(file.read_text().split()) if self._is_tree and file.exists() else set()

    def _contents(self, names: Sequence[str]) -> dict[str, bytes]:
        if self._is_tree:
            return {name: (self._target / name).read_bytes() for name in names}
        command = ["git", "-C", str(self._target), "cat-file", "--batch"]
        asked = "".join(f"{name}\n" for name in names).encode()
        output = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
        contents, position = {}, 0
        for name in names:
            header = output[position : (end := output.index(b"\n", position))].split()
            if header[1] != b"missing":
                size = int(header[2])
                contents[name] = output[end + 1 : end + 1 + size]
                end += 1 + size
            position = end + 1
        return contents

    def _findings(self, files: Sequence[tuple[str, str, bytes]]) -> set[tuple[str, Finding]]:
        """Return what gitleaks finds in files, each by itself: by its name, path and bytes."""
        if not files:
            return set()
        with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory:
            for number, (_, path, data) in enumerate(files):
                file = Path(directory, str(number), path)
                file.parent.mkdir(parents=True)
                file.write_bytes(data)
            report = Path(directory, "report.json")
            command = [self._gitleaks[0], "dir", ".", *self._gitleaks[1:], "--report-path", str(report)]
            subprocess.run(command, cwd=directory, check=True, capture_output=True)
            return {
                (files[int(number)][0], found._replace(file=path))
                for found in of_gitleaks(json.loads(report.read_text() or "[]"))
                for number, _, path in [found.file.partition("/")]
                if number.isdecimal()
            }


def counted(classes: Mapping[str, int]) -> Iterable[str]:
    """Yield a line of text for each class, the largest first."""
    for reason, number in sorted(classes.items(), key=lambda item: -item[1]):
        yield f"{number:,}, {reason}"


def _hashed(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest() if secret else ""
