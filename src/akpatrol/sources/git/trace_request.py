"""What provenance is asked for, and what the scan knows of the history already."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.git.origins import ContentLookup

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.sources.git.history_changes import HistoryChanges
    from akpatrol.sources.git.history_walk import HistoryWalk
    from akpatrol.sources.git.indexes import Indexes
    from akpatrol.sources.git.plain.plain_walk import PlainWalk
    from akpatrol.sources.git.ref_snapshot import RefSnapshot
    from akpatrol.sources.git.refs import Refs
    from akpatrol.sources.git.walked_commit import WalkedCommit


class TraceRequest(NamedTuple):
    """The objects to trace.

    ``blobs`` maps ids to raw findings, ``names`` maps names in trees to the trees that hold them. With ``within``, only
    those commits can introduce a finding. ``lookup`` supplies the other content to compare with.
    """

    blobs: Mapping[str, Sequence[RawFinding]] = {}
    commits: Collection[str] = ()
    names: Mapping[bytes, Collection[str]] = {}
    within: Collection[str] | None = None
    lookup: ContentLookup = ContentLookup()


class Pushed(NamedTuple):
    """The content of a push, not yet part of the history: its ref updates, and its commits, children first."""

    refs: Refs
    commits: Sequence[WalkedCommit]


class KnownHistory(NamedTuple):
    """What the scan of a whole history has read beside the objects."""

    refs: RefSnapshot | None = None
    walk: HistoryWalk | PlainWalk | None = None
    indexes: Indexes | None = None
    changes: HistoryChanges | None = None
