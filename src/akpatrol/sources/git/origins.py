"""The origin of each place of a credential: the commit that introduced it, or the path that it was moved from.

A new version of a file introduces only credentials that no parent holds there. Places are compared by secret,
encodings and containers, those with the same line first. Pure except for the callables that it receives.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.git.trees import TreeChange

    FindingsByBlob = MutableMapping[str, Sequence[RawFinding]]

SAME, RENAME, MOVE, COPY = "same", "rename", "move", "copy"
_MOST_SOURCES = 1000
_ALIKE = 0.5  # git's own measure of a rename


class Introduction(NamedTuple):
    """A commit that holds the object at a path while no parent does; the smallest one is the first.

    ``after`` orders commits of the same second: it falls from children to parents.
    """

    beyond_branches: bool
    unreachable: bool
    date: int
    after: int
    commit: str
    path: bytes


class FindingPosition(NamedTuple):
    """One place: a path, the blob that it holds, and the number of the finding within that blob."""

    path: bytes
    blob: str
    number: int


class _Link(NamedTuple):
    """How a place came from another one; without a path, from the same path."""

    how: str
    path: bytes | None
    blob: str
    number: int


class PathOrigin(NamedTuple):
    """``introduced`` added a place to its path; None when that was before the commits examined.

    ``moved`` is the move from another path, as reports show it, and ``first`` added it to that path. ``base`` is the
    place it came from that these commits did not add; ``is_known`` says that it only stayed or was renamed since.
    """

    introduced: Introduction | None
    moved: tuple[str, bytes] | None = None
    first: Introduction | None = None
    base: FindingPosition | None = None
    is_known: bool = False


class _Trace(NamedTuple):
    """The trace back from an arrival: its latest move, the commit that this ``introduced``, and the ``first`` arrival.

    It ends there, or at a ``base`` place that no commit added.
    """

    introduced: Introduction | None = None
    moved: tuple[str, bytes] | None = None
    first: Introduction | None = None
    base: FindingPosition | None = None


class ContentLookup(NamedTuple):
    """Queries about content outside the raw findings.

    ``load(ids, findings)`` adds the raw findings of these blobs, ``alike(new, old)`` compares contents, and
    ``at_other_path(parents, position, findings)`` finds the same place at another path.
    """

    load: Callable[[Collection[str], FindingsByBlob], None] = lambda _ids, _findings: None
    alike: Callable[[str, str], bool] = lambda _new, _old: False
    at_other_path: Callable[[Sequence[str], FindingPosition, FindingsByBlob], FindingPosition | None] = (
        lambda _parents, _position, _findings: None
    )


class PathOrigins:
    """Records what commits changed, in any order, then finds where each place came from.

    ``findings`` are the raw findings of each blob. ``is_based`` says that there are earlier commits, which added
    the content that these did not.
    """

    def __init__(self, findings: Mapping[str, Sequence[RawFinding]], lookup: ContentLookup, *, is_based: bool) -> None:
        self._findings: FindingsByBlob = dict(findings)
        self._wanted = frozenset(findings)
        self._lookup = lookup
        self._is_based = is_based
        self._arrivals: dict[tuple[bytes, str], list[tuple[Introduction, Mapping[int, _Link]]]] = defaultdict(list)
        self._paths: dict[str, dict[bytes, None]] = defaultdict(dict)
        self._traces: dict[tuple[FindingPosition, int], _Trace] = {}
        # By the number of an object that is kept, those that most places share: a commit adds several at once.
        self._starts: dict[int, _Trace] = {}
        self._origins: dict[int, tuple[_Trace, PathOrigin]] = {}
        self._keys = _FindingKeys()
        self._known_keys: dict[str, Sequence[_FindingKey]] = {}

    def record(self, introduction: Introduction, parents: Sequence[str], changes: Sequence[TreeChange]) -> None:
        """Record one commit; ``introduction`` is that commit, without a path."""
        introduced = [change for change in changes if change.new in self._wanted and change.introduces]
        if not introduced:
            return
        self._traces.clear()
        self._origins.clear()
        self._lookup.load({old for change in introduced for old in _blobs(change)}, self._findings)
        links = [self._kept(change) for change in introduced]
        if any(len(link) < len(self._findings[change.new]) for change, link in zip(introduced, links, strict=True)):
            self._find_moves(parents, changes, introduced, links)
        for change, link in zip(introduced, links, strict=True):
            for path in change.paths:
                self._arrivals[path, change.new].append((introduction._replace(path=path), link))
                self._paths[change.new][path] = None

    def paths(self, blob: str) -> Collection[bytes]:
        """Return the paths at which the commits added a blob."""
        return self._paths.get(blob, {}).keys()

    def of(self, position: FindingPosition) -> PathOrigin:
        """Return where a place came from."""
        trace = self._trace(position)
        kept = self._origins.get(id(trace))
        if not kept:
            kept = self._origins[id(trace)] = trace, self._origin(trace)
        return kept[1]

    def _origin(self, trace: _Trace) -> PathOrigin:
        if trace.base and self._is_based:
            return PathOrigin(trace.introduced, trace.moved, None, trace.base, is_known=trace.introduced is None)
        return PathOrigin(trace.introduced or trace.first, trace.moved, trace.first if trace.moved else None)

    def _trace(self, position: FindingPosition) -> _Trace:
        """Follow a place back from arrival to arrival, no arrival twice: each version of a file leads to the first."""
        steps: list[tuple[tuple[FindingPosition, int], Introduction, _Link | None]] = []
        current, limit, trace = position, None, None
        while not trace and (previous := self._arrival(current, limit)):
            arrival, links = previous
            limit = arrival.after
            key = (current, limit)
            trace = self._traces.get(key)
            if not trace:
                link = links.get(current.number)
                steps.append((key, arrival, link))
                if link:
                    current = FindingPosition(current.path if link.path is None else link.path, link.blob, link.number)
                else:
                    trace = self._starts.setdefault(id(arrival), _Trace(first=arrival))
        trace = trace or _Trace(base=current)
        for key, arrival, link in reversed(steps):
            if not trace.first:
                trace = trace._replace(first=arrival)
            if link and link.how in (MOVE, COPY):
                trace = trace._replace(introduced=arrival, moved=(link.how, link.path or b""))
            elif link and link.how == RENAME:
                trace = trace._replace(moved=(MOVE, link.path or b""))
            self._traces[key] = trace
        return trace

    def finding(self, position: FindingPosition) -> RawFinding:
        """Return the raw finding of a place."""
        return self._findings[position.blob][position.number]

    def match(self, finding: RawFinding, blob: str) -> FindingPosition | None:
        """Return the raw finding's place in a blob, without a path."""
        self._lookup.load({blob}, self._findings)
        matches = matched([finding], self._findings.get(blob, ()))
        return FindingPosition(b"", blob, matches[0]) if matches else None

    def _arrival(self, position: FindingPosition, limit: int | None) -> tuple[Introduction, Mapping[int, _Link]] | None:
        """Return the arrival at a place that counts, of those before ``limit``.

        If there is a base, an arrival that did not come from its content takes precedence.
        """
        arrivals = self._arrivals.get((position.path, position.blob), ())
        if len(arrivals) == 1:
            return arrivals[0] if limit is None or arrivals[0][0].after < limit else None
        earlier = [arrival for arrival in arrivals if limit is None or arrival[0].after < limit]

        def order(arrival: tuple[Introduction, Mapping[int, _Link]]) -> tuple[bool, Introduction]:
            link = arrival[1].get(position.number)
            return self._is_based and link is not None and link.how in (SAME, RENAME), arrival[0]

        return min(earlier, key=order, default=None)

    def _keys_of(self, blob: str) -> Sequence[_FindingKey]:
        """Return the keys of a blob's findings; none where none were loaded."""
        if blob not in self._findings:
            return ()
        if blob not in self._known_keys:
            self._known_keys[blob] = self._keys.of(self._findings[blob])
        return self._known_keys[blob]

    def _kept(self, change: TreeChange) -> dict[int, _Link]:
        """Return the raw findings that a parent holds at the same path."""
        links: dict[int, _Link] = {}
        for old in _blobs(change):
            for number, before in _matched(self._keys_of(change.new), self._keys_of(old)).items():
                links.setdefault(number, _Link(SAME, None, old, before))
        return links

    def _find_moves(
        self,
        parents: Sequence[str],
        changes: Sequence[TreeChange],
        introduced: Sequence[TreeChange],
        links: Sequence[dict[int, _Link]],
    ) -> None:
        """Search the files that the same commit removed or changed, then all files of its parents."""
        removing = [change for change in changes if change.removes and any(_blobs(change))]
        removing.sort(key=lambda change: not change.removes_path)
        del removing[_MOST_SOURCES:]
        self._lookup.load({old for change in removing for old in _blobs(change)}, self._findings)
        left = [(change, old) for change in removing for old in _blobs(change) if self._findings.get(old)]
        gone = {(change.path, old): self._gone(change, old) for change, old in left}
        for change, link in zip(introduced, links, strict=True):
            for source, old in left:
                if source.path != change.path:
                    self._link(change, link, source, old, gone[source.path, old])
            for number in range(len(self._findings[change.new])):
                if number not in link:
                    position = FindingPosition(change.path, change.new, number)
                    if origin := self._lookup.at_other_path(parents, position, self._findings):
                        link[number] = _Link(COPY, origin.path, origin.blob, origin.number)

    def _gone(self, change: TreeChange, old: str) -> set[int]:
        """Return the numbers of the findings that a path no longer holds."""
        matches = _matched(self._keys_of(change.new), self._keys_of(old)).values()
        return set(range(len(self._findings[old]))) - set(matches)

    def _link(self, change: TreeChange, link: dict[int, _Link], source: TreeChange, old: str, gone: set[int]) -> None:
        left = [number for number in range(len(self._findings[change.new])) if number not in link]
        keys = self._keys_of(change.new)
        matches = _matched([keys[number] for number in left], self._keys_of(old))
        if not matches:
            return
        is_rename = source.removes_path and change.adds_path and self._lookup.alike(change.new, old)
        for number, before in matches.items():
            how = (RENAME if is_rename else MOVE) if before in gone else COPY
            gone.discard(before)  # a credential that moved to two paths was copied to the second
            link[left[number]] = _Link(how, source.path, old, before)


