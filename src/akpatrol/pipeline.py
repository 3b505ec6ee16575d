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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.detect.engine import Engine
    from akpatrol.examination import Examiner
    from akpatrol.findings import Credential
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Placed, Source
    from akpatrol.triage import AcceptedSkip

    Reader = Callable[[Source, Tally], None]


class Wishes(NamedTuple):
    """How to run: processes at most, the least confidence to report, skips that are accepted.

    A ``reader`` has a source's units read into a tally; otherwise this process does, and those that it starts.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    reader: Reader | None = None


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
            placed += _included(_admitted(source.place(hits), examiner.engine), wishes, tally)
        tally.skipped += source.check()
        if isinstance(source, Remembering):
            source.remember()
    credentials, below = _collect(placed, examiner.rules, wishes.minimum)
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


def _admitted(placed: Iterable[Placed], engine: Engine) -> Iterator[Placed]:
    """Leave out what no rule may find on its paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        if by := engine.admitted(match, occurrence.paths):
            yield by, occurrence._replace(rule_ids=(by.rule_id, *by.others))


def _included(placed: Iterable[Placed], wishes: Wishes, tally: Tally) -> Iterator[Placed]:
    """Leave out what stands only on excluded paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        in_files = occurrence.place in (Place.CONTENT, Place.PATH) and occurrence.paths
        if in_files and all(wishes.excluded(occurrence.target, path) for path in occurrence.paths):
            tally.excluded[Exclusion.EXCLUDE_OPTION] += 1
        else:
            yield match, occurrence


def _collect(placed: Sequence[Placed], rules: RuleSet, minimum: Confidence) -> tuple[tuple[Credential, ...], int]:
    if not placed:
        return (), 0
    from akpatrol import triage  # noqa: PLC0415 - most runs have no hit

    return triage.at_least(triage.collect(placed, rules), minimum)


def _coverage(tally: Tally, accepted: Sequence[AcceptedSkip]) -> Coverage:
    skipped = tuple(dict.fromkeys(tally.skipped))
    if accepted:
        from akpatrol import triage  # noqa: PLC0415 - most configurations accept nothing

        skipped = triage.accept(skipped, accepted)
    return Coverage(tally.size, dict(sorted(tally.counts.items())), dict(sorted(tally.excluded.items())), skipped)
