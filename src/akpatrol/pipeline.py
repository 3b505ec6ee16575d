"""The stages composed, once: source -> examine -> place -> collect -> report."""

from __future__ import annotations

from time import gmtime, monotonic, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol import execution
from akpatrol.errors import OutOfTime
from akpatrol.model import Confidence, Coverage, Exclusion, Place, Report, Skipped
from akpatrol.sources.base import Remembering
from akpatrol.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from akpatrol.examination import Examiner
    from akpatrol.findings import Credential
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Placed, Source
    from akpatrol.triage import AcceptedSkip

    Reader = Callable[[Source, Tally], None]


class Wishes(NamedTuple):
    """How to run: processes at most, the least confidence to report, skips that are accepted.

    A ``reader`` has a source's units read into a tally; otherwise this process does, and those that it starts. What is
    ``asked`` for by fingerprint or SHA-256 tells where credentials end.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    reader: Reader | None = None
    asked: Collection[str] = ()


def run(
    command: str,
    sources: Sequence[Source],
    examiner: Examiner,
    wishes: Wishes,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Report:
    """Read every source, place and collect what was found, and say what was looked at."""
    started, clock = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()), monotonic()
    tally = Tally()
    placed: list[Placed] = []
    for source in sources:
        own = len(tally.hits)
        if isinstance(source, Remembering):
            from akpatrol import readlog  # noqa: PLC0415 - a hook does without

            source.recall(readlog.conditions(examiner.rules.digest, examiner.limits))
        try:
            if wishes.reader:
                wishes.reader(source, tally)
            else:
                execution.read(source, examiner, tally, wishes.jobs, progress)
        except OutOfTime as error:
            tally.add(Skipped("the rest", str(error)))
        if hits := tally.hits[own:]:
            admitted = (one for one in source.place(hits) if examiner.engine.admits(one[0].rule_id, one[1].paths))
            placed += _included(admitted, wishes, tally)
        tally.skipped += source.check()
        if isinstance(source, Remembering):
            source.remember()
    credentials, below = _collect(placed, examiner.rules, wishes)
    return Report(
        command=command,
        started_at=started,
        duration=monotonic() - clock,
        targets=tuple(target for source in sources for target in source.targets()),
        coverage=_coverage(tally, wishes.accepted),
        credentials=credentials,
        below_confidence=below,
        unread_histories=tuple(dict.fromkeys(path for source in sources for path in source.unread_histories())),
    )


def _included(placed: Iterable[Placed], wishes: Wishes, tally: Tally) -> Iterator[Placed]:
    """Leave out what stands only on excluded paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        in_files = occurrence.place in (Place.CONTENT, Place.PATH) and occurrence.paths
        if in_files and all(wishes.excluded(occurrence.target, path) for path in occurrence.paths):
            tally.excluded[Exclusion.EXCLUDE_OPTION] += 1
        else:
            yield match, occurrence


def _collect(placed: Sequence[Placed], rules: RuleSet, wishes: Wishes) -> tuple[tuple[Credential, ...], int]:
    if not placed:
        return (), 0
    from akpatrol import triage  # noqa: PLC0415 - most runs have no hit

    return triage.at_least(triage.collect(placed, rules, wishes.asked), wishes.minimum)


def _coverage(tally: Tally, accepted: Sequence[AcceptedSkip]) -> Coverage:
    skipped = tuple(dict.fromkeys(tally.skipped))
    if accepted:
        from akpatrol import triage  # noqa: PLC0415 - most configurations accept nothing

        skipped = triage.accept(skipped, accepted)
    return Coverage(tally.size, dict(sorted(tally.counts.items())), dict(sorted(tally.excluded.items())), skipped)
