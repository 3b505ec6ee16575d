"""The stages composed, once: source -> examine -> place -> collect -> report."""

from __future__ import annotations

from contextlib import nullcontext
from time import gmtime, monotonic, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol import execution
from akpatrol.errors import OutOfTime
from akpatrol.interrupts import first_noted
from akpatrol.model import Confidence, Coverage, Exclusion, Place, Report, Skipped
from akpatrol.sources.base import Remembering
from akpatrol.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.examination import Examiner
    from akpatrol.findings import Credential, Hit
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Placed, Source
    from akpatrol.triage import AcceptedSkip

    Reader = Callable[[Source, Tally], None]


class Wishes(NamedTuple):
    """How to run: processes at most, the least confidence to report, skips that are accepted.

    A ``reader`` has a source's units read into a tally; otherwise this process does, and those that it starts.
    With ``interrupted``, which is called at a first Ctrl-C, what was found until then is told.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    reader: Reader | None = None
    interrupted: Callable[[], None] | None = None


def run(
    command: str,
    sources: Sequence[Source],
    examiner: Examiner,
    wishes: Wishes,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Report:
    """Read every source, place and collect what was found, and say what was looked at."""
    started, clock = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()), monotonic()
    reading = _Reading(examiner, wishes, progress)
    # The first source that is interrupted is the last.
    interrupted = any(reading.interrupted(source) for source in sources)
    tally = reading.tally
    credentials, below = _collect(reading.placed, examiner.rules, wishes.minimum)
    return Report(
        command=command,
        started_at=started,
        duration=monotonic() - clock,
        targets=tuple(target for source in sources for target in source.targets()),
        coverage=_coverage(tally, wishes.accepted, interrupted=interrupted),
        credentials=credentials,
        below_confidence=below,
        unread_histories=tuple(dict.fromkeys(path for source in sources for path in source.unread_histories())),
        interrupted=interrupted,
    )


class _Reading:
    """Reads sources, places what was found in them and sees what is missing."""

    def __init__(self, examiner: Examiner, wishes: Wishes, progress: Callable[[Tally], None]) -> None:
        self._examiner = examiner
        self._wishes = wishes
        self._progress = progress
        self.tally = Tally()
        self.placed: list[Placed] = []

    def interrupted(self, source: Source) -> bool:
        """Do all that for a source, and return whether that was interrupted."""
        own = len(self.tally.hits)
        broken_off = self._ended(lambda: self._read(source))
        if hits := self.tally.hits[own:]:
            # Without its place nothing could be told of what was found; who cannot wait for it presses again.
            tell = None if broken_off else self._wishes.interrupted
            with first_noted(tell) if tell else nullcontext() as noted:
                self._place(source, hits)
            broken_off |= bool(noted and noted.interrupted)
        if broken_off or self._ended(lambda: self.tally.skipped.extend(source.check())):
            return True
        if isinstance(source, Remembering):
            source.remember()
        return False

    def _ended(self, work: Callable[[], None]) -> bool:
        """Return whether Ctrl-C ended it. Raises KeyboardInterrupt where nobody wants to keep anything."""
        try:
            work()
        except KeyboardInterrupt:
            if not self._wishes.interrupted:
                raise
            self._wishes.interrupted()
            return True
        return False

    def _read(self, source: Source) -> None:
        try:
            if isinstance(source, Remembering):
                from akpatrol import readlog  # noqa: PLC0415 - a hook does without

                source.recall(readlog.conditions(self._examiner.rules.digest, self._examiner.limits))
            if self._wishes.reader:
                self._wishes.reader(source, self.tally)
            else:
                execution.read(source, self._examiner, self.tally, self._wishes.jobs, self._progress)
        except OutOfTime as error:
            self.tally.add(Skipped("the rest", str(error)))

    def _place(self, source: Source, hits: Sequence[Hit]) -> None:
        admits = self._examiner.engine.admits
        admitted = (one for one in source.place(hits) if admits(one[0].rule_id, one[1].paths))
        self.placed += _included(admitted, self._wishes, self.tally)


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


def _coverage(tally: Tally, accepted: Sequence[AcceptedSkip], *, interrupted: bool) -> Coverage:
    skipped = tuple(dict.fromkeys(tally.skipped))
    if accepted:
        from akpatrol import triage  # noqa: PLC0415 - most configurations accept nothing

        skipped = triage.accept(skipped, accepted)
    if interrupted:
        skipped = (*skipped, Skipped("the rest", "interrupted before it was looked at"))
    return Coverage(tally.size, dict(sorted(tally.counts.items())), dict(sorted(tally.excluded.items())), skipped)
