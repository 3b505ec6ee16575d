"""Turn raw findings in objects into occurrences: the part of a commit or tag, the name in a tree, the lines."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.chunks import advance, mark_bytes
from akpatrol.model.credential import Commit, Moved, Occurrence
from akpatrol.model.identity import secret_sha256
from akpatrol.model.scan import Place, Secret, State
from akpatrol.sources.git import catfile
from akpatrol.sources.git.earlier import alike
from akpatrol.sources.git.missing_commits import shallow_boundary
from akpatrol.sources.git.origins import Sources
from akpatrol.sources.git.provenance import Tracer, Wanted
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.base import Placed
    from akpatrol.sources.git.earlier import Earlier
    from akpatrol.sources.git.indexes import Indexes
    from akpatrol.sources.git.provenance import Provenance, Pushed
    from akpatrol.sources.git.runner import Git

_PERSON = re.compile(rb"(.*?) (-?\d+) ([+-]\d{4})$", re.DOTALL)
_HEADER_PLACES = {
    b"author": Place.AUTHOR,
    b"committer": Place.COMMITTER,
    b"tagger": Place.TAGGER,
    b"tag": Place.REF_NAME,
}


def place(  # noqa: PLR0913 - each source gives some of them
    git: Git,
    hits: Sequence[RawFinding],
    within: Collection[str] | None = None,
    pushed: Pushed | None = None,
    before: Earlier | None = None,
    *,
    indexes: Indexes | None = None,
) -> Iterator[Placed]:
    """Yield raw findings in objects, names, refs and the git directory with their provenance.

    ``within`` are the commits examined when these are not all; ``pushed`` describes a push. ``before`` finds earlier
    content, and ``indexes`` what is staged.
    """
    by_place: dict[Place, list[RawFinding]] = defaultdict(list)
    for hit in hits:
        in_member_name = hit.origin.containers and hit.origin.place is Place.PATH  # which is part of the blob
        by_place[Place.CONTENT if in_member_name else hit.origin.place].append(hit)
    texts = [*by_place[Place.COMMIT_MESSAGE], *by_place[Place.TAG_MESSAGE]]
    trees = [hit for hit in by_place[Place.PATH] if hit.origin.object]
    whole = catfile.content(git, sorted({hit.origin.object or "" for hit in (*texts, *trees)}))
    names, holding = _names(trees, whole)
    for hit in by_place[Place.PATH]:
        if not hit.origin.object:
            names.append((hit, name := _component(hit)))
            holding.setdefault(name, set())
    blobs: dict[str, list[RawFinding]] = defaultdict(list)
    for hit in by_place[Place.CONTENT]:
        blobs[hit.origin.object or ""].append(hit)
    tracer = Tracer(
        git,
        Wanted(
            blobs=blobs,
            commits={hit.origin.object for hit in by_place[Place.COMMIT_MESSAGE] if hit.origin.object},
            names=holding,
            within=within,
            sources=before.sources() if before else Sources(alike=lambda new, old: alike(git, new, old)),
        ),
        pushed,
        indexes,
    )
    found: list[tuple[RawFinding, Occurrence, Provenance]] = [
        *(
            (hit, occurrence(hit, State.PRESENT), _settled(hit, provenance, tracer, before))
            for id_, found in blobs.items()
            for number, hit in enumerate(found)
            for provenance in tracer.places(id_, number)
        ),
        *((hit, _named(hit, name), tracer.name(name)) for hit, name in names),
    ]
    for hit in texts:
        id_ = hit.origin.object or ""
        provenance = tracer.tag(id_) if hit.origin.place is Place.TAG_MESSAGE else tracer.commit(id_)
        found.append((hit, _in_text(hit, whole.get(id_, ("", b""))[1]), provenance))
    for hit in by_place[Place.REF_NAME]:
        yield hit.match, _ref(hit)
    for hit in by_place[Place.GIT_DIR]:
        yield hit.match, _in_git_directory(hit)
    yield from _with_commits(git, found)


def _settled(hit: RawFinding, found: Provenance, tracer: Tracer, before: Earlier | None) -> Provenance:
    """Find whether a place existed before, and otherwise which commit added it where it came from."""
    origin = found.origin
    if not origin:
        return found
    if not origin.base:
        return found._replace(first=origin.first.commit if origin.first else None)
    old = tracer.origins.hit(origin.base)
    # Removing an allowance exposes a credential that was never reported.
    is_known = origin.is_known and (hit.inline is not None or old.inline is None)
    if is_known and (not before or before.still(origin.base.path, old)):
        return found._replace(known=True)
    first = before.first(origin.base, old) if before else None
    return found._replace(first=first, introduced=found.introduced or first)


def _with_commits(git: Git, found: list[tuple[RawFinding, Occurrence, Provenance]]) -> Iterator[Placed]:
    ids = {id_ for _, _, p in found for id_ in (p.introduced, p.removed, p.version, p.first) if id_}
    ids |= {o.object for _, o, _ in found if o.place in (Place.TAG_MESSAGE, Place.TAGGER) and o.object}
    known = commits(git, sorted(ids))
    for hit, placed, provenance in found:
        in_text = placed.place in (Place.TAG_MESSAGE, Place.TAGGER)
        in_files = placed.place in (Place.CONTENT, Place.PATH)

        def commit_of(id_: str | None, *, in_files: bool = in_files) -> Commit | None:
            one = known.get(id_ or "")
            return one if not one or in_files else one._replace(boundary=False)  # a text is the commit's own

        moved = provenance.origin.moved if provenance.origin else None
        yield (
            hit.match,
            placed._replace(
                path=placed.path if provenance.path is None else provenance.path,
                paths=provenance.paths or placed.paths,
                paths_truncated=provenance.more,
                introduced=commit_of(placed.object if in_text else provenance.introduced),
                removed=known.get(provenance.removed or ""),
                refs=provenance.refs,
                state=provenance.state,
                state_reason=provenance.reason,
                moved_from=Moved(*moved, commit_of(provenance.first)) if moved else None,
                known=provenance.known,
                version=commit_of(provenance.version),
            ),
        )


def commits(git: Git, ids: Sequence[str]) -> dict[str, Commit]:
    """Return what a report says of commits and annotated tags, of those that can be read."""
    try:
        boundary = shallow_boundary(git)
    except GitError:
        boundary = frozenset()  # said by the completeness check
    found = catfile.content(git, ids) if ids else {}
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


def _in_text(hit: RawFinding, data: bytes) -> Occurrence:
    """Place a finding in a commit or tag: in one of its header's lines, or in its message with the message's lines."""
    header = data.partition(b"\n\n")[0]
    if hit.offset < len(header):
        start = data.rfind(b"\n", 0, hit.offset) + 1
        own = _HEADER_PLACES.get(data[start:].partition(b" ")[0])
        if own:
            return occurrence(hit._replace(origin=hit.origin._replace(place=own)), State.PRESENT)
        return occurrence(hit, State.PRESENT)
    base = len(header) + 2
    line, column = advance(1, 1, data[base + mark_bytes(data[base : base + 4]) : hit.offset])
    stop = hit.offset + hit.match.end - hit.match.start
    end_line, end_column = advance(line, column, data[hit.offset : stop])
    placed = occurrence(hit, State.PRESENT)
    return placed._replace(line=line, column=column, end_line=end_line, end_column=end_column)


def _names(
    hits: list[RawFinding], whole: dict[str, tuple[str, bytes]]
) -> tuple[list[tuple[RawFinding, bytes]], dict[bytes, set[str]]]:
    """Find the tree entry of each finding, and the trees that hold each name.

    Of many trees with the same entry the one with the least id counts.
    """
    chosen: dict[tuple[bytes, int, object], RawFinding] = {}
    holding: dict[bytes, set[str]] = defaultdict(set)
    by_tree: dict[str, list[RawFinding]] = defaultdict(list)
    for hit in hits:
        by_tree[hit.origin.object or ""].append(hit)
    for id_, within in sorted(by_tree.items()):
        for start, name in _entries(whole.get(id_, ("", b""))[1], len(id_) // 2):
            for hit in within:
                if start <= hit.offset < start + len(name):
                    own = hit._replace(offset=hit.offset - start)
                    chosen.setdefault((name, own.offset, hit.match.secret), own)
                    holding[name].add(id_)
    return [(hit, name) for (name, _, _), hit in chosen.items()], holding


def _entries(tree: bytes, id_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield each entry's name and where it starts: ``<mode> SP <name> NUL <id>``, the id in raw bytes."""
    position = 0
    while (space := tree.find(b" ", position)) >= 0 and (end := tree.find(b"\0", space)) >= 0:
        yield space + 1, tree[space + 1 : end]
        position = end + 1 + id_bytes


