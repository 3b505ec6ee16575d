"""What makes a finding hard to find, whoever looks for it: how it is stored, and what git does not show of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Place, StateReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.compare.findings import ComparedFinding
    from akpatrol.compare.git_facts import GitFacts

_LARGE = 10 << 20
"""Bytes; scanners' limits begin at about this."""
_CHAIN = " > "


class ReasonCode(StrEnum):
    """Why a finding is missing in a report; the first that holds explains it."""

    EMPTY = "empty"
    CONFIDENCE = "confidence"
    RULE = "rule"
    SKIPPED = "skipped"
    SAME_LINE = "same_line"
    COMMIT_MESSAGE = "commit_message"
    TAG_MESSAGE = "tag_message"
    AUTHOR = "author"
    COMMITTER = "committer"
    TAGGER = "tagger"
    REF_NAME = "ref_name"
    PATH = "path"
    GIT_DIR = "git_dir"
    NOTE = "note"
    STASH = "stash"
    REFLOG = "reflog"
    DANGLING = "dangling"
    HISTORY = "history"
    WORKTREE = "worktree"
    MERGE = "merge"
    CONTAINER = "container"
    ENCODING = "encoding"
    ATTRIBUTE = "attribute"
    BINARY = "binary"
    LARGE = "large"
    INCOMPLETE = "incomplete"
    EXCLUDED = "excluded"
    DUPLICATE = "duplicate"
    UNEXPLAINED = "unexplained"


class MissReason(NamedTuple):
    """A reason; ``detail`` says which: the chain of encodings, the rule, what the scanner said of a skipped item."""

    code: ReasonCode
    detail: str = ""


_UNREACHABLE = {
    StateReason.STASH: ReasonCode.STASH,
    StateReason.REFLOG: ReasonCode.REFLOG,
    StateReason.DANGLING: ReasonCode.DANGLING,
}


def traits_of(finding: ComparedFinding, facts: GitFacts) -> Iterator[MissReason]:
    """Yield the traits of a finding, those that keep it from most scanners first."""
    best = finding.best
    if best.place is not Place.CONTENT:
        yield MissReason(ReasonCode(best.place.value))
    if best.is_note:
        yield MissReason(ReasonCode.NOTE)
    if best.state_reason:
        yield MissReason(_UNREACHABLE[best.state_reason])
    elif finding.commits and finding.commits <= facts.dangling:
        yield MissReason(ReasonCode.DANGLING)
    elif finding.commits and finding.commits <= facts.in_reflogs | facts.dangling:
        yield MissReason(ReasonCode.REFLOG)
    elif finding.commits and finding.commits <= facts.merges:
        yield MissReason(ReasonCode.MERGE, min(finding.commits))
    yield from _of_form(finding)
    yield from _of_diff(finding, facts)


def _of_form(finding: ComparedFinding) -> Iterator[MissReason]:
    for code, chains in (
        (ReasonCode.CONTAINER, [row.containers for row in finding.all_rows]),
        (ReasonCode.ENCODING, [row.encodings for row in finding.all_rows]),
    ):
        if chain := next(filter(None, chains), None):
            yield MissReason(code, _CHAIN.join(chain))


def _of_diff(finding: ComparedFinding, facts: GitFacts) -> Iterator[MissReason]:
    best, rows = finding.best, finding.all_rows
    if best.path in facts.undiffed:
        yield MissReason(ReasonCode.ATTRIBUTE)
    elif not best.containers and any((row.commit, row.path) in facts.binary for row in rows):
        yield MissReason(ReasonCode.BINARY)
    size = max((facts.sizes.get(id_, 0) for row in rows for id_ in row.objects), default=0)
    if size > _LARGE:
        yield MissReason(ReasonCode.LARGE, f"{size / 1e6:,.0f} MB")


def key(trait: MissReason) -> tuple[ReasonCode, str]:
    """Return what a trait has in common with those of other findings: a form, a chain, but not a name or an id."""
    if trait.code is ReasonCode.CONTAINER:
        return trait.code, trait.detail.partition(":")[0]
    return trait.code, trait.detail if trait.code is ReasonCode.ENCODING else ""
