"""The same secret at the same place, from all reports: which rows of different reports are one finding.

Rows with a common name are of one secret; a place is a path, a member of a container and a line, or an object or commit
where there is no path. A row without a name is of that finding at its place that its report has not yet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.compare.rows import NamedReport, ReportRow

_MOST_TRIED = 100
"""Findings on one line that a row is compared with; a hostile report has any number on one."""
_ANY = "any line"
# A scanner that reads what git shows of a commit does not say which of these it was.
_OF_COMMITS = frozenset({Place.COMMIT_MESSAGE, Place.AUTHOR, Place.COMMITTER, Place.TAG_MESSAGE, Place.TAGGER})


class ComparedFinding:
    """One secret at one place, with the rows that each report has of it, by the report's number.

    ``commits`` are those that reports name; ``secret`` is a number, None where no report says which secret it is.
    """

    def __init__(self, secret: int | None) -> None:
        self.secret = secret
        self.rows: dict[int, list[ReportRow]] = {}
        self.commits: set[str] = set()

    def add(self, report: int, row: ReportRow) -> None:
        """Add a row."""
        self.rows.setdefault(report, []).append(row)
        if row.commit:
            self.commits.add(row.commit)

    @property
    def all_rows(self) -> list[ReportRow]:
        """The rows of all reports, those of akpatrol first."""
        rows = [row for rows in self.rows.values() for row in rows]
        return sorted(rows, key=lambda row: row.state is None)

    @property
    def best(self) -> ReportRow:
        """The row that says most: akpatrol's where there is one."""
        return self.all_rows[0]

    @property
    def files(self) -> frozenset[_ComparedFile]:
        """The files, at every path that they had."""
        return frozenset(file for row in self.all_rows for file in files_of(row))


class _ComparedFile(NamedTuple):
    path: str
    member: str


class Grouping(NamedTuple):
    """All findings, and those of each secret."""

    findings: list[ComparedFinding]
    secrets: dict[int, list[ComparedFinding]]


def files_of(row: ReportRow) -> tuple[_ComparedFile, ...]:
    """Return the file of a row at each path that it had; none for a place that is no file."""
    if row.place not in (Place.CONTENT, Place.GIT_DIR):
        return ()
    return tuple(_ComparedFile(path, row.member) for path in dict.fromkeys((row.path, *row.others)) if path)


def group(reports: Sequence[NamedReport]) -> Grouping:
    """Return the findings of all reports, each once."""
    numbers = _secrets(reports)
    index = _PlaceIndex()
    rows = [(number, row) for number, report in enumerate(reports) for row in report.rows]
    commits = {row.commit for _, row in rows if row.names}
    # Rows with a name first, of them akpatrol's, which know all paths of a file, then those with the most hashes: a row
    # with one alone is held beside all others. Rows without a name come last, those at known commits before others.
    rows.sort(
        key=lambda item: (not item[1].names, item[1].state is None, -len(item[1].names), item[1].commit not in commits)
    )
    for number, row in rows:
        secret = numbers[next(iter(row.names))] if row.names else None
        finding = index.find(number, row, secret)
        if finding is None:
            finding = ComparedFinding(secret)
            index.findings.append(finding)
        finding.add(number, row)
        index.add(finding, row, secret)
    by_secret: dict[int, list[ComparedFinding]] = defaultdict(list)
    for finding in index.findings:
        if finding.secret is not None:
            by_secret[finding.secret].append(finding)
    return Grouping(index.findings, by_secret)


def _secrets(reports: Sequence[NamedReport]) -> dict[str, int]:
    """Return a number for each name; names of one secret have the same."""
    parents: dict[str, str] = {}

    def top(name: str) -> str:
        while (parent := parents.setdefault(name, name)) != name:
            parents[name] = name = parents[parent]
        return name

    for report in reports:
        for row in report.rows:
            if row.names:
                first, *others = row.names
                for other in others:
                    parents[top(other)] = top(first)
                top(first)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(map(top, [*parents])))}
    return {name: numbers[top(name)] for name in parents}


