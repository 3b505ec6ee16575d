"""Findings in real repositories, traced without the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Attribution, Confidence, Match, Origin, Place, Secret
from akpatrol.sources.git.indexes import Indexes
from akpatrol.sources.git.origins import ContentLookup
from akpatrol.sources.git.provenance import Tracer
from akpatrol.sources.git.trace_request import KnownHistory, TraceRequest
from tests.objects import git_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.sources.git.object_history import Provenance
    from tests.repositories import Repository

MAIN = ("refs/heads/main", "HEAD")


def finding(
    object_: str | None = None, place: Place = Place.CONTENT, offset: int = 0, path: bytes | None = None, size: int = 1
) -> RawFinding:
    """Return a raw finding of ``size`` bytes; all are of one secret."""
    match = Match("r", CUSTOM, Secret(b"x"), offset, offset + size, Confidence.HIGH, Attribution.OPEN)
    return RawFinding(Origin("0", place, path, object_), match, offset, 1, 1, 1, 2, ("x",))


def traced(repo: Repository, blob: str, *others: str, within: Collection[str] | None = None) -> Provenance:
    """Return the provenance of the only finding of a blob; the other blobs hold the same one, as versions of it."""
    blobs = {id_: [finding(id_)] for id_ in (blob, *others)}
    lookup = ContentLookup(alike=lambda _new, _old: True)
    return Tracer(git_of(repo), TraceRequest(blobs=blobs, within=within, lookup=lookup)).finding(blob, 0)


def traced_places(repo: Repository, blob: str) -> list[Provenance]:
    """Return where the only finding of a blob is: in an index, in the history, or both."""
    git = git_of(repo)
    return list(
        Tracer(git, TraceRequest(blobs={blob: [finding(blob)]}), history=KnownHistory(indexes=Indexes(git))).places(
            blob, 0
        )
    )


def traced_name(repo: Repository, name: bytes, *trees: str) -> Provenance:
    """Return the provenance of a name that these trees hold."""
    return Tracer(git_of(repo), TraceRequest(names={name: trees})).name(name)
