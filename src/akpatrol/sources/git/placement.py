"""Turn raw findings in objects into occurrences: the part of a commit or tag, the name in a tree, the lines."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.chunks import advance, mark_bytes
from akpatrol.model.credential import Commit, FileName, Moved, Occurrence
from akpatrol.model.identity import secret_sha256
from akpatrol.model.scan import Place, Secret, State
from akpatrol.sources.git import catfile
from akpatrol.sources.git.earlier_content import alike
from akpatrol.sources.git.missing_commits import shallow_boundary
from akpatrol.sources.git.origins import ContentLookup
from akpatrol.sources.git.provenance import Tracer
from akpatrol.sources.git.trace_request import TraceRequest
from akpatrol.sources.occurrence import PlaceHistory, occurrence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Placed
    from akpatrol.sources.git.earlier_content import EarlierContent
    from akpatrol.sources.git.object_history import Provenance
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.trace_request import KnownHistory, Pushed

_PERSON = re.compile(rb"(.*?) (-?\d+) ([+-]\d{4})$", re.DOTALL)
_HEADER_PLACES = {
    b"author": Place.AUTHOR,
    b"committer": Place.COMMITTER,
    b"tagger": Place.TAGGER,
    b"tag": Place.REF_NAME,
}


def place(  # noqa: PLR0913 - each source gives some of them
    git: Git,
    findings: Sequence[RawFinding],
    within: Collection[str] | None = None,
    pushed: Pushed | None = None,
    before: EarlierContent | None = None,
    *,
    history: KnownHistory | None = None,
) -> Iterator[Placed]:
    """Yield raw findings in objects, names, refs and the git directory with their provenance.

    ``within`` are the commits examined when these are not all; ``pushed`` describes a push. ``before`` finds earlier
    content, and ``history`` is what the scan has read already.
    """
    by_place: dict[Place, list[RawFinding]] = defaultdict(list)
    for finding in findings:
        in_member_name = finding.origin.containers and finding.origin.place is Place.PATH  # which is part of the blob
        by_place[Place.CONTENT if in_member_name else finding.origin.place].append(finding)
    texts = [*by_place[Place.COMMIT_MESSAGE], *by_place[Place.TAG_MESSAGE]]
    trees = [finding for finding in by_place[Place.PATH] if finding.origin.object]
    texts_and_trees = catfile.contents(git, sorted({finding.origin.object or "" for finding in (*texts, *trees)}))
    names, trees_by_name = _names(trees, texts_and_trees)
    for finding in by_place[Place.PATH]:
        if not finding.origin.object:
            names.append((finding, name := _component(finding)))
            trees_by_name.setdefault(name, set())
    blobs: dict[str, list[RawFinding]] = defaultdict(list)
    for finding in by_place[Place.CONTENT]:
        blobs[finding.origin.object or ""].append(finding)
    tracer = Tracer(
        git,
        TraceRequest(
            blobs=blobs,
            commits={finding.origin.object for finding in by_place[Place.COMMIT_MESSAGE] if finding.origin.object},
            names=trees_by_name,
            within=within,
            lookup=before.lookup() if before else ContentLookup(alike=lambda new, old: alike(git, new, old)),
        ),
        pushed,
        history,
    )
    found: list[tuple[RawFinding, Occurrence | None, Provenance]] = [
        *(
            (finding, None, _with_earlier(finding, provenance, tracer, before))
            for id_, found in blobs.items()
            for number, finding in enumerate(found)
            for provenance in tracer.places(id_, number)
        ),
        *((finding, _named(finding, name), tracer.name(name)) for finding, name in names),
    ]
    for finding in texts:
        id_ = finding.origin.object or ""
        provenance = tracer.tag(id_) if finding.origin.place is Place.TAG_MESSAGE else tracer.commit(id_)
        found.append((finding, _in_text(finding, texts_and_trees.get(id_, ("", b""))[1]), provenance))
    for finding in by_place[Place.REF_NAME]:
        yield finding.match, _ref(finding)
    for finding in by_place[Place.GIT_DIR]:
        yield finding.match, _in_git_directory(finding)
    yield from _with_commits(git, found)


def _with_earlier(finding: RawFinding, found: Provenance, tracer: Tracer, before: EarlierContent | None) -> Provenance:
    """Find whether a place existed before, and otherwise which commit added it where it came from."""
    origin = found.origin
    if not origin or not origin.base:
        return found
    old = tracer.origins.finding(origin.base)
    # Removing an allowance exposes a credential that was never reported.
    is_known = origin.is_known and (finding.has_comment or not old.has_comment)
    if is_known and (not before or before.is_in_base(origin.base.path, old)):
        return found._replace(known=True)
    first = before.first_commit(origin.base, old) if before else None
    return found._replace(first=first, introduced=found.introduced or first)


def _with_commits(git: Git, found: list[tuple[RawFinding, Occurrence | None, Provenance]]) -> Iterator[Placed]:
    """Yield the findings with their history; those in content come without an occurrence."""
    ids = {id_ for _, _, p in found for id_ in (p.introduced, p.removed, p.version, p.first) if id_}
    ids |= {o.object for _, o, _ in found if o and o.place in (Place.TAG_MESSAGE, Place.TAGGER) and o.object}
    known = commits(git, sorted(ids))

    def commit_of(id_: str | None, *, in_files: bool) -> Commit | None:
        found_commit = known.get(id_ or "")
        # A text is the commit's own.
        return found_commit if not found_commit or in_files else found_commit._replace(boundary=False)

    def history_of(placed: Occurrence | None, provenance: Provenance) -> PlaceHistory:
        in_text = placed is not None and placed.place in (Place.TAG_MESSAGE, Place.TAGGER)
        in_files = placed is None or placed.place in (Place.CONTENT, Place.PATH)
        moved = provenance.origin.moved if provenance.origin else None
        return PlaceHistory(
            provenance.path if placed is None or provenance.path is not None else placed.path,
            provenance.paths if placed is None or provenance.paths else placed.paths,
            introduced=commit_of(placed.object if placed and in_text else provenance.introduced, in_files=in_files),
            removed=known.get(provenance.removed or ""),
            refs=provenance.refs,
            state_reason=provenance.reason,
            paths_truncated=provenance.more,
            moved_from=Moved(*moved, commit_of(provenance.first, in_files=in_files)) if moved else None,
            known=provenance.known,
            version=commit_of(provenance.version, in_files=in_files),
        )

    # Most findings of an object share one.
    histories: dict[int, PlaceHistory] = {}
    for finding, placed, provenance in found:
        if placed:
            history = history_of(placed, provenance)
            yield finding.match, placed._replace(state=provenance.state, **history._asdict())
            continue
        if id(provenance) not in histories:
            histories[id(provenance)] = history_of(None, provenance)
        yield finding.match, occurrence(finding, provenance.state, histories[id(provenance)])


def commits(git: Git, ids: Sequence[str]) -> dict[str, Commit]:
    """Return what a report says of commits and annotated tags, of those that can be read."""
    try:
        boundary = shallow_boundary(git)
    except GitError:
        boundary = frozenset()  # said by the completeness check
    found = catfile.contents(git, ids) if ids else {}
    return {id_: commit(id_, data)._replace(boundary=id_ in boundary) for id_, (_, data) in found.items()}


def commit(id_: str, data: bytes) -> Commit:
    """Return what a report says of a commit or an annotated tag, from its raw bytes."""
    header, _, message = data.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in header.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, value)
    author, _ = _person(fields.get(b"author", fields.get(b"tagger", b"")))
    _, date = _person(fields.get(b"committer", fields.get(b"tagger", b"")))
    return Commit(id_, date, author, message.lstrip(b"\n").partition(b"\n")[0].decode("utf-8", "backslashreplace"))


def _person(field: bytes) -> tuple[str, str]:
    found = _PERSON.match(field)
    if not found:
        return field.decode("utf-8", "backslashreplace"), ""
    name = found[1].decode("utf-8", "backslashreplace")
    try:
        return name, datetime.fromtimestamp(int(found[2]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return name, ""


def _in_text(finding: RawFinding, data: bytes) -> Occurrence:
    """Place a finding in a commit or tag: in one of its header's lines, or in its message with the message's lines."""
    header = data.partition(b"\n\n")[0]
    if finding.offset < len(header):
        start = data.rfind(b"\n", 0, finding.offset) + 1
        named = _HEADER_PLACES.get(data[start:].partition(b" ")[0])
        if named:
            return occurrence(finding._replace(origin=finding.origin._replace(place=named)), State.PRESENT)
        return occurrence(finding, State.PRESENT)
    base = len(header) + 2
    line, column = advance(1, 1, data[base + mark_bytes(data[base : base + 4]) : finding.offset])
    stop = finding.offset + finding.match.end - finding.match.start
    end_line, end_column = advance(line, column, data[finding.offset : stop])
    placed = occurrence(finding, State.PRESENT)
    return placed._replace(line=line, column=column, end_line=end_line, end_column=end_column)


def _names(
    findings: list[RawFinding], texts_and_trees: dict[str, tuple[str, bytes]]
) -> tuple[list[tuple[RawFinding, bytes]], dict[bytes, set[str]]]:
    """Find the tree entry of each finding, and the trees that hold each name.

    Of many trees with the same entry the one with the least id counts.
    """
    chosen: dict[tuple[bytes, int, object], RawFinding] = {}
    trees_by_name: dict[bytes, set[str]] = defaultdict(set)
    by_tree: dict[str, list[RawFinding]] = defaultdict(list)
    for finding in findings:
        by_tree[finding.origin.object or ""].append(finding)
    for id_, within in sorted(by_tree.items()):
        for start, name in _entries(texts_and_trees.get(id_, ("", b""))[1], len(id_) // 2):
            for finding in within:
                if start <= finding.offset < start + len(name):
                    named = finding._replace(offset=finding.offset - start)
                    chosen.setdefault((name, named.offset, finding.match.secret), named)
                    trees_by_name[name].add(id_)
    return [(finding, name) for (name, _, _), finding in chosen.items()], trees_by_name


def _entries(tree: bytes, id_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield each entry's name and where it starts: ``<mode> SP <name> NUL <id>``, the id in raw bytes."""
    position = 0
    while (space := tree.find(b" ", position)) >= 0 and (end := tree.find(b"\0", space)) >= 0:
        yield space + 1, tree[space + 1 : end]
        position = end + 1 + id_bytes