def _component(hit: RawFinding) -> bytes:
    placed = occurrence(hit, State.PRESENT).path or b""
    return placed.rpartition(b"/")[2]


def _named(hit: RawFinding, name: bytes) -> Occurrence:
    """Place a finding in a name; the bytes beside the name in a raw tree are not useful as context."""
    placed = occurrence(hit, State.PRESENT)
    if placed.path:
        return placed
    before, after = name[: hit.offset], name[hit.offset + hit.match.end - hit.match.start :]
    context = (before.decode("utf-8", "backslashreplace"), hit.match.secret, after.decode("utf-8", "backslashreplace"))
    return placed._replace(path=name, paths=(name,), context=context)


def _in_git_directory(hit: RawFinding) -> Occurrence:
    """Place a finding in a file of the git directory, or in the file's name, which has no lines."""
    placed = occurrence(hit, State.PRESENT)
    name = (hit.origin.path or b"")[hit.offset : hit.offset + hit.match.end - hit.match.start]
    if secret_sha256(Secret(name)) == secret_sha256(hit.match.secret):
        return placed._replace(line=None, column=None, end_line=None, end_column=None)
    return placed


def _ref(hit: RawFinding) -> Occurrence:
    name = (hit.origin.path or b"").decode("utf-8", "surrogateescape")
    return occurrence(hit, State.PRESENT)._replace(path=None, paths=(), refs=(name,))
