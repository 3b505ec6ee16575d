"""Turn a raw finding into an occurrence: the fields that are the same for every source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence, RawFinding
    from akpatrol.model.scan import State

_WITHOUT_LINES = {Place.PATH, Place.REF_NAME, Place.AUTHOR, Place.COMMITTER, Place.TAGGER}


def occurrence(finding: RawFinding, state: State) -> Occurrence:
    """Return the finding as an occurrence in that state; a path ends with the component that holds the credential.

    A file that is found by its path is a finding in the file, without a line.
    """
    from akpatrol.model.credential import FileName, Occurrence  # noqa: PLC0415 - most runs have no finding

    origin, in_lines = finding.origin, finding.origin.place not in _WITHOUT_LINES
    names_file = isinstance(finding.match.secret, FileName)
    path = origin.path
    if origin.place is Place.PATH and path is not None and not origin.containers:
        path = component(path, finding.offset)
    return Occurrence(
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
        paths=(path,) if path is not None else (),
        encodings=origin.encodings,
        containers=origin.containers,
        object=origin.object,
        exposure=finding.match.exposure,
        inline=finding.inline,
        foreign_inline=finding.foreign_inline,
        rule_ids=finding.match.rule_ids,
        end=finding.match.ending,
        lines_before=finding.match.lines_before_by_rule,
    )


def component(path: bytes, offset: int) -> bytes:
    """Return ``path`` up to the end of the component in which byte ``offset`` lies."""
    stop = path.find(b"/", offset)
    return path if stop < 0 else path[:stop]