def _component(finding: RawFinding) -> bytes:
    """Return the component of a path that the finding is in; the whole path where that is the finding."""
    if isinstance(finding.match.secret, FileName):
        return finding.origin.path or b""
    placed = occurrence(finding, State.PRESENT).path or b""
    return placed.rpartition(b"/")[2]


def _named(finding: RawFinding, name: bytes) -> Occurrence:
    """Place a finding in a name; the bytes beside the name in a raw tree are not useful as context."""
    placed = occurrence(finding, State.PRESENT)
    if placed.path:
        return placed
    before, after = name[: finding.offset], name[finding.offset + finding.match.end - finding.match.start :]
    context = (
        before.decode("utf-8", "backslashreplace"),
        finding.match.secret,
        after.decode("utf-8", "backslashreplace"),
    )
    return placed._replace(path=name, paths=(name,), context=context)


def _in_git_directory(finding: RawFinding) -> Occurrence:
    """Place a finding in a file of the git directory, or in the file's name, which has no lines."""
    placed = occurrence(finding, State.PRESENT)
    name = (finding.origin.path or b"")[finding.offset : finding.offset + finding.match.end - finding.match.start]
    if secret_sha256(Secret(name)) == secret_sha256(finding.match.secret):
        return placed._replace(line=None, column=None, end_line=None, end_column=None)
    return placed


def _ref(finding: RawFinding) -> Occurrence:
    name = (finding.origin.path or b"").decode("utf-8", "surrogateescape")
    return occurrence(finding, State.PRESENT)._replace(path=None, paths=(), refs=(name,))
