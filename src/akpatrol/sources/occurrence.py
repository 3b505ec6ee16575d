"""Turn a raw finding into an occurrence: the fields that are the same for every source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence, RawFinding
    from akpatrol.model.scan import State

_WITHOUT_LINES = {Place.PATH, Place.REF_NAME, Place.AUTHOR, Place.COMMITTER, Place.TAGGER}


def occurrence(hit: RawFinding, state: State) -> Occurrence:
    """Return the finding as an occurrence in that state; a path ends with the component that holds the credential."""
    from akpatrol.model.credential import Occurrence  # noqa: PLC0415 - most runs have no hit

    origin, in_lines = hit.origin, hit.origin.place not in _WITHOUT_LINES
    path = origin.path
    if origin.place is Place.PATH and path is not None and not origin.containers:
        path = component(path, hit.offset)
    return Occurrence(
        target=origin.target,
        place=origin.place,
        path=path,
        line=hit.line if in_lines else None,
        column=hit.column if in_lines else None,
        end_line=hit.end_line if in_lines else None,
        end_column=hit.end_column if in_lines else None,
        offset=hit.offset,
        state=state,
        context=hit.context,
        paths=(path,) if path is not None else (),
        encodings=origin.encodings,
        containers=origin.containers,
        object=origin.object,
        exposure=hit.match.exposure,
        inline=hit.inline,
        rule_ids=(hit.match.rule_id, *hit.match.others),
        end=hit.match.ending,
    )


def component(path: bytes, offset: int) -> bytes:
    """Return ``path`` up to the end of the component in which byte ``offset`` lies."""
    stop = path.find(b"/", offset)
    return path if stop < 0 else path[:stop]