def matched(new: Sequence[RawFinding], old: Sequence[RawFinding]) -> dict[int, int]:
    """Map the number of each new finding to that of the old finding it matches; each old one matches once."""
    keys = _FindingKeys()
    return _matched(keys.of(new), keys.of(old))


def _matched(new: Sequence[_FindingKey], old: Sequence[_FindingKey]) -> dict[int, int]:
    if not new or not old:
        return {}
    if new == old:  # most edits are of other lines
        return {number: number for number in range(len(new))}
    by_line: dict[int, list[int]] = defaultdict(list)
    for number in reversed(range(len(old))):
        by_line[old[number].line].append(number)
    matches: dict[int, int] = {}
    for number, key in enumerate(new):
        if same := by_line.get(key.line):
            matches[number] = same.pop()
    return matches if len(matches) == len(new) else matches | _moved_lines(new, old, matches)


def _moved_lines(new: Sequence[_FindingKey], old: Sequence[_FindingKey], matches: Mapping[int, int]) -> dict[int, int]:
    """Return the matches of the same form on other lines, of what is left."""
    by_form: dict[int, list[int]] = defaultdict(list)
    for number in reversed(range(len(old))):
        by_form[old[number].form].append(number)
    taken = set(matches.values())
    others: dict[int, int] = {}
    for number, key in enumerate(new):
        if number in matches:
            continue
        rest = by_form.get(key.form, [])
        while rest and number not in others:
            if (candidate := rest.pop()) not in taken:
                others[number] = candidate
    return others