class _PlaceIndex:
    """Findings by secret and place, and by place alone."""

    def __init__(self) -> None:
        self.findings: list[ComparedFinding] = []
        self._places: dict[tuple[object, ...], list[ComparedFinding]] = defaultdict(list)

    def find(self, number: int, row: ReportRow, secret: int | None) -> ComparedFinding | None:
        """Return the finding that a row of a report is of, if it is there already."""
        if secret is None:
            return self._unnamed(number, row)
        for key in (*_keys(row), *_vague_keys(row)):
            if found := self._places.get((secret, *key)):
                return found[0]
        return self._overlapping(number, row) or self._incomparable(number, row)

    def add(self, finding: ComparedFinding, row: ReportRow, secret: int | None) -> None:
        """Add a finding under the places of a row, whose secret may have another number there."""
        any_line = ((row.place, *file, _ANY) for file in files_of(row))
        for key in (*_keys(row), *any_line):
            for owner in {finding.secret, secret, None}:
                listed = self._places[(owner, *key)]
                if finding not in listed[-_MOST_TRIED:]:
                    listed.append(finding)

    def _at(self, row: ReportRow) -> Iterator[ComparedFinding]:
        """Yield the findings at a row's place."""
        for key in (*_keys(row), *_vague_keys(row)):
            yield from self._places.get((None, *key), ())[:_MOST_TRIED]

    def _unnamed(self, number: int, row: ReportRow) -> ComparedFinding | None:
        """Return the finding at a row's place, if it may be the same secret: at another commit it need not be."""
        found = [*self._at(row)]
        free = [finding for finding in found if number not in finding.rows and _is_same_moment(finding, row)]
        if free:
            return max(free, key=lambda finding: _overlap(finding, row))
        return next((finding for finding in found if number in finding.rows and _is_again(finding, number, row)), None)

    def _incomparable(self, number: int, row: ReportRow) -> ComparedFinding | None:
        """Return a finding at a row's place whose secret cannot be compared with the row's.

        There are only hashes of other functions than the row's; or the row has a hash alone, and the place is an
        encoded run: then it may be the hash of the run.
        """
        functions = _functions(row)
        for finding in self._at(row):
            if (
                number not in finding.rows
                and _is_same_moment(finding, row)
                and (
                    all(functions.isdisjoint(_functions(other)) for other, *_ in finding.rows.values())
                    or (len(row.names) == 1 and any(other.encodings for other, *_ in finding.rows.values()))
                )
            ):
                return finding
        return None

    def _overlapping(self, number: int, row: ReportRow) -> ComparedFinding | None:
        """Return a finding whose span another tool takes to be wider or narrower."""
        for finding in self._at(row):
            if number not in finding.rows and _is_same_moment(finding, row) and _overlap(finding, row):
                return finding
        return None


def _is_again(finding: ComparedFinding, number: int, row: ReportRow) -> bool:
    """Return whether a report's row is of a further version of a file, or another rule's for the same span."""
    same = [other for other in finding.rows[number] if other.commit == row.commit]
    return not same or any(other.columns == row.columns and other.rule != row.rule for other in same)


def _functions(row: ReportRow) -> set[str]:
    """Return the words before a row's names, which say by which function they are made."""
    return {name.partition(":")[0] for name in row.names}


def _is_same_moment(finding: ComparedFinding, row: ReportRow) -> bool:
    """Return whether a finding is of the same version of a file as a row, or one of them does not say of which."""
    return not row.commit or not finding.commits or row.commit in finding.commits


def _overlap(finding: ComparedFinding, row: ReportRow) -> bool:
    """Return whether a row's columns and a finding's have most of the shorter span in common."""
    if row.columns is None:
        return False
    start, end = row.columns
    # The first row of a report speaks for its others.
    for other, *_ in finding.rows.values():
        if other.columns:
            common = min(end, other.columns[1]) - max(start, other.columns[0])
            if 2 * common > min(end - start, other.columns[1] - other.columns[0]) > 0:
                return True
    return False


def _keys(row: ReportRow) -> Iterator[tuple[object, ...]]:
    """Yield the places of a row: its file's line at every path, its objects, or its commit."""
    for file in files_of(row):
        yield (row.place, *file, row.line)
    if row.place is Place.CONTENT:
        if row.is_note and row.path:
            # trufflehog reads a note as a part of the commit that has it; many notes are spread over directories.
            yield ("commit", row.path.replace("/", ""))
        for object_ in row.objects:
            yield ("object", object_, row.member, row.line)
            if not row.path:
                # A loose object that was read as a file may be a commit.
                yield ("commit", object_)
    elif row.place in _OF_COMMITS and row.commit:
        yield ("commit", row.commit)
    elif row.place is Place.REF_NAME:
        yield from (("ref", ref) for ref in row.refs)


def _vague_keys(row: ReportRow) -> Iterator[tuple[object, ...]]:
    """Yield the places of a row that has no line, or of one at whose file another report names none."""
    for file in files_of(row):
        yield (row.place, *file, _ANY if row.line is None else None)
