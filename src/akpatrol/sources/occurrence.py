"""Turn a raw finding into an occurrence: the fields that are the same for every source."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from akpatrol.model.credential import Commit, FileName, Moved, Occurrence, RawFinding
    from akpatrol.model.scan import State, StateReason

_WITHOUT_LINES = {Place.PATH, Place.REF_NAME, Place.AUTHOR, Place.COMMITTER, Place.TAGGER}


class PlaceHistory(NamedTuple):
    """What a history adds to a finding; the fields are those of ``Occurrence``."""

    path: bytes | None = None
    paths: tuple[bytes, ...] = ()
    introduced: Commit | None = None
    removed: Commit | None = None
    refs: tuple[str, ...] = ()
    state_reason: StateReason | None = None
    paths_truncated: bool = False
    moved_from: Moved | None = None
    known: bool = False
    version: Commit | None = None


_NO_HISTORY = PlaceHistory()


def occurrence(finding: RawFinding, state: State, history: PlaceHistory = _NO_HISTORY) -> Occurrence:
    """Return the finding as an occurrence in that state; a path ends with the component that holds the credential.

    A file that is found by its path is a finding in the file, without a line.
    """
    file_name, made = _classes()
    origin, in_lines = finding.origin, finding.origin.place not in _WITHOUT_LINES
    names_file = isinstance(finding.match.secret, file_name)
    path = origin.path if history.path is None else history.path
    if origin.place is Place.PATH and path is not None and not origin.containers:
        path = component(path, finding.offset)
    return made(
        target=origin.target,
        place=Place.CONTENT if names_file else origin.place,
        path=path,
        line=finding.line if in_lines else None,
        column=finding.column if in_lines else None,
        end_line=finding.end_line if in_lines else None,
        end_column=finding.end_column if in_lines else None,
        offset=finding.offset,
        state=state,
        context=finding.context,
        paths=history.paths or ((path,) if path is not None else ()),
        encodings=origin.encodings,
        containers=origin.containers,
        object=origin.object,
        introduced=history.introduced,
        removed=history.removed,
        refs=history.refs,
        state_reason=history.state_reason,
        exposure=finding.match.exposure,
        inline=finding.inline,
        paths_truncated=history.paths_truncated,
        moved_from=history.moved_from,
        known=history.known,
        version=history.version,
        foreign_inline=finding.foreign_inline,
        rule_ids=finding.match.rule_ids,
        end=finding.match.ending,
        lines_before=finding.match.lines_before_by_rule,
    )


@cache
def _classes() -> tuple[type[FileName], type[Occurrence]]:
    from akpatrol.model.credential import FileName, Occurrence  # noqa: PLC0415 - most runs have no finding

    return FileName, Occurrence


def component(path: bytes, offset: int) -> bytes:
    """Return ``path`` up to the end of the component in which byte ``offset`` lies."""
    stop = path.find(b"/", offset)
    return path if stop < 0 else path[:stop]
