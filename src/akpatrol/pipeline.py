"""The stages composed, once: source -> examine -> place -> collect -> report."""

from __future__ import annotations

from time import gmtime, monotonic, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol import execution
from akpatrol.errors import OutOfTime
from akpatrol.model import Confidence, Coverage, Exclusion, Place, Report, Skipped
from akpatrol.sources.base import Comparing, Remembering
from akpatrol.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.examination import Examiner
    from akpatrol.findings import Credential, Hit, Occurrence
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Placed, Source, Unit
    from akpatrol.triage import AcceptedSkip

    Reader = Callable[[Source, Tally], None]


class Wishes(NamedTuple):
    """How to run: processes at most, the least confidence to report, skips that are accepted.

    What is ``excluded`` or ``allowed`` depends on target and path; ``keep_known`` tells also what was there before. A
    ``reader`` has a source's units read into a tally; otherwise this process does, and those that it starts.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    allowed: Callable[[str, bytes], bool] = lambda _target, _path: False
    keep_known: bool = False
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
    known: list[Placed] = []
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
            if isinstance(source, Comparing):
                source.compare_with(lambda unit: _hits(examiner, unit))
            admits = examiner.engine.admits
            admitted = (
                (match, one)
                for match, one in source.place(hits)
                if one.paths_truncated or admits(match.rule_id, one.paths)
            )
            placed += _new(_included(admitted, wishes, tally), wishes, admits, known)
        tally.skipped += source.check()
        if isinstance(source, Remembering):
            source.remember()
    credentials, below = _collect(placed, examiner.rules, wishes.minimum)
    there_before = _collect(known, examiner.rules, wishes.minimum)[0]
    return Report(
        command=command,
        started_at=started,
        duration=monotonic() - clock,
        targets=tuple(target for source in sources for target in source.targets()),
        coverage=_coverage(tally, wishes.accepted),
        credentials=credentials,
        below_confidence=below,
        unread_histories=tuple(dict.fromkeys(path for source in sources for path in source.unread_histories())),
        known=there_before,
    )


def _hits(examiner: Examiner, unit: Unit) -> list[Hit]:
    found = Tally()
    for item in execution.examined(examiner, unit):
        found.add(item)
    return found.hits


def _new(
    placed: Iterable[Placed], wishes: Wishes, admits: Callable[[str, Sequence[bytes]], bool], known: list[Placed]
) -> Iterator[Placed]:
    """Leave out what was there before, which becomes known, unless nobody was told of it where it was."""
    for match, one in placed:
        old = one.moved_from.path if one.moved_from else None
        if not one.known or wishes.keep_known:
            yield match, one
        elif old is not None and (not admits(match.rule_id, (old,)) or _brings_to_light(one, old, wishes)):
            yield match, one._replace(known=False)
        else:
            known.append((match, one))


def _brings_to_light(one: Occurrence, old: bytes, wishes: Wishes) -> bool:
    """Tell whether a file was renamed from where it was excluded or allowed, or to where the public reads it."""
    from akpatrol import surroundings  # noqa: PLC0415 - few ranges have a rename with a hit

    was = one._replace(path=old, paths=(old,))
    is_public = surroundings.browser(surroundings.names(one._replace(paths=())))
    is_now = is_public and not surroundings.browser(surroundings.names(was))
    return is_now or wishes.excluded(one.target, old) or wishes.allowed(one.target, old)


def _included(placed: Iterable[Placed], wishes: Wishes, tally: Tally) -> Iterator[Placed]:
    """Leave out what stands only on excluded paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        # Of paths that are not listed it is not known whether they are excluded.
        is_listed = occurrence.paths and not occurrence.paths_truncated
        in_files = occurrence.place in (Place.CONTENT, Place.PATH) and is_listed
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
