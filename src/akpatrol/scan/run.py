"""Scan sources into one report: read, examine, place and group what is found."""

from __future__ import annotations

from contextlib import nullcontext
from time import gmtime, monotonic, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import OutOfTime
from akpatrol.model.report import ChangedFiles, Coverage, Report
from akpatrol.model.scan import Confidence, Exclusion, Place, Skipped
from akpatrol.runtime.interrupts import first_noted
from akpatrol.scan import execute
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import Changing, Comparing, Remembering

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from akpatrol.detect.engine import Engine
    from akpatrol.model.credential import Credential, Occurrence, RawFinding
    from akpatrol.policy.group import AcceptedSkip
    from akpatrol.rules.rule_file import RuleSet
    from akpatrol.scan.examine import Examiner
    from akpatrol.sources.base import Placed, Source, Unit

    Reader = Callable[[Source, ScanResult], None]


class ScanOptions(NamedTuple):
    """How to run: processes at most, the least confidence to report, skips that are accepted.

    What is ``excluded`` or ``allowed`` depends on target and path; ``narrow`` says that there are patterns that leave
    paths out, ``keep_known`` tells also what was there before. A ``reader`` has a source's units read into a tally;
    otherwise this process does, and those that it starts. With ``interrupted``, which is called at a first Ctrl-C, what
    was found until then is told. What is ``asked`` for by fingerprint or SHA-256 tells where credentials end.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    allowed: Callable[[str, bytes], bool] = lambda _target, _path: False
    narrow: bool = False
    keep_known: bool = False
    reader: Reader | None = None
    interrupted: Callable[[], None] | None = None
    asked: Collection[str] = ()


def scan_sources(
    command: str,
    sources: Sequence[Source],
    examiner: Examiner,
    wishes: ScanOptions,
    progress: Callable[[ScanResult], None] = lambda _: None,
) -> Report:
    """Read every source, place and collect what was found, and say what was looked at."""
    started, clock = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()), monotonic()
    reading = _SourceReader(examiner, wishes, progress)
    # The first source that is interrupted is the last.
    interrupted = any(reading.interrupted(source) for source in sources)
    tally = reading.tally
    credentials, below = _collect(reading.placed, examiner.rules, wishes)
    return Report(
        command=command,
        started_at=started,
        duration=monotonic() - clock,
        targets=tuple(target for source in sources for target in source.targets()),
        coverage=_coverage(tally, wishes.accepted, interrupted=interrupted)._replace(changed=reading.changed),
        credentials=credentials,
        below_confidence=below,
        unread_histories=tuple(dict.fromkeys(path for source in sources for path in source.unread_histories())),
        known=_collect(reading.known, examiner.rules, wishes)[0],
        interrupted=interrupted,
    )


class _SourceReader:
    """Reads sources, places what was found in them and sees what is missing."""

    def __init__(self, examiner: Examiner, wishes: ScanOptions, progress: Callable[[ScanResult], None]) -> None:
        self._examiner = examiner
        self._wishes = wishes
        self._progress = progress
        self.tally = ScanResult()
        self.placed: list[Placed] = []
        self.known: list[Placed] = []
        self.changed: ChangedFiles | None = None

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
        if broken_off or self._ended(lambda: self._check(source)):
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
                from akpatrol.cache import scan_cache  # noqa: PLC0415 - a hook does without

                source.recall(scan_cache.conditions(self._examiner.rules.digest, self._examiner.limits))
            if self._wishes.reader:
                self._wishes.reader(source, self.tally)
            else:
                execute.read(source, self._examiner, self.tally, self._wishes.jobs, self._progress)
        except OutOfTime as error:
            self.tally.add(Skipped("the rest", str(error)))

    def _place(self, source: Source, hits: Sequence[RawFinding]) -> None:
        if isinstance(source, Comparing):
            source.compare_with(self._hits)
        engine = self._examiner.engine
        included = _included(_admitted(source.place(hits), engine), self._wishes, self.tally)
        self.placed += _new(included, self._wishes, engine.admits, self.known)

    def _hits(self, unit: Unit) -> list[RawFinding]:
        found = ScanResult()
        for item in execute.examined(self._examiner, unit):
            found.add(item)
        return found.hits

    def _check(self, source: Source) -> None:
        self.tally.skipped += source.check()
        if self._wishes.narrow and isinstance(source, Changing):
            self.changed = _changed(source, self._wishes, self.tally)


def _new(
    placed: Iterable[Placed], wishes: ScanOptions, admits: Callable[[str, Sequence[bytes]], bool], known: list[Placed]
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


def _brings_to_light(one: Occurrence, old: bytes, wishes: ScanOptions) -> bool:
    """Tell whether a file was renamed from where it was excluded or allowed, or to where the public reads it."""
    from akpatrol.model import path_context  # noqa: PLC0415 - few ranges have a rename with a hit

    was = one._replace(path=old, paths=(old,))
    is_public = path_context.browser(path_context.names(one._replace(paths=())))
    is_now = is_public and not path_context.browser(path_context.names(was))
    return is_now or wishes.excluded(one.target, old) or wishes.allowed(one.target, old)


def _admitted(placed: Iterable[Placed], engine: Engine) -> Iterator[Placed]:
    """Leave out what no rule may find on its paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        # Which rules may match on paths that are not listed is not known.
        if by := match if occurrence.paths_truncated else engine.admitted(match, occurrence.paths):
            yield by, occurrence._replace(rule_ids=(by.rule_id, *by.others))


def _included(placed: Iterable[Placed], wishes: ScanOptions, tally: ScanResult) -> Iterator[Placed]:
    """Leave out what stands only on excluded paths: those of objects are not known before a hit is placed."""
    for match, occurrence in placed:
        # Of paths that are not listed it is not known whether they are excluded.
        is_listed = occurrence.paths and not occurrence.paths_truncated
        in_files = occurrence.place in (Place.CONTENT, Place.PATH) and is_listed
        if in_files and all(wishes.excluded(occurrence.target, path) for path in occurrence.paths):
            tally.excluded[Exclusion.EXCLUDE_OPTION] += 1
        else:
            yield match, occurrence


def _changed(source: Changing, wishes: ScanOptions, tally: ScanResult) -> ChangedFiles:
    """Count the files of a change, and as excluded those that patterns leave out, whatever they hold."""
    target, paths = source.targets()[0].id, source.changed_paths()
    number = sum(wishes.excluded(target, path) for path in paths)
    if number:
        tally.excluded[Exclusion.EXCLUDE_OPTION] = number
    return ChangedFiles(len(paths), number)


def _collect(placed: Sequence[Placed], rules: RuleSet, wishes: ScanOptions) -> tuple[tuple[Credential, ...], int]:
    if not placed:
        return (), 0
    from akpatrol.policy import group  # noqa: PLC0415 - most runs have no hit

    return group.at_least(group.collect(placed, rules, wishes.asked), wishes.minimum)


def _coverage(tally: ScanResult, accepted: Sequence[AcceptedSkip], *, interrupted: bool) -> Coverage:
    skipped = tuple(dict.fromkeys(tally.skipped))
    if accepted:
        from akpatrol.policy import group  # noqa: PLC0415 - most configurations accept nothing

        skipped = group.accept(skipped, accepted)
    if interrupted:
        skipped = (*skipped, Skipped("the rest", "interrupted before it was looked at"))
    return Coverage(tally.size, dict(sorted(tally.counts.items())), dict(sorted(tally.excluded.items())), skipped)