class _FindingKey(NamedTuple):
    """Numbers that are the same for findings of the same ``form``, and of the same form on the same ``line``."""

    form: int
    line: int


class _FindingKeys:
    """Numbers the forms and lines of findings: numbers are compared faster, and many versions of a file repeat them."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def of(self, findings: Iterable[RawFinding]) -> list[_FindingKey]:
        """Return the findings' keys."""
        keys = []
        for finding in findings:
            form = self._numbers.setdefault(_form(finding), len(self._numbers))
            keys.append(_FindingKey(form, self._numbers.setdefault((form, finding.context), len(self._numbers))))
        return keys


def similar(new: bytes, old: bytes) -> bool:
    """Return whether a file is another version of another, as git sees renames: half of it is the same lines."""
    ours, theirs = Counter(new.split(b"\n")), Counter(old.split(b"\n"))
    same = sum((len(line) + 1) * number for line, number in (ours & theirs).items())
    return same >= _ALIKE * max(len(new), len(old))


def _form(finding: RawFinding) -> tuple[object, ...]:
    return (
        finding.match.kind,
        finding.match.secret,
        finding.origin.place,
        finding.origin.encodings,
        finding.origin.containers,
    )


def _blobs(change: TreeChange) -> Iterator[str]:
    """Yield the distinct objects that parents hold there."""
    return (old for old in dict.fromkeys(change.olds) if old.strip("0") and not change.link)
