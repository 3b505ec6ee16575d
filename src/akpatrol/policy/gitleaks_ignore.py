"""``.gitleaksignore``: findings of users' rules that gitleaks leaves out, by its fingerprints, compared as text.

A line is ``file:rule:line``, or ``commit:file:rule:line`` for a commit that added the line
(https://github.com/gitleaks/gitleaks#gitleaksignore). In an archive the file is ``archive!member``.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import Allowance, AllowanceSource
from akpatrol.model.scan import Place
from akpatrol.model.versions import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.config.settings import NamedFile
    from akpatrol.model.credential import Credential, Occurrence

FILE_NAME = ".gitleaksignore"
_LEAST_PARTS = 3
_SHOWN = 3
_MOVED = "move"  # a kind of ``Moved``
_GENERIC = "generic"  # gitleaks drops what such a rule finds beside another one


class IgnoreFile(NamedTuple):
    """The file's fingerprints with their lines, and ``unread`` lines.

    ``above`` has, for each target's id, the prefix that makes its paths relative to the file's directory.
    """

    file: str
    lines: Mapping[str, int]
    unread: tuple[int, ...] = ()
    above: Mapping[str, bytes] = {}

    def notices(self) -> Iterator[str]:
        """Name the lines that are no fingerprint."""
        if self.unread:
            more = f" and {len(self.unread) - _SHOWN:,} more" if len(self.unread) > _SHOWN else ""
            numbers = ", ".join(map(str, self.unread[:_SHOWN])) + more
            yield f"{self.file}:{numbers}: ignored: neither file:rule:line nor commit:file:rule:line"

    def covering(self, credential: Credential) -> dict[Occurrence, Allowance]:
        """Return the places of a credential that are listed.

        gitleaks sees only lines that a commit adds, so an entry also covers the same credential where edits of the file
        moved it to another line, and where the file was renamed.
        """
        if not credential.kind.is_custom or not self.lines:
            return {}
        listed = {place: found for place in credential.occurrences if (found := self._of(place))}
        in_files = {_file_of(place): found for place, found in listed.items() if place.introduced}
        moved = [place for place in credential.occurrences if place not in listed and _is_moved(place)]
        covered = listed | {place: in_files[_file_of(place)] for place in moved if _file_of(place) in in_files}
        renamed = {place: old for place in credential.occurrences if place not in covered and (old := _old_file(place))}
        while more := {place: in_files[old] for place, old in renamed.items() if old in in_files}:
            covered |= more
            in_files = {_file_of(place): allowance for place, allowance in more.items()}
            renamed = {place: old for place, old in renamed.items() if place not in covered}
        return covered

    def _of(self, place: Occurrence) -> Allowance | None:
        """Return the allowance of a place where each of its rules is listed."""
        rules = rules_of(place).items()
        specific = [(name, before) for name, before in rules if _GENERIC not in name.lower()]
        numbers = [self._line(place, name, before) for name, before in specific or rules]
        if not numbers or not all(numbers):
            return None
        text, number = next(filter(None, numbers))
        return Allowance(AllowanceSource.IGNORE_FILE, text, f"{self.file}:{number}")

    def _line(self, place: Occurrence, rule_id: str, lines_before: int) -> tuple[str, int] | None:
        """Return the entry for one rule's finding, and its line in the file."""
        if place.place not in (Place.CONTENT, Place.PATH):
            return None
        # gitleaks' line is that of the match.
        lines = dict.fromkeys(((place.line or 0) - lines_before, place.line or 0))
        for name, line in product(self._names(place), lines):
            everywhere = f"{name}:{rule_id}:{line}"
            for text in (everywhere, *(f"{commit}:{everywhere}" for commit in _commits(place))):
                if number := self.lines.get(text):
                    return text, number
        return None

    def _names(self, place: Occurrence) -> Iterator[str]:
        members = [member for label in place.containers if (member := label.partition(":")[2])]
        for path in dict.fromkeys(filter(None, (place.path, *place.paths))):
            whole = (self.above.get(place.target, b"") + path).decode("utf-8", "surrogateescape")
            yield "!".join([whole, *members])


def parse(file: NamedFile) -> IgnoreFile:
    """Read the file as gitleaks does: comments are whole lines, backslashes in paths are slashes."""
    lines: dict[str, int] = {}
    unread: list[int] = []
    for number, line in enumerate(file.content.decode("utf-8", "surrogateescape").split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        parts = text.split(":")
        if len(parts) < _LEAST_PARTS or not parts[-1].isdecimal():
            unread.append(number)
            continue
        path = 0 if len(parts) == _LEAST_PARTS else 1
        parts[path] = parts[path].replace("\\", "/")
        lines.setdefault(":".join(parts), number)
    return IgnoreFile(file.name, lines, tuple(unread))


def _commits(place: Occurrence) -> Sequence[str]:
    """Return the commits that may have added the line."""
    commits = [commit.id for commit in (place.introduced, place.version) if commit]
    versions = [place.versions.first.commit, place.versions.last.commit] if place.versions else []
    return list(dict.fromkeys(filter(None, [*commits, *versions])))


def _file_of(place: Occurrence) -> tuple[object, ...]:
    return place.target, place.path, place.containers


def _old_file(place: Occurrence) -> tuple[object, ...] | None:
    """Return the file that was renamed to this place's, with the credential in it.

    Where lines were moved to another file, another commit introduced it there than in the old one. A file that the
    public reads now is another matter.
    """
    old = place.moved_from
    if not old or old.kind != _MOVED or not place.introduced or old.introduced != place.introduced or place.exposure:
        return None
    return place.target, old.path, place.containers


def _is_moved(place: Occurrence) -> bool:
    """Return whether the commit that introduced the credential to the path did not add it on this line."""
    if not place.introduced:
        return False
    first = place.versions.first.commit if place.versions else place.version and place.version.id
    return first not in (None, place.introduced.id)
